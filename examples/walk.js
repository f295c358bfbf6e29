/**
 * Walks 1,024 tasks of a dataset in whatever runtime this is, and returns how fast and a digest of all bytes, which is
 * the same on every machine. Shared by the examples beside it.
 */
export async function walk(TaskAugmentor, dataset, options = {}) {
  const tasks = new TaskAugmentor({ taskCount: 1024, seed: 42, ...options });
  let digest = new Uint8Array(32);
  const start = performance.now();
  for await (const { inputs, targets } of tasks.batches(dataset, { batchSize: 16 })) {
    // Here a model would be trained: inputs.shape is [16, 100, 794], targets.shape [16, 100].
    for (const { data } of [inputs, targets]) digest = await chain(digest, data);
  }
  const seconds = (performance.now() - start) / 1000;
  tasks.dispose();
  const hex = Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
  const { name, reason } = await tasks.describeBackend();
  return { backend: `${name}: ${reason}`, tasksPerSecond: Math.round(1024 / seconds), digest: hex };
}

/** SHA-256 of the digest so far and of what comes next: Web Crypto hashes nothing piece by piece. */
async function chain(digest, data) {
  const next = new Uint8Array(await crypto.subtle.digest("SHA-256", data));
  return new Uint8Array(await crypto.subtle.digest("SHA-256", Uint8Array.of(...digest, ...next)));
}
