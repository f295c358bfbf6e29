// The rates of an adapter, measured by kernels that do one thing each: see rates/*.wgsl. The results of every kernel are
// checked. Sizes grow until a dispatch is long enough; the last three sizes show whether the rate still grows.
import { poison, readBack } from "./device.mjs";
import { ARITHMETIC, WORKGROUP } from "./rates/arithmetic.mjs";
import { measureMemory } from "./rates/memory.mjs";
import { assemble } from "./shaders.mjs";
import { timeRounds } from "./stages.mjs";

const INVOCATIONS = 256;
/** A dispatch may become this many times longer than the target, if the rate still grows. */
const PATIENCE = 4;
/** The number of sizes in the report. */
const SHOWN = 3;
/** The largest accepted difference between the rates of the last two sizes. */
const PLATEAU = 0.1;
const USAGE = { UNIFORM: 0x40, STORAGE: 0x80, COPY_SRC: 4, COPY_DST: 8 };

/**
 * Measures rates by name: operations or bytes a millisecond, the rate of each size, and whether the rates stopped growing.
 * The rate is that of the fastest round of the best size, because a floor must not be too high on a busy machine. For
 * memory it is that of the largest size, which no cache holds.
 */
export async function measureRates(bench) {
  const rates = {};
  for (const [file, kernels] of [
    ["arithmetic", ARITHMETIC],
    ["workgroup", WORKGROUP],
  ]) {
    const module = bench.device.createShaderModule({ code: assemble(`rates/${file}`) });
    for (const [name, kernel] of Object.entries(kernels)) {
      const sizes = await measureKernel(bench, module, name, kernel);
      const best = Math.max(...sizes.map(({ perMillisecond }) => perMillisecond));
      rates[name] = rateOf(kernel, sizes, best);
    }
  }
  for (const [name, { sizes, ...kernel }] of Object.entries(await measureMemory(bench))) {
    rates[name] = rateOf(kernel, sizes, sizes.at(-1).perMillisecond);
  }
  return rates;
}

function rateOf({ what, unit }, sizes, perMillisecond) {
  return { what, unit, perMillisecond, sizes, plateau: isPlateau(sizes) };
}

function isPlateau(sizes) {
  const [before, last] = sizes.slice(-2);
  return sizes.length > 1 && Math.abs(last.perMillisecond / before.perMillisecond - 1) <= PLATEAU;
}

/** Runs dispatches, each with twice as many steps as the last one. Returns their steps, work, milliseconds and rates. */
async function measureKernel(bench, module, name, kernel) {
  const { workgroups, milliseconds, rounds } = bench.sizes.rates;
  const stage = await prepare(bench, module, name, workgroups);
  const sizes = [];
  for (let steps = 1; ; steps *= 2) {
    stage.set(kernel.rate, steps);
    const time = Math.min(...(await timeRounds(bench, stage, rounds)));
    const work = kernel.operations * steps * workgroups * INVOCATIONS;
    sizes.push({ size: steps, work, milliseconds: time, perMillisecond: work / time });
    if (time >= milliseconds && (isPlateau(sizes) || time > PATIENCE * milliseconds)) break;
  }
  await check(bench, stage.sums, name, kernel, sizes.at(-1).size);
  stage.destroy();
  return sizes.slice(-SHOWN);
}

async function prepare({ device }, module, name, workgroups) {
  const pipeline = await device.createComputePipelineAsync({
    label: `bench ${name}`,
    layout: "auto",
    compute: { module, entryPoint: name },
  });
  const uniform = device.createBuffer({ label: "bench rate", size: 16, usage: USAGE.UNIFORM | USAGE.COPY_DST });
  const sums = device.createBuffer({
    label: "bench sums",
    size: 4 * workgroups * INVOCATIONS,
    usage: USAGE.STORAGE | USAGE.COPY_SRC | USAGE.COPY_DST,
  });
  poison(device, sums);
  const entries = [uniform, sums].map((buffer, binding) => ({ binding, resource: { buffer } }));
  const bindGroup = device.createBindGroup({ layout: pipeline.getBindGroupLayout(0), entries });
  return {
    pipeline,
    turns: [{ bindGroup }],
    grid: [workgroups],
    sums,
    set({ seed, factor = 0, addend = 0 }, steps) {
      device.queue.writeBuffer(uniform, 0, Uint32Array.of(steps, seed, factor, addend));
    },
    destroy() {
      uniform.destroy();
      sums.destroy();
    },
  };
}

/** Checks the results of the first and the last invocation and of one between. */
async function check({ device }, sums, name, { rate, expected }, steps) {
  const words = new Uint32Array(await readBack(device, sums, 0, sums.size));
  for (const id of [0, Math.floor(words.length / 3), words.length - 1]) {
    const right = expected(rate, id, steps) >>> 0;
    if (words[id] !== right) {
      throw new Error(`wrong result: ${name} of invocation ${id} after ${steps} steps is ${words[id]}, not ${right}`);
    }
  }
}
