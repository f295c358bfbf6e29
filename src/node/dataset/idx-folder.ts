import { readdir } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { checkOptions, checkText, type Names } from "../../base/check.js";
import { DatasetError, InvalidOptionError } from "../../base/errors.js";
import type { Dataset } from "../../dataset/dataset.js";
import { readIdxDataset } from "../../dataset/idx.js";
import type { Classes } from "../../dataset/targets.js";
import type { ReadOptions } from "../../files/bytes.js";

/** The part of a dataset: the one to learn from, or the one to test on. */
export type Split = "train" | "test";

/** Options of {@link readFolder}. */
export interface FolderOptions extends ReadOptions {
  /** Default: `"train"`. */
  readonly split?: Split | undefined;
  /**
   * The number of classes, 1 to 65536, or `"compact"` to renumber the labels that occur. Default: the largest label of
   * this split plus one.
   */
  readonly classes?: Classes | undefined;
  /** Read the first examples only, at most this many. Default: all. */
  readonly limit?: number | undefined;
  /** The name of the dataset in messages and recipes. Default: the folder's name, for the test split followed by `-test`. */
  readonly name?: string | undefined;
  /** `"allow"` takes float32 values that are NaN or infinite. Default `"refuse"`. */
  readonly nonFinite?: "refuse" | "allow" | undefined;
}

const OPTIONS: Names<Required<FolderOptions>> = {
  split: true,
  classes: true,
  limit: true,
  name: true,
  nonFinite: true,
  signal: true,
  retryPauses: true,
};

/** @throws InvalidOptionError for anything but the path or the file: URL of a folder */
export function checkFolder(name: string, value: unknown): asserts value is string | URL {
  if (!(value instanceof URL)) checkText(name, value, "the path of a folder, or a file: URL");
}

const prefixes = { train: "train", test: "t10k" } as const;

/**
 * Reads a split from a folder of the four files that MNIST and its relatives come in: `train-images-idx3-ubyte`,
 * `train-labels-idx1-ubyte`, `t10k-images-idx3-ubyte` and `t10k-labels-idx1-ubyte`, each plain or with `.gz`, and also
 * with a dot before `idx`. A plain file is preferred.
 *
 * @throws InvalidOptionError if `split` is neither `"train"` nor `"test"`.
 * @throws DatasetError if a file is missing, saying what was looked for, or malformed.
 * @example
 * const fashion = await readFolder("/data/fashion-mnist", { classes: 10 });
 */
export async function readFolder(path: string | URL, options: FolderOptions = {}): Promise<Dataset> {
  checkFolder("path", path);
  checkOptions<FolderOptions>(options, OPTIONS);
  const { split = "train", classes, limit, nonFinite, signal } = options;
  const prefix = Object.hasOwn(prefixes, split) ? prefixes[split] : undefined;
  if (!prefix) throw new InvalidOptionError("split", split, '"train" or "test"');
  signal?.throwIfAborted();
  const folder = resolve(path instanceof URL ? fileURLToPath(path) : path);
  const files = new Set(await list(folder));
  signal?.throwIfAborted();
  const images = pick(folder, files, `${prefix}-images`, "idx3-ubyte");
  const labels = pick(folder, files, `${prefix}-labels`, "idx1-ubyte");
  const name = options.name ?? basename(folder) + (split === "test" ? "-test" : "");
  return readIdxDataset({ images, labels, classes, limit, name, nonFinite, signal });
}

async function list(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    const problem =
      code === "ENOENT"
        ? "there is no such folder; check the path"
        : code === "ENOTDIR"
          ? "is not a folder; give the folder that holds the files"
          : `cannot be listed: ${message}`;
    throw new DatasetError(folder, problem, { cause });
  }
}

function pick(folder: string, files: ReadonlySet<string>, stem: string, ending: string): string {
  const candidates = [`${stem}-${ending}`, `${stem}.${ending}`].flatMap((name) => [name, `${name}.gz`]);
  // A plain file first, whichever way it is spelled.
  candidates.sort((a, b) => Number(a.endsWith(".gz")) - Number(b.endsWith(".gz")));
  const found = candidates.find((name) => files.has(name));
  if (found === undefined) {
    throw new DatasetError(folder, `has none of ${candidates.join(", ")}; put one there or give another folder`);
  }
  return join(folder, found);
}
