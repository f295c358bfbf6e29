import { rmSync } from "node:fs";
import { join } from "node:path";
import { test } from "vitest";
import { useApp } from "./support/app.js";
import { runScript } from "./support/install.js";
import { expectAllWithThreads } from "./support/report.js";

const app = useApp("parcel");

test("Parcel 2, without configuration: worker threads", async () => {
  for (const folder of ["dist", ".parcel-cache"]) rmSync(join(app.folder, folder), { recursive: true, force: true });
  await runScript(app.folder, "parcel/lib/bin.js", ["build", "index.html", "--no-source-maps"]);
  expectAllWithThreads(await app.open("/dist/"));
});
