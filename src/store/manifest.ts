import * as v from "valibot";
import { describe, StoreError } from "../base/errors.js";
import type { Files } from "../files/folder.js";
import { ARRAY_NAMES, type ArrayName } from "./arrays.js";
import { readText } from "./documents.js";
import { arrayKey, check, chunkBytes, chunkCount, parseJson, STORE_FILES, type StoreLayout } from "./zarr.js";

/** The SHA-256 of a chunk in each array, lower-case hex. */
export type ChunkDigests = Partial<Record<ArrayName, string>>;

/** The digests of all files of a whole store. It is written last: a store that has it is complete. */
export interface Manifest {
  readonly format: "taskloom-manifest";
  readonly version: 1;
  /** SHA-256 of the documents, by their place in the store. */
  readonly documents: Readonly<Record<string, string>>;
  readonly arrays: Partial<Record<ArrayName, ArrayDigests>>;
}

export interface ArrayDigests {
  /** The digest of each chunk's file. */
  readonly bytes: number;
  /** The digests of the chunks, in order. */
  readonly sha256: readonly string[];
}

const VERSION = 1;
const digest = v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/, "not 64 hexadecimal digits"));

const arrayDigests = v.strictObject({
  bytes: v.pipe(v.number(), v.safeInteger()),
  sha256: v.array(digest),
});

const schema: v.GenericSchema<unknown, Manifest> = v.strictObject({
  format: v.literal("taskloom-manifest"),
  version: v.literal(VERSION),
  documents: v.record(v.string(), digest),
  arrays: v.strictObject({
    inputs: v.optional(arrayDigests),
    targets: v.optional(arrayDigests),
    labels: v.optional(arrayDigests),
  }),
}) as never;

/** The documents of a store, by their place in it. */
export function documentKeys({ arrays }: StoreLayout): string[] {
  return [STORE_FILES.group, ...arrays.map(({ name }) => arrayKey(name))];
}

/**
 * The manifest of a store, as a file's text.
 *
 * @param documents digests of the documents
 * @param digestOf gives the digest of the file of a chunk
 */
export function manifestText(
  layout: StoreLayout,
  documents: Readonly<Record<string, string>>,
  digestOf: (chunk: number, name: ArrayName) => string,
): string {
  const chunks = Array.from({ length: chunkCount(layout) }, (_, chunk) => chunk);
  const arrays = Object.fromEntries(
    layout.arrays.map((array) => [
      array.name,
      { bytes: chunkBytes(layout, array), sha256: chunks.map((chunk) => digestOf(chunk, array.name)) },
    ]),
  );
  return `${JSON.stringify({ format: "taskloom-manifest", version: VERSION, documents, arrays }, null, 2)}\n`;
}

/**
 * Reads a manifest.
 *
 * @throws StoreError when it is damaged, of a newer version, or not of this store
 */
export function parseManifest(text: string, layout: StoreLayout, source: string): Manifest {
  const key = STORE_FILES.manifest;
  const value = parseJson(text, source, key);
  const { version } = (value ?? {}) as { version?: unknown };
  if (typeof version === "number" && version !== VERSION) {
    throw new StoreError(source, `has version ${describe(version)}; this version of taskloom reads ${VERSION}`, {
      chunk: key,
    });
  }
  const manifest = check(schema, value, source, key);
  const listed = Object.keys(manifest.documents).sort().join(", ");
  const documents = documentKeys(layout).sort().join(", ");
  if (listed !== documents) {
    throw new StoreError(source, `lists the documents ${listed || "of none"}; the store has ${documents}`, {
      chunk: key,
    });
  }
  for (const array of layout.arrays) {
    const digests = manifest.arrays[array.name];
    if (digests?.bytes !== chunkBytes(layout, array) || digests.sha256.length !== chunkCount(layout)) {
      throw new StoreError(source, `does not fit ${array.name}/zarr.json; was it copied from another store?`, {
        chunk: key,
      });
    }
  }
  return manifest;
}

/** Bytes that a manifest has at most: the longest text that engines hold. */
export const MANIFEST_LIMIT = 2 ** 29;

/** Reads the manifest of a store; undefined where there is none, as in an unfinished one. */
export async function readManifest(
  files: Files,
  layout: StoreLayout,
  signal: AbortSignal | undefined,
): Promise<Manifest | undefined> {
  const text = await readText(files, STORE_FILES.manifest, signal, MANIFEST_LIMIT);
  return text === undefined ? undefined : parseManifest(text, layout, files.name);
}

/** The digests of one chunk. */
export function digestsOf(manifest: Manifest, chunk: number): ChunkDigests {
  return Object.fromEntries(
    ARRAY_NAMES.flatMap((name) => {
      const digest = manifest.arrays[name]?.sha256[chunk];
      return digest === undefined ? [] : [[name, digest]];
    }),
  );
}
