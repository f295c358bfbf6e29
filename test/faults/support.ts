import type { ChildProcess } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { setTimeout } from "node:timers/promises";
import type { Dataset } from "taskloom";
import { verify } from "taskloom/node";
import { expect } from "vitest";
import { type Finished, taskloom } from "../support/cli.js";

/** Rounds of each race. `TASKLOOM_RACE_ROUNDS=1000` makes a long run. */
export const ROUNDS = Number(process.env.TASKLOOM_RACE_ROUNDS ?? 20);

/** The kinds of the faults of a folder whose values are all made again, from the recipe's own dataset if none is given. */
export async function faultsOf(path: string, dataset?: Dataset): Promise<string[]> {
  const { faults } = await verify(path, { recompute: true, workers: 0, ...(dataset ? { dataset } : {}) });
  return faults.map(({ path: file, kind }) => `${kind} ${file}`);
}

/** The seed of a folder, after its values were all made again. */
export async function soundSeed(path: string, dataset: Dataset): Promise<number> {
  const { recipe, faults } = await verify(path, { recompute: true, dataset, workers: 0 });
  expect(faults).toEqual([]);
  return Number(recipe.seed);
}

export interface Outcome<T> {
  readonly values: T[];
  readonly errors: Error[];
}

/** Waits for all promises. */
export async function outcomes<T>(promises: readonly Promise<T>[]): Promise<Outcome<T>> {
  const results = await Promise.allSettled(promises);
  return {
    values: results.flatMap((result) => (result.status === "fulfilled" ? [result.value] : [])),
    errors: results.flatMap((result) => (result.status === "rejected" ? [result.reason] : [])),
  };
}

/** A `taskloom` command that is under way. */
export interface Running {
  readonly child: ChildProcess;
  readonly finished: Promise<Finished>;
}

/** Starts the built command. */
export function start(args: readonly string[], nodeFlags: readonly string[] = []): Running {
  let child: ChildProcess | undefined;
  const env = nodeFlags.length > 0 ? { ...process.env, NODE_OPTIONS: nodeFlags.join(" ") } : process.env;
  const finished = taskloom(args, {
    env,
    onStart: (started) => {
      child = started;
    },
  });
  return { child: child as unknown as ChildProcess, finished };
}

/** Waits until something holds, 20 s at most. */
export async function until(holds: () => boolean, what: string): Promise<void> {
  for (let tries = 0; !holds(); tries++) {
    if (tries > 4000) throw new Error(`waited 20 s in vain: ${what}`);
    await setTimeout(5);
  }
}

/** The names in a folder, in order; none if there is no such folder. */
export function namesIn(path: string): string[] {
  return existsSync(path) ? readdirSync(path).sort() : [];
}
