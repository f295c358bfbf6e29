import { cpSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { useApp } from "./support/app.js";
import { mustRun, reportOf } from "./support/install.js";
import { expectAllWithThreads, expectThreads } from "./support/report.js";

const app = useApp("webpack");
let printed = "";

beforeAll(async () => {
  const { stdout } = await mustRun(process.execPath, ["node_modules/webpack-cli/bin/cli.js", "--no-color"], app.folder);
  printed = stdout;
});

test("webpack 5 has nothing to warn of but sizes", () => {
  const warnings = printed.split("\n").filter((line) => /^(WARNING|ERROR) in/.test(line));
  expect(warnings.filter((line) => !/size limit/.test(line))).toEqual([]);
});

test("webpack 5 emits the worker once", () => {
  const names = [...printed.matchAll(/^asset (\S+)/gm)].map((match) => match[1]);
  expect(names.length).toBeGreaterThan(3);
  expect(names.filter((name) => /worker/.test(name as string)).length, printed).toBeLessThanOrEqual(2);
});

test("webpack 5, without configuration: worker threads", async () => {
  expectAllWithThreads(await app.open("/dist/"));
});

test("webpack 5, createWorker", async () => {
  cpSync(join(app.folder, "factory.html"), join(app.folder, "dist", "factory.html"));
  expectThreads((await app.open("/dist/factory.html")).factory);
});

test("webpack 5, for Node: finds the package webgpu, and starts threads", async () => {
  expectAllWithThreads(await reportOf(app.folder, "./dist-node/process.js"));
});
