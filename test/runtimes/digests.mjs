// What every runtime and backend has to agree on, as plain modules without a build step.

/**
 * The results of each golden case: its seed, its task, the SHA-256 of its inputs, and its targets; and which backend made them.
 */
export async function digests({ TaskAugmentor }, dataset, cases, options = {}) {
  const results = [];
  const made = [];
  let backend = "";
  for (const seed of new Set(cases.map((c) => c.seed))) {
    const tasks = new TaskAugmentor({ seed: BigInt(seed), taskCount: 2 ** 32, ...options });
    made.push(tasks);
    const { name, reason } = await tasks.describeBackend();
    backend = `${name} (${reason})`;
    for (const { task } of cases.filter((c) => c.seed === seed)) {
      const { inputs, targets } = await tasks.batch(dataset, task);
      results.push({ seed, task, inputs: await sha256(inputs.data), targets: [...targets.data] });
    }
  }
  // Last, so that all share one device.
  for (const tasks of made) tasks.dispose();
  return { backend, results };
}

/** One digest for the whole of each small task set; see smallSets() in test/support/small-sets.ts. */
export async function smallDigests({ Dataset, TaskAugmentor }, sets, options = {}) {
  const results = [];
  const made = [];
  for (const { images, targets, shape, classes, seed, ...choice } of sets) {
    const dataset = Dataset.from({ images: Uint8Array.from(images), targets, shape, classes });
    const tasks = new TaskAugmentor({ ...choice, seed: BigInt(seed), ...options });
    made.push(tasks);
    const batch = await tasks.transform(dataset);
    results.push(
      `${batch.inputs.shape} ${await sha256(batch.inputs.data)} ${await sha256(batch.targets.data)} ` +
        `${batch.labels ? await sha256(batch.labels.data) : "no labels"}`,
    );
  }
  for (const tasks of made) tasks.dispose();
  return results;
}

async function sha256(data) {
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", data));
  return Array.from(hash, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
