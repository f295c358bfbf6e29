import type { FromTrainer, ToTrainer } from "./messages.js";

/** The way to a trainer. */
export interface Link {
  send(message: ToTrainer): void;
}

/** A trainer in a worker, so that the page never waits for it; in the page itself where there are no workers. */
export async function linkTrainer(workers: boolean, take: (message: FromTrainer) => void): Promise<Link> {
  if (!workers) {
    const { Trainer } = await import("./trainer.js");
    const trainer = new Trainer(take);
    return { send: (message) => trainer.take(message) };
  }
  const worker = new Worker(new URL("./learn-worker.js", import.meta.url), { type: "module" });
  worker.addEventListener("message", ({ data }: MessageEvent<FromTrainer>) => take(data));
  worker.addEventListener("error", (event) => {
    event.preventDefault();
    take({ kind: "failed", message: event.message || "the worker could not be started" });
  });
  return { send: (message) => worker.postMessage(message) };
}
