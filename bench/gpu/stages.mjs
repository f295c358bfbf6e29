// Times the stages of the fused kernel alone, over all key-stream blocks: see stages.wgsl.
import { median } from "../median.mjs";
import { poison, readBack } from "./device.mjs";
import { PLACES, PRODUCTS } from "./fused.mjs";
import { chacha8, deviate, dot4, hash } from "./reference.mjs";
import { assemble } from "./shaders.mjs";

const STORAGE = 0x80;
const COPY_SRC = 4;
const COPY_DST = 8;
/** The number of outputs that are written in turn, so that no cache holds the lines of the last round. */
export const OUTPUTS = 3;
/** The bindings of the fused kernel that each entry point uses, besides its output. */
const BINDINGS = {
  words: ["plan", "tiles"],
  deviates: ["plan", "table", "tiles"],
  making: ["plan", "table", "tiles"],
  multiply: ["plan", "tiles"],
  epilogue: ["plan", "tiles", "given"],
};
/** `left` of stages.wgsl. */
const LEFT = 8;

/** Returns the milliseconds of each stage for `length` positions. Checks the outputs. `setting` comes from `withFused`. */
export async function measureStages(bench, setting, length, rounds) {
  const results = {};
  for (const entry of Object.keys(BINDINGS)) {
    bench.onStep?.(`stage: ${entry}`);
    const stage = await prepare(bench, setting, entry);
    const times = await timeRounds(bench, stage, rounds);
    for (const { output } of stage.turns) {
      CHECKS[entry](setting, await readBack(bench.device, output, 0, output.size));
      output.destroy();
    }
    results[entry] = (median(times) / setting.positions) * length;
  }
  return results;
}

async function prepare({ device, limits }, { shape, resources, plan, tiles }, entry) {
  const { product, GROUPS, ROW_GROUPS, DEPTH, THREADS, IDENTITY, OFFSET } = shape;
  const module = device.createShaderModule({ code: assemble(`stages-${product}`) });
  const constants = { GROUPS, ROW_GROUPS, DEPTH, IDENTITY, OFFSET, SKIP: 0 };
  const compute = { module, entryPoint: `${entry}_stage`, constants };
  const pipeline = await device.createComputePipelineAsync({ label: `bench ${entry}`, layout: "auto", compute });
  const inputs = BINDINGS[entry].map((name) => ({ binding: PLACES[name], resource: resources[PLACES[name]] }));
  const workgroups = tiles.length * plan.rowBlocks;
  const size = 4 * (entry === "epilogue" ? outputEnd(tiles) * plan.width : workgroups * THREADS);
  const turns = Array.from({ length: OUTPUTS }, () => {
    const output = device.createBuffer({ label: "bench output", size, usage: STORAGE | COPY_SRC | COPY_DST });
    poison(device, output);
    const entries = [...inputs, { binding: entry === "epilogue" ? PLACES.output : LEFT, resource: { buffer: output } }];
    return { output, bindGroup: device.createBindGroup({ layout: pipeline.getBindGroupLayout(0), entries }) };
  });
  return { pipeline, turns, grid: gridOf(workgroups, limits) };
}

/** Returns the output position after the last one of some tiles. */
export function outputEnd(tiles) {
  return Math.max(...tiles.map(({ output, count }) => output + count));
}

/** Splits a number of workgroups into two dimensions. */
export function gridOf(workgroups, { maxComputeWorkgroupsPerDimension }) {
  const x = Math.min(workgroups, maxComputeWorkgroupsPerDimension);
  return [x, Math.ceil(workgroups / x)];
}

/** Returns the milliseconds of each round. Every output is written at least once. */
export async function timeRounds(bench, { pipeline, turns, grid }, rounds) {
  const times = [];
  for (let round = -OUTPUTS; round < rounds; round++) {
    const { bindGroup } = turns[(round + OUTPUTS) % turns.length];
    const time = await timeOnce(bench, { pipeline, bindGroup, grid });
    if (round >= 0) times.push(time);
  }
  return times;
}

