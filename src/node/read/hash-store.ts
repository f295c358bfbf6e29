import { createHash } from "node:crypto";
import { join } from "node:path";
import { pacer } from "../../base/abort.js";
import { fill, withFile } from "../../files/disk.js";
import { problemOf } from "../../files/file-error.js";
import { tasksOf } from "../../plan/set-layout.js";
import type { StoredArray } from "../../store/arrays.js";
import { DOCUMENT_LIMIT } from "../../store/documents.js";
import { type ChunkDigests, digestsOf, documentKeys, readManifest } from "../../store/manifest.js";
import type { StoredSet } from "../../store/stored-set.js";
import {
  arrayDocument,
  arrayKey,
  chunkBytes,
  chunkCount,
  chunkKey,
  itemsOfChunk,
  STORE_FILES,
} from "../../store/zarr.js";
import { readJournals } from "../write/journal.js";
import { storeKey } from "../write/store-identity.js";
import type { Fault, Meter } from "./verification.js";

/** Bytes hashed at a time. */
const BLOCK = 4 * 2 ** 20;

/**
 * Compares all files of a store with their digests: those of the manifest, or of the journals of an unfinished store.
 *
 * @param path the folder of the store
 * @returns how many files were hashed, the faults, the chunks that are not made, and whether there is a manifest
 */
export async function hashStore(
  path: string,
  set: StoredSet,
  meter: Meter,
  signal: AbortSignal | undefined,
): Promise<{ hashed: number; faults: Fault[]; unmade: ReadonlySet<number>; complete: boolean }> {
  const manifest = await readManifest(set.files, set, signal);
  const journals = manifest ? undefined : await readJournals(join(path, STORE_FILES.unfinished), storeKey(set));
  const faults: Fault[] = [];
  let hashed = 0;
  for (const key of documentKeys(set)) {
    const bytes = key === STORE_FILES.group ? set.document : await set.files.get(key, DOCUMENT_LIMIT, signal);
    const expected = manifest ? manifest.documents[key] : unfinishedDigest(set, key);
    if (manifest) hashed++;
    if (!bytes) faults.push({ path: key, kind: "missing", problem: "is missing" });
    else if (expected !== undefined && sha256Of(bytes) !== expected) {
      faults.push({ path: key, kind: "digest", problem: "is not what was written" });
    }
  }
  const unmade = new Set<number>();
  const pace = pacer(signal);
  const total = chunkCount(set);
  for (let chunk = 0; chunk < total; chunk++) {
    await pace();
    const digests = manifest ? digestsOf(manifest, chunk) : journals?.get(chunk);
    if (!digests) unmade.add(chunk);
    for (const array of digests ? set.arrays : []) {
      const fault = await hashChunk(path, set, array, chunk, digests as ChunkDigests, meter, signal);
      if (fault) faults.push(fault);
      hashed++;
    }
    meter.step();
  }
  if (!manifest) {
    const problem =
      unmade.size === 0
        ? "is missing; run generate again, which writes it"
        : `is missing: the store is unfinished, ${unmade.size} of ${total} chunks are not made; run generate again`;
    faults.push({ path: STORE_FILES.manifest, kind: "unfinished", problem });
  }
  return { hashed, faults, unmade, complete: manifest !== undefined };
}

function sha256Of(bytes: string | Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/** Digest of a document of an unfinished store: that of an array's document follows from the group's, which was read. */
function unfinishedDigest(set: StoredSet, key: string): string | undefined {
  const array = set.arrays.find(({ name }) => arrayKey(name) === key);
  return array && sha256Of(arrayDocument(set, array));
}

async function hashChunk(
  folder: string,
  set: StoredSet,
  array: StoredArray,
  chunk: number,
  digests: ChunkDigests,
  meter: Meter,
  signal: AbortSignal | undefined,
): Promise<Fault | undefined> {
  const path = chunkKey(array, chunk);
  const { start, stop } = itemsOfChunk(set, chunk);
  const where = { path, chunk, tasks: tasksOf(set.recipe, start, stop - start) };
  const expected = chunkBytes(set, array);
  try {
    return await withFile(join(folder, path), signal, async (file, size) => {
      if (size !== expected) {
        const what = size < expected ? "is truncated: it has" : "is too long: it has";
        return { ...where, kind: "size", problem: `${what} ${size} bytes of ${expected}` };
      }
      const hash = createHash("sha256");
      const block = new Uint8Array(Math.min(BLOCK, size));
      for (let at = 0; at < size; ) {
        const count = await fill(file, at, block.subarray(0, size - at), signal);
        if (count === 0) return { ...where, kind: "size", problem: `ends after ${at} bytes` };
        hash.update(block.subarray(0, count));
        at += count;
      }
      meter.read(size);
      const digest = hash.digest("hex");
      if (digest === digests[array.name]) return undefined;
      return { ...where, kind: "digest", problem: `has SHA-256 ${digest}, not ${digests[array.name]}` };
    });
  } catch (cause) {
    signal?.throwIfAborted();
    const gone = (cause as NodeJS.ErrnoException).code === "ENOENT";
    return { ...where, kind: "missing", problem: gone ? "is missing" : problemOf(cause) };
  }
}
