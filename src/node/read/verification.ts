import type { Dataset } from "../../dataset/index.js";
import type { TaskAugmentorOptions } from "../../plan/options.js";
import type { Recipe } from "../../plan/recipe.js";
import type { StoreFormat } from "../../store/arrays.js";

/** The folders that reading functions take, in words. */
export const GENERATED = "the path of a folder that generate wrote";

/** Options of `verify`. */
export interface VerifyOptions {
  /**
   * Compare values with newly made ones: of everything (true), or of this many chunks drawn at random. Default false:
   * digests alone.
   */
  recompute?: boolean | number;
  /** The dataset to recompute from, or its place, if it is not where the recipe says. */
  dataset?: string | Dataset;
  /** The backend that recomputes: see `TaskAugmentorOptions.backend`. */
  backend?: TaskAugmentorOptions["backend"];
  /** Threads of the CPU backend that recomputes: see `TaskAugmentorOptions.workers`. */
  workers?: number;
  /** Called after each chunk with those done, how many there are, and the bytes read. */
  onProgress?: (done: number, total: number, bytes: number) => void;
  /** Ends the check: the call rejects with `signal.reason`. */
  signal?: AbortSignal;
}

/** Something that is not as it should be. */
export interface Fault {
  /** The file, by its place in the folder. */
  readonly path: string;
  /** `"foreign"`: a file that does not belong to the set. */
  readonly kind: "missing" | "size" | "digest" | "values" | "unfinished" | "foreign";
  /** The chunk's number, in a store. */
  readonly chunk?: number;
  /** The tasks it concerns, last exclusive; `undefined` for documents, and where samples draw their own tasks. */
  readonly tasks?:
    | {
        /** The first task, inclusive. */
        readonly start: number;
        /** The last task, exclusive. */
        readonly stop: number;
      }
    | undefined;
  /** The problem, in words. */
  readonly problem: string;
}

/** The result of `verify`. */
export interface Verification {
  /** The format of the files. */
  readonly format: StoreFormat;
  /** The recipe of the task set. */
  readonly recipe: Recipe;
  /** Files whose digest was compared; 0 where the format keeps none. */
  readonly hashed: number;
  /** Items whose values were compared with newly made ones. */
  readonly recomputed: number;
  /** Nothing is wrong with what was looked at if there are none. */
  readonly faults: readonly Fault[];
}

/** Counts what is done, and reports it. */
export class Meter {
  readonly #total: number;
  readonly #report: VerifyOptions["onProgress"];
  #done = 0;
  #bytes = 0;

  constructor(total: number, report: VerifyOptions["onProgress"]) {
    this.#total = total;
    this.#report = report;
    report?.(0, total, 0);
  }

  read(bytes: number): void {
    this.#bytes += bytes;
  }

  step(): void {
    this.#done++;
    this.#report?.(this.#done, this.#total, this.#bytes);
  }
}
