import { describe, expect, test } from "vitest";
import { useApp } from "./support/app.js";
import { reportOf, runScript } from "./support/install.js";
import { expectAllWithoutThreads, expectAllWithThreads, expectThreads } from "./support/report.js";

// @module-tag browser

const app = useApp("esbuild");

/** Builds with the command line of esbuild, and gives all that it warned of. */
async function build(...args: string[]): Promise<string> {
  return (await runScript(app.folder, "esbuild/bin/esbuild", ["--bundle", "--log-level=warning", ...args])).stderr;
}
// The formats without modules have no import.meta, of which esbuild warns.
const silent = "--log-override:empty-import-meta=silent";

describe("esbuild, for a browser", () => {
  test("without configuration: weaves in the calling thread", async () => {
    expect(await build("main.js", "--format=esm", "--splitting", "--outdir=plain")).toBe("");
    expectAllWithoutThreads(await app.open("/plain/"));
  });

  test("taskloom/worker as an entry point called worker: worker threads", async () => {
    const args = ["main.js", "worker=taskloom/worker", "--format=esm", "--splitting", "--outdir=worker"];
    expect(await build(...args)).toBe("");
    expectAllWithThreads(await app.open("/worker/"));
  });

  test("createWorker", async () => {
    const args = ["main=factory.js", "taskloom-worker=taskloom/worker", "--format=esm", "--outdir=factory"];
    expect(await build(...args)).toBe("");
    expectThreads((await app.open("/factory/")).factory);
  });

  test("a classic script, which has no URL of its own: weaves in the calling thread", async () => {
    await build("main.js", "--format=iife", "--outdir=classic", silent);
    expectAllWithoutThreads(await app.open("/classic/"));
  });

  test("a classic script in a classic worker: weaves in that worker", async () => {
    await build("in-worker.js", "--format=iife", "--outdir=in-worker", silent);
    await build("starts-worker.js", "--outfile=in-worker/main.js");
    expectAllWithoutThreads(await app.open("/in-worker/"));
  });
});

describe("esbuild, for Node", () => {
  test("a module: weaves in the calling thread", async () => {
    await build("process.js", "--platform=node", "--format=esm", "--outfile=node.mjs");
    expectAllWithoutThreads(await reportOf(app.folder, "./node.mjs"));
  });

  test("CommonJS: weaves in the calling thread", async () => {
    await build("process-cjs.js", "--platform=node", "--format=cjs", "--outfile=node.cjs", silent);
    expectAllWithoutThreads(await reportOf(app.folder, "./node.cjs"));
  });

  test("taskloom/worker as an entry point called worker: worker threads", async () => {
    await build("process.js", "worker=taskloom/worker", "--platform=node", "--format=esm", "--outdir=node");
    expectAllWithThreads(await reportOf(app.folder, "./node/process.js"));
  });
});