/** Returns the milliseconds of one dispatch. */
export async function timeOnce({ device, clock }, { pipeline, bindGroup, grid }) {
  const timestampWrites = clock?.next();
  const encoder = device.createCommandEncoder();
  const pass = encoder.beginComputePass(timestampWrites ? { timestampWrites } : {});
  pass.setPipeline(pipeline);
  pass.setBindGroup(0, bindGroup);
  pass.dispatchWorkgroups(...grid);
  pass.end();
  const start = performance.now();
  device.queue.submit([encoder.finish()]);
  await device.queue.onSubmittedWorkDone();
  const host = performance.now() - start;
  const [gpu = host] = clock ? await clock.read() : [];
  return gpu;
}

/** Checks the output of the last tile, or of its last workgroup. */
const CHECKS = {
  words({ plan, tiles, shape }, bytes) {
    let sum = 0;
    for (let i = 0; i < plan.rows * plan.blocks; i++) {
      for (const word of chacha8(plan.seed, tiles.at(-1).task, i)) sum ^= word;
    }
    sameWord("words", foldTile(bytes, plan, shape), sum);
  },

  deviates({ plan, tiles, shape, bytes: { table } }, bytes) {
    const number = tiles.length * plan.rowBlocks - 1;
    const sums = new Uint32Array(bytes, 4 * number * shape.THREADS);
    for (let index = 0; index < shape.THREADS; index++) {
      sameWord(
        `deviates of invocation ${index}`,
        sums[index],
        deviatesOf(new Uint32Array(table), plan, shape, index, number),
      );
    }
  },

  making({ plan, tiles, shape, bytes: { table } }, bytes) {
    const deviates = new Uint32Array(table);
    let sum = 0;
    for (let i = 0; i < plan.rows * plan.blocks; i++) {
      for (const [column, word] of chacha8(plan.seed, tiles.at(-1).task, i).entries()) {
        sum ^= MULTIPLIED[shape.product].kept(deviate(deviates, word), column);
      }
    }
    sameWord("making of tiles", foldTile(bytes, plan, shape), sum);
  },

  multiply({ plan, tiles, shape }, bytes) {
    const number = tiles.length * plan.rowBlocks - 1;
    const sums = new Uint32Array(bytes, 4 * number * shape.THREADS);
    const expected = productsOf(plan, shape, number);
    for (const [index, sum] of expected.entries()) sameWord(`products of invocation ${index}`, sums[index], sum);
  },

  epilogue({ plan, tiles, bytes: { given } }, bytes) {
    const { first, count, output } = tiles.at(-1);
    const labels = new Uint32Array(given);
    for (let position = 0; position < count; position++) {
      const values = new Float32Array(bytes, 4 * (output + position) * plan.width, plan.width);
      for (let row = 0; row < plan.rows; row++) {
        const lane = row % 4;
        const sum = hash(4 * ((output + position) * plan.rows + row - lane) + lane) | 0;
        same(`value ${row} of position ${position}`, values[row], Math.fround(Math.fround(sum) * plan.scale));
      }
      for (let label = 0; label < plan.cells; label++) {
        const hot = labels[first + position] === label ? 1 : 0;
        same(`one-hot ${label} of position ${position}`, values[plan.rows + label], hot);
      }
    }
  },
};

/** Compares numbers. `sameWord` compares words, with any sign that JavaScript gives them. */
function same(what, got, expected) {
  if (got !== expected) throw new Error(`wrong result: ${what} is ${got}, should be ${expected}`);
}

function sameWord(what, got, expected) {
  same(what, got >>> 0, expected >>> 0);
}

/** Returns the words of all invocations of the last tile. */
function foldTile(bytes, { rowBlocks }, { THREADS }) {
  const count = rowBlocks * THREADS;
  return new Uint32Array(bytes, bytes.byteLength - 4 * count, count).reduce((sum, word) => sum ^ word, 0);
}

/** `deviates` of stages.wgsl for an invocation. */
function deviatesOf(table, plan, { ROWS, DEPTH, THREADS }, index, number) {
  const firstRow = (number % plan.rowBlocks) * ROWS;
  const word = [0, 1, 2, 3].map((lane) => hash(4 * (number * THREADS + index) + lane));
  let sum = 0;
  for (let block = 0; block < plan.blocks; block += DEPTH) {
    for (let unit = index; unit < DEPTH * ROWS; unit += THREADS) {
      if (firstRow + (unit % ROWS) >= plan.rows || block + Math.floor(unit / ROWS) >= plan.blocks) continue;
      for (let i = 0; i < 16; i++) {
        sum ^= deviate(table, word[i % 4]);
        word[i % 4] = (Math.imul(word[i % 4], 747796405) + 2891336453) >>> 0;
      }
    }
  }
  return sum;
}

