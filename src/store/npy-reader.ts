import { StoreError } from "../base/errors.js";
import { bytesPerElement } from "../base/tensor.js";
import type { Files } from "../files/folder.js";
import { parseRecipe } from "../plan/recipe.js";
import { layoutOf } from "../plan/set-layout.js";
import { type ArrayName, checkArrays, storedArrays } from "./arrays.js";
import { checkSize, readHead, readText } from "./documents.js";
import { FILES, NPY_HEADER_LIMIT, parseNpyHeader } from "./npy.js";
import { type Place, type StoredSet, singleFiles } from "./stored-set.js";

/**
 * Opens a folder of `inputs.npy`, `targets.npy`, `recipe.json` and, where labels are integers, `labels.npy`; undefined
 * where it has no recipe.
 */
export async function openNpy(files: Files, signal: AbortSignal | undefined): Promise<StoredSet | undefined> {
  const text = await readText(files, FILES.recipe, signal);
  if (text === undefined) return undefined;
  const recipe = parseRecipe(text, `${files.name}/${FILES.recipe}`);
  const places = new Map<ArrayName, Place>();
  const found = await Promise.all(
    storedArrays(layoutOf(recipe)).map(async ({ name }) => {
      const key = `${name}.npy`;
      const head = await readHead(files, key, NPY_HEADER_LIMIT, signal);
      if (!head) throw new StoreError(files.name, "is missing; generate the folder again", { chunk: key });
      const { dtype, shape, offset } = parseNpyHeader(head.bytes, files.name, key);
      const length = shape.reduce((a, b) => a * b, bytesPerElement(dtype));
      places.set(name, { key, offset, length, size: offset + length });
      return { name, dtype, shape, key, size: head.size };
    }),
  );
  const arrays = checkArrays(recipe, true, found, files.name);
  for (const { name, key, size } of found) checkSize(files, key, size, (places.get(name) as Place).size);
  return singleFiles("npy", files, recipe, arrays, ({ name }) => places.get(name) as Place);
}
