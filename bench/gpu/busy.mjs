// How long the calling thread works. Its CPU time would not tell: Dawn waits for the GPU by asking again and again, in
// the event loop of this thread, which is busy all the time then.
import { Session } from "node:inspector/promises";

/** What is no work of the library's: waiting, asking, and what the profiler cannot name. */
const OTHER = new Set(["(idle)", "(program)", "(root)"]);
const INTERVAL_MICROSECONDS = 100;

/** Milliseconds that JavaScript, WebAssembly and native functions called by them took during `work`, by samples. */
export async function busy(work) {
  const session = new Session();
  session.connect();
  await session.post("Profiler.enable");
  await session.post("Profiler.setSamplingInterval", { interval: INTERVAL_MICROSECONDS });
  await session.post("Profiler.start");
  await work();
  const { profile } = await session.post("Profiler.stop");
  session.disconnect();
  return sampled(profile);
}

function sampled({ nodes, samples, timeDeltas }) {
  const counted = new Set(nodes.filter(({ callFrame }) => !OTHER.has(callFrame.functionName)).map(({ id }) => id));
  let microseconds = 0;
  samples.forEach((id, i) => {
    // A sample stands for the time until the next one.
    if (counted.has(id)) microseconds += timeDeltas[i + 1] ?? 0;
  });
  return microseconds / 1000;
}
