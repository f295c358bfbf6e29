/** Datasets, the readers that make them, and the transforms that change them. */

export type { ReadOptions, Source } from "../files/bytes.js";
export type { ByteScale } from "./byte-scale.js";
export { Dataset, type Example } from "./dataset.js";
export { type IdxDatasetOptions, readIdx, readIdxDataset } from "./idx.js";
export type { IdxArray } from "./idx-decode.js";
export type { DatasetInit } from "./init.js";
export type { Moments } from "./moments.js";
export type { Classes, Targets } from "./targets.js";
export type { DType, ImageTensor, Pixels } from "./tensor.js";
export * from "./transforms/index.js";
