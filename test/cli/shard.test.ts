import { expect, test } from "vitest";
import { taskloom, temporaryFolder } from "../support/cli.js";

/** The variables of a task of an array of Slurm, `--array=1-3`. */
const arrayOf = (id: number) => ({
  SLURM_ARRAY_TASK_ID: `${id}`,
  SLURM_ARRAY_TASK_MIN: "1",
  SLURM_ARRAY_TASK_MAX: "3",
  SLURM_ARRAY_TASK_COUNT: "3",
});

test("--shard auto: every shard of an array from 1 on makes its part, and the last one finishes the store", async () => {
  const out = `${temporaryFolder()}/store`;
  const flags = "generate --dataset mnist-test --limit-examples 50 --sequence-length 5 --workers 0".split(" ");
  for (const id of [1, 2, 3]) {
    const { code, stdout, stderr } = await taskloom(
      [...flags, "--format", "zarr", "--tasks", "12", "--chunk-tasks", "1", "--out", out, "--shard", "auto/3"],
      { env: { ...process.env, ...arrayOf(id) } },
    );
    expect(code, stderr).toBe(0);
    expect(stdout).toMatch(new RegExp(`^shard ${id - 1} of 3, `));
    expect(stdout.includes("the store is complete when")).toBe(id < 3);
  }
  const none = await taskloom([...flags, "--format", "zarr", "--out", out, "--shard", "auto"]);
  expect([none.code, none.stderr]).toEqual([2, expect.stringMatching(/--shard.*None of SLURM_ARRAY_TASK_ID/s)]);
});
