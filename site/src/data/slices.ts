import { type Dataset, readIdxDataset } from "taskloom";

/** The slices of MNIST that the page brings: the first examples of each split. scripts/build-site.mjs writes them. */
export const SLICES = {
  train: { count: 2000, name: "mnist" },
  test: { count: 500, name: "mnist-test" },
} as const;

const kept = new Map<string, Promise<Dataset>>();

/**
 * A slice of MNIST.
 *
 * @param base the address of the page, by which its data are found
 */
export function slice(split: keyof typeof SLICES, base: string | URL): Promise<Dataset> {
  let dataset = kept.get(split);
  if (!dataset) {
    dataset = readSlice(split, base);
    // A failure, as of a network that is away, is not kept.
    dataset.catch(() => kept.delete(split));
    kept.set(split, dataset);
  }
  return dataset;
}

function readSlice(split: keyof typeof SLICES, base: string | URL): Promise<Dataset> {
  const { count, name } = SLICES[split];
  const file = (kind: string) => new URL(`data/mnist-${split}-${count}-${kind}.idx.gz`, base);
  return readIdxDataset({ images: file("images"), labels: file("labels"), classes: 10, name });
}
