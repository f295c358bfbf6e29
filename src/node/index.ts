/** The part for Node, Deno and Bun, which have files. `taskloom` itself runs everywhere. */
export { type FolderOptions, readFolder, type Split } from "./dataset/idx-folder.js";
export { type MnistOptions, mnist } from "./dataset/mnist.js";
export { openDataset } from "./dataset/open-dataset.js";
export {
  type ArrayReport,
  type FeatureStatistics,
  type Inspection,
  type InspectOptions,
  inspect,
} from "./read/inspect.js";
export { type DatasetReport, inspectDataset } from "./read/inspect-dataset.js";
export { openTasks } from "./read/open-tasks.js";
export { type PreviewOptions, preview } from "./read/preview.js";
export { openStoreFolder } from "./read/store-folder.js";
export type { Fault, Verification, VerifyOptions } from "./read/verification.js";
export { verify } from "./read/verify.js";
export { type Finished, type FinishOptions, finish } from "./write/finish.js";
export { FILES, FORMATS, type GenerateOptions, generate } from "./write/generate.js";
export type { ChunkRun, Generated, Shard, StoreFormat } from "./write/job.js";
export type { SinkOptions } from "./write/open-sink.js";
