// @module-tag browser
import { rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { useApp } from "./support/app.js";
import { runScript } from "./support/install.js";
import { expectAllWithoutThreads, expectAllWithThreads, type Report } from "./support/report.js";
import { startServer } from "./support/start-server.js";

const app = useApp("next");
const script = "next/dist/bin/next";

// npm's webgpu is installed in all of them.
describe.each([
  { bundler: "--turbopack", external: false },
  { bundler: "--turbopack", external: true },
  { bundler: "--webpack", external: false },
  { bundler: "--webpack", external: true },
])("Next 16, $bundler, taskloom external on the server: $external", ({ bundler, external }) => {
  let server: Awaited<ReturnType<typeof startServer>> | undefined;
  let printed = "";

  beforeAll(async () => {
    const TASKLOOM_DIST = `.next${bundler}${external ? "-external" : ""}`;
    const env = { TASKLOOM_DIST, ...(external ? { TASKLOOM_EXTERNAL: "1" } : {}), NEXT_TELEMETRY_DISABLED: "1" };
    rmSync(join(app.folder, TASKLOOM_DIST), { recursive: true, force: true });
    const { stdout, stderr } = await runScript(app.folder, script, ["build", bundler], env);
    printed = stdout + stderr;
    const counter = join(app.folder, "count-workers.js");
    server = await startServer(app.folder, [join("node_modules", script), "start"], {
      ...env,
      NODE_OPTIONS: `--import ${counter}`,
    });
  });
  afterAll(async () => server?.stop());

  test("the build has nothing to warn of", () => {
    expect(printed).not.toMatch(/warn|critical dependency|module not found/i);
  });

  test(external ? "the server: worker threads" : "the server weaves in the calling thread", async () => {
    const page = await (await fetch(server?.url ?? "")).text();
    const found = /<pre id="server">(.*?)<\/pre>/.exec(page)?.[1] ?? "null";
    const report = JSON.parse(found.replaceAll("&quot;", '"').replaceAll("&amp;", "&")) as Report;
    if (external) expectAllWithThreads(report);
    else expectAllWithoutThreads(report);
  });

  test("the browser: worker threads", async () => {
    expectAllWithThreads(await app.open(server?.url ?? ""));
  });
});
