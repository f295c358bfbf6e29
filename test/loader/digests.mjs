// What every runtime has to agree on, as a plain module without a build step.

/** Digests of two batches of each kind of walk, and of the last sequence, of a task set: one text each. */
export async function loaderDigests(tasks) {
  const found = [];
  const add = async (name, { inputs, targets }) =>
    found.push(`${name} [${inputs.shape}] ${await sha256(inputs.data)} ${await sha256(targets.data)}`);
  await add("last", await tasks.at(tasks.length - 1));
  for (const options of [{}, { shuffle: true, epoch: 3 }, { shuffle: "tasks", shard: { index: 1, count: 2 } }]) {
    const batches = tasks.batches({ batchSize: 5, ...options });
    await add(JSON.stringify(options), (await batches.next()).value);
    const state = JSON.parse(JSON.stringify(batches.state()));
    await batches.return();
    const { shard } = options;
    const rest = tasks.batches(shard ? { state, shard } : { state });
    await add("and the next", (await rest.next()).value);
    await rest.return();
  }
  return found;
}

async function sha256(data) {
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", data));
  return Array.from(hash, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
