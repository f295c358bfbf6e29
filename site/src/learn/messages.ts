/** What a model trains on. */
export interface Engine {
  readonly name: "wasm" | "webgpu";
  /** The engine in words. */
  readonly words: string;
  /** The device, which Taskloom shares. */
  readonly device?: GPUDevice;
  /** True for a program that runs shaders on the CPU. */
  readonly software?: boolean;
}

/** What one run depends on. */
export interface Run {
  readonly tasks: number;
  readonly seed: number;
  /** The step at which the run pauses. */
  readonly stopAt: number;
  /** What it trains on: `"auto"` tries both, where there is a GPU, and takes the faster one. */
  readonly where: "auto" | "wasm" | "webgpu";
}

/** Accuracy on some sequences. */
export interface Accuracy {
  /** Sequences. */
  readonly n: number;
  /** The share of sequences that are right at each position. */
  readonly positions: Float64Array;
  /** The mean over the last quarter of the positions, and its standard error; sequences are independent. */
  readonly last: number;
  readonly error: number;
}

/** The attention of one unseen sequence, and of all of them. */
export interface Attention {
  /** `[length, length]`: row t is what position t attends to. */
  readonly weights: Float32Array;
  /** The targets of the sequence. */
  readonly targets: Int32Array;
  /** Of the last quarter of all sequences: the weight on examples of the right class, and that of even attention. */
  readonly right: number;
  readonly even: number;
}

export interface Progress {
  readonly step: number;
  /** Sequences that were trained on, repeated ones counted again. */
  readonly sequences: number;
  /** The mean loss of the steps since the last message. */
  readonly loss: number;
  /** Seconds of training, measurements and pauses left out. */
  readonly seconds: number;
  readonly unseen: Accuracy;
  readonly trained: Accuracy;
  readonly attention: Attention;
}

export type ToTrainer =
  | { readonly kind: "start"; readonly run: Run; readonly base: string }
  | { readonly kind: "go"; readonly stopAt: number }
  | { readonly kind: "stop" };

export type FromTrainer =
  | { readonly kind: "ready"; readonly engine: string; readonly neighbor: Accuracy }
  | { readonly kind: "progress"; readonly progress: Progress }
  | { readonly kind: "paused"; readonly done: boolean }
  | { readonly kind: "failed"; readonly message: string };
