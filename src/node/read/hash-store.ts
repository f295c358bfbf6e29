import { createHash } from "node:crypto";
import { pacer } from "../../base/abort.js";
import { StoreError } from "../../base/errors.js";
import { problemOf } from "../../files/file-error.js";
import { inParallel, type Sink } from "../../files/sink.js";
import { tasksOf } from "../../plan/set-layout.js";
import type { StoredArray } from "../../store/arrays.js";
import { DOCUMENT_LIMIT } from "../../store/documents.js";
import { hashFile } from "../../store/hash-file.js";
import { digestsOf, documentKeys, readManifest } from "../../store/manifest.js";
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
import type { ChunkRun } from "../write/job.js";
import { KnownChunks } from "../write/known-chunks.js";
import type { Fault, Meter } from "./verification.js";

/** Chunks that are hashed at a time: one waits for its bytes while another one is hashed. */
const WIDTH = 4;

/**
 * Compares files of a store with their digests: those of the manifest, or of the journals of an unfinished store.
 *
 * @param range the chunks whose files are compared
 * @returns how many files were hashed, the faults, the chunks that are not made, and whether there is a manifest
 */
export async function hashStore(
  sink: Sink,
  set: StoredSet,
  range: ChunkRun,
  meter: Meter,
  signal: AbortSignal | undefined,
): Promise<{ hashed: number; faults: Fault[]; unmade: ReadonlySet<number>; complete: boolean }> {
  let manifest = await readManifest(set.files, set, signal);
  const known = new KnownChunks(sink, set, signal);
  if (!manifest) {
    await known.readJournals();
    // A run that finishes the store between the two looks removes the journals, and has written the manifest.
    if (!known.all) manifest = await readManifest(sink.files, set, signal);
  }
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
  const found = new Map<number, Fault[]>();
  await inParallel(numbersOf(range), WIDTH, async (chunk) => {
    await pace();
    const digests = manifest ? digestsOf(manifest, chunk) : known.digests(chunk);
    if (!digests) unmade.add(chunk);
    for (const array of digests ? set.arrays : []) {
      const fault = await hashChunk(set, array, chunk, meter, signal, (digest) =>
        // Several runs may have made a chunk, of float32 data with other digests.
        manifest ? digest === digests?.[array.name] : known.isDigest(chunk, array.name, digest),
      );
      if (fault) found.set(chunk, [...(found.get(chunk) ?? []), fault]);
      hashed++;
    }
    meter.step();
  });
  for (const chunk of [...found.keys()].sort((a, b) => a - b)) faults.push(...(found.get(chunk) as Fault[]));
  if (!manifest) {
    const total = range.stop - range.start;
    const part = total === chunkCount(set) ? "" : " of this shard";
    const problem =
      unmade.size === 0
        ? `is missing; run taskloom finish, which writes it${part === "" ? "" : " when all shards are there"}`
        : `is missing: the store is unfinished, ${unmade.size} of ${total} chunks${part} are not made; run generate again`;
    faults.push({ path: STORE_FILES.manifest, kind: "unfinished", problem });
  }
  return { hashed, faults, unmade, complete: manifest !== undefined };
}

function* numbersOf({ start, stop }: ChunkRun): Generator<number> {
  for (let chunk = start; chunk < stop; chunk++) yield chunk;
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
  set: StoredSet,
  array: StoredArray,
  chunk: number,
  meter: Meter,
  signal: AbortSignal | undefined,
  isRight: (digest: string) => boolean,
): Promise<Fault | undefined> {
  const path = chunkKey(set, array, chunk);
  const { start, stop } = itemsOfChunk(set, chunk);
  const where = { path, chunk, tasks: tasksOf(set.recipe, start, stop - start) };
  const expected = chunkBytes(set, array);
  try {
    const hash = await hashFile(set.files, path, expected, signal);
    if (!hash) return { ...where, kind: "missing", problem: "is missing" };
    const { size, digest } = hash;
    if (size !== expected) {
      const what = size < expected ? "is truncated: it has" : "is too long: it has";
      return { ...where, kind: "size", problem: `${what} ${size} bytes of ${expected}` };
    }
    meter.read(size);
    if (isRight(digest)) return undefined;
    return { ...where, kind: "digest", problem: `has SHA-256 ${digest}, not the one that was written` };
  } catch (error) {
    signal?.throwIfAborted();
    const cause = error instanceof StoreError ? error.cause : error;
    return { ...where, kind: "missing", problem: problemOf(cause) };
  }
}
