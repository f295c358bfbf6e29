// Measures the bytes a millisecond of the kernels of memory.wgsl, and of copies without a shader.
import { readBack } from "../device.mjs";
import { assemble } from "../shaders.mjs";
import { timeRounds } from "../stages.mjs";

const VECTOR = 16;
const INVOCATIONS = 256;
/** The parts of the buffers that are used. The smallest must be larger than any cache. */
const SIZES = [1 / 4, 1 / 2, 1];
const USAGE = { UNIFORM: 0x40, STORAGE: 0x80, COPY_SRC: 4, COPY_DST: 8 };
/** The seed, factor and addend of the uniform. */
const VALUES = [20261, 747796405, 2891336453];

const KERNELS = {
  write: { what: "memory: a shader writes", bindings: ["uniform", "destination"], traffic: 1, check: checkWritten },
  copy: {
    what: "memory: a shader copies, bytes read and written",
    bindings: ["source", "destination"],
    traffic: 2,
    check: checkWritten,
  },
  read: { what: "memory: a shader reads", bindings: ["sums", "source"], traffic: 1, check: checkRead },
};
const TRANSFER = { what: "memory: copyBufferToBuffer, read and written (host clock)", traffic: 2 };
const PLACES = { uniform: 0, sums: 1, source: 2, destination: 3 };

/** Returns rates by name: a description, the unit, and the bytes and milliseconds of each size. */
export async function measureMemory(bench) {
  const { device, limits } = bench;
  const { bytes: wanted, workgroups } = bench.sizes.rates;
  const bytes = Math.min(wanted, limits.maxBufferSize, limits.maxStorageBufferBindingSize);
  const buffers = makeBuffers(device, 2 ** Math.floor(Math.log2(bytes)), workgroups);
  const module = device.createShaderModule({ code: assemble("rates/memory") });
  const results = {};
  // Memory that was never written may be faster to read.
  await fillSource(bench, module, buffers);
  for (const [name, kernel] of Object.entries(KERNELS)) {
    const stage = await prepare(bench, module, `${name}_all`);
    const time = async (bytes) => {
      const turns = [{ bindGroup: bindGroup(device, stage, kernel.bindings, buffers, bytes) }];
      return Math.min(...(await timeRounds(bench, { ...stage, turns }, bench.sizes.rates.rounds)));
    };
    results[name] = await measureSizes(bench, kernel, buffers, time);
  }
  const time = (bytes) => timeTransfer(bench, buffers, bytes);
  results.transfer = await measureSizes(bench, { ...TRANSFER, check: checkWritten }, buffers, time);
  for (const buffer of Object.values(buffers)) buffer.destroy();
  return results;
}

function makeBuffers(device, bytes, workgroups) {
  const usage = USAGE.STORAGE | USAGE.COPY_SRC | USAGE.COPY_DST;
  const make = (label, size, flags) => device.createBuffer({ label: `bench ${label}`, size, usage: flags });
  const uniform = make("rate", 16, USAGE.UNIFORM | USAGE.COPY_DST);
  device.queue.writeBuffer(uniform, 0, Uint32Array.of(0, ...VALUES));
  return {
    uniform,
    sums: make("sums", 4 * INVOCATIONS * workgroups, usage),
    source: make("source", bytes, usage),
    destination: make("destination", bytes, usage),
  };
}

async function fillSource(bench, module, buffers) {
  const stage = await prepare(bench, module, "write_all");
  const { source } = buffers;
  const filled = { ...buffers, destination: source };
  const group = bindGroup(bench.device, stage, KERNELS.write.bindings, filled, source.size);
  await timeRounds(bench, { ...stage, turns: [{ bindGroup: group }] }, 1);
}

async function prepare({ device, sizes }, module, entryPoint) {
  const label = `bench ${entryPoint}`;
  const pipeline = await device.createComputePipelineAsync({ label, layout: "auto", compute: { module, entryPoint } });
  return { pipeline, grid: [sizes.rates.workgroups] };
}

/** Binds the first `bytes` of the large buffers. */
function bindGroup(device, { pipeline }, names, buffers, bytes) {
  const entries = names.map((name) => {
    const buffer = buffers[name];
    return { binding: PLACES[name], resource: { buffer, size: Math.min(bytes, buffer.size) } };
  });
  return device.createBindGroup({ layout: pipeline.getBindGroupLayout(0), entries });
}

/** Measures each size; `time` returns the milliseconds of a number of bytes. */
async function measureSizes(bench, { what, traffic, check }, buffers, time) {
  const { device } = bench;
  bench.onStep?.(what);
  const sizes = [];
  for (const share of SIZES) {
    const size = share * buffers.source.size;
    const encoder = device.createCommandEncoder();
    encoder.clearBuffer(buffers.destination);
    device.queue.submit([encoder.finish()]);
    const milliseconds = await time(size);
    sizes.push({ size, work: traffic * size, milliseconds, perMillisecond: (traffic * size) / milliseconds });
    await check(bench, what, buffers, size);
  }
  return { what, unit: "GB/s", sizes };
}

/** Repeats copies until the latency of the device is negligible, because a copy has no timestamps. */
async function timeTransfer({ device, sizes: { rates } }, { source, destination }, bytes) {
  const time = async (copies) => {
    const encoder = device.createCommandEncoder();
    for (let i = 0; i < copies; i++) encoder.copyBufferToBuffer(source, 0, destination, 0, bytes);
    const start = performance.now();
    device.queue.submit([encoder.finish()]);
    await device.queue.onSubmittedWorkDone();
    return performance.now() - start;
  };
  let copies = 1;
  while ((await time(copies)) < rates.milliseconds) copies *= 2;
  const times = [];
  for (let round = 0; round < rates.rounds; round++) times.push((await time(copies)) / copies);
  return Math.min(...times);
}

/** Returns the four words of vector `i` of `write`. */
function vector(i) {
  return [...VALUES.map((value) => (i ^ value) >>> 0), i];
}

/** Checks the first and the last vector and one between. */
async function checkWritten({ device }, what, { destination }, size) {
  const last = size / VECTOR - 1;
  for (const i of [0, Math.floor(last / 3), last]) {
    const words = new Uint32Array(await readBack(device, destination, i * VECTOR, VECTOR));
    same(`${what}: vector ${i}`, words.join(), vector(i).join());
  }
}

/** Checks the results of the first and the last invocation and of one between. */
async function checkRead({ device, sizes }, what, { sums }, size) {
  const invocations = sizes.rates.workgroups * INVOCATIONS;
  const words = new Uint32Array(await readBack(device, sums, 0, sums.size));
  for (const id of [0, Math.floor(invocations / 3), invocations - 1]) {
    const sum = [0, 0, 0, 0];
    for (let i = id; i < size / VECTOR; i += invocations) {
      for (const [lane, word] of vector(i).entries()) sum[lane] = (sum[lane] + word) | 0;
    }
    same(`${what}: invocation ${id}`, words[id], sum.reduce((a, b) => a ^ b) >>> 0);
  }
}

function same(what, got, expected) {
  if (got !== expected) throw new Error(`wrong result: ${what} is ${got}, not ${expected}`);
}
