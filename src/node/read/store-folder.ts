import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { pathFiles } from "../../files/folder.js";
import { checkStoreOptions, type OpenStoreOptions, StoreReader } from "../../store/reader.js";
import { checkFolder } from "../dataset/idx-folder.js";

/**
 * Opens a store in a folder; see `openStore` for other places.
 *
 * @throws StoreError when something is missing, foreign, damaged or newer, RecipeError when the recipe in it is
 *
 * @example
 * ```ts
 * const store = await openStoreFolder("tasks");
 * const { inputs, targets } = await store.read(0, 64);
 * ```
 */
export async function openStoreFolder(path: string | URL, options: OpenStoreOptions = {}): Promise<StoreReader> {
  checkFolder("path", path);
  checkStoreOptions(options);
  return StoreReader.open(pathFiles(resolve(path instanceof URL ? fileURLToPath(path) : path)), options);
}
