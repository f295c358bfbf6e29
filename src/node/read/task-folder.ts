import { existsSync } from "node:fs";
import { type FileHandle, open, readFile } from "node:fs/promises";
import { join } from "node:path";
import { RecipeError, StoreError } from "../../base/errors.js";
import { bytesPerElement } from "../../base/tensor.js";
import { parseRecipe, type Recipe } from "../../plan/recipe.js";
import {
  ARRAY_NAMES,
  type ArrayName,
  type StoredArray,
  type StoredDtype,
  storedItemBytes,
} from "../../store/arrays.js";
import { FILES, NPY_HEADER_LIMIT, parseNpyHeader } from "../../store/npy.js";
import { readLayout } from "../../store/reader.js";
import { parseSafetensorsHeader, SAFETENSORS_FILE, safetensorsHeaderLength } from "../../store/safetensors.js";
import { chunkKey, STORE_FILES, type StoreLayout } from "../../store/zarr.js";
import type { StoreFormat } from "../write/job.js";
import { FolderStore } from "./store-folder.js";

/** An array on disk, whatever the format: its type, and values by their index. */
export interface ArrayFile {
  readonly name: ArrayName;
  readonly info: { readonly dtype: StoredDtype; readonly shape: readonly number[] };
  /** `count` values from index `first` on, as their bytes. */
  read(first: number, count: number): Promise<Uint8Array<ArrayBuffer>>;
}

/** A folder that `generate` wrote, open for reading. */
export interface TaskFolder {
  readonly format: StoreFormat;
  readonly recipe: Recipe;
  /** For `"zarr"`. */
  readonly layout: StoreLayout | undefined;
  readonly inputs: ArrayFile;
  readonly targets: ArrayFile;
  /** All of them, `inputs` first. */
  readonly arrays: readonly ArrayFile[];
  close(): Promise<void>;
}

/**
 * Opens what `generate` wrote, in any of its formats.
 *
 * @throws RecipeError or StoreError when a file is missing, foreign or damaged
 */
export async function openTaskFolder(path: string): Promise<TaskFolder> {
  if (existsSync(join(path, STORE_FILES.group))) return openZarr(path);
  if (existsSync(join(path, SAFETENSORS_FILE))) return openSafetensors(join(path, SAFETENSORS_FILE));
  return openNpy(path);
}

/** Values that lie one after the other in a file. */
class FlatFile implements ArrayFile {
  readonly name: ArrayName;
  readonly info: ArrayFile["info"];
  readonly #path: string;
  readonly #handle: FileHandle;
  readonly #offset: number;

  constructor(name: ArrayName, info: ArrayFile["info"], path: string, handle: FileHandle, offset: number) {
    this.name = name;
    this.info = info;
    this.#path = path;
    this.#handle = handle;
    this.#offset = offset;
  }

