import { Dataset, TaskAugmentor } from "taskloom";
import { report, WAYS } from "../weave.js";
import { Client } from "./client.jsx";

// Woven for each request, not once by the build.
export const dynamic = "force-dynamic";

/** A server component that weaves, around a client component that does. */
export default async function Page() {
  const woven = await report({ Dataset, TaskAugmentor }, WAYS);
  return (
    <main>
      <pre id="server">{JSON.stringify(woven)}</pre>
      <Client />
    </main>
  );
}
