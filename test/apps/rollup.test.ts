import { expect, test } from "vitest";
import { useApp } from "./support/app.js";
import { runScript } from "./support/install.js";
import { expectAllWithoutThreads, expectAllWithThreads, expectThreads } from "./support/report.js";

// @module-tag browser

const app = useApp("rollup");

/** Builds one of the configurations of rollup.config.js; a warning fails. */
async function build(name: string): Promise<void> {
  const args = ["-c", "--silent", "--failAfterWarnings"];
  const { stderr } = await runScript(app.folder, "rollup/dist/bin/rollup", args, { TASKLOOM_APP: name });
  expect(stderr).toBe("");
}

test("Rollup, with node-resolve alone: weaves in the calling thread", async () => {
  await build("plain");
  expectAllWithoutThreads(await app.open("/dist/"));
});

test("Rollup, taskloom/worker as an entry point called worker: worker threads", async () => {
  await build("worker");
  expectAllWithThreads(await app.open("/dist-worker/"));
});

test("Rollup, createWorker", async () => {
  await build("factory");
  expectThreads((await app.open("/dist-factory/")).factory);
});
