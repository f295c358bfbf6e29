import type { Files } from "../files/folder.js";
import { readText } from "./documents.js";
import type { StoredSet } from "./stored-set.js";
import { chunkBytes, chunkKey, parseGroup, STORE_FILES } from "./zarr.js";

/** Opens a Zarr store; undefined where the folder has no group's document. */
export async function openZarr(files: Files, signal: AbortSignal | undefined): Promise<StoredSet | undefined> {
  const text = await readText(files, STORE_FILES.group, signal);
  if (text === undefined) return undefined;
  const layout = parseGroup(text, files.name);
  return {
    ...layout,
    format: "zarr",
    files,
    place: (array, chunk) => {
      const bytes = chunkBytes(layout, array);
      return { key: chunkKey(array, chunk), offset: 0, length: bytes, size: bytes };
    },
  };
}
