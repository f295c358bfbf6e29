import { setTimeout } from "node:timers/promises";
import { OutputError, StoreError, TaskloomError } from "../../base/errors.js";
import { FileError } from "../../files/file-error.js";
import type { Sink } from "../../files/sink.js";
import { ARRAY_NAMES } from "../../store/arrays.js";
import { DOCUMENT_LIMIT } from "../../store/documents.js";
import { MANIFEST_LIMIT } from "../../store/manifest.js";
import { FILES } from "../../store/npy.js";
import { SAFETENSORS_FILE } from "../../store/safetensors.js";
import {
  arrayDocument,
  arrayKey,
  chunkOfKey,
  groupDocument,
  parseGroup,
  STORE_FILES,
  type StoreLayout,
} from "../../store/zarr.js";
import { wrap } from "./disk.js";
import { checkSame } from "./store-identity.js";
import { isOwn, nameIn, removeWorkingFiles } from "./working-files.js";

/** The number of looks at a folder that has files of a store and no zarr.json, and the pause between them, in ms. */
const LOOKS = 10;
const PAUSE = 100;

/** The beginning of every manifest. */
const MANIFEST_START = '{\n  "format": "taskloom-manifest"';

/**
 * Removes a store: the files that its recipe lists, and nothing else. Folders go if they are empty then.
 *
 * The working files go first: a run that is under way cannot give a chunk its name any more, and cannot begin another one.
 * The recipe goes last: it says whose files these are.
 */
export async function removeStore(sink: Sink, layout: StoreLayout): Promise<void> {
  await removeWorkingFiles(sink);
  await sink.remove([STORE_FILES.manifest]);
  for (const array of layout.arrays) {
    const keys: string[] = [];
    for await (const key of sink.list(`${array.name}/`)) {
      if (chunkOfKey(layout, array, key) !== undefined) keys.push(key);
    }
    await sink.remove(keys);
    await sink.remove([arrayKey(array.name)]);
  }
  await sink.remove([STORE_FILES.group]);
}

/**
 * Writes the documents that are missing, the group's first: the folder is a store of ours from then on. Of several runs that
 * begin at once, one creates the group's document; the others compare theirs with it.
 *
 * @throws OutputError when the store is of something else
 */
export async function writeDocuments(sink: Sink, layout: StoreLayout): Promise<void> {
  const there = await readIfThere(sink, STORE_FILES.group);
  if (there === undefined) await sink.putIfAbsent(STORE_FILES.group, groupDocument(layout));
  await checkStore(sink, layout);
  for (const array of layout.arrays) {
    const text = arrayDocument(layout, array);
    if ((await readIfThere(sink, arrayKey(array.name))) !== text) await sink.put(arrayKey(array.name), text);
  }
}

/** @throws OutputError when the folder has no store any more, or one of something else */
export async function checkStore(sink: Sink, layout: StoreLayout): Promise<void> {
  const text = await readGroup(sink);
  if (text === undefined) {
    const cause = Object.assign(new Error(`${STORE_FILES.group} is not there`), { code: "ENOENT" });
    throw new OutputError(sink.name, "the store was removed by another run; run again", { cause });
  }
  checkSame(sink.name, parsed(text, sink.name), layout);
}

/**
 * Returns the layout of the store in a folder; `undefined` where there is none and can be one.
 *
 * @throws OutputError when the folder has something that is no store of ours
 */
export async function readStore(sink: Sink): Promise<StoreLayout | undefined> {
  for (let look = 1; ; look++) {
    const text = await readGroup(sink);
    if (text !== undefined) {
      const layout = parsed(text, sink.name);
      await checkManifest(sink);
      return layout;
    }
    const others = await foreignFiles(sink);
    if (others.length === 0) return undefined;
    // Another run may be creating the store at this moment: its arrays are seen, its zarr.json is not yet.
    const canBeArrays = others.every((name) => (ARRAY_NAMES as readonly string[]).includes(name));
    if (!canBeArrays || look === LOOKS) {
      throw new OutputError(sink.name, `has ${others.join(", ")} and is no store; give another folder`, {
        permanent: true,
      });
    }
    await setTimeout(PAUSE);
  }
}

/**
 * Reads the group's document. Where a file system has no hard links, another run may be copying it to its name at this moment,
 * so that one which is no JSON is read again.
 */
async function readGroup(sink: Sink): Promise<string | undefined> {
  for (let look = 1; ; look++) {
    const text = await readIfThere(sink, STORE_FILES.group);
    if (text === undefined || !sink.isLocal || look === LOOKS || isJson(text)) return text;
    await setTimeout(PAUSE);
  }
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** Returns whether the documents of a store are all there, as they should be. */
export async function hasDocuments(sink: Sink, layout: StoreLayout): Promise<boolean> {
  if ((await readIfThere(sink, STORE_FILES.group)) === undefined) return false;
  await checkStore(sink, layout);
  for (const array of layout.arrays) {
    if ((await readIfThere(sink, arrayKey(array.name))) !== arrayDocument(layout, array)) return false;
  }
  return true;
}

/** The names in a folder without zarr.json that a store would use, and that are not its own. */
async function foreignFiles(sink: Sink): Promise<string[]> {
  const there = new Set(await sink.names());
  const names = [STORE_FILES.manifest, ...ARRAY_NAMES, ...Object.values(FILES), SAFETENSORS_FILE];
  const found = names.filter((name) => there.has(name));
  if (there.has(STORE_FILES.unfinished)) {
    try {
      for await (const key of sink.list(`${STORE_FILES.unfinished}/`)) {
        if (!isOwn(nameIn(key))) return [...found, STORE_FILES.unfinished];
      }
    } catch (error) {
      // A server that fails says nothing.
      if (!sink.isLocal) throw error;
      // A file, or a folder that may not be read.
      found.push(STORE_FILES.unfinished);
    }
  }
  return found;
}

/** @throws OutputError when manifest.json or unfinished is not the store's */
async function checkManifest(sink: Sink): Promise<void> {
  const text = await readIfThere(sink, STORE_FILES.manifest, MANIFEST_LIMIT);
  // One of ours may be damaged: its chunks are made again.
  if (text === undefined || text.startsWith(MANIFEST_START)) return;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // Somebody else's.
  }
  if ((value as { format?: unknown } | null | undefined)?.format === "taskloom-manifest") return;
  throw new OutputError(
    sink.name,
    `has a ${STORE_FILES.manifest} that is not the store's; move it, or give another folder`,
    { permanent: true },
  );
}

function parsed(text: string, name: string): StoreLayout {
  try {
    return parseGroup(text, name);
  } catch (cause) {
    if (!(cause instanceof TaskloomError)) throw cause;
    throw new OutputError(name, `has a store that is not to be touched (${cause.message}); give another folder`, {
      cause,
      permanent: true,
    });
  }
}

async function readIfThere(sink: Sink, key: string, limit: number = DOCUMENT_LIMIT): Promise<string | undefined> {
  try {
    const bytes = await sink.files.get(key, limit, undefined);
    return bytes && new TextDecoder().decode(bytes);
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    const { cause } = error;
    const path = `${sink.name}/${key}`;
    if (!(cause instanceof FileError)) throw wrap(path, cause);
    if (!sink.isLocal) throw new OutputError(path, cause.problem, { cause });
    // What is no file stays so.
    const problem = `is in the way, as it ${cause.problem.replace(/;.*/, "")}; move it, or give another folder`;
    throw new OutputError(path, problem, { cause, permanent: true });
  }
}
