// Folders of one safetensors file.
import { folderTarget } from "./folder.mjs";

export const { prepare, make, run } = folderTarget([0, 1, 2, 4].map((options) => ({ options, format: "safetensors" })));
