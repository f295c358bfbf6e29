import { buffersOf } from "../backend.js";
import { Engine } from "./engine.js";
import type { Reply, SetUp, Weave } from "./messages.js";
import { parent } from "./threads.js";

/** The script of a worker thread: a kernel behind messages. Handled one after the other, in the order they come. */

let kernel: Promise<Engine> | undefined;
let last: Promise<void> = Promise.resolve();
const { listen, post } = parent();

listen((data) => {
  const message = data as SetUp | Weave;
  if (message.kind === "set up") {
    kernel = Engine.create(message.plan, message.examples);
    kernel.catch(() => undefined); // reported by the first weave
  } else last = last.then(() => answer(message));
});

async function answer({ first, count, spare }: Weave): Promise<void> {
  try {
    const woven = (await (kernel as Promise<Engine>)).weave(first, count, spare);
    post({ kind: "woven", woven } satisfies Reply, buffersOf(woven));
  } catch (cause) {
    post({ kind: "failed", cause } satisfies Reply);
  }
}
