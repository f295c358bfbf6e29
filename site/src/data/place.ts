import type { ReaderOptions } from "taskloom";

/** The options of the readers that the page offers. */
export type Reading = Pick<ReaderOptions, "split" | "images" | "labels" | "shape" | "resize">;

/** A visitor's dataset: one file, two files of arrays, several files, or a folder. All are names. */
export type Files =
  | { readonly kind: "file"; readonly name: string }
  | { readonly kind: "pair"; readonly format: "idx" | "npy"; readonly images: string; readonly labels: string }
  | { readonly kind: "files"; readonly names: readonly string[] }
  | { readonly kind: "folder"; readonly name: string; readonly names: readonly string[] };

/** The dataset as programs read it. */
export interface Place {
  /** The visitor's files; undefined for the slice of MNIST. */
  readonly files: Files | undefined;
  /** The options that the files were read with. */
  readonly reading: Reading;
  readonly examples: number;
  readonly shape: readonly number[];
  readonly dtype: string;
  readonly classes: number;
}
