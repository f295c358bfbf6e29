// @module-tag browser
import { rmSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { useApp } from "./support/app.js";
import { runScript, workerScripts } from "./support/install.js";
import { expectAllWithThreads } from "./support/report.js";

const app = useApp("parcel");

test("Parcel 2, without configuration: worker threads, and the worker once", async () => {
  for (const folder of ["dist", ".parcel-cache"]) rmSync(join(app.folder, folder), { recursive: true, force: true });
  const args = ["build", "index.html", "--no-source-maps", "--public-url", "./"];
  await runScript(app.folder, "parcel/lib/bin.js", args);
  expectAllWithThreads(await app.open("/dist/"));
  expect(workerScripts(join(app.folder, "dist"))).toHaveLength(1);
});
