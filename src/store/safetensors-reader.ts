import { StoreError } from "../base/errors.js";
import type { Files } from "../files/folder.js";
import { parseRecipe } from "../plan/recipe.js";
import { checkArrays } from "./arrays.js";
import { checkSize, readHead } from "./documents.js";
import { parseSafetensorsHeader, SAFETENSORS_FILE, safetensorsHeaderLength, type TensorPlace } from "./safetensors.js";
import { type StoredSet, singleFiles } from "./stored-set.js";

/** Bytes of a first read: most headers are shorter. */
const GUESS = 4096;

/** Opens a folder with a safetensors file; undefined where it has none. */
export async function openSafetensors(files: Files, signal: AbortSignal | undefined): Promise<StoredSet | undefined> {
  const key = SAFETENSORS_FILE;
  let head = await readHead(files, key, GUESS, signal);
  if (!head) return undefined;
  const length = safetensorsHeaderLength(head.bytes, files.name);
  if (length > head.bytes.length) head = (await readHead(files, key, length, signal)) ?? head;
  if (length > head.bytes.length) throw new StoreError(files.name, "ends within its header", { chunk: key });
  const { recipe: text, tensors, size } = parseSafetensorsHeader(head.bytes.subarray(0, length), files.name);
  const recipe = parseRecipe(text, `${files.name}: the recipe in ${key}`);
  const found = tensors.map((tensor) => ({ ...tensor, key }));
  const arrays = checkArrays(recipe, true, found, files.name);
  checkSize(files, key, head.size, size);
  return singleFiles("safetensors", files, recipe, arrays, ({ name }) => {
    const { start, stop } = tensors.find((tensor) => tensor.name === name) as TensorPlace;
    return { key, offset: start, length: stop - start, size };
  });
}
