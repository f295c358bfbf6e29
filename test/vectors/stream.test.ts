import { TargetPermutation, TaskAugmentor } from "taskloom";
import { describe, expect, test } from "vitest";
import { deviatesOf, i32, moduleWith, u32 } from "../support/module.js";
import { golden, name, sha256, trainingSet } from "../support/support.js";

const L = 100;
const C = 784;

describe.each(golden.cases.map((c) => [name(c), c] as const))("stream v1, %s", (_, c) => {
  const seed = BigInt(c.seed);

  test("words of purpose projection", async () => {
    const { kernel, at } = await moduleWith(seed, { out: c.words.length * 4 });
    kernel.words(c.task, 0, 0, 0, c.words.length, at.out);
    expect([...u32(kernel, at.out, c.words.length)]).toEqual(c.words);
  });

  test("deviates and row sums", async () => {
    const rows = c.row_sums_first8.length;
    const g = await deviatesOf(seed, c.task, rows, C);
    expect([...g.slice(0, c.deviates.length)]).toEqual(c.deviates);
    const sums = Array.from({ length: rows }, (_, i) => g.slice(i * C, (i + 1) * C).reduce((a, b) => a + b));
    expect(sums).toEqual(c.row_sums_first8);
  });

  test("permutations of 10 and of 100 labels", async () => {
    const ten = await new TargetPermutation({ seed, task: c.task, classes: 10 }).permutation();
    expect([...ten]).toEqual(c.permutation10);
    const hundred = await new TargetPermutation({ seed, task: c.task, classes: 100 }).permutation();
    const hashes = [Uint8Array, Uint16Array, Uint32Array].map((View) => sha256(View.from(hundred)));
    expect(hashes).toContain(c.permutation100_sha256);
  });

  test("example indices, with and without replacement", async () => {
    const { kernel, at } = await moduleWith(seed, { out: L * 4, taken: 2 });
    kernel.drawWithReplacement(c.task, 0, 60000, L, at.out);
    expect([...u32(kernel, at.out, L)]).toEqual(c.indices_item0);
    kernel.drawWithReplacement(c.task, 1, 60000, 10, at.out);
    expect([...u32(kernel, at.out, 10)]).toEqual(c.indices_item1_first10);
    kernel.drawWithoutReplacement(c.task, 0, 16, 12, at.out, at.taken);
    expect([...u32(kernel, at.out, 12)]).toEqual(c.indices_without_replacement_12_of_16);
  });

  test("accumulators of the exact projection", async () => {
    const { images } = await trainingSet();
    const { kernel, at } = await moduleWith(seed, { examples: L * C, out: L * C * 4, space: 2 ** 20 });
    const region = new Uint8Array(kernel.memory.buffer, at.examples, L * C);
    c.indices_item0.forEach((index, p) => {
      region.set(images.subarray(index * C, (index + 1) * C), p * C);
    });
    expect(kernel.workspaceUint8(L, C)).toBeLessThanOrEqual(2 ** 20);
    kernel.projectUint8(c.task, at.examples, L, C, C, 0, 1, 0, at.out, C * 4, at.space);
    const sums = i32(kernel, at.out, L * C);
    expect([...sums.slice(0, 8)]).toEqual(c.accumulators_first8_position0);
    expect(sha256(sums)).toBe(c.accumulators_sha256_i32le_position_row);
  });

  test("inputs and targets of a batch", async () => {
    using tasks = new TaskAugmentor({ seed, taskOffset: c.task, workers: 0 });
    const { inputs, targets } = await tasks.transform(await trainingSet());
    expect(inputs.shape).toEqual([1, L, 794]);
    expect(sha256(inputs.data)).toBe(c.inputs_sha256_f32le_position_column_794);
    expect([...targets.data]).toEqual(c.targets);
  });
});

test("a rectangular matrix whose sizes divide nothing", async () => {
  const { seed, task, columns, rows, accumulators } = golden.rectangular;
  const padded = 64;
  const { kernel, at } = await moduleWith(BigInt(seed), { examples: 5 * padded, out: 5 * rows * 4, space: 65536 });
  const region = new Uint8Array(kernel.memory.buffer, at.examples, 5 * padded);
  for (let p = 0; p < 5; p++) {
    for (let j = 0; j < columns; j++) region[p * padded + j] = ((p * columns + j) * 31 + 7) % 256;
  }
  expect(kernel.workspaceUint8(5, columns)).toBeLessThanOrEqual(65536);
  kernel.projectUint8(task, at.examples, 5, columns, rows, 0, 1, 0, at.out, rows * 4, at.space);
  expect([...i32(kernel, at.out, 5 * rows)]).toEqual(accumulators);
});
