import { type Dataset, DatasetError, readIdx, readIdxDataset } from "taskloom";

/** A dataset of a visitor, and how programs read the same files. */
export interface Dropped {
  readonly dataset: Dataset;
  /** The names of the files: images, then labels. */
  readonly files: readonly string[];
}

/**
 * The dataset that files hold: an IDX file of images and one of labels, in any order. Labels are the file with one
 * dimension.
 *
 * @throws DatasetError if the files are not such a pair, or are damaged
 */
export async function datasetFromFiles(files: readonly File[]): Promise<Dropped> {
  const names = files.map(({ name }) => name).join(", ");
  if (files.length !== 2) {
    throw new DatasetError(names || "no file", "give two files together: the images and the labels of one dataset");
  }
  const ranks = await Promise.all(files.map(async (file) => (await readIdx(file)).shape.length));
  const labels = files[ranks.indexOf(1)];
  const images = files.find((file) => file !== labels);
  if (!labels || !images || ranks.every((rank) => rank === 1)) {
    throw new DatasetError(names, "one file must hold images, with two dimensions or more, and one labels, with one");
  }
  const name = images.name.replace(/\.gz$/i, "");
  return { dataset: await readIdxDataset({ images, labels, name }), files: [images.name, labels.name] };
}
