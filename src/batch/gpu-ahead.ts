import { destroyBuffers, type ItemBuffers } from "../backend/backend.js";
import type { GpuBatch } from "../base/tensor.js";
import type { ItemLayout } from "../plan/plan.js";
import { ahead } from "./ahead.js";
import { BufferRing } from "./buffer-ring.js";
import { buffersOf, gpuTensorsOf } from "./gpu-tensors.js";

/** A batch in GPU buffers, without what a walk adds to it: the tasks, or its place. */
export type BatchInBuffers = Pick<GpuBatch, "device" | "inputs" | "targets" | "labels" | "destroy">;

/** Makes a batch of `count` items. `make` fills the buffers `into`, or new ones if there are none. */
export type Fill = (
  layout: ItemLayout,
  count: number,
  make: (into: ItemBuffers | undefined) => Promise<ItemBuffers>,
) => Promise<BatchInBuffers>;

/** Options of `gpuAhead`. */
export interface GpuAheadOptions {
  /**
   * true: the walk owns the buffers, in `depth + 1` sets that serve in turn. A batch is valid until the next one is asked
   * for; its `destroy` does nothing. false: each batch has buffers of its own, which its consumer destroys.
   */
  readonly reuse: boolean;
  readonly signal: AbortSignal | undefined;
}

/**
 * Yields batches in GPU buffers, in order, with `depth` others begun ahead; see `ahead`. Buffers that no consumer owns are
 * destroyed when the walk ends.
 *
 * @param begin begins the next batch with `fill`; returns undefined if there is none
 */
export async function* gpuAhead<B extends BatchInBuffers>(
  begin: (fill: Fill, signal: AbortSignal) => Promise<B> | undefined,
  depth: number,
  { reuse, signal }: GpuAheadOptions,
): AsyncGenerator<B, void, undefined> {
  if (!reuse) {
    const fill: Fill = async (layout, count, make) => {
      const woven = await make(undefined);
      return inBuffers(layout, count, woven, () => destroyBuffers(woven));
    };
    yield* ahead((stop) => begin(fill, stop), depth, { discard: (batch) => batch.destroy(), signal });
    return;
  }
  const ring = new BufferRing();
  const fill: Fill = async (layout, count, make) => inBuffers(layout, count, await ring.fill(make), () => undefined);
  const giveBack = (batch: B) => ring.give(buffersOf(batch));
  try {
    yield* ahead((stop) => begin(fill, stop), depth, { discard: giveBack, reclaim: giveBack, signal });
  } finally {
    // Later discards destroy their buffers.
    ring.close();
  }
}

function inBuffers(layout: ItemLayout, count: number, woven: ItemBuffers, destroy: () => void): BatchInBuffers {
  return { device: woven.device, ...gpuTensorsOf(layout, count, woven), destroy };
}
