import type { Dataset, TaskAugmentor } from "taskloom";

/** Members that the published declarations leave out. */
interface Internal {
  plan(dataset: Dataset): { itemCount: number; itemsPerTask: number };
  stream(dataset: Dataset): AsyncIterable<unknown>;
}

export function inside(tasks: TaskAugmentor): Internal {
  return tasks as unknown as Internal;
}
