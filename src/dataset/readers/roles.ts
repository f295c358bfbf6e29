import { DatasetError } from "../../base/errors.js";
import type { DatasetSplit } from "./reader-options.js";

/** Words for images and for labels in names of files and arrays, the usual ones first. */
const IMAGES = ["images", "image", "imgs", "img", "x", "data", "features", "pixels", "inputs"];
const LABELS = ["labels", "label", "y", "targets", "target", "classes", "class"];
/** Words for the splits in names of files, folders and arrays. */
export const SPLIT_WORDS: Record<string, DatasetSplit> = {
  train: "train",
  training: "train",
  test: "test",
  testing: "test",
  t10k: "test",
  val: "validation",
  valid: "validation",
  validation: "validation",
};
/** Words that say nothing about what is in a file. */
const EMPTY = /^(idx\d*|ubyte|byte|short|int|float|double|gz|npy|npz|txt)$/;

/** The meaning of a name. */
export interface Role<T> {
  readonly item: T;
  readonly role: "images" | "labels";
  readonly split: DatasetSplit | undefined;
  /** The words that are left, such as `"emnist letters"`: files of one dataset have the same. */
  readonly family: string;
  /** The folder. */
  readonly folder: string;
  /** The place of the word in the list of words. */
  readonly rank: number;
}

/** Images and labels of one split. */
export interface Pair<T> {
  readonly images: T;
  readonly labels: T;
  readonly split: DatasetSplit | undefined;
  readonly family: string;
  readonly folder: string;
}

/** Reads a name: `train-images-idx3-ubyte.gz`, `x_train`, `emnist-letters-test-labels-idx1-ubyte`. */
export function roleOf<T>(path: string, item: T): Role<T> | undefined {
  const parts = path.split("/");
  const file = parts.pop() as string;
  // Archives are unpacked into a folder of the name of the file.
  if (parts.at(-1) === file) parts.pop();
  const words = file
    .replace(/^([xy])(train|test|val)/i, "$1 $2")
    .replace(/^(train|test|val)([xy])(?=$|\W)/i, "$1 $2")
    .toLowerCase()
    .split(/[^a-z0-9]+/);
  if (words.some((word) => /^(names?|ids?|filenames)$/.test(word))) return undefined;
  let split: DatasetSplit | undefined;
  let found: { role: "images" | "labels"; rank: number } | undefined;
  const rest: string[] = [];
  for (const word of words) {
    const [image, label] = [IMAGES.indexOf(word), LABELS.indexOf(word)];
    if (Object.hasOwn(SPLIT_WORDS, word)) split ??= SPLIT_WORDS[word];
    else if (image >= 0 && !found) found = { role: "images", rank: image };
    else if (label >= 0 && !found) found = { role: "labels", rank: label };
    else if (word && !EMPTY.test(word)) rest.push(word);
  }
  return found && { item, ...found, split, family: rest.join(" "), folder: parts.join("/") };
}

/** All pairs of images and labels among names. */
export function pairsOf<T>(roles: readonly Role<T>[]): Pair<T>[] {
  const groups = new Map<string, Role<T>[]>();
  for (const role of roles) {
    const key = JSON.stringify([role.folder, role.family, role.split]);
    groups.set(key, [...(groups.get(key) ?? []), role]);
  }
  const best = (group: readonly Role<T>[], role: "images" | "labels") =>
    group.filter((one) => one.role === role).sort((a, b) => a.rank - b.rank)[0];
  return [...groups.values()].flatMap((group) => {
    const [images, labels] = [best(group, "images"), best(group, "labels")];
    if (!images || !labels) return [];
    const { split, family, folder } = images;
    return [{ images: images.item, labels: labels.item, split, family, folder }];
  });
}

/**
 * Chooses the one pair of the split that is asked for; without one, of the training split, or the pair that is of no split.
 *
 * @param source the folder or file, for messages
 * @throws DatasetError where no pair, or more than one, is of that split
 */
export function choosePair<P extends Pick<Pair<unknown>, "split" | "family" | "folder">>(
  pairs: readonly P[],
  source: string,
  { split, variant }: { split?: DatasetSplit | undefined; variant?: string | undefined },
): P {
  const nameOf = ({ folder, family }: P) => [folder, family.replaceAll(" ", "-")].filter(Boolean).join("/");
  const wanted = variant?.toLowerCase();
  const fitting = wanted ? pairs.filter((pair) => nameOf(pair).toLowerCase().split(/[/-]/).includes(wanted)) : pairs;
  if (wanted && fitting.length === 0) {
    const names = [...new Set(pairs.map(nameOf))].filter(Boolean);
    const known =
      names.length > 0 ? `there are ${names.join(", ")}` : "it holds one dataset: leave variant (--variant) out";
    throw new DatasetError(source, `has no variant ${variant}; ${known}`);
  }
  const asked = split ?? "train";
  const exact = fitting.filter((pair) => pair.split === asked);
  const chosen = exact.length > 0 || asked !== "train" ? exact : fitting.filter((pair) => pair.split === undefined);
  const [only] = chosen;
  if (chosen.length === 1 && only) return only;
  if (chosen.length > 1) {
    const found = [...new Set(chosen.map(nameOf))].slice(0, 10).join(", ");
    throw new DatasetError(source, `holds several datasets: ${found}; give a folder of one, or variant (--variant)`);
  }
  const there = [...new Set(fitting.map((pair) => pair.split ?? "one without a name"))].join(", ");
  throw new DatasetError(source, `has no ${asked} split; it has: ${there}. Give split (--split)`);
}

/** The split that the words of a path name. */
export function splitOf(path: string): DatasetSplit | undefined {
  const words = path.toLowerCase().split(/[^a-z0-9]+/);
  const word = words.findLast((one) => Object.hasOwn(SPLIT_WORDS, one));
  return word === undefined ? undefined : SPLIT_WORDS[word];
}
