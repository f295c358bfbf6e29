import type { Dataset, TaskAugmentor } from "taskloom";
import type { Plan } from "../../src/plan/plan.js";
import type { TaskAugmentor as Inside } from "../../src/tasks/augmentor.js";

/** Members that the published declarations leave out. */
interface Internal {
  plan(dataset: Dataset): Plan;
  stream(dataset: Dataset, options?: Parameters<Inside["stream"]>[1]): ReturnType<Inside["stream"]>;
}

export function inside(tasks: TaskAugmentor): Internal {
  return tasks as unknown as Internal;
}
