import { bounded } from "./bounded";
import { SAMPLE } from "./purpose";
import { next, open } from "./stream";

/**
 * Sample `item` of those drawn from all tasks: a task number below `tasks` and an example number below `n`, two u32 at
 * `out`. `tasks` 0 stands for 2^32, where the word itself is the task.
 */
export function drawSample(item: u32, tasks: u32, n: u32, out: usize): void {
  open(0, SAMPLE, item);
  store<u32>(out, tasks == 0 ? next() : bounded(tasks));
  store<u32>(out, bounded(n), 4);
}
