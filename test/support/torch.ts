import { readFileSync } from "node:fs";
import { moduleWith } from "./module.js";

/** The answers of PyTorch itself; see the file's `about`. */
export const torchCpu: {
  random_state: number;
  generation_seeds: number[];
  flat_indices_50_of_240000: number[];
  normal_seed5_numel40: number[];
  first_image_task0_first16: number[];
  tasks: {
    seed: number;
    mean: number;
    std: number;
    A_row0_first16: number[];
    A_row783_last16: number[];
    A_diagonal_every_56th: number[];
    permutation10: number[];
    permutation100: number[];
    indices: number[];
    targets: number[];
    projected_position0_first16: number[];
    projected_position99_last16: number[];
  }[];
  normalized_two_tasks_two_samples: { value_0_0_300to310: number[]; value_3_99_784to794: number[] };
} = JSON.parse(readFileSync(new URL("../vectors/torch-cpu.json", import.meta.url), "utf8"));

/** The module's normals of a seed. */
export async function torchNormals(seed: number, count: number, scale: number): Promise<Float32Array> {
  const { kernel, at } = await moduleWith(0n, { state: 4096, out: count * 4 });
  kernel.mtSeed(at.state, seed);
  kernel.torchNormal(at.state, count, Math.fround(scale), at.out);
  return new Float32Array(kernel.memory.buffer, at.out, count).slice();
}

/**
 * The radius of each value's pair, times the scale: sqrt(a^2 + b^2) of places j and j + 8 of a block of 16. Where the last
 * 16 values were made again and a partner is gone, the largest radius there is, sqrt(-2 ln 2^-24).
 */
export function radii(values: ArrayLike<number>, scale: number): Float64Array {
  const count = values.length;
  const largest = Math.sqrt(48 * Math.LN2) * scale;
  const result = new Float64Array(count).fill(largest);
  const kept = count % 16 ? count - 16 : count;
  const starts = Array.from({ length: Math.floor(kept / 16) }, (_, block) => 16 * block);
  if (kept < count) starts.push(kept);
  for (const start of starts) {
    for (let j = start; j < start + 8; j++) {
      result[j] = Math.hypot(values[j] as number, values[j + 8] as number);
      result[j + 8] = result[j] as number;
    }
  }
  return result;
}

/** The first value outside `bound * 2^-24 * radius` of the expected one, in words; undefined where there is none. */
export function firstOutside(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  scale: number,
  bound: number,
): string | undefined {
  if (actual.length !== expected.length) return `${actual.length} values instead of ${expected.length}`;
  const radius = radii(expected, scale);
  for (let i = 0; i < expected.length; i++) {
    const units = Math.abs((actual[i] as number) - (expected[i] as number)) / ((radius[i] as number) * 2 ** -24);
    // Also true of NaN.
    if (!(units <= bound) && actual[i] !== expected[i]) {
      return `[${i}] is ${actual[i]}, not ${expected[i]}: ${units.toFixed(2)} units apart, ${bound} allowed`;
    }
  }
  return undefined;
}
