// Times variants of the fused kernel on the same tasks: the candidates of the library's tuning, and the chosen one without
// skipping blocks. They take turns. The output of each is compared with the library's, bit for bit.
import { median } from "../median.mjs";
import { poison, readBack } from "./device.mjs";
import { PLACES, shapeOf, tilesOfSize, withFused } from "./fused.mjs";
import { gridOf, OUTPUTS, outputEnd, timeOnce } from "./stages.mjs";

const USAGE = { COPY_SRC: 4, COPY_DST: 8, UNIFORM: 0x40, STORAGE: 0x80 };
/** The word of `row_blocks` in the plan. */
const ROW_BLOCKS = 28;

/** @returns the shape of each variant, a flag for the chosen one, and the milliseconds for `length` positions */
export async function measureVariants(bench, dataset, tasks, length) {
  const { tuned, turns } = bench.sizes;
  return withFused(bench, dataset, { taskCount: Math.max(tuned, tasks), tune: true }, tasks, async (setting, batch) => {
    const variants = await variantsOf(bench, setting);
    const outputs = Array.from({ length: OUTPUTS }, () => makeOutput(bench, setting));
    const expected = await library(bench, setting, batch);
    const kernels = [];
    for (const variant of variants) {
      bench.onStep?.(`variant: ${variantName(variant.shape)}`);
      const kernel = prepare(bench, setting, variant, outputs);
      await check(bench, variant, kernel, outputs[0], expected);
      kernels.push(kernel);
    }
    const times = await takeTurns(bench, kernels, turns);
    for (const buffer of [...outputs, ...kernels.flatMap(({ own }) => own)]) buffer.destroy();
    return {
      tasks: setting.positions / length,
      used: setting.used,
      blocks: setting.plan.blocks,
      variants: variants.map(({ shape, chosen }, i) => {
        return { shape, chosen, milliseconds: (median(times[i]) / setting.positions) * length };
      }),
    };
  });
}

/** Returns the variants that the library compiled for this problem, and the chosen one with all blocks. */
async function variantsOf({ device, recorder }, { pipeline, shape }) {
  const found = new Map();
  for (const [made, descriptor] of recorder.pipelines) {
    if (!/^taskloom project-(packed|wide)$/.test(descriptor.label)) continue;
    const other = shapeOf(descriptor);
    const same = ["SKIP", "IDENTITY", "OFFSET"].every((name) => other[name] === shape[name]);
    // Every augmentor compiles its own pipelines.
    if (same) found.set(variantName(other), { pipeline: made, shape: other, chosen: false });
  }
  found.set(variantName(shape), { pipeline, shape, chosen: true });
  const variants = [...found.values()];
  if (shape.SKIP > 0) {
    const { label, constants, code } = recorder.pipelines.get(pipeline);
    const all = { ...constants, SKIP: 0 };
    const module = device.createShaderModule({ code });
    const compute = { module, constants: all };
    const without = await device.createComputePipelineAsync({ label: "bench all blocks", layout: "auto", compute });
    variants.push({ pipeline: without, shape: shapeOf({ label, constants: all, code }), chosen: false });
  }
  return variants;
}

function makeOutput({ device }, { tiles, plan }) {
  const size = 4 * outputEnd(tiles) * plan.width;
  return device.createBuffer({ label: "bench output", size, usage: USAGE.STORAGE | USAGE.COPY_SRC | USAGE.COPY_DST });
}

/** Returns the results of the library's kernel for the measured positions, which may be the last of a batch. */
async function library({ device }, { tiles, plan }, { inputs }) {
  const [first, end] = [Math.min(...tiles.map(({ output }) => output)), outputEnd(tiles)];
  const row = 4 * plan.width;
  const bytes = await readBack(device, inputs.buffer, inputs.offset + first * row, (end - first) * row);
  return { at: first * row, words: new Uint32Array(bytes) };
}

/** Returns the library's bindings, except for the plan, the tiles and the output. */
function prepare({ device, limits }, { resources, bytes, plan, tiles }, { pipeline, shape }, outputs) {
  const rowBlocks = Math.ceil(plan.rows / shape.ROWS);
  const planBytes = bytes.plan.slice(0);
  new Uint32Array(planBytes, ROW_BLOCKS, 1)[0] = rowBlocks;
  const words = tilesOfSize(tiles, shape.POSITIONS);
  const own = [upload(device, "plan", planBytes, USAGE.UNIFORM), upload(device, "tiles", words, USAGE.STORAGE)];
  const bindGroups = outputs.map((output) => {
    const entries = resources.map((resource, binding) => ({ binding, resource }));
    entries[PLACES.plan].resource = { buffer: own[0] };
    entries[PLACES.tiles].resource = { buffer: own[1] };
    entries[PLACES.output].resource = { buffer: output };
    return device.createBindGroup({ layout: pipeline.getBindGroupLayout(0), entries });
  });
  const workgroups = (words.byteLength / 20) * rowBlocks;
  return { pipeline, bindGroups, grid: gridOf(workgroups, limits), own };
}

function upload(device, label, data, usage) {
  const buffer = device.createBuffer({ label: `bench ${label}`, size: data.byteLength, usage: usage | USAGE.COPY_DST });
  device.queue.writeBuffer(buffer, 0, data);
  return buffer;
}

async function check(bench, { shape }, { pipeline, bindGroups, grid }, output, { at, words }) {
  poison(bench.device, output);
  await timeOnce(bench, { pipeline, bindGroup: bindGroups[0], grid });
  const got = new Uint32Array(await readBack(bench.device, output, at, words.byteLength));
  const wrong = words.findIndex((word, i) => word !== got[i]);
  if (wrong >= 0) throw new Error(`wrong result: ${variantName(shape)}: value ${wrong} is not the library's`);
}

/** Returns the milliseconds of each round, by kernel. */
async function takeTurns(bench, kernels, rounds) {
  const times = kernels.map(() => []);
  for (let round = -1; round < rounds; round++) {
    for (const [i, { pipeline, bindGroups, grid }] of kernels.entries()) {
      const bindGroup = bindGroups[(round + 1) % bindGroups.length];
      const time = await timeOnce(bench, { pipeline, bindGroup, grid });
      if (round >= 0) times[i].push(time);
    }
  }
  return times;
}

export function variantName({ product, GROUPS, ROW_GROUPS, DEPTH, ROWS, POSITIONS }) {
  return `${product}, ${ROWS} rows x ${16 * DEPTH} columns x ${POSITIONS} positions, ${GROUPS}x${ROW_GROUPS} invocations`;
}
