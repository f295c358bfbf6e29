import { deviate, deviate4 } from "./deviate";
import { NORMAL_TABLE } from "./normal-table";
import { paddedColumns } from "./projection";
import { PROJECTION } from "./purpose";
import { next, open, seekBlock } from "./stream";

/** Words `16 * block`, ... of the stream of (task, purpose, item): `count` u32 at `out`. */
export function words(task: u32, purpose: u32, item: u32, block: u32, count: u32, out: usize): void {
  open(task, purpose, item);
  seekBlock(block);
  for (let i: u32 = 0; i < count; i++) store<u32>(out + (<usize>i << 2), next());
}

/** Deviates g(i, j) of rows `row`.. of a task's matrix, i32 in units of 1/4096: count x columns, row-major, at `out`. */
export function deviates(task: u32, row: u32, count: u32, columns: u32, out: usize): void {
  open(task, PROJECTION, 0);
  const blocks = paddedColumns(columns) >> 4;
  for (let i = row; i < row + count; i++) {
    seekBlock(i * blocks);
    for (let j: u32 = 0; j < columns; j++) {
      store<i32>(out, deviate(next()));
      out += 4;
    }
  }
}

/**
 * The deviates of given words: `count` u32 at `words`, as many i32 at `out`. Whole groups of four go through `deviate4`,
 * the one to three words left through `deviate`, so that both can be held against each other over all words.
 */
export function deviateWords(words: usize, count: u32, out: usize): void {
  const end = words + (<usize>count << 2);
  for (; words + 16 <= end; words += 16, out += 16) v128.store(out, deviate4(v128.load(words)));
  for (; words < end; words += 4, out += 4) store<i32>(out, deviate(load<u32>(words)));
}

/** A(i, j) = f32(g(i, j)) * scale of the same rows, f32, `scale` being f32(sigma / 4096). */
export function matrix(task: u32, row: u32, count: u32, columns: u32, scale: f32, out: usize): void {
  deviates(task, row, count, columns, out);
  const end = out + <usize>count * columns * 4;
  for (; out < end; out += 4) store<f32>(out, <f32>load<i32>(out) * scale);
}

/** The place of the 768 u32 of the deviates' table, for a GPU to be given the same ones. */
export function normalTable(): usize {
  return NORMAL_TABLE;
}
