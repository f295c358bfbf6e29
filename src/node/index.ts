/** What only Node and Deno have: files. `taskloom` itself runs everywhere. */
export { type FolderOptions, readFolder, type Split } from "./folder.js";
export { FILES, type Generated, type GenerateOptions, generate } from "./generate.js";
export { type Inspection, inspect } from "./inspect.js";
export { type MnistOptions, mnist } from "./mnist.js";
export { openDataset } from "./open-dataset.js";
export { openTasks } from "./open-tasks.js";
export { type PreviewOptions, preview } from "./preview.js";
