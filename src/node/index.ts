/** The part for Node, Deno and Bun, which have files. `taskloom` itself runs everywhere. */
export { type FolderOptions, readFolder, type Split } from "./dataset/idx-folder.js";
export { type MnistOptions, mnist } from "./dataset/mnist.js";
export { type OpenDatasetOptions, openDataset } from "./dataset/open-dataset.js";
export { type ArrayReport, type FeatureStatistics, type Inspection, inspect } from "./read/inspect.js";
export { openTasks } from "./read/open-tasks.js";
export { type PreviewOptions, preview } from "./read/preview.js";
export { openStoreFolder } from "./read/store-folder.js";
export type { Fault, Verification, VerifyOptions } from "./read/verification.js";
export { verify } from "./read/verify.js";
export { FILES, FORMATS, type GenerateOptions, generate } from "./write/generate.js";
export type { Generated, StoreFormat } from "./write/job.js";
