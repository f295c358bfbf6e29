import { DatasetError } from "../../base/errors.js";
import type { ReadOptions } from "../../files/bytes.js";
import type { FileEntry } from "../../files/list.js";
import type { Dataset } from "../dataset.js";
import { sniff } from "../sniff.js";
import { readEntry } from "./contents.js";
import { decodeNpy } from "./npy-decode.js";
import type { ReaderOptions } from "./reader-options.js";
import { choosePair, pairsOf, roleOf } from "./roles.js";
import { datasetOfArrays, type Named } from "./to-dataset.js";
import { listZip } from "./zip.js";

/** Reads a dataset from an .npz archive: `images` and `labels`, or arrays of the usual names. */
export async function readNpzEntry(entry: FileEntry, fallback: string, options: ReaderOptions): Promise<Dataset> {
  const { bytes, name } = await readEntry(entry, options);
  const { format, name: kind, remedy } = sniff(bytes);
  if (format !== "zip") {
    throw new DatasetError(name, `is ${kind}, not an .npz archive${remedy ? `; ${remedy}` : ""}`);
  }
  return datasetOfMembers(arraysOf(listZip(bytes, name)), name, fallback, options);
}

/** The arrays of an archive. */
export function arraysOf(members: readonly FileEntry[]): FileEntry[] {
  return members
    .filter(({ path }) => path.endsWith(".npy"))
    .map((member) => ({ ...member, path: member.path.slice(0, -4) }));
}

/** Makes a dataset from two arrays of an archive. */
export async function datasetOfMembers(
  members: readonly FileEntry[],
  name: string,
  fallback: string,
  options: ReaderOptions,
): Promise<Dataset> {
  const { images, labels } = await chooseMembers(members, name, options);
  const read = async (member: FileEntry): Promise<Named> => {
    const content = await readEntry(member, options);
    return { ...decodeNpy(content.bytes, content.name), name: content.name };
  };
  return datasetOfArrays(await read(images), await read(labels), fallback, options);
}

async function chooseMembers(
  members: readonly FileEntry[],
  name: string,
  options: ReaderOptions,
): Promise<{ images: FileEntry; labels: FileEntry }> {
  const there = members.map(({ path }) => path).join(", ");
  const { images, labels } = options;
  if (images !== undefined || labels !== undefined) {
    const find = (wanted: string | number | undefined, option: string) => {
      const member = members.find(({ path }) => path === wanted);
      if (member) return member;
      const problem = wanted === undefined ? `${option} is not given (--${option} NAME)` : `it has no array ${wanted}`;
      throw new DatasetError(name, `${problem}; there are ${there}`);
    };
    return { images: find(images, "images"), labels: find(labels, "labels") };
  }
  const pairs = pairsOf(members.flatMap((member) => roleOf(member.path, member) ?? []));
  if (pairs.length > 0) return choosePair(pairs, name, options);
  const shapes = members.length === 2 ? await byShape(members, options) : undefined;
  if (shapes) return shapes;
  const problem = `has arrays ${there || "of no name"}; which are images and labels?`;
  throw new DatasetError(name, `${problem} Give images and labels (--images NAME --labels NAME)`);
}

/** The array of one dimension holds the labels, if there are two. */
async function byShape(members: readonly FileEntry[], options: ReadOptions) {
  const dimensions: number[] = [];
  for (const member of members) {
    const { bytes, name } = await readEntry(member, options);
    const { shape } = decodeNpy(bytes, name);
    dimensions.push(shape[1] === 1 && shape.length === 2 ? 1 : shape.length);
  }
  const [a, b] = members as [FileEntry, FileEntry];
  if ((dimensions[0] as number) > 1 && dimensions[1] === 1) return { images: a, labels: b };
  return dimensions[0] === 1 && (dimensions[1] as number) > 1 ? { images: b, labels: a } : undefined;
}
