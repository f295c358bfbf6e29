import { existsSync } from "node:fs";
import { mkdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { OutputError, TaskloomError } from "../../base/errors.js";
import { ARRAY_NAMES } from "../../store/arrays.js";
import { FILES } from "../../store/npy.js";
import { SAFETENSORS_FILE } from "../../store/safetensors.js";
import { arrayDocument, arrayKey, groupDocument, parseGroup, STORE_FILES, type StoreLayout } from "../../store/zarr.js";
import { wrap, writeWhole } from "./disk.js";

/**
 * The documents of a store that is to be written or gone on with: those there are must say the same, those missing are
 * written.
 */

/** @throws OutputError when a store is not of what is to be written */
export function checkSame(out: string, there: StoreLayout, here: StoreLayout): void {
  const differences = differencesOf(there, here);
  if (differences.length === 0) return;
  throw new OutputError(
    out,
    `has a store of something else: ${differences.join(", ")}; ` +
      "give another folder, or start over with force (--force)",
  );
}

/** Removes a store, and only what a store has. */
export async function removeStore(out: string): Promise<void> {
  try {
    // The manifest first: nothing says then that the store is whole. The recipe last: it says whose files these are.
    for (const name of [STORE_FILES.manifest, STORE_FILES.unfinished, ...ARRAY_NAMES, STORE_FILES.group]) {
      await rm(join(out, name), { recursive: true, force: true });
    }
  } catch (cause) {
    throw wrap(out, cause);
  }
}

/** Writes the documents that are missing, the group's first: the folder is a store of ours from then on. */
export async function writeDocuments(out: string, layout: StoreLayout, temporary: string): Promise<void> {
  const documents: [string, string][] = [
    [STORE_FILES.group, groupDocument(layout)],
    ...layout.arrays.map((array): [string, string] => [arrayKey(array.name), arrayDocument(layout, array)]),
  ];
  try {
    for (const [key, text] of documents) {
      const path = join(out, key);
      const there = await readIfThere(path);
      // A dataset may go by another name in the group's document; that of an array follows from the rest.
      if (there !== undefined && (key === STORE_FILES.group || there === text)) continue;
      await mkdir(join(path, ".."), { recursive: true });
      await writeWhole(path, text, temporary);
    }
  } catch (cause) {
    throw wrap(out, cause);
  }
}

/**
 * What the store in a folder is of; `undefined` where there is none and can be one.
 *
 * @throws OutputError when the folder has something that is no store of ours
 */
export async function readStore(out: string): Promise<StoreLayout | undefined> {
  const text = await readIfThere(join(out, STORE_FILES.group));
  if (text === undefined) {
    const others = [...ARRAY_NAMES, ...Object.values(FILES), SAFETENSORS_FILE].filter((name) =>
      existsSync(join(out, name)),
    );
    if (others.length === 0) return undefined;
    throw new OutputError(out, `has ${others.join(", ")} and is no store; give another folder`);
  }
  try {
    return parseGroup(text, out);
  } catch (cause) {
    if (!(cause instanceof TaskloomError)) throw cause;
    throw new OutputError(out, `has a store that is not to be touched (${cause.message}); give another folder`, {
      cause,
    });
  }
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, "utf8");
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw wrap(path, cause);
  }
}

/** In which fields two stores differ; the name of a dataset does not matter where its digest is the same. */
function differencesOf(there: StoreLayout, here: StoreLayout): string[] {
  const flat = ({ recipe, onehot, chunkItems }: StoreLayout) => {
    const { dataset, ...rest } = recipe;
    const { name: _, ...data } = dataset;
    const entries = Object.entries(data).map(([key, value]) => [`dataset.${key}`, value]);
    const store = { ...rest, onehot, "items of a chunk": chunkItems };
    return new Map<string, unknown>([...Object.entries(store), ...entries] as never);
  };
  const [a, b] = [flat(there), flat(here)];
  return [...new Set([...a.keys(), ...b.keys()])]
    .filter((key) => JSON.stringify(a.get(key)) !== JSON.stringify(b.get(key)))
    .map((key) => `${key} is ${JSON.stringify(a.get(key))} there and ${JSON.stringify(b.get(key))} here`);
}
