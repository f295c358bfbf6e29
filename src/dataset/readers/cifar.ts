import { DatasetError } from "../../base/errors.js";
import type { FileEntry } from "../../files/list.js";
import type { Dataset } from "../dataset.js";
import { sniff } from "../sniff.js";
import { readEntry } from "./contents.js";
import { channelsLast } from "./nd-array.js";
import type { DatasetSplit, ReaderOptions } from "./reader-options.js";
import { refuseOptions } from "./refuse.js";
import { makeDataset } from "./to-dataset.js";

const PIXELS = 3 * 32 * 32;

/** The two formats: bytes of labels before the pixels, and the classes of each of them. */
const KINDS = [
  { name: "CIFAR-10", classes: [10] },
  { name: "CIFAR-100", classes: [20, 100] },
] as const;
type Kind = (typeof KINDS)[number];

/** The format of bytes, if they are CIFAR: whole records whose labels are classes. */
export function cifarKindOf(bytes: Uint8Array): Kind | undefined {
  return KINDS.find(
    (kind) => bytes.length > 0 && bytes.length % recordOf(kind) === 0 && firstStrangeRecord(bytes, kind) < 0,
  );
}

function recordOf({ classes }: Kind): number {
  return classes.length + PIXELS;
}

/** The first record with a label that is no class; -1 if there is none. */
function firstStrangeRecord(bytes: Uint8Array, kind: Kind): number {
  const record = recordOf(kind);
  for (let i = 0; i * record < bytes.length; i++) {
    if (kind.classes.some((classes, place) => (bytes[i * record + place] as number) >= classes)) return i;
  }
  return -1;
}

/** The split of a file, by the name that the archives of CIFAR give it. */
export function cifarSplitOf(path: string): DatasetSplit | undefined {
  const file = path.split("/").at(-1)?.toLowerCase() ?? "";
  if (/^(data_batch_\d+|train)\.bin(\.gz)?$/.test(file)) return "train";
  return /^test(_batch)?\.bin(\.gz)?$/.test(file) ? "test" : undefined;
}

/** True for names of the version for Python, which are pickles. */
export function isPythonCifar(path: string): boolean {
  return /(^|\/)(data_batch_[1-5]|test_batch|batches\.meta|cifar-1\d\d-python\/(train|test|meta))$/.test(path);
}

export const PYTHON_CIFAR =
  "is the version of CIFAR for Python, whose files are pickles; download the binary version (cifar-10-binary.tar.gz or cifar-100-binary.tar.gz)";

/**
 * Reads the binary version of CIFAR-10 or CIFAR-100. The images become `[32, 32, 3]`.
 *
 * @param entries the batches, and the files of names if they are there
 */
export async function readCifarEntries(
  entries: readonly FileEntry[],
  source: string,
  fallback: string,
  options: ReaderOptions,
): Promise<Dataset> {
  refuseOptions(options, "CIFAR", ["images", "channelsFirst", "dtype"]);
  const { split, limit = Number.POSITIVE_INFINITY, labels = "fine" } = options;
  if (entries.some(({ path }) => isPythonCifar(path))) throw new DatasetError(source, PYTHON_CIFAR);
  const batches = batchesOf(entries, source, split);
  const targets: number[] = [];
  const parts: Uint8Array[] = [];
  let kind: Kind | undefined;
  for (const entry of batches) {
    if (targets.length >= limit) break;
    const { bytes, name } = await readEntry(entry, options);
    kind = checkBatch(bytes, name, kind);
    const record = recordOf(kind);
    const place = labels === "coarse" || kind.classes.length === 1 ? 0 : 1;
    for (let start = 0; start < bytes.length && targets.length < limit; start += record) {
      targets.push(bytes[start + place] as number);
      parts.push(bytes.subarray(start + kind.classes.length, start + record));
    }
  }
  if (!kind) throw new DatasetError(source, "has no batches");
  if (!(labels === "fine" || (labels === "coarse" && kind.classes.length === 2))) {
    throw new DatasetError(
      source,
      `is ${kind.name}; its labels are ${kind.classes.length === 2 ? '"fine" or "coarse"' : '"fine"'}`,
    );
  }
  const pixels = new Uint8Array(parts.length * PIXELS);
  for (const [i, part] of parts.entries()) pixels.set(part, i * PIXELS);
  const classes = labels === "coarse" ? 20 : (kind.classes.at(-1) as number);
  const classNames = await namesOf(entries, labels, classes, options);
  const images = channelsLast(pixels, [3, 32, 32]);
  return makeDataset(
    { pixels: images, shape: [32, 32, 3], targets, used: targets.length, classes, classNames },
    fallback,
    options,
  );
}

/** The batches of a split in the order of their names; files that have other names as they are given. */
function batchesOf(entries: readonly FileEntry[], source: string, split: DatasetSplit | undefined): FileEntry[] {
  const named = entries.filter(({ path }) => cifarSplitOf(path) !== undefined);
  if (named.length === 0) return entries.filter(({ path }) => !/\.(txt|html)$/.test(path));
  const asked = split ?? (named.some(({ path }) => cifarSplitOf(path) === "train") ? "train" : undefined);
  if (asked === undefined) {
    if (named.length < entries.length || named.length > 1)
      throw new DatasetError(source, 'has the test split only; give split: "test" (--split test)');
    return named;
  }
  const batches = named.filter(({ path }) => cifarSplitOf(path) === asked);
  if (batches.length === 0)
    throw new DatasetError(source, `has no ${asked} split; it has ${named.map(({ path }) => path).join(", ")}`);
  const folders = new Set(batches.map(({ path }) => path.split("/").slice(0, -1).join("/")));
  if (folders.size > 1)
    throw new DatasetError(source, `holds several datasets: ${[...folders].join(", ")}; give a folder of one`);
  return batches.sort((a, b) => a.path.localeCompare(b.path, "en", { numeric: true }));
}

function checkBatch(bytes: Uint8Array, name: string, before: Kind | undefined): Kind {
  const kind = cifarKindOf(bytes);
  if (kind && (!before || kind === before)) return kind;
  const { format, name: found } = sniff(bytes);
  if (format === "pickle") throw new DatasetError(name, PYTHON_CIFAR);
  const close = before ?? KINDS.find((one) => bytes.length > 0 && bytes.length % recordOf(one) === 0);
  const problem = close
    ? `record ${firstStrangeRecord(bytes, close)} has a label that ${close.name} does not have`
    : `${bytes.length} bytes are no whole records of 3073 (CIFAR-10) or 3074 bytes (CIFAR-100)`;
  const told = format === "unknown" || format === "idx" ? "" : `; it is ${found}`;
  throw new DatasetError(name, `is no batch of CIFAR, or damaged: ${problem}${told}`);
}

/** The names of the classes, one a line. */
async function namesOf(
  entries: readonly FileEntry[],
  labels: "fine" | "coarse",
  classes: number,
  options: ReaderOptions,
): Promise<readonly string[] | undefined> {
  const file = new RegExp(`(^|/)(batches\\.meta|${labels}_label_names)\\.txt$`);
  const entry = entries.find(({ path }) => file.test(path));
  if (!entry) return undefined;
  const { bytes } = await readEntry(entry, options);
  const names = new TextDecoder()
    .decode(bytes.slice())
    .split(/\r?\n/)
    .filter((line) => line !== "");
  return names.length === classes ? names : undefined;
}
