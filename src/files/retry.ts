import { sleep } from "../base/abort.js";
import { InvalidOptionError } from "../base/errors.js";
import { FileError } from "./file-error.js";

/** Pauses before a request is made again, in milliseconds: three more attempts. */
export const RETRY_PAUSES: readonly number[] = [200, 800, 3200];

/** Most attempts that may be asked for besides the first. */
const MOST_RETRIES = 100;

/** Longest pause that a server's `Retry-After` can ask for, in milliseconds. */
const LONGEST_PAUSE = 30_000;

/** @throws InvalidOptionError when `retryPauses` is not a list of pauses */
export function checkPauses(pauses: readonly number[] | undefined): readonly number[] | undefined {
  const fits = (pause: unknown) => typeof pause === "number" && pause >= 0 && pause < 2 ** 31;
  if (pauses === undefined || (Array.isArray(pauses) && pauses.length <= MOST_RETRIES && pauses.every(fits))) {
    return pauses;
  }
  throw new InvalidOptionError("retryPauses", pauses, `at most ${MOST_RETRIES} pauses in milliseconds, from 0 on`);
}

/** A fault that may be gone a moment later. */
export class Transient extends FileError {
  /** The least pause before another attempt, in milliseconds. */
  readonly pause: number;

  constructor(problem: string, options?: ErrorOptions & { pause?: number }) {
    super(problem, options);
    this.pause = options?.pause ?? 0;
  }
}

/** Returns whether a server that answers with this status may answer otherwise a moment later. */
export function isTransient(status: number): boolean {
  return status === 408 || status === 429 || status >= 500;
}

/** Returns the pause that an answer asks for with `Retry-After`, in milliseconds. */
export function pauseOf(response: Response): number {
  const text = response.headers.get("retry-after");
  return text && /^\d+$/.test(text) ? 1000 * Number(text) : 0;
}

/**
 * Calls a function until it gives a result.
 *
 * @param pauses in milliseconds, before each further call
 * @throws FileError what it threw, if that is no `Transient`, or if there are no more pauses; the reason of the signal
 */
export async function retry<T>(
  pauses: readonly number[],
  signal: AbortSignal | undefined,
  attempt: () => Promise<T>,
): Promise<T> {
  for (let tried = 1; ; tried++) {
    signal?.throwIfAborted();
    try {
      return await attempt();
    } catch (error) {
      // Platforms wrap the reason of an abort in errors of their own.
      signal?.throwIfAborted();
      if (!(error instanceof Transient)) throw error;
      const pause = pauses[tried - 1];
      if (pause === undefined) {
        if (tried === 1) throw error;
        throw new FileError(`${error.problem} (tried ${tried} times)`, { cause: error.cause ?? error });
      }
      await sleep(Math.max(pause, pause > 0 ? Math.min(error.pause, LONGEST_PAUSE) : 0), signal);
    }
  }
}
