/** Runs something so many times and resolves to the milliseconds it took in all. */
export type Trial = (repeats: number) => Promise<number>;

/** A round of a trial takes about as long, in milliseconds: far more than a clock's step and the way to the device. */
const ROUND = 8;
const MAX_REPEATS = 256;
const ROUNDS = 3;
/** A candidate that is so many times as slow as the fastest in the first round is not tried again. */
const HOPELESS = 2;

/**
 * The number of the fastest of some trials, and the milliseconds it took once. They take turns, so that a slow moment
 * meets all alike, and the least time of each counts.
 */
export async function fastest(trials: readonly Trial[]): Promise<{ number: number; milliseconds: number }> {
  const once: number[] = [];
  for (const trial of trials) {
    await trial(1); // what is first used is first made
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

/** What was chosen, by what it was chosen for: calls meanwhile share a choice, and a failed one is forgotten. */
export class Choices<T> {
  readonly #made = new Map<string, Promise<T>>();

  /** The choice for `key`, made now if there is none. */
  of(key: string, choose: () => Promise<T>): Promise<T> {
    const known = this.#made.get(key);
    if (known) return known;
    const made = choose();
    this.#made.set(key, made);
    made.catch(() => this.#made.delete(key));
    return made;
  }

  /** The choice for `key`, if there is one. */
  get(key: string): Promise<T> | undefined {
    return this.#made.get(key);
  }
}
