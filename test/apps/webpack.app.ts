// @module-tag browser
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { useApp } from "./support/app.js";
import { reportOf, runScript, workerScripts } from "./support/install.js";
import { expectAllWithThreads, expectThreads } from "./support/report.js";

const app = useApp("webpack");
let printed = "";

beforeAll(async () => {
  printed = (await runScript(app.folder, "webpack-cli/bin/cli.js", ["--no-color"])).stdout;
});

test("webpack 5 warns of nothing but sizes", () => {
  const warnings = printed.split("\n").filter((line) => /^(WARNING|ERROR) in/.test(line));
  expect(warnings.filter((line) => !/size limit|performance recommendations/.test(line))).toEqual([]);
  expect(printed).not.toMatch(/critical dependency/i);
});

test("webpack 5, without configuration: worker threads", async () => {
  expectAllWithThreads(await app.open("/dist/"));
});

test("webpack 5, createWorker", async () => {
  expectThreads((await app.open("/dist-factory/")).factory);
});

test("webpack 5, for Node: finds the package webgpu, and starts threads", async () => {
  expectAllWithThreads(await reportOf(app.folder, "./dist-node/process.mjs"));
});

test.each(["dist", "dist-node"])("webpack 5 emits the worker once, in %s", (folder) => {
  expect(workerScripts(join(app.folder, folder))).toHaveLength(1);
});
