import { seedWords } from "../stream/seed.js";
import { SEED_BOUND } from "../stream/torch-seeds.js";
import type { KernelExports } from "./module.js";

/** Bytes of the region that `beginTorch` is given. */
export function torchStateBytes(kernel: KernelExports): number {
  return kernel.mtStateBytes() + 16;
}

/**
 * PyTorch's generator at its beginning: `manual_seed(seed)`, or, where there is a task, seeded with the task's own seed,
 * `generationSeeds(seed, 1, task)`. Any task is reached in some milliseconds.
 *
 * @param state a region of `torchStateBytes`
 */
export function beginTorch(kernel: KernelExports, state: number, seed: bigint, task: number | undefined): void {
  kernel.mtSeed(state, seedWords(seed)[0]);
  if (task === undefined) return;
  const out = state + kernel.mtStateBytes();
  kernel.mtSkip(state, task, 0);
  kernel.torchRandint(state, SEED_BOUND, 1, out);
  kernel.mtSeed(state, new DataView(kernel.memory.buffer).getUint32(out, true));
}
