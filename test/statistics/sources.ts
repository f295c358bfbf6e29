import { deviatesOf, i32, moduleWith, u32 } from "../support/module.js";

/** Purposes of assembly/purpose.ts. */
export const PROJECTION = 0;
export const PERMUTATION = 1;
export const SEQUENCE = 2;

/** Both ends of u64, and one between. */
export const SEEDS = [0n, 42n, 2n ** 64n - 1n];
/** Each with a task: both ends of u32, and one between. */
export const CASES = [0, 1000, 2 ** 32 - 1].map((task, i) => ({ seed: SEEDS[i]!, task }));

export interface Stream {
  seed: bigint;
  task: number;
  purpose: number;
  item: number;
}

/** "seed 42, task 0": names a case. */
export const label = (values: Record<string, number | bigint> | Stream) =>
  Object.entries(values)
    .map(([key, value]) => `${key} ${value}`)
    .join(", ");

/** `count` words of a stream, from word `16 * block` on. */
export async function wordsOf({ seed, task, purpose, item }: Stream, count: number, block = 0): Promise<Uint32Array> {
  const { kernel, at } = await moduleWith(seed, { out: count * 4 });
  kernel.words(task, purpose, item, block, count, at.out);
  return u32(kernel, at.out, count);
}

/** Standard normal deviates from words. */
export async function deviatesFrom(words: Uint32Array): Promise<Float64Array> {
  const { kernel, at } = await moduleWith(0n, { words: words.byteLength, out: words.byteLength });
  new Uint32Array(kernel.memory.buffer, at.words, words.length).set(words);
  kernel.deviateWords(at.words, words.length, at.out);
  return standard(i32(kernel, at.out, words.length));
}

/** MNIST's number of columns, and rows for a million deviates. */
export const COLUMNS = 784;
const ROWS = 1280;

/** The standard normal deviates of a task's matrix, row after row. */
export async function matrixOf({ seed, task }: { seed: bigint; task: number }): Promise<Float64Array> {
  return standard(await deviatesOf(seed, task, ROWS, COLUMNS));
}

/** Converts units of 1/4096. */
function standard(deviates: Int32Array): Float64Array {
  return Float64Array.from(deviates, (deviate) => deviate / 4096);
}
