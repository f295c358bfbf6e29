import * as v from "valibot";
import { describe, StoreError } from "../base/errors.js";
import { TARGET_DTYPES } from "../base/integers.js";
import { parseNested } from "../base/json.js";
import { bytesPerElement } from "../base/tensor.js";
import { parseRecipe, type Recipe } from "../plan/recipe.js";
import { itemsOf } from "../plan/set-layout.js";
import {
  ARRAY_NAMES,
  type ArrayName,
  checkArrays,
  type FoundArray,
  type StoredArray,
  type StoredDtype,
  storedItemBytes,
} from "./arrays.js";

/**
 * The layout of a task set in a Zarr v3 hierarchy: a group whose attributes hold the recipe, and in it one array each for
 * inputs, targets and, where labels are integers, labels. A chunk is a run of whole items, uncompressed, so that any row
 * of it can be mapped into memory or asked for by its bytes.
 *
 * The documents are written here and not by a library's `create`, which (zarrita 0.7) refuses float16 where the engine
 * has no Float16Array, as Node 20 has not.
 */

/** The newest layout that this version reads, and the one it writes. */
const VERSION = 1;

/** The names in the folder of a store besides the arrays. `unfinished` is there until `manifest` is. */
export const STORE_FILES = { group: "zarr.json", manifest: "manifest.json", unfinished: "unfinished" } as const;

/** Digests that a manifest can hold: the text of more is longer than engines hold. */
const MOST_DIGESTS = 7_000_000;

/** The most chunks that a store of so many arrays can have, for its manifest: 3,500,000 where there are two. */
export function mostChunks(arrays: number): number {
  return Math.floor(MOST_DIGESTS / arrays);
}

/** A store as its documents describe it. */
export interface StoreLayout {
  readonly recipe: Recipe;
  /** True if inputs are stored with their label cells. */
  readonly onehot: boolean;
  readonly items: number;
  /** Items of a chunk, in every array. The last chunk is as large as the others, with zeros at its end. */
  readonly chunkItems: number;
  readonly arrays: readonly StoredArray[];
}

export function chunkCount({ items, chunkItems }: StoreLayout): number {
  return Math.ceil(items / chunkItems);
}

/** Bytes of a chunk's file. */
export function chunkBytes({ chunkItems }: StoreLayout, array: StoredArray): number {
  return chunkItems * storedItemBytes(array);
}

/** The items within a chunk, last exclusive. */
export function itemsOfChunk({ items, chunkItems }: StoreLayout, chunk: number): { start: number; stop: number } {
  return { start: chunk * chunkItems, stop: Math.min(items, (chunk + 1) * chunkItems) };
}

/** The path of a chunk in the store: `inputs/c/7/0/0`. */
export function chunkKey({ name, itemShape }: StoredArray, chunk: number): string {
  return [name, "c", chunk, ...itemShape.map(() => 0)].join("/");
}

/** The path of an array's document. */
export function arrayKey(name: ArrayName): string {
  return `${name}/zarr.json`;
}

/**
 * The group's document: the recipe, and the arrays' documents once more ("consolidated", as zarr-python has it), so that
 * opening a store takes one file.
 */
export function groupDocument(layout: StoreLayout): string {
  const { recipe, onehot, chunkItems, arrays } = layout;
  return json({
    zarr_format: 3,
    node_type: "group",
    attributes: {
      taskloom: recipe,
      taskloom_store: { version: VERSION, onehot, chunkItems, arrays: arrays.map(({ name }) => name) },
    },
    consolidated_metadata: {
      kind: "inline",
      must_understand: false,
      metadata: Object.fromEntries(arrays.map((array) => [array.name, arrayMetadata(layout, array)])),
    },
  });
}

/** The document of an array. */
export function arrayDocument(layout: StoreLayout, array: StoredArray): string {
  return json(arrayMetadata(layout, array));
}

function arrayMetadata({ recipe, items, chunkItems }: StoreLayout, array: StoredArray): object {
  const { name, dtype, itemShape } = array;
  const positions = recipe.drawSequence ? ["sequence", "position"] : ["example"];
  return {
    zarr_format: 3,
    node_type: "array",
    shape: [items, ...itemShape],
    data_type: dtype,
    chunk_grid: { name: "regular", configuration: { chunk_shape: [chunkItems, ...itemShape] } },
    chunk_key_encoding: { name: "default", configuration: { separator: "/" } },
    // A type of one byte has no order.
    codecs: [bytesPerElement(dtype) === 1 ? { name: "bytes" } : { name: "bytes", configuration: { endian: "little" } }],
    fill_value: 0,
    dimension_names: name === "inputs" ? [...positions, "value"] : positions,
    attributes: {},
  };
}

