import type { Missed } from "./start-failure.js";
import { type CreateWorker, startThread, type Thread } from "./threads.js";

/** The time limit for the first message of a thread, in milliseconds, if the calling thread can do its work instead. */
export const PATIENCE = 10_000;

export function silence(): Error {
  return new Error(`no answer within ${PATIENCE / 1000} s`);
}

/**
 * Starts a thread and ends it.
 *
 * @returns what keeps threads from starting; `undefined` where one came up
 */
export function probeThread(create: CreateWorker | undefined): Promise<Missed | undefined> {
  const created = create !== undefined;
  return new Promise((resolve) => {
    let thread: Thread | undefined;
    const end = (missed: Missed | undefined) => {
      clearTimeout(timer);
      thread?.terminate();
      resolve(missed);
    };
    const fail = (cause: unknown) => end({ cause, made: true, created });
    const timer = setTimeout(() => fail(silence()), PATIENCE);
    try {
      thread = startThread(() => end(undefined), fail, create);
      thread.keepAlive(true);
    } catch (cause) {
      end({ cause, made: false, created });
    }
  });
}
