import { type Dataset, type Recipe, recipeOf, TaskAugmentor, type TaskAugmentorOptions } from "taskloom";

/** One task, as pictures and texts need it. */
export interface Woven {
  readonly task: number;
  /** Positions of the sequence. */
  readonly length: number;
  /** Values of an input that come of the projection. */
  readonly values: number;
  /** Values of an input that are the one-hot of a label. */
  readonly cells: number;
  /** `[length, values + cells]`. */
  readonly inputs: Float32Array;
  readonly targets: Uint8Array | Uint16Array;
  /** The images that the sequence was drawn from, `[length, features]`: pixels from 0 to 1, or float32 values. */
  readonly originals: Float32Array;
  /** The label of each in the dataset, or in the episode. */
  readonly labels: Uint8Array | Uint16Array;
  /** What each label becomes. */
  readonly permutation: Uint16Array;
  readonly recipe: Recipe | undefined;
  readonly digests: { readonly inputs: string; readonly targets: string } | undefined;
}

const HERE = { backend: "wasm", workers: 0 } as const;

/**
 * Makes a task in the calling thread. The images are those of the same task without projection and permutation: the draws
 * do not depend on these.
 */
export async function weaveTask(dataset: Dataset, options: TaskAugmentorOptions): Promise<Woven> {
  const task = options.taskOffset ?? 0;
  const asWoven = new TaskAugmentor({ ...options, ...HERE });
  const { outFeatures: _, ...rest } = options;
  const asDrawn = new TaskAugmentor({ ...rest, ...HERE, identity: true, inputScaling: "unit", outputScaling: "none" });
  try {
    const { inputs, targets } = await asWoven.batch(dataset, task, task + 1);
    const drawn = await asDrawn.batch(dataset, task, task + 1);
    const permutation = await asWoven.targetPermutation(task, dataset).permutation();
    const [, length = 0, width = 0] = inputs.shape;
    const values = options.outFeatures ?? dataset.features;
    return {
      ...{ task, length, values, cells: width - values, permutation },
      inputs: inputs.data as Float32Array,
      targets: targets.data,
      originals: rowsOf(drawn.inputs.data as Float32Array, length, dataset.features),
      labels: drawn.targets.data,
      ...(await identityOf(asWoven, dataset, inputs.data, targets.data)),
    };
  } finally {
    asWoven.dispose();
    asDrawn.dispose();
  }
}

/** The recipe and the digests; none in a page that is neither on https: nor on localhost, as it has no hash function. */
async function identityOf(
  tasks: TaskAugmentor,
  dataset: Dataset,
  inputs: ArrayBufferView,
  targets: ArrayBufferView,
): Promise<Pick<Woven, "recipe" | "digests">> {
  if (!globalThis.crypto?.subtle) return { recipe: undefined, digests: undefined };
  return {
    recipe: await recipeOf(tasks, dataset),
    digests: { inputs: await sha256(inputs), targets: await sha256(targets) },
  };
}

/** Lower-case hex. */
export async function sha256({ buffer, byteOffset, byteLength }: ArrayBufferView): Promise<string> {
  const hash = await crypto.subtle.digest("SHA-256", new Uint8Array(buffer as ArrayBuffer, byteOffset, byteLength));
  return Array.from(new Uint8Array(hash), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** The first `width` values of each row. */
function rowsOf(data: Float32Array, rows: number, width: number): Float32Array {
  const stride = data.length / rows;
  const result = new Float32Array(rows * width);
  for (let row = 0; row < rows; row++) result.set(data.subarray(row * stride, row * stride + width), row * width);
  return result;
}
