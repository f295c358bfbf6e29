// Zarr stores in folders: their documents, manifests and chunks.
import { folderTarget } from "./folder.mjs";

export const { prepare, make, run } = folderTarget([
  { options: 0, format: "zarr", chunkTasks: 2 },
  { options: 1, format: "zarr", chunkTasks: 2, onehot: false },
  { options: 2, format: "zarr" },
  { options: 4, format: "zarr", chunkTasks: 3 },
]);
