// @module-tag browser
import { createRequire } from "node:module";
import { describe, test } from "vitest";
import { useApp } from "./support/app.js";
import { mustRun, reportOf } from "./support/install.js";
import { expectAllWithoutThreads, expectAllWithThreads } from "./support/report.js";

const app = useApp("deno");
const deno = [process.execPath, createRequire(import.meta.url).resolve("deno/bin.cjs")];
const bundle = (...args: string[]) => mustRun(deno[0] as string, [deno[1] as string, "bundle", ...args], app.folder);

describe("Deno", () => {
  test("runs it without a permission, with worker threads", async () => {
    expectAllWithThreads(await reportOf(app.folder, "./process.js", [...deno, "run", "--no-prompt", "--preload"]));
  });

  test("deno bundle: weaves in the calling thread", async () => {
    await bundle("main.js", "--platform=browser", "--outdir=dist");
    expectAllWithoutThreads(await app.open("/dist/"));
  });

  test("deno bundle, and taskloom/worker beside it: worker threads", async () => {
    await bundle("main.js", "--platform=browser", "-o", "dist-worker/main.js");
    await bundle("node_modules/taskloom/dist/worker.js", "--platform=browser", "-o", "dist-worker/worker.js");
    expectAllWithThreads(await app.open("/dist-worker/"));
  });
});
