import { giveKernel } from "../../wasm/module.js";
import { buffersOf } from "../backend.js";
import { Engine } from "./engine.js";
import { failureOf, type Reply, type SetUp, type Weave } from "./messages.js";
import { parent } from "./parent.js";

/** The script of a worker thread: an engine behind messages. It handles them one after the other, as they come. */

let engine: Promise<Engine> | undefined;
let last: Promise<void> = Promise.resolve();
const { listen, post } = parent();

listen((data) => {
  const message = data as SetUp | Weave;
  if (message.kind === "set up") {
    giveKernel(message.kernel);
    engine = Engine.create(message.plan, message.examples);
    engine.catch(() => undefined); // reported by the first weave
  } else last = last.then(() => answer(message));
});
post({ kind: "here" } satisfies Reply);

async function answer({ first, count, spare }: Weave): Promise<void> {
  let began = false;
  try {
    const started = await (engine as Promise<Engine>);
    began = true;
    const woven = started.weave(first, count, spare);
    post({ kind: "woven", woven } satisfies Reply, buffersOf(woven));
  } catch (cause) {
    post({ kind: "failed", began, cause: failureOf(cause) } satisfies Reply);
  }
}
