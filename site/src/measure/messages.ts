/** The parts of a measurement, in the order in which they run. */
export const MEASURES = ["digests", "tasks", "rates", "fused", "variants", "tfjs"] as const;
export type Measure = (typeof MEASURES)[number];

export interface Adapter {
  readonly vendor: string;
  readonly architecture: string;
  readonly device: string;
  readonly description: string;
  /** True for a program that runs shaders on the CPU. */
  readonly software: boolean;
}

/** The results of a kernel of bench/gpu/rates: operations or bytes in a millisecond. */
export interface Rate {
  readonly what: string;
  readonly unit: string;
  readonly perMillisecond: number;
  readonly plateau: boolean;
}

/** A row of bench/gpu/fused-rows.mjs. */
export interface Row {
  readonly stage: string;
  readonly milliseconds: number;
  readonly rate: number;
  readonly unit: string;
  readonly tasks?: number;
  readonly floor?: { readonly milliseconds: number; readonly bound: string };
}

/** A variant of the fused kernel: see bench/gpu/fused.mjs. */
export interface Shape {
  readonly product: string;
  readonly storage: number;
  readonly SKIP: number;
}
export interface Variants {
  readonly tasks: number;
  readonly variants: readonly { readonly shape: Shape; readonly chosen: boolean; readonly milliseconds: number }[];
}

export interface Digest {
  readonly task: number;
  readonly backend: string;
  readonly same: boolean;
}

/** Tasks a second on one backend. */
export interface Throughput {
  readonly backend: string;
  readonly tasksPerSecond: number;
  readonly tasks: number;
}

/** TensorFlow.js on the same adapter, milliseconds for a task. */
export interface Tensorflow {
  readonly version: string;
  readonly products: number;
  readonly task: number;
}

export interface Results {
  digests?: readonly Digest[];
  tasks?: readonly Throughput[];
  rates?: { readonly rates: Record<string, Rate>; readonly overlap: number };
  fused?: { readonly rows: readonly Row[]; readonly kernel: string };
  variants?: readonly { readonly name: string; readonly chosen: boolean; readonly milliseconds: number }[];
  tfjs?: Tensorflow;
}

/** What was found of the GPU. */
export interface Setting {
  readonly adapter: Adapter | undefined;
  /** The reason for no adapter. */
  readonly why: string | undefined;
  readonly features: readonly string[];
  readonly limits: Readonly<Record<string, number>>;
  readonly clock: "timestamp queries" | "host clock" | "none";
}

export interface Order {
  readonly base: string;
  readonly parts: readonly Measure[];
  readonly cores: number;
  /** False where the page has no WebGPU. */
  readonly webgpu: boolean;
}

export type FromMeasure =
  | { readonly kind: "setting"; readonly setting: Setting }
  | { readonly kind: "step"; readonly text: string }
  | { readonly kind: "result"; readonly results: Results }
  | { readonly kind: "problem"; readonly text: string }
  | { readonly kind: "done" };
