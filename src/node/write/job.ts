import type { TargetDtype } from "../../base/tensor.js";
import type { Dataset } from "../../dataset/index.js";
import type { Plan } from "../../plan/plan.js";
import type { Recipe } from "../../plan/recipe.js";
import type { StoredArray } from "../../store/arrays.js";
import type { TaskAugmentor } from "../../tasks/augmentor.js";

/** The work that `generate` gives to the writer of a format, with every choice made. */
export interface Job {
  readonly out: string;
  readonly force: boolean;
  readonly chunkTasks: number | undefined;
  readonly shard: { readonly index: number; readonly count: number };
  readonly onehot: boolean;
  readonly onProgress: (done: number, total: number, bytes: number) => void;
  readonly signal: AbortSignal | undefined;
  readonly dataset: Dataset;
  readonly tasks: TaskAugmentor<TargetDtype>;
  readonly plan: Plan;
  readonly arrays: readonly StoredArray[];
  /** Hashes the dataset. */
  readonly recipe: () => Promise<Recipe>;
}

export type Written = Omit<Generated, "backend">;

/** The result of `generate`. */
export interface Generated {
  /** The recipe of the task set. */
  readonly recipe: Recipe;
  /** Sequences, or examples where no sequences are drawn; of a shard, those within it. */
  readonly items: number;
  /** Bytes of all files; of a shard, of its chunks. */
  readonly bytes: number;
  /** Items that an earlier run had made. */
  readonly resumed: number;
  /** True if the whole set is there; false while other shards are missing. */
  readonly complete: boolean;
  /** The backend that made the values. */
  readonly backend: {
    /** `"wasm"` or `"webgpu"`. */
    readonly name: string;
    /** The reason for the choice, in words. */
    readonly reason: string;
  };
}

export type { StoreFormat } from "../../store/arrays.js";
