// @module-tag browser
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "vitest";
import { useApp } from "./support/app.js";
import { mustRun, reportOf } from "./support/install.js";
import { expectAllWithoutThreads, expectAllWithThreads } from "./support/report.js";

const app = useApp("bun");

/** Bun's program for this machine: its package has one for each, and a script that picks one, which is not run. */
function bun(): string {
  const packages = join(app.folder, "node_modules", "@oven");
  const programs = readdirSync(packages).map((name) => join(packages, name, "bin", "bun"));
  const program = programs.find((path) => existsSync(path));
  if (!program) throw new Error(`no program of Bun in ${packages}`);
  return program;
}

const build = (...args: string[]) => mustRun(bun(), ["build", ...args], app.folder);

describe("Bun", () => {
  test("runs it, with worker threads", async () => {
    expectAllWithThreads(await reportOf(app.folder, "./process.js", [bun(), "--preload"]));
  });

  test("bun build --target browser: weaves in the calling thread", async () => {
    await build("main.js", "--target", "browser", "--outdir", "dist");
    expectAllWithoutThreads(await app.open("/dist/"));
  });

  test("bun build --target browser, and taskloom/worker beside it: worker threads", async () => {
    await build("main.js", "--target", "browser", "--outdir", "dist-worker");
    await build("node_modules/taskloom/dist/worker.js", "--target", "browser", "--outdir", "dist-worker");
    expectAllWithThreads(await app.open("/dist-worker/"));
  });

  test("bun build --compile: weaves in the calling thread", async () => {
    await build("count-first.js", "--compile", "--outfile", "compiled");
    expectAllWithoutThreads(JSON.parse((await mustRun("./compiled", [], app.folder)).stdout));
  });
});
