import { type Dataset, DatasetError, readDataset } from "taskloom";
import { type Head, headOf } from "./array-head.js";
import type { Files, Reading } from "./place.js";

/** A dataset of a visitor, and how programs read the same files. */
export interface Dropped {
  readonly dataset: Dataset;
  readonly files: Files;
}

/**
 * The dataset that files hold, read by `readDataset` of the package: all of its formats. Two files that each hold one array,
 * IDX or .npy, are images and labels in any order and under any names: labels are the file with fewer dimensions.
 *
 * @param files what was chosen or dropped; files of a folder have their paths in `webkitRelativePath`
 * @throws DatasetError if the files are damaged, of an unknown format, or do not belong together
 * @throws InvalidOptionError if an option does not fit
 * @example
 * const { dataset } = await datasetFromFiles([...input.files], { labels: -1 });
 */
export async function datasetFromFiles(files: readonly File[], reading: Reading = {}): Promise<Dropped> {
  const [first, second] = files;
  if (!first) throw new DatasetError("no file", "the folder is empty; choose or drop the files of one dataset");
  const folder = first.webkitRelativePath.split("/")[0];
  if (folder) {
    const names = files.map(({ webkitRelativePath }) => webkitRelativePath.slice(folder.length + 1));
    return {
      dataset: await readDataset(files, { ...reading, name: folder }),
      files: { kind: "folder", name: folder, names },
    };
  }
  if (!second) return { dataset: await readDataset(first, reading), files: { kind: "file", name: first.name } };
  if (files.length === 2) {
    const pair = pairOf(first, await headOf(first), second, await headOf(second));
    if (pair) {
      const { images, labels, format } = pair;
      return {
        dataset: await readDataset({ images, labels }, reading),
        files: { kind: "pair", format, images: images.name, labels: labels.name },
      };
    }
  }
  return {
    dataset: await readDataset(files, reading),
    files: { kind: "files", names: files.map(({ name }) => name) },
  };
}

/** Images and labels among two files of arrays; undefined if one holds no array. */
function pairOf(first: File, one: Head | undefined, second: File, two: Head | undefined) {
  if (!one || !two) return undefined;
  if (one.rank === two.rank) {
    const both = one.rank === 1 ? "labels, with one dimension" : `${one.rank} dimensions`;
    throw new DatasetError(
      `${first.name}, ${second.name}`,
      `both hold ${both}; give one file of images, with two dimensions or more, and one of labels, with one`,
    );
  }
  // Python reads IDX pairs by a function of its own; all other pairs as arrays.
  const format: "idx" | "npy" = one.format === "idx" && two.format === "idx" ? "idx" : "npy";
  return one.rank > two.rank ? { images: first, labels: second, format } : { images: second, labels: first, format };
}
