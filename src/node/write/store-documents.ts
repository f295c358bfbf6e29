import { mkdir, readdir, rm, rmdir, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { OutputError, TaskloomError } from "../../base/errors.js";
import { readWhole } from "../../files/disk.js";
import { FileError } from "../../files/file-error.js";
import { ARRAY_NAMES, type StoredArray } from "../../store/arrays.js";
import { MANIFEST_LIMIT } from "../../store/manifest.js";
import { FILES } from "../../store/npy.js";
import { SAFETENSORS_FILE } from "../../store/safetensors.js";
import {
  arrayDocument,
  arrayKey,
  chunkCount,
  chunkKey,
  groupDocument,
  parseGroup,
  STORE_FILES,
  type StoreLayout,
} from "../../store/zarr.js";
import { nameOnce, wrap, writeTemporary, writeWhole } from "./disk.js";
import { checkSame } from "./store-identity.js";
import { isOwn, removeWorkingFiles } from "./working-files.js";

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
export async function removeStore(out: string, layout: StoreLayout): Promise<void> {
  try {
    await removeWorkingFiles(join(out, STORE_FILES.unfinished));
    await rm(join(out, STORE_FILES.manifest), { force: true });
    for (const array of layout.arrays) {
      const folders = new Set<string>();
      for (const chunk of await chunksIn(out, array, layout)) {
        const path = join(out, chunkKey(array, chunk));
        await rm(path, { force: true });
        for (let folder = dirname(path); folder !== out && !folders.has(folder); folder = dirname(folder)) {
          folders.add(folder);
        }
      }
      await rm(join(out, arrayKey(array.name)), { force: true });
      // The longest paths first: a folder is empty when those below it are gone.
      for (const folder of [...folders].sort((a, b) => b.length - a.length)) await rmdir(folder).catch(() => undefined);
    }
    await rm(join(out, STORE_FILES.group), { force: true });
  } catch (cause) {
    throw wrap(out, cause);
  }
}

/** The chunks of an array that a folder may have: those of the layout whose first folder is there. */
async function chunksIn(out: string, array: StoredArray, layout: StoreLayout): Promise<number[]> {
  const names = await readdir(join(out, array.name, "c")).catch(() => []);
  return names.filter((name) => /^\d+$/.test(name) && Number(name) < chunkCount(layout)).map(Number);
}

/**
 * Writes the documents that are missing, the group's first: the folder is a store of ours from then on. Of several runs that
 * begin at once, one creates the group's document; the others compare theirs with it.
 *
 * @throws OutputError when the store is of something else
 */
export async function writeDocuments(out: string, layout: StoreLayout, temporary: string): Promise<void> {
  try {
    const group = join(out, STORE_FILES.group);
    if ((await readIfThere(group)) === undefined) await createOnce(group, groupDocument(layout), temporary);
    await checkStore(out, layout);
    for (const array of layout.arrays) {
      const path = join(out, arrayKey(array.name));
      const text = arrayDocument(layout, array);
      if ((await readIfThere(path)) === text) continue;
      await mkdir(dirname(path), { recursive: true });
      await writeWhole(path, text, temporary);
    }
  } catch (cause) {
    throw wrap(out, cause);
  }
}

/** Creates a file that is there whole or not at all, unless there is one of this name. */
async function createOnce(path: string, text: string, temporary: string): Promise<void> {
  await writeTemporary(temporary, text);
  try {
    await nameOnce(temporary, path);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== "EEXIST") throw cause;
  } finally {
    await rm(temporary, { force: true });
  }
}

/** @throws OutputError when the folder has no store any more, or one of something else */
export async function checkStore(out: string, layout: StoreLayout): Promise<void> {
  const text = await readIfThere(join(out, STORE_FILES.group));
  if (text === undefined) {
    const cause = Object.assign(new Error(`${STORE_FILES.group} is not there`), { code: "ENOENT" });
    throw new OutputError(out, "the store was removed by another run; run again", { cause });
  }
  checkSame(out, parsed(text, out), layout);
}

/**
 * Returns the layout of the store in a folder; `undefined` where there is none and can be one.
 *
 * @throws OutputError when the folder has something that is no store of ours
 */
export async function readStore(out: string): Promise<StoreLayout | undefined> {
  for (let look = 1; ; look++) {
    const text = await readIfThere(join(out, STORE_FILES.group));
    if (text !== undefined) {
      const layout = parsed(text, out);
      await checkManifest(out);
      return layout;
    }
    const others = await foreignFiles(out);
    if (others.length === 0) return undefined;
    // Another run may be creating the store at this moment: its arrays are seen, its zarr.json is not yet.
    const canBeArrays = others.every((name) => (ARRAY_NAMES as readonly string[]).includes(name));
    if (!canBeArrays || look === LOOKS) {
      throw new OutputError(out, `has ${others.join(", ")} and is no store; give another folder`, { permanent: true });
    }
    await setTimeout(PAUSE);
  }
}

/** The names in a folder without zarr.json that a store would use, and that are not its own. */
async function foreignFiles(out: string): Promise<string[]> {
  const names = [STORE_FILES.manifest, ...ARRAY_NAMES, ...Object.values(FILES), SAFETENSORS_FILE];
  const found: string[] = [];
  for (const name of names) if (await exists(join(out, name))) found.push(name);
  const unfinished = join(out, STORE_FILES.unfinished);
  if (await exists(unfinished)) {
    const inside = await readdir(unfinished).catch(() => [""]);
    if (!inside.every(isOwn)) found.push(STORE_FILES.unfinished);
  }
  return found;
}

/** @throws OutputError when manifest.json or unfinished is not the store's */
async function checkManifest(out: string): Promise<void> {
  const text = await readIfThere(join(out, STORE_FILES.manifest));
  if (text === undefined) return;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // A damaged one of ours: its chunks are made again.
    if (text.startsWith(MANIFEST_START)) return;
  }
  if ((value as { format?: unknown } | null)?.format === "taskloom-manifest") return;
  throw new OutputError(out, `has a ${STORE_FILES.manifest} that is not the store's; move it, or give another folder`, {
    permanent: true,
  });
}

function parsed(text: string, out: string): StoreLayout {
  try {
    return parseGroup(text, out);
  } catch (cause) {
    if (!(cause instanceof TaskloomError)) throw cause;
    throw new OutputError(out, `has a store that is not to be touched (${cause.message}); give another folder`, {
      cause,
      permanent: true,
    });
  }
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return new TextDecoder().decode(await readWhole(path, { limit: MANIFEST_LIMIT }));
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    if (cause instanceof FileError) throw new OutputError(path, cause.problem, { cause, permanent: true });
    throw wrap(path, cause);
  }
}