  async read(first: number, count: number): Promise<Uint8Array<ArrayBuffer>> {
    const size = bytesPerElement(this.info.dtype);
    const bytes = new Uint8Array(count * size);
    const read = await readFully(this.#handle, bytes, this.#offset + first * size);
    if (read < bytes.length) throw new RecipeError(this.#path, "ends early");
    return bytes;
  }
}

/** Values in the chunks of a store. */
class ChunkedFile implements ArrayFile {
  readonly name: ArrayName;
  readonly info: ArrayFile["info"];
  readonly #path: string;
  readonly #store: FolderStore;
  readonly #array: StoredArray;
  /** Bytes of values in a chunk; the last one has more than that, as it is filled up. */
  readonly #chunk: number;

  constructor(path: string, store: FolderStore, layout: StoreLayout, array: StoredArray) {
    this.name = array.name;
    this.info = { dtype: array.dtype, shape: [layout.items, ...array.itemShape] };
    this.#path = path;
    this.#store = store;
    this.#array = array;
    this.#chunk = layout.chunkItems * storedItemBytes(array);
  }

  async read(first: number, count: number): Promise<Uint8Array<ArrayBuffer>> {
    const size = bytesPerElement(this.info.dtype);
    const bytes = new Uint8Array(count * size);
    for (let at = 0; at < bytes.length; ) {
      const from = first * size + at;
      const chunk = Math.floor(from / this.#chunk);
      const offset = from - chunk * this.#chunk;
      const part = bytes.subarray(at, at + this.#chunk - offset);
      const key = chunkKey(this.#array, chunk);
      const read = await this.#store.readInto(`/${key}`, offset, part);
      if (read === undefined) throw new StoreError(this.#path, "is missing", { chunk: key });
      if (read < part.length) throw new StoreError(this.#path, "is truncated", { chunk: key });
      at += part.length;
    }
    return bytes;
  }
}

async function openZarr(path: string): Promise<TaskFolder> {
  const store = new FolderStore(path);
  const layout = await readLayout({ store, name: path }, undefined);
  const arrays = layout.arrays.map((array) => new ChunkedFile(path, store, layout, array));
  return { format: "zarr", recipe: layout.recipe, layout, ...named(arrays, path), close: async () => undefined };
}

async function openSafetensors(path: string): Promise<TaskFolder> {
  const handle = await openFile(path);
  try {
    const head = new Uint8Array(8);
    await readFully(handle, head, 0);
    const header = new Uint8Array(safetensorsHeaderLength(head, path));
    await readFully(handle, header, 0);
    const { recipe, tensors } = parseSafetensorsHeader(header, path);
    await checkSize(handle, path, Math.max(...Object.values(tensors).map(({ stop }) => stop)));
    const arrays = ARRAY_NAMES.flatMap((name) => {
      const place = tensors[name];
      return place ? [new FlatFile(name, place, path, handle, place.start)] : [];
    });
    return {
      format: "safetensors",
      recipe: parseRecipe(recipe, path),
      layout: undefined,
      ...named(arrays, path),
      close: () => handle.close(),
    };
  } catch (error) {
    await handle.close();
    throw error;
  }
}

async function openNpy(path: string): Promise<TaskFolder> {
  const recipePath = join(path, FILES.recipe);
  const text = await readFile(recipePath, "utf8").catch((cause) => {
    throw new RecipeError(
      recipePath,
      `cannot be read; was this folder made by taskloom generate? (${(cause as Error).message})`,
      { cause },
    );
  });
  const recipe = parseRecipe(text, recipePath);
  const handles: FileHandle[] = [];
  const close = async () => void (await Promise.all(handles.map((handle) => handle.close())));
  try {
    const arrays: ArrayFile[] = [];
    for (const name of ARRAY_NAMES) {
      const file = join(path, `${name}.npy`);
      if (name === "labels" && !(recipe.labelFormat === "integer" && recipe.labelLayout !== "none")) continue;
      const handle = await openFile(file);
      handles.push(handle);
      const head = new Uint8Array(NPY_HEADER_LIMIT);
      const info = parseNpyHeader(head.subarray(0, await readFully(handle, head, 0)), file);
      await checkSize(handle, file, info.offset + info.shape.reduce((a, b) => a * b, bytesPerElement(info.dtype)));
      arrays.push(new FlatFile(name, info, file, handle, info.offset));
    }
    return { format: "npy", recipe, layout: undefined, ...named(arrays, path), close };
  } catch (error) {
    await close();
    throw error;
  }
}

function named(arrays: readonly ArrayFile[], path: string): Pick<TaskFolder, "arrays" | "inputs" | "targets"> {
  const [inputs, targets] = arrays;
  if (inputs?.name !== "inputs" || targets?.name !== "targets")
    throw new RecipeError(path, "has no inputs and targets");
  return { arrays, inputs, targets };
}

function openFile(path: string): Promise<FileHandle> {
  return open(path).catch((cause) => {
    throw new RecipeError(path, `cannot be opened: ${(cause as Error).message}`, { cause });
  });
}

async function checkSize(handle: FileHandle, path: string, expected: number): Promise<void> {
  const { size } = await handle.stat();
  if (size !== expected) throw new RecipeError(path, `has ${size} bytes; its header asks for ${expected}`);
}

/** Reads until the memory is full or the file ends. */
async function readFully(handle: FileHandle, into: Uint8Array, position: number): Promise<number> {
  for (let at = 0; at < into.length; ) {
    const { bytesRead } = await handle.read(into, at, into.length - at, position + at);
    if (bytesRead === 0) return at;
    at += bytesRead;
  }
  return into.length;
}
