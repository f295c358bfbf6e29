import { inputShape, itemBytes, targetDtype, targetShape } from "../backend/plan.js";
import { RecipeError } from "../errors.js";
import { parseRecipe } from "../recipe.js";
import { NPY_HEADER_LIMIT, type NpyDtype, type NpyInfo, parseNpyHeader } from "../store/npy.js";
import type { Files } from "./files.js";
import { layoutOf } from "./layout.js";
import type { StoreReader } from "./source.js";

/**
 * The folder that `taskloom generate` writes, `inputs.npy`, `targets.npy` and `recipe.json`, read a range at a time.
 *
 * @throws RecipeError when a file is missing, foreign, or does not agree with the recipe
 */
export async function openNpyStore(files: Files, signal?: AbortSignal): Promise<StoreReader> {
  const at = signal ? { signal } : {};
  const text = await files.get("/recipe.json", at);
  if (!text) throw new RecipeError(files.name, "has no recipe.json; was it made by taskloom generate?");
  const recipe = parseRecipe(new TextDecoder().decode(text), `${files.name}/recipe.json`);
  const layout = layoutOf(recipe);
  const { items } = layout;
  const bytes = itemBytes(layout);
  const [inputs, targets] = await Promise.all([
    headerOf(files, "/inputs.npy", recipe.dtype, inputShape(layout, items), at),
    headerOf(files, "/targets.npy", targetDtype(layout), targetShape(layout, items), at),
  ]);
  return {
    recipe,
    items,
    async read(first, count, signal) {
      const part = (key: `/${string}`, { offset }: NpyInfo, size: number) =>
        readWhole(files, key, { offset: offset + first * size, length: count * size }, signal ? { signal } : {});
      const [inputBytes, targetBytes] = await Promise.all([
        part("/inputs.npy", inputs, bytes.inputs),
        part("/targets.npy", targets, bytes.targets),
      ]);
      return { inputs: inputBytes, targets: targetBytes };
    },
  };
}

async function headerOf(
  files: Files,
  key: `/${string}`,
  dtype: NpyDtype,
  shape: readonly number[],
  options: { signal?: AbortSignal },
): Promise<NpyInfo> {
  const name = files.name + key;
  const bytes = await files.getRange(key, { offset: 0, length: NPY_HEADER_LIMIT }, options);
  if (!bytes) throw new RecipeError(name, "is missing; generate the folder again");
  const info = parseNpyHeader(bytes, name);
  if (info.dtype !== dtype || info.shape.join() !== shape.join()) {
    const found = `${info.dtype} [${info.shape}]`;
    throw new RecipeError(name, `holds ${found}; the recipe beside it says ${dtype} [${shape}]`);
  }
  return info;
}

async function readWhole(
  files: Files,
  key: `/${string}`,
  range: { offset: number; length: number },
  options: { signal?: AbortSignal },
): Promise<ArrayBuffer> {
  const bytes = await files.getRange(key, range, options);
  if (bytes?.length !== range.length) {
    const found = bytes ? `${bytes.length} bytes` : "nothing";
    throw new RecipeError(
      files.name + key,
      `has ${found} where ${range.length} bytes from byte ${range.offset} on should be; it was cut short`,
    );
  }
  const { buffer, byteOffset, byteLength } = bytes;
  return byteLength === buffer.byteLength
    ? (buffer as ArrayBuffer)
    : (buffer.slice(byteOffset, byteOffset + byteLength) as ArrayBuffer);
}
