// Every app of test/apps weaves with this module: the golden case `rectangular` of test/vectors/stream-v1.json, whose data
// are made up by a formula, and on request, as `auto`, the first golden case of MNIST. It runs in browsers, Node, Deno and Bun.

/** The ways in which an app weaves, by name. */
export const WAYS = {
  inline: { backend: "wasm", workers: 0 },
  workers: { backend: "wasm", workers: 2 },
  auto: { backend: "auto" },
  webgpu: { backend: "webgpu" },
};

/**
 * Weaves in each way, and gives a plain object for each: the digest, the backend and its reason, and how many workers
 * have answered meanwhile (where shared/count-workers.js runs); or the error.
 */
export async function report(library, ways = WAYS, mnist = undefined) {
  const digits = mnist && (await library.readIdxDataset({ classes: 10, ...mnist }));
  const made = {};
  for (const [name, how] of Object.entries(ways)) {
    const before = globalThis.answeredWorkers?.size ?? 0;
    made[name] = await weave(library, how, name === "auto" ? digits : undefined);
    made[name].workers = (globalThis.answeredWorkers?.size ?? 0) - before;
  }
  return made;
}

async function weave({ Dataset, TaskAugmentor }, how, digits) {
  const made = [];
  const weaveOne = async (options, dataset) => {
    const tasks = new TaskAugmentor({ seed: 42n, ...options, ...how });
    made.push(tasks);
    return sha256((await tasks.transform(dataset)).inputs.data);
  };
  try {
    const digest = await weaveOne({ taskOffset: 3, drawSequence: false, outFeatures: 30 }, example(Dataset));
    const mnist = digits && (await weaveOne({ taskOffset: 0 }, digits));
    const { name, reason } = await made[0].describeBackend();
    return { digest, mnist, backend: name, reason };
  } catch (error) {
    const { name, code, cause } = error ?? {};
    return {
      error: { name, code, message: messageOf(error), cause: cause === undefined ? undefined : messageOf(cause) },
    };
  } finally {
    for (const tasks of made) tasks.dispose();
  }
}

/** Five examples of 50 values, x[p][j] = ((50 p + j) * 31 + 7) mod 256. */
function example(Dataset) {
  const images = Uint8Array.from({ length: 250 }, (_, i) => (i * 31 + 7) % 256);
  return Dataset.from({ images, targets: new Uint8Array(5), shape: [50] });
}

const messageOf = (error) => String(error?.message ?? error);

async function sha256(data) {
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", data));
  return Array.from(hash, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
