// Digests of golden tasks, in whatever runtime imports this: plain modules, no build step.

/** One line for each case: its seed, its task, the SHA-256 of its inputs and of its targets. */
export async function digests({ TaskAugmentor }, dataset, cases, options = {}) {
  const lines = [];
  for (const { seed, task } of cases) {
    const tasks = new TaskAugmentor({ seed: BigInt(seed), taskOffset: task, ...options });
    const { inputs, targets } = await tasks.transform(dataset);
    tasks.dispose();
    lines.push({ seed, task, inputs: await sha256(inputs.data), targets: [...targets.data] });
  }
  return lines;
}

async function sha256(data) {
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", data));
  return Array.from(hash, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
