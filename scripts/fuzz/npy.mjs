// Folders of .npy files and their recipe.
import { folderTarget } from "./folder.mjs";

export const { prepare, make, run } = folderTarget([0, 1, 2, 4, 5].map((options) => ({ options })));