function json(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

const size = v.pipe(v.number(), v.safeInteger(), v.minValue(1));

const groupSchema = v.object({
  zarr_format: v.literal(3),
  node_type: v.literal("group"),
  attributes: v.object({
    taskloom: v.unknown(),
    taskloom_store: v.object({
      version: v.literal(VERSION),
      onehot: v.boolean(),
      chunkItems: size,
      arrays: v.pipe(
        v.array(v.picklist(ARRAY_NAMES)),
        v.check((names) => names[0] === "inputs" && names[1] === "targets", "not inputs, targets"),
      ),
    }),
  }),
  consolidated_metadata: v.object({ metadata: v.record(v.string(), v.unknown()) }),
});

const arraySchema = v.object({
  zarr_format: v.literal(3),
  node_type: v.literal("array"),
  shape: v.pipe(v.array(size), v.minLength(1), v.maxLength(3)),
  data_type: v.picklist(["float32", "float16", ...TARGET_DTYPES] satisfies StoredDtype[]),
  chunk_grid: v.object({ name: v.literal("regular"), configuration: v.object({ chunk_shape: v.array(size) }) }),
  chunk_key_encoding: v.object({
    name: v.literal("default"),
    configuration: v.optional(v.object({ separator: v.literal("/") })),
  }),
  codecs: v.strictTuple([
    v.object({
      name: v.literal("bytes"),
      configuration: v.optional(v.object({ endian: v.optional(v.literal("little")) })),
    }),
  ]),
});

/**
 * Reads the group's document.
 *
 * @param source the store, for error messages
 * @throws StoreError when it is no JSON, no Zarr v3 group, not a store of ours, a newer one, or contradicts itself
 * @throws RecipeError when the recipe in it is damaged or newer
 */
export function parseGroup(text: string, source: string): StoreLayout {
  const key = STORE_FILES.group;
  const value = parseJson(text, source, key);
  const { attributes } = (value ?? {}) as { attributes?: Record<string, { version?: unknown }> };
  if (typeof attributes !== "object" || attributes === null || !("taskloom" in attributes)) {
    throw new StoreError(source, "is not of a store of taskloom: it has no attribute taskloom", { chunk: key });
  }
  const version = attributes.taskloom_store?.version;
  if (version !== VERSION) {
    throw new StoreError(
      source,
      `is of a store of version ${describe(version)}; this version of taskloom reads version ${VERSION}`,
      { chunk: key },
    );
  }
  const group = check(groupSchema, value, source, key);
  const { taskloom, taskloom_store } = group.attributes;
  const recipe = parseRecipe(JSON.stringify(taskloom), `${source}: the recipe in ${key}`);
  const { onehot, chunkItems } = taskloom_store;
  const items = itemsOf(recipe);
  const found = taskloom_store.arrays.map((name) =>
    parseArray(group.consolidated_metadata.metadata[name], name, chunkItems, source),
  );
  const arrays = checkArrays(recipe, onehot, found, source);
  const layout = { recipe, onehot, items, chunkItems, arrays };
  const [chunks, most] = [chunkCount(layout), mostChunks(arrays.length)];
  if (chunkItems > items || chunks > most) {
    const found = `has ${items} items in chunks of ${chunkItems}`;
    throw new StoreError(source, `${found}; allowed: chunks of up to ${items}, and up to ${most} of them`, {
      chunk: key,
    });
  }
  return layout;
}

/** @throws StoreError when an array is laid out in another way than `arrayMetadata` does it */
function parseArray(metadata: unknown, name: ArrayName, chunkItems: number, source: string): FoundArray {
  const key = STORE_FILES.group;
  const value = check(arraySchema, metadata, source, key);
  const chunk = value.chunk_grid.configuration.chunk_shape;
  const expected = [chunkItems, ...value.shape.slice(1)];
  if (chunk.join() !== expected.join()) {
    throw new StoreError(
      source,
      `has chunks of shape [${chunk.join(", ")}] in ${name}, not of ${chunkItems} whole items: [${expected.join(", ")}]`,
      { chunk: key },
    );
  }
  return { name, dtype: value.data_type, shape: value.shape, key };
}

/** @throws StoreError when a document is not as `schema` says */
export function check<S extends v.GenericSchema>(
  schema: S,
  value: unknown,
  source: string,
  key: string,
): v.InferOutput<S> {
  const result = v.safeParse(schema, value, { abortEarly: true });
  if (result.success) return result.output;
  const [issue] = result.issues;
  throw new StoreError(source, `is not as taskloom writes it: ${v.getDotPath(issue) ?? "it"}: ${issue.message}`, {
    chunk: key,
  });
}

/** @throws StoreError when the text is no JSON; pages that servers send instead are called what they are */
export function parseJson(text: string, source: string, key: string): unknown {
  try {
    return parseNested(text);
  } catch (cause) {
    const problem = /^\s*</.test(text)
      ? "is an HTML page, not JSON; check the address, and that the server sends files as they are"
      : `is not JSON: ${(cause as Error).message}`;
    throw new StoreError(source, problem, { chunk: key, cause });
  }
}
