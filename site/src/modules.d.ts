/** Modules in plain JavaScript that the page shares with benchmarks and examples, as far as it uses them. */
declare module "*/learnability/classifiers.mjs" {
  export function innerProducts(rows: Float32Array, length: number, stride: number, features: number): Float64Array;
  export function nearestNeighbour(gram: Float64Array, targets: ArrayLike<number>): Uint16Array;
}
declare module "*/gpu/device.mjs" {
  export interface AdapterInfo {
    readonly vendor: string;
    readonly architecture: string;
    readonly device: string;
    readonly description: string;
    readonly software: boolean;
  }
  export interface OpenDevice {
    readonly adapter: GPUAdapter;
    readonly device: GPUDevice;
    readonly info: AdapterInfo;
    readonly limits: Record<string, number>;
    readonly features: readonly string[];
    readonly timestamps: boolean;
    readonly failures: string[];
  }
  export function openDevice(): Promise<OpenDevice>;
  export class Clock {
    constructor(device: GPUDevice);
  }
}
declare module "*/gpu/recorder.mjs" {
  export class Recorder {
    constructor(device: GPUDevice, clock: unknown);
    detach(): void;
  }
}
declare module "*/gpu/rates.mjs" {
  export function measureRates(bench: object): Promise<Record<string, import("./measure/messages.js").Rate>>;
}
declare module "*/gpu/floors.mjs" {
  export class Floors {
    constructor(rates: Record<string, import("./measure/messages.js").Rate>);
    readonly overlap: number;
  }
}
declare module "*/gpu/fused-rows.mjs" {
  import type { Dataset } from "taskloom";
  export function measureFused(
    bench: object,
    dataset: Dataset,
    sizes: { tasks: number; batch: number; length: number },
    floors: object | undefined,
  ): Promise<import("./measure/messages.js").Row[]>;
}
declare module "*/gpu/variants.mjs" {
  import type { Dataset } from "taskloom";
  export function measureVariants(
    bench: object,
    dataset: Dataset,
    tasks: number,
    length: number,
  ): Promise<import("./measure/messages.js").Variants>;
  export function variantName(shape: import("./measure/messages.js").Shape): string;
}
declare module "*/gpu/library.mjs" {
  import type { Dataset, TaskAugmentorOptions } from "taskloom";
  export function walk(
    bench: object,
    dataset: Dataset,
    options: TaskAugmentorOptions,
    tasks: number,
    batchSize: number,
  ): Promise<{ wall: number; passes: Map<string, number> }>;
}
