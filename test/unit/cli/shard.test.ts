import { InvalidArgumentError } from "commander";
import { describe, expect, test } from "vitest";
import { shardOf } from "../../../src/cli/shard.js";

describe("--shard auto", () => {
  const slurm = (id: number, min: number, max: number, count: number) => ({
    SLURM_ARRAY_TASK_ID: `${id}`,
    SLURM_ARRAY_TASK_MIN: `${min}`,
    SLURM_ARRAY_TASK_MAX: `${max}`,
    SLURM_ARRAY_TASK_COUNT: `${count}`,
  });
  test.each([
    ["a whole array of Slurm", "auto/8", slurm(3, 0, 7, 8), 3, 8],
    ["its size", "auto", slurm(3, 0, 7, 8), 3, 8],
    ["an array from 1 on", "auto/8", slurm(3, 1, 8, 8), 2, 8],
    ["its size", "auto", slurm(8, 1, 8, 8), 7, 8],
    [
      "an array of which only the smallest number is told",
      "auto/8",
      { SLURM_ARRAY_TASK_ID: "3", SLURM_ARRAY_TASK_MIN: "1" },
      2,
      8,
    ],
    ["an array of which only the number is told", "auto/8", { SLURM_ARRAY_TASK_ID: "3" }, 3, 8],
    // Submitted again by the numbers that finish lists.
    ["--array=3,5 of eight", "auto/8", slurm(5, 3, 5, 2), 5, 8],
    ["--array=3 of eight", "auto/8", slurm(3, 3, 3, 1), 3, 8],
    ["--array=6-7 of eight", "auto/8", slurm(6, 6, 7, 2), 6, 8],
    ["Kubernetes", "auto/4", { JOB_COMPLETION_INDEX: "0" }, 0, 4],
    ["AWS Batch", "auto/4", { AWS_BATCH_JOB_ARRAY_INDEX: "3" }, 3, 4],
    ["AWS Batch with its size", "auto", { AWS_BATCH_JOB_ARRAY_INDEX: "3", AWS_BATCH_JOB_ARRAY_SIZE: "4" }, 3, 4],
    ["Open MPI", "auto", { OMPI_COMM_WORLD_RANK: "1", OMPI_COMM_WORLD_SIZE: "2" }, 1, 2],
    ["RANK", "auto", { RANK: "1", WORLD_SIZE: "16" }, 1, 16],
    ["RANK with n", "auto/32", { RANK: "1", WORLD_SIZE: "16" }, 1, 32],
    ["Slurm before ranks", "auto/8", { ...slurm(3, 0, 7, 8), RANK: "0", WORLD_SIZE: "1" }, 3, 8],
    ["numbers", "2/3", { RANK: "1", WORLD_SIZE: "16" }, 2, 3],
  ])("%s: %s", (_, text, environment, index, count) => {
    expect(shardOf(text, environment)).toEqual({ index, count });
  });

  test.each([
    ["auto/4", {}, /None of SLURM_ARRAY_TASK_ID, .* is set/],
    ["auto", { JOB_COMPLETION_INDEX: "0" }, /JOB_COMPLETION_INDEX does not tell how many parts there are/],
    ["auto", { AWS_BATCH_JOB_ARRAY_INDEX: "0" }, /AWS_BATCH_JOB_ARRAY_INDEX does not tell how many/],
    ["auto", { RANK: "0" }, /RANK does not tell how many/],
    ["auto", { SLURM_ARRAY_TASK_ID: "0" }, /SLURM_ARRAY_TASK_ID does not tell how many/],
    ["auto", slurm(5, 3, 5, 2), /has gaps/],
    ["auto/4", { RANK: "4", WORLD_SIZE: "8" }, /makes this part 4 of 4/],
    ["auto/8", slurm(9, 9, 9, 1), /makes this part 9 of 8/],
    ["auto/4", { RANK: "one" }, /RANK is "one", not a whole number/],
    ["auto/0", { RANK: "0" }, /part 0 of 0/],
    ["auto/", { RANK: "0" }, /Give a part/],
    ["4/4", {}, /Give a part/],
    ["1", {}, /Give a part/],
  ])("%s with %j is wrong usage", (text, environment, message) => {
    expect(() => shardOf(text, environment)).toThrow(InvalidArgumentError);
    expect(() => shardOf(text, environment)).toThrow(message);
  });
});
