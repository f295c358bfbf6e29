import { type CreateWorker, startThread, type Thread } from "./threads.js";

/** How long a thread may take to say that it is there, where the calling thread can do its work instead, in milliseconds. */
export const PATIENCE = 10_000;

export function silence(): Error {
  return new Error(`no answer within ${PATIENCE / 1000} s`);
}

/** Starts a thread and ends it. Rejects with what keeps it from starting. */
export function probeThread(create: CreateWorker | undefined): Promise<void> {
  let thread: Thread | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  return new Promise<void>((resolve, reject) => {
    timer = setTimeout(() => reject(silence()), PATIENCE);
    thread = startThread(() => resolve(), reject, create);
    thread.keepAlive(true);
  }).finally(() => {
    clearTimeout(timer);
    thread?.terminate();
  });
}
