/** Runs a candidate `repeats` times and resolves to the total time in milliseconds. */
export type Trial = (repeats: number) => Promise<number>;

/** Target length of a round in ms: much longer than a clock step and the latency of the device. */
const ROUND = 8;
const MAX_REPEATS = 256;
const ROUNDS = 3;
/** A candidate is dropped if its first round takes this many times as long as the fastest one. */
const HOPELESS = 2;

/**
 * Finds the fastest trial. Returns its number and the milliseconds of one repeat. The trials take turns, so that a slow
 * moment of the machine affects all of them, and the shortest round of each counts.
 */
export async function fastest(trials: readonly Trial[]): Promise<{ number: number; milliseconds: number }> {
  const once: number[] = [];
  for (const trial of trials) {
    await trial(1); // a warm-up: the first run allocates and compiles
    once.push(await trial(1));
  }
  const shortest = Math.min(...once);
  const repeats = Math.max(1, Math.min(MAX_REPEATS, Math.ceil(ROUND / Math.max(shortest, ROUND / MAX_REPEATS))));
  const running = trials
    .map((trial, i) => ({ trial, i }))
    .filter(({ i }) => (once[i] as number) <= HOPELESS * shortest);
  const least = running.map(() => Number.POSITIVE_INFINITY);
  for (let round = 0; round < ROUNDS; round++) {
    for (const [k, { trial }] of running.entries()) {
      least[k] = Math.min(least[k] as number, await trial(repeats));
    }
  }
  const shortestRound = Math.min(...least);
  const { i: number } = running[least.indexOf(shortestRound)] as { i: number };
  return { number, milliseconds: shortestRound / repeats };
}

/** A cache of choices by key. Overlapping calls share a choice; a failed one is forgotten. */
export class Choices<T> {
  readonly #made = new Map<string, Promise<T>>();

  /** Returns the choice for `key`. Calls `choose` if there is none. */
  of(key: string, choose: () => Promise<T>): Promise<T> {
    const known = this.#made.get(key);
    if (known) return known;
    const made = choose();
    this.#made.set(key, made);
    made.catch(() => this.#made.delete(key));
    return made;
  }

  /** Returns the choice for `key`, or undefined. */
  get(key: string): Promise<T> | undefined {
    return this.#made.get(key);
  }
}
