import { DatasetError } from "../../base/errors.js";
import type { FileEntry } from "../../files/list.js";
import type { Dataset } from "../dataset.js";
import { type Content, readEntry } from "./contents.js";
import { isImagePath } from "./image.js";
import { decodeImages } from "./images.js";
import { byCodePoints } from "./labels.js";
import type { DatasetSplit, ReaderOptions } from "./reader-options.js";
import { refuseOptions } from "./refuse.js";
import { SPLIT_WORDS } from "./roles.js";
import { makeDataset } from "./to-dataset.js";

/** Files that are read at once. */
const AT_ONCE = 32;

/**
 * Reads a folder of images, one folder a class, in the order of torchvision's `ImageFolder`: classes by their names, images
 * by their paths.
 */
export async function readImageEntries(
  entries: readonly FileEntry[],
  source: string,
  fallback: string,
  options: ReaderOptions,
): Promise<Dataset> {
  refuseOptions(options, "a folder of images", ["images", "labels", "channelsFirst", "dtype"]);
  const images = partOf(withoutTop(entries.filter(({ path }) => isImagePath(path))), source, options.split);
  if (images.length === 0) throw new DatasetError(source, "holds no PNG or JPEG images");
  const foreign = images.find(({ path }) => !/\.(png|jpe?g)$/i.test(path));
  if (foreign) throw new DatasetError(foreign.name, "is no PNG or JPEG image; convert it");
  const loose = images.find(({ path }) => !path.includes("/"));
  if (loose) {
    throw new DatasetError(
      loose.name,
      "is in no folder of a class; images are in folders, one for each class, such as cats/1.png",
    );
  }
  const classOf = (path: string) => path.slice(0, path.indexOf("/"));
  const classNames = [...new Set(images.map(({ path }) => classOf(path)))].sort(byCodePoints);
  const places = new Map(classNames.map((name, place) => [name, place]));
  const folderOf = (path: string) => path.slice(0, path.lastIndexOf("/"));
  const sorted = images
    .map((entry) => ({ entry, label: places.get(classOf(entry.path)) as number, folder: folderOf(entry.path) }))
    .sort((a, b) => a.label - b.label || byCodePoints(a.folder, b.folder) || byCodePoints(a.entry.path, b.entry.path));
  const used = sorted.slice(0, options.limit ?? sorted.length);
  const contents = readAhead(
    used.map(({ entry }) => entry),
    options,
  );
  const { pixels, shape } = await decodeImages(contents, used.length, source, options);
  const targets = sorted.map(({ label }) => label);
  const { resize: _, ...others } = options;
  return makeDataset({ pixels, shape, targets, used: used.length, classNames }, fallback, others);
}

/** Paths without the folders that all of them are in, as long as two remain: a class and a file. */
function withoutTop(entries: readonly FileEntry[]): readonly FileEntry[] {
  const [first] = entries;
  const top = first?.path.slice(0, first.path.indexOf("/") + 1);
  if (!top || Object.hasOwn(SPLIT_WORDS, top.slice(0, -1).toLowerCase())) return entries;
  const below = entries.every(({ path }) => path.startsWith(top) && path.slice(top.length).includes("/"));
  return below ? withoutTop(entries.map((entry) => ({ ...entry, path: entry.path.slice(top.length) }))) : entries;
}

/** The images of a split, where the first folders are splits. */
function partOf(entries: readonly FileEntry[], source: string, split: DatasetSplit | undefined): readonly FileEntry[] {
  const splitOf = ({ path }: FileEntry) => {
    const [top = "", ...rest] = path.split("/");
    return rest.length >= 2 && Object.hasOwn(SPLIT_WORDS, top.toLowerCase())
      ? SPLIT_WORDS[top.toLowerCase()]
      : undefined;
  };
  const splits = new Set(entries.map(splitOf));
  const isSplit = entries.length > 0 && !splits.has(undefined);
  const asked = split ?? "train";
  if (!isSplit) {
    if (asked === "train") return entries;
    throw new DatasetError(source, `has no ${asked} split: its folders are classes. Leave split (--split) out`);
  }
  if (!splits.has(asked)) {
    throw new DatasetError(source, `has no ${asked} split; it has: ${[...splits].join(", ")}. Give split (--split)`);
  }
  return entries
    .filter((entry) => splitOf(entry) === asked)
    .map((entry) => ({ ...entry, path: entry.path.slice(entry.path.indexOf("/") + 1) }));
}

/** The contents of files in order, some read at once. */
async function* readAhead(entries: readonly FileEntry[], options: ReaderOptions): AsyncGenerator<Content> {
  for (let start = 0; start < entries.length; start += AT_ONCE) {
    yield* await Promise.all(entries.slice(start, start + AT_ONCE).map((entry) => readEntry(entry, options)));
  }
}
