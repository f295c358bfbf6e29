/** The examples of each class, which episodes are drawn from. */
import { current } from "./plan";

export let starts: usize = 0;
export let members: usize = 0;
export let scratch: usize = 0;
export let ranks: usize = 0;

export function placeClassLists(startsAt: usize, membersAt: usize, scratchAt: usize, ranksAt: usize): void {
  starts = startsAt;
  members = membersAt;
  scratch = scratchAt;
  ranks = ranksAt;
}

/** Sorts the examples by class, in order within each, by the labels in memory (u16). */
export function sortMembers(labels: usize): void {
  const classes = current.exampleClasses;
  const examples = <usize>current.examples;
  memory.fill(starts, 0, (<usize>classes + 1) << 2);
  for (let i: usize = 0; i < examples; i++) {
    const at = starts + (<usize>load<u16>(labels + (i << 1)) << 2);
    store<u32>(at, load<u32>(at, 4) + 1, 4);
  }
  // Counts become starts; the scratch region holds where the next member of each class goes.
  for (let label: u32 = 0; label < classes; label++) {
    const at = starts + (<usize>label << 2);
    const start = load<u32>(at);
    store<u32>(at, start + load<u32>(at, 4), 4);
    store<u32>(scratch + (<usize>label << 2), start);
  }
  for (let i: usize = 0; i < examples; i++) {
    const next = scratch + (<usize>load<u16>(labels + (i << 1)) << 2);
    const place = load<u32>(next);
    store<u32>(members + (<usize>place << 2), <u32>i);
    store<u32>(next, place + 1);
  }
}
