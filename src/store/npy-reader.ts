import { RecipeError } from "../base/errors.js";
import type { Files } from "../files/folder.js";
import { hasLabels, inputShape, itemBytes, labelDtype, targetDtype, targetShape } from "../plan/plan.js";
import { parseRecipe } from "../plan/recipe.js";
import { layoutOf } from "../plan/set-layout.js";
import type { ItemReader } from "./item-reader.js";
import { NPY_HEADER_LIMIT, type NpyDtype, type NpyInfo, parseNpyHeader } from "./npy.js";

/**
 * The folder that `taskloom generate` writes, `inputs.npy`, `targets.npy`, `recipe.json` and, where labels are integers, `labels.npy`, read a range at a time.
 *
 * @throws RecipeError when a file is missing, foreign, or does not agree with the recipe
 */
export async function openNpyStore(files: Files, signal?: AbortSignal): Promise<ItemReader> {
  const at = signal ? { signal } : {};
  const text = await files.get("/recipe.json", at);
  if (!text) throw new RecipeError(files.name, "has no recipe.json; was it made by taskloom generate?");
  const recipe = parseRecipe(new TextDecoder().decode(text), `${files.name}/recipe.json`);
  const layout = layoutOf(recipe);
  const { items } = layout;
  const bytes = itemBytes(layout);
  const integers = targetShape(layout, items);
  const [inputs, targets, labels] = await Promise.all([
    headerOf(files, "/inputs.npy", recipe.dtype, inputShape(layout, items), at),
    headerOf(files, "/targets.npy", targetDtype(layout), integers, at),
    hasLabels(layout) ? headerOf(files, "/labels.npy", labelDtype(layout), integers, at) : undefined,
  ]);
  return {
    recipe,
    items,
    async read(first, count, signal) {
      const part = (key: `/${string}`, { offset }: NpyInfo, size: number) =>
        readWhole(files, key, { offset: offset + first * size, length: count * size }, signal ? { signal } : {});
      const [inputBytes, targetBytes, labelBytes] = await Promise.all([
        part("/inputs.npy", inputs, bytes.inputs),
        part("/targets.npy", targets, bytes.targets),
        labels && part("/labels.npy", labels, bytes.labels),
      ]);
      return { inputs: inputBytes, targets: targetBytes, ...(labelBytes ? { labels: labelBytes } : {}) };
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
