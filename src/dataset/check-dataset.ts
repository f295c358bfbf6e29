import { DatasetError, InvalidOptionError } from "../base/errors.js";
import type { Dataset } from "./dataset.js";

/**
 * A dataset among the arguments of a call. It is known by its properties, as it may come from another copy of the package.
 *
 * @throws InvalidOptionError for anything else
 */
export function checkDataset(value: unknown): asserts value is Dataset {
  const { images, targets, digest } = (value ?? {}) as Partial<Dataset>;
  if (ArrayBuffer.isView(images) && ArrayBuffer.isView(targets) && typeof digest === "function") return;
  throw new InvalidOptionError("dataset", value, "a Dataset, as Dataset.from() and readIdxDataset() make them");
}

/**
 * Labels that were written over after the dataset was made would be out of the bounds of every table.
 *
 * @throws DatasetError for a label that is no class of the dataset
 */
export function checkLabels({ targets, classes, name }: Dataset): void {
  for (let i = 0; i < targets.length; i++) {
    if ((targets[i] as number) < classes) continue;
    throw new DatasetError(
      name,
      `target ${i} is ${targets[i]} now, of ${classes} classes; make a new Dataset instead of writing into its arrays`,
    );
  }
}
