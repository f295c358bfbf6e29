import * as v from "valibot";
import { describe, StoreError } from "../errors.js";
import { parseRecipe, type Recipe } from "../recipe.js";
import { bytesPerElement } from "../tensor.js";
import { ARRAY_NAMES, type ArrayName, type StoredArray, type StoredDtype, storedItemBytes } from "./arrays.js";

/**
 * How a task set lies in a Zarr v3 hierarchy: a group whose attributes hold the recipe, and in it one array each for
 * inputs, targets and, where labels are integers, labels. A chunk is a run of whole items, uncompressed, so that any row
 * of it can be mapped into memory or asked for by its bytes.
 *
 * The documents are written here and not by a library's `create`, which (zarrita 0.7) refuses float16 where the engine
 * has no Float16Array, as Node 20 has not.
 */

/** The newest layout that this version reads, and the one it writes. */
const VERSION = 1;

/** What is in the folder of a store besides the arrays. `unfinished` is there until `manifest` is. */
export const STORE_FILES = { group: "zarr.json", manifest: "manifest.json", unfinished: "unfinished" } as const;

/** A store as its documents describe it. */
export interface StoreLayout {
  readonly recipe: Recipe;
  /** Whether inputs are stored with their label cells. */
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

/** Where a chunk lies in the store: `inputs/c/7/0/0`. */
export function chunkKey({ name, itemShape }: StoredArray, chunk: number): string {
  return [name, "c", chunk, ...itemShape.map(() => 0)].join("/");
}

/** Where an array's document lies. */
export function arrayKey(name: ArrayName): string {
  return `${name}/zarr.json`;
}

/** The group's document, with the recipe. */
export function groupDocument({ recipe, onehot, chunkItems, arrays }: StoreLayout): string {
  return json({
    zarr_format: 3,
    node_type: "group",
    attributes: {
      taskloom: recipe,
      taskloom_store: { version: VERSION, onehot, chunkItems, arrays: arrays.map(({ name }) => name) },
    },
  });
}

/** The document of an array. */
export function arrayDocument({ recipe, items, chunkItems }: StoreLayout, array: StoredArray): string {
  const { name, dtype, itemShape } = array;
  const positions = recipe.drawSequence ? ["sequence", "position"] : ["example"];
  return json({
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
  });
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
      arrays: v.array(v.picklist(ARRAY_NAMES)),
    }),
  }),
});

const arraySchema = v.object({
  zarr_format: v.literal(3),
  node_type: v.literal("array"),
  shape: v.pipe(v.array(size), v.minLength(1), v.maxLength(3)),
  data_type: v.picklist(["float32", "float16", "uint8", "uint16"] satisfies StoredDtype[]),
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

/** What the group's document says. */
export interface GroupInfo {
  readonly recipe: Recipe;
  readonly onehot: boolean;
  readonly chunkItems: number;
  readonly arrays: readonly ArrayName[];
}

/**
 * Reads the group's document.
 *
 * @param source the store, for error messages
 * @throws StoreError when it is no JSON, no Zarr v3 group, not a store of ours, or a newer one
 * @throws RecipeError when the recipe in it is damaged or newer
 */
export function parseGroup(text: string, source: string): GroupInfo {
  const value = parseJson(text, source, STORE_FILES.group);
  const { attributes } = (value ?? {}) as { attributes?: Record<string, { version?: unknown }> };
  if (typeof attributes !== "object" || attributes === null || !("taskloom" in attributes)) {
    throw new StoreError(source, "is not a store of taskloom: it has no attribute taskloom", {
      chunk: STORE_FILES.group,
    });
  }
  const version = attributes.taskloom_store?.version;
  if (version !== VERSION) {
    throw new StoreError(
      source,
      `is a store of version ${describe(version)}; this version of taskloom reads version ${VERSION}`,
      { chunk: STORE_FILES.group },
    );
  }
  const { taskloom, taskloom_store } = check(groupSchema, value, source, STORE_FILES.group).attributes;
  const recipe = parseRecipe(JSON.stringify(taskloom), `${source}: the recipe in ${STORE_FILES.group}`);
  const { onehot, chunkItems, arrays } = taskloom_store;
  return { recipe, onehot, chunkItems, arrays };
}

/**
 * Reads an array's document.
 *
 * @throws StoreError when it is no JSON, no Zarr v3 array, or laid out in another way than `arrayDocument` does it
 */
export function parseArray(
  text: string,
  name: ArrayName,
  source: string,
): { items: number; chunkItems: number; array: StoredArray } {
  const key = arrayKey(name);
  const value = check(arraySchema, parseJson(text, source, key), source, key);
  const [items, ...itemShape] = value.shape as [number, ...number[]];
  const [chunkItems, ...rest] = value.chunk_grid.configuration.chunk_shape as [number, ...number[]];
  if (rest.length !== itemShape.length || rest.some((n, i) => n !== itemShape[i])) {
    throw new StoreError(source, `has chunks of shape [${[chunkItems, ...rest].join(", ")}], not of whole items`, {
      chunk: key,
    });
  }
  return { items, chunkItems, array: { name, dtype: value.data_type, itemShape } };
}

/** @throws StoreError when the text is no JSON; pages that servers send instead are called what they are */
export function parseJson(text: string, source: string, key: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    const problem = /^\s*</.test(text)
      ? "is an HTML page, not JSON; check the address, and that the server sends files as they are"
      : `is not JSON: ${(cause as Error).message}`;
    throw new StoreError(source, problem, { chunk: key, cause });
  }
}

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
