import { StoreError } from "../base/errors.js";
import type { Files } from "../files/folder.js";
import { openNpy } from "./npy-reader.js";
import { openSafetensors } from "./safetensors-reader.js";
import type { StoredSet } from "./stored-set.js";
import { openZarr } from "./zarr-reader.js";

/**
 * Opens what `generate` wrote, in any of its formats. Each document is read once.
 *
 * @throws StoreError when a file is missing, foreign or damaged, or contradicts the recipe
 * @throws RecipeError when the recipe is damaged or newer
 */
export async function openSet(files: Files, signal: AbortSignal | undefined): Promise<StoredSet> {
  const found =
    (await openZarr(files, signal)) ?? (await openSafetensors(files, signal)) ?? (await openNpy(files, signal));
  if (found) return found;
  throw new StoreError(
    files.name,
    "holds no task set: none of zarr.json, tasks.safetensors and recipe.json is there; " +
      "is this the folder or address of what taskloom generate wrote?",
  );
}
