import type { Sink } from "../../files/sink.js";
import { ARRAY_NAMES } from "../../store/arrays.js";
import { FILES } from "../../store/npy.js";
import { SAFETENSORS_FILE } from "../../store/safetensors.js";
import type { StoredSet } from "../../store/stored-set.js";
import { arrayKey, chunkOfKey, STORE_FILES } from "../../store/zarr.js";
import { PREVIEW_FILE } from "./preview.js";
import type { Fault } from "./verification.js";

/** Files that are named at most; of more, the number is given. */
const MOST = 1000;

/** Working files of runs that write a store. */
const WORKING = /^unfinished\/(part|journal)-[^/]*$/;

/**
 * Names the files in a folder that do not belong to its set. The folder of a store is all its own. Other formats may lie
 * among other files, so that only those are named which `generate` might have written.
 *
 * @param complete whether a store has its manifest
 */
export async function foreignFiles(
  sink: Sink,
  set: StoredSet,
  complete: boolean,
  signal: AbortSignal | undefined,
): Promise<Fault[]> {
  const names: string[] = [];
  let count = 0;
  for await (const key of set.format === "zarr" ? strangers(sink, set, complete, signal) : otherFormats(sink, set)) {
    if (count++ < MOST) names.push(key);
  }
  const faults = names.sort().map((key): Fault => ({ path: key, kind: "foreign", problem: problemOf(key) }));
  if (count > MOST) {
    faults.push({
      path: ".",
      kind: "foreign",
      problem: `holds ${count - MOST} more files that do not belong to the set`,
    });
  }
  return faults;
}

function problemOf(key: string): string {
  const left = WORKING.test(key) || key.endsWith(".partial");
  return left ? "is left of a run that was broken off; delete it" : "does not belong to the set; move it elsewhere";
}

/** Finds all files in the folder of a store that are not its own. */
async function* strangers(
  sink: Sink,
  set: StoredSet,
  complete: boolean,
  signal: AbortSignal | undefined,
): AsyncGenerator<string> {
  const known = new Set([
    STORE_FILES.group,
    STORE_FILES.manifest,
    PREVIEW_FILE,
    ...set.arrays.map(({ name }) => arrayKey(name)),
  ]);
  const belongs = (key: string) => known.has(key) || isChunk(set, key) || (!complete && WORKING.test(key));
  for await (const key of sink.list("", signal)) if (!belongs(key)) yield key;
}

function isChunk(set: StoredSet, key: string): boolean {
  const array = set.arrays.find(({ name }) => key.startsWith(`${name}/`));
  return array !== undefined && chunkOfKey(set, array, key) !== undefined;
}

/** Finds the files of formats other than a set's own, and those of runs that were broken off. */
async function* otherFormats(sink: Sink, set: StoredSet): AsyncGenerator<string> {
  const ours = new Set(set.arrays.map((array) => set.place(array, 0).key));
  if (set.format === "npy") ours.add(FILES.recipe);
  const all = [...ARRAY_NAMES.map((name) => `${name}.npy`), FILES.recipe, SAFETENSORS_FILE, STORE_FILES.manifest];
  for (const name of await sink.names()) {
    const partial = all.some((file) => name.startsWith(`${file}.`) && name.endsWith(".partial"));
    if (partial || (all.includes(name) && !ours.has(name))) yield name;
  }
}
