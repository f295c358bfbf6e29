import type { ItemBytes } from "../backend/backend.js";
import { InvalidOptionError } from "../base/errors.js";
import { integersOf, widened } from "../base/integers.js";
import type { InputTensor, SmallestDtype, TargetDtype, TargetTensor } from "../base/tensor.js";
import { listOf } from "../draws/items.js";
import {
  hasLabels,
  type ItemLayout,
  inputShape,
  itemBytes,
  labelDtype,
  targetDtype,
  targetShape,
} from "../plan/plan.js";

/** The arrays of a number of items, assembled from pieces. */
export class Assembly {
  readonly woven: ItemBytes;
  readonly #layout: ItemLayout;

  /** @throws InvalidOptionError if an array does not fit into memory */
  constructor(layout: ItemLayout, count: number) {
    const bytes = itemBytes(layout);
    this.#layout = layout;
    this.woven = {
      inputs: allocate(count * bytes.inputs),
      targets: allocate(count * bytes.targets),
      ...(hasLabels(layout) ? { labels: allocate(count * bytes.labels) } : {}),
    };
  }

  /** Copies a piece into the arrays; `place` counts items. */
  put(some: ItemBytes, place: number): void {
    const bytes = itemBytes(this.#layout);
    const { inputs, targets, labels } = this.woven;
    new Uint8Array(inputs).set(new Uint8Array(some.inputs), place * bytes.inputs);
    new Uint8Array(targets).set(new Uint8Array(some.targets), place * bytes.targets);
    if (labels && some.labels) new Uint8Array(labels).set(new Uint8Array(some.labels), place * bytes.labels);
  }
}

/**
 * Reads items in any order from a source of consecutive runs. At most `width` runs are under way. Each run is copied to its
 * place when it arrives, so memory holds the result and `width` runs.
 *
 * @throws InvalidOptionError if the result does not fit into one array
 */
export async function gather(
  numbers: Float64Array,
  layout: ItemLayout,
  width: number,
  read: (first: number, count: number) => Promise<ItemBytes>,
): Promise<ItemBytes> {
  const items = listOf(numbers);
  if (items.runFrom(0) === items.count) return read(items.at(0), items.count);
  const whole = new Assembly(layout, items.count);
  let next = 0;
  let failed = false;
  // Each lane takes the next run. The first failure stops all lanes.
  const lane = async () => {
    try {
      while (!failed && next < items.count) {
        const at = next;
        const count = items.runFrom(at);
        next += count;
        whole.put(await read(items.at(at), count), at);
      }
    } catch (error) {
      failed = true;
      throw error;
    }
  };
  await Promise.all(Array.from({ length: Math.min(width, items.count) }, lane));
  return whole.woven;
}

/**
 * Returns the bytes of `count` items as typed arrays with shapes.
 *
 * @returns targets and labels of the layout's `targetDtype`: the caller's `Dtype` says which that is
 */
export function tensorsOf<Dtype extends TargetDtype>(
  layout: ItemLayout,
  count: number,
  { inputs, targets, labels }: ItemBytes,
): { inputs: InputTensor; targets: TargetTensor<Dtype>; labels?: TargetTensor<Dtype> } {
  const { dtype } = layout;
  const integers = (made: SmallestDtype, buffer: ArrayBuffer): TargetTensor<Dtype> => {
    const wanted = (layout.targetDtype ?? made) as Dtype;
    const data = integersOf(wanted, widened(buffer, made, wanted));
    return { dtype: wanted, shape: targetShape(layout, count), data };
  };
  return {
    inputs: {
      dtype,
      shape: inputShape(layout, count),
      data: dtype === "float32" ? new Float32Array(inputs) : new Uint16Array(inputs),
    },
    targets: integers(targetDtype(layout), targets),
    ...(labels ? { labels: integers(labelDtype(layout), labels) } : {}),
  };
}

/** @throws InvalidOptionError if an array of this size cannot be allocated */
function allocate(bytes: number): ArrayBuffer {
  try {
    return new ArrayBuffer(bytes);
  } catch (cause) {
    const allowed = "what one array can hold here; walk batches() instead";
    throw new InvalidOptionError("the result", `${bytes} bytes`, allowed, { cause });
  }
}
