import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import type { Dataset } from "taskloom";
import { mnist } from "taskloom/node";

/** Golden vectors of one (seed, task); see the file's `about`. */
export interface GoldenCase {
  seed: string;
  task: number;
  words: number[];
  deviates: number[];
  permutation10: number[];
  permutation100_sha256: string;
  indices_item0: number[];
  indices_item1_first10: number[];
  indices_without_replacement_12_of_16: number[];
  row_sums_first8: number[];
  accumulators_first8_position0: number[];
  accumulators_sha256_i32le_position_row: string;
  targets: number[];
  inputs_sha256_f32le_position_column_794: string;
}

export const golden: {
  cases: GoldenCase[];
  rectangular: { seed: string; task: number; columns: number; rows: number; accumulators: number[] };
} = JSON.parse(readFileSync(new URL("../vectors/stream-v1.json", import.meta.url), "utf8"));

export const name = ({ seed, task }: { seed: string; task: number }) => `seed ${seed}, task ${task}`;

let training: Promise<Dataset> | undefined;

/** The MNIST training set, read once a test file. */
export function trainingSet(): Promise<Dataset> {
  training ??= mnist();
  return training;
}

export function sha256(data: ArrayBufferView): string {
  return createHash("sha256")
    .update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength))
    .digest("hex");
}
