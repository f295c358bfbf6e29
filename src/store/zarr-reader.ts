import type { Files } from "../files/folder.js";
import { DOCUMENT_LIMIT } from "./documents.js";
import type { StoredSet } from "./stored-set.js";
import { chunkBytes, chunkKey, parseGroup, STORE_FILES } from "./zarr.js";

/** Opens a Zarr store; undefined where the folder has no group's document. */
export async function openZarr(files: Files, signal: AbortSignal | undefined): Promise<StoredSet | undefined> {
  const document = await files.get(STORE_FILES.group, DOCUMENT_LIMIT, signal);
  if (!document) return undefined;
  const layout = parseGroup(new TextDecoder().decode(document), files.name);
  return {
    ...layout,
    format: "zarr",
    files,
    document,
    place: (array, chunk) => {
      const bytes = chunkBytes(layout, array);
      return { key: chunkKey(layout, array, chunk), offset: 0, length: bytes, size: bytes };
    },
  };
}
