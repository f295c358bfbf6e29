/*
 * Peer: jax-js on its WebAssembly backend (one thread: under Node it has no workers) or on WebGPU.
 *
 *   npm ci && node jax_js.mjs --data DIR [--device wasm] [--tasks 50] [--repeats 5]
 *
 * One task is one jitted function of the task's number. vmap over several took six times as long on WebAssembly, and as long
 * on WebGPU; there, tasks are many in flight instead.
 */
import { CLASSES, EXAMPLES, installedVersion, PIXELS, run, STD } from "./common.mjs";

async function load(device) {
  const { defaultDevice, init, jit, nn, numpy: np, random } = await import("@jax-js/jax");
  const there = await init(device); // not init(): it also tries WebGPU, and Node 20 has no navigator
  if (!there.includes(device)) throw new Error(`jax-js has no ${device} here`);
  defaultDevice(device);

  async function make(images, labels) {
    // jax-js counts references: a use takes its argument, a use of x.ref leaves x alive.
    const data = np.array(images).reshape([labels.length, PIXELS]);
    const dataLabels = np.array(labels);

    function build(key, data, dataLabels) {
      const [matrixKey, indexKey, permutationKey] = np.split(random.split(key, 3), 3).map((k) => k.reshape([2]));
      const matrix = random.normal(matrixKey, [PIXELS, PIXELS]).mul(STD);
      const indices = random.randint(indexKey, { minval: 0, maxval: labels.length, shape: [EXAMPLES] });
      const projected = np.matmul(np.take(data, indices.ref, 0), matrix.ref);

      const permutation = random.permutation(permutationKey, CLASSES);
      const targets = np.take(permutation, np.take(dataLabels, indices.ref));
      const oneHot = nn.oneHot(targets.ref.slice([0, EXAMPLES - 1]), CLASSES);
      const previous = np.concatenate([np.zeros([1, CLASSES]), oneHot], 0);
      return { output: np.concatenate([projected, previous], 1), targets, indices, matrix };
    }
    const buildTask = jit((...args) => {
      const { output, targets, indices, matrix } = build(...args);
      indices.dispose();
      matrix.dispose();
      return { output, targets };
    });
    const buildProbe = jit(build);

    async function read(arrays) {
      const read = {};
      for (const [name, array] of Object.entries(arrays)) read[name] = await array.data();
      return read;
    }
    return {
      task: (n) => read(buildTask(random.key(n), data.ref, dataLabels.ref)),
      probe: (n) => read(buildProbe(random.key(n), data.ref, dataLabels.ref)),
    };
  }
  return { version: await installedVersion("@jax-js/jax"), make };
}

await run("jax-js", load);
