import type { TaskAugmentor } from "../augmentor.js";
import type { Plan } from "../backend/plan.js";
import type { Dataset } from "../dataset/index.js";
import type { Recipe } from "../recipe.js";
import type { StoredArray } from "../store/arrays.js";
import type { Generated } from "./generate.js";

/** What `generate` asks of the writer of a format, every choice made. */
export interface Job {
  readonly out: string;
  readonly force: boolean;
  readonly chunkTasks: number | undefined;
  readonly shard: { readonly index: number; readonly count: number };
  readonly onehot: boolean;
  readonly onProgress: (done: number, total: number, bytes: number) => void;
  readonly signal: AbortSignal | undefined;
  readonly dataset: Dataset;
  readonly tasks: TaskAugmentor;
  readonly plan: Plan;
  readonly arrays: readonly StoredArray[];
  /** Hashes the dataset. */
  readonly recipe: () => Promise<Recipe>;
}

export type Written = Omit<Generated, "backend">;
