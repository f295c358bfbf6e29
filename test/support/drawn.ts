import { type Dataset, TaskAugmentor, type TaskAugmentorOptions } from "taskloom";

/**
 * The numbers of the examples at each position of each sequence of a task set, found by their pixels: the same sequences
 * are woven once more, unprojected and without labels, which changes no draw.
 *
 * @throws Error where two examples of the dataset are alike
 */
export async function drawnExamples(options: TaskAugmentorOptions, dataset: Dataset): Promise<number[][]> {
  const { outFeatures: _, ...whole } = options;
  using plain = new TaskAugmentor({
    ...whole,
    workers: 0,
    backend: "wasm",
    identity: true,
    fixed: null,
    inputScaling: "unit",
    outputScaling: "none",
    labelLayout: "none",
    startToken: null,
  });
  const { inputs } = await plain.transform(dataset);
  const [sequences = 0, length = 0, features = 0] = inputs.shape;
  const bytes = dataset.dtype === "uint8";
  const key = (values: ArrayLike<number>) => {
    const pixels = bytes ? Uint8Array.from(values, (x) => Math.round(x * 255)) : Float32Array.from(values);
    return Buffer.from(pixels.buffer).toString("latin1");
  };
  const unit = bytes ? 255 : 1;
  const numbers = new Map(Array.from(dataset, ({ image }, i) => [key(Float64Array.from(image, (v) => v / unit)), i]));
  if (numbers.size < dataset.length) throw new Error("two examples have the same pixels");
  return Array.from({ length: sequences }, (_, s) =>
    Array.from({ length }, (_, p) => {
      const start = (s * length + p) * features;
      const number = numbers.get(key((inputs.data as Float32Array).subarray(start, start + features)));
      if (number === undefined) throw new Error(`position ${p} of sequence ${s} is no example`);
      return number;
    }),
  );
}
