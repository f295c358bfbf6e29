// Measures the working time of the calling thread. Its CPU time is no measure: Dawn polls the GPU in this thread's event
// loop, so the thread is always busy.
import { Session } from "node:inspector/promises";

/** Samples that are not work of the library: waiting, polling, and functions without a name. */
const OTHER = new Set(["(idle)", "(program)", "(root)"]);
const INTERVAL_MICROSECONDS = 100;

/** Samples `work`. Returns the milliseconds of JavaScript, WebAssembly and the native functions that they call. */
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
    // Each sample counts for the time until the next one.
    if (counted.has(id)) microseconds += timeDeltas[i + 1] ?? 0;
  });
  return microseconds / 1000;
}
