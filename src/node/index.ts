/** What only Node and Deno have: files. `taskloom` itself runs everywhere. */
export { type FolderOptions, readFolder, type Split } from "./folder.js";
export { FILES, FORMATS, type Generated, type GenerateOptions, generate, type StoreFormat } from "./generate.js";
export { type Inspection, inspect } from "./inspect.js";
export { type MnistOptions, mnist } from "./mnist.js";
export { openDataset } from "./open-dataset.js";
export { openTasks } from "./open-tasks.js";
export { type PreviewOptions, preview } from "./preview.js";
export { openStoreFolder } from "./store-folder.js";
export { type Fault, type Verification, type VerifyOptions, verify } from "./verify.js";