/** `multiply_stage` of stages.wgsl for the invocations of a workgroup. */
function productsOf({ blocks }, shape, number) {
  const { product, GROUPS, DEPTH, POSITIONS, THREADS } = shape;
  const { rows, positions } = PRODUCTS[product];
  const { fill, change, add } = MULTIPLIED[product];
  const tile = fill(shape, number);
  const sums = new Uint32Array(shape.ROWS * POSITIONS);
  for (let block = 0; block < blocks; block += DEPTH) {
    change(tile, shape, block);
    add(sums, tile, shape);
  }
  return Uint32Array.from({ length: THREADS }, (_, index) => {
    const [x, y] = [index % GROUPS, Math.floor(index / GROUPS)];
    let sum = 0;
    for (let k = 0; k < positions; k++) {
      for (let r = 0; r < rows; r++) sum ^= sums[(rows * y + r) * POSITIONS + x + k * GROUPS];
    }
    return sum;
  });
}

const hashes = (vectors, from) => Uint32Array.from({ length: 4 * vectors }, (_, i) => hash(4 * from + i));

/** `kept_deviates`, `fill_tile` and `change_pixels` of stages-*.wgsl, and `multiply` of tile-*.wgsl. */
const MULTIPLIED = {
  packed: {
    kept(value, column) {
      const u = value + 32768;
      return ((u >> 8) ^ (u & 255)) << (8 * (column % 4));
    },
    fill: ({ DEPTH, ROWS, POSITIONS }, number) => ({
      high: hashes(DEPTH * ROWS, number),
      low: hashes(DEPTH * ROWS, number + DEPTH * ROWS),
      pixels: hashes(DEPTH * POSITIONS, number + 2 * DEPTH * ROWS),
    }),
    change({ pixels }, { THREADS, DEPTH, POSITIONS }, block) {
      for (let i = 0; i < Math.min(THREADS, DEPTH * POSITIONS); i++) {
        const [x, y, z, w] = pixels.slice(4 * i, 4 * i + 4);
        pixels.set([y ^ block, z ^ block, w ^ block, x ^ block], 4 * i);
      }
    },
    add(sums, { high, low, pixels }, { DEPTH, ROWS, POSITIONS }) {
      for (let d = 0; d < DEPTH; d++) {
        for (let row = 0; row < ROWS; row++) {
          for (let position = 0; position < POSITIONS; position++) {
            const [r, p] = [4 * (d * ROWS + row), 4 * (d * POSITIONS + position)];
            let [ofHigh, ofLow] = [0, 0];
            for (let i = 0; i < 4; i++) {
              ofHigh += dot4(high[r + i], pixels[p + i]);
              ofLow += dot4(low[r + i], pixels[p + i]);
            }
            sums[row * POSITIONS + position] += (ofHigh << 8) + ofLow;
          }
        }
      }
    },
  },
  wide: {
    kept: (value) => value,
    fill: ({ DEPTH, ROWS, POSITIONS }, number) => ({
      deviates: Int32Array.from(hashes(4 * DEPTH * ROWS, number), (word) => (word | 0) >> 16),
      pixels: Uint32Array.from({ length: 4 * DEPTH * POSITIONS }, (_, i) => hash(4 * (number + i + 4 * DEPTH * ROWS))),
    }),
    change({ pixels }, { THREADS, DEPTH, POSITIONS }, block) {
      for (let i = 0; i < Math.min(THREADS, 4 * DEPTH * POSITIONS); i++) {
        pixels[i] = ((pixels[i] << 8) | (pixels[i] >>> 24)) ^ block;
      }
    },
    add(sums, { deviates, pixels }, { DEPTH, ROWS, POSITIONS }) {
      for (let q = 0; q < 4 * DEPTH; q++) {
        for (let row = 0; row < ROWS; row++) {
          const r = 4 * (q * ROWS + row);
          for (let position = 0; position < POSITIONS; position++) {
            const x = pixels[q * POSITIONS + position];
            let sum = 0;
            // A sum of four products of 16 by 8 bits, which doubles hold exactly.
            for (let lane = 0; lane < 4; lane++) sum += deviates[r + lane] * ((x >>> (8 * lane)) & 255);
            sums[row * POSITIONS + position] += sum;
          }
        }
      }
    },
  },
};
