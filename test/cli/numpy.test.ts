import { join } from "node:path";
import { expect, test } from "vitest";
import { run, taskloom, temporaryFolder } from "../support/cli.js";
import { pythonWithNumpy } from "../support/python.js";
import { golden } from "../support/support.js";

/** Prints shape, dtype and SHA-256 of each sequence, as NumPy reads it. */
const SCRIPT = `
import hashlib, json, sys
import numpy as np
inputs = np.load(sys.argv[1] + "/inputs.npy")
targets = np.load(sys.argv[1] + "/targets.npy")
print(json.dumps({
  "shapes": [inputs.shape, targets.shape],
  "dtypes": [inputs.dtype.str, targets.dtype.str],
  "contiguous": bool(inputs.flags.c_contiguous),
  "sha256": [hashlib.sha256(sequence.tobytes()).hexdigest() for sequence in inputs],
  "targets": targets.tolist(),
}))
`;

const numpyReads = async (folder: string) => {
  const { code, stdout, stderr } = await run(pythonWithNumpy(), ["-c", SCRIPT, folder]);
  expect(code, stderr).toBe(0);
  return JSON.parse(stdout);
};

test.each(["0", "42", "18446744073709551615"])(
  "NumPy reads the golden tasks of seed %s",
  { tags: ["python"] },
  async (seed) => {
    for (const task of [0, 65535, 4294967294]) {
      const out = join(temporaryFolder(), "tasks");
      await taskloom(["generate", "--tasks", "2", "--task-offset", String(task), "--seed", seed, "--out", out]);
      const report = await numpyReads(out);
      expect(report.shapes).toEqual([
        [2, 100, 794],
        [2, 100],
      ]);
      expect(report.dtypes).toEqual(["<f4", "|u1"]);
      expect(report.contiguous).toBe(true);
      for (const i of [0, 1]) {
        const c = golden.cases.find((known) => known.seed === seed && known.task === task + i);
        if (!c) continue;
        expect(report.sha256[i]).toBe(c.inputs_sha256_f32le_position_column_794);
        expect(report.targets[i]).toEqual(c.targets);
      }
    }
  },
);

test("NumPy reads float16 and arrays without sequences", { tags: ["python"] }, async () => {
  const out = join(temporaryFolder(), "tasks");
  await taskloom([
    "generate",
    "--tasks",
    "2",
    "--no-sequence",
    "--limit-examples",
    "21",
    "--dtype",
    "float16",
    "--out",
    out,
  ]);
  const report = await numpyReads(out);
  expect(report.shapes).toEqual([[42, 784], [42]]);
  expect(report.dtypes).toEqual(["<f2", "|u1"]);
});
