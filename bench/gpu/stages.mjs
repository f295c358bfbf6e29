// The fused kernel's stages alone: see stages.wgsl.
import { median } from "../support.mjs";
import { poison, readBack } from "./device.mjs";
import { chacha8, deviate, dot4, hash } from "./reference.mjs";
import { assemble } from "./shaders.mjs";

const STORAGE = 0x80;
const COPY_SRC = 4;
const COPY_DST = 8;
const UNIFORM = 0x40;
/** Outputs written in turn, so that no round finds the last one's lines in a cache. */
const OUTPUTS = 3;
const PLAN = "taskloom plan";
const TABLE = "taskloom deviates' table";
const TILES = "taskloom tiles";
const GIVEN = "taskloom given labels";
/** Bindings that each entry point uses, besides its output. */
const BINDINGS = {
  words: [PLAN, TILES],
  deviates: [PLAN, TABLE, TILES],
  making: [PLAN, TABLE, TILES],
  multiply: [PLAN, TILES],
  epilogue: [PLAN, TILES, GIVEN],
};
const PLACES = { [PLAN]: 0, [TABLE]: 1, [TILES]: 3, [GIVEN]: 5 };

/** What an invocation of shaders/project-tile.wgsl sums. */
export const ROWS_EACH = 4;
export const POSITIONS_EACH = 10;

/**
 * The fused kernel's shape and the contents of its bindings, as a recorder heard them.
 *
 * @throws Error where the kernel is no longer the one that stages.wgsl takes apart
 */
export function fusedSetting(recorder) {
  const shape = recorder.constants.get("taskloom project");
  const bytes = Object.fromEntries(Object.keys(PLACES).map((label) => [label, recorder.writes.get(label)]));
  const missing = Object.keys(bytes).filter((label) => !bytes[label]);
  if (!shape || missing.length > 0) {
    throw new Error(`the library dispatched no fused kernel as bench/gpu knows it; not seen: ${missing.join(", ")}`);
  }
  checkKnown(recorder, shape);
  const words = new Uint32Array(bytes[PLAN]);
  const [low, high, columns, blocks, rows, width, cells, rowBlocks] = words;
  const [offset] = new Int32Array(bytes[PLAN], 32, 1);
  const [scale] = new Float32Array(bytes[PLAN], 36, 1);
  const plan = { seed: [low, high], columns, blocks, rows, width, cells, rowBlocks, offset, scale };
  return { shape: derived(shape), bytes, plan, tiles: tilesOf(new Uint32Array(bytes[TILES])) };
}

/** Stages of another kernel than the library's would be measured without anybody noticing. */
function checkKnown(recorder, shape) {
  const seen = {
    constants: Object.keys(shape).sort().join(", "),
    bindings: recorder.bindings.get("taskloom fused projection"),
    products: recorder.code.get("taskloom project")?.includes("dot4U8Packed(") ? "packed" : "others",
  };
  const known = { constants: "DEPTH, GROUPS, ROW_GROUPS", bindings: 7, products: "packed" };
  for (const [what, value] of Object.entries(known)) {
    if (seen[what] === value) continue;
    throw new Error(
      `bench/gpu/stages.wgsl is of a fused kernel with ${what} ${value}; the library's has ${seen[what]}`,
    );
  }
}

/** The shape, and what project-tile.wgsl derives of it. */
function derived({ GROUPS, ROW_GROUPS, DEPTH }) {
  const [ROWS, POSITIONS] = [ROWS_EACH * ROW_GROUPS, POSITIONS_EACH * GROUPS];
  return { GROUPS, ROW_GROUPS, DEPTH, ROWS, POSITIONS, THREADS: GROUPS * ROW_GROUPS };
}

function tilesOf(words) {
  return Array.from({ length: words.length / 5 }, (_, i) => {
    const [task, , first, count, output] = words.subarray(5 * i, 5 * i + 5);
    return { task, first, count, output };
  });
}

/** Milliseconds of each stage for a task, outputs checked. */
export async function measureStages(bench, setting, rounds) {
  const results = {};
  for (const entry of Object.keys(BINDINGS)) {
    const stage = await prepare(bench, setting, entry);
    const times = await timeRounds(bench, stage, rounds);
    for (const { output } of stage.turns) {
      CHECKS[entry](setting, await readBack(bench.device, output, 0, output.size));
      output.destroy();
    }
    results[entry] = median(times) / new Set(setting.tiles.map(({ task }) => task)).size;
  }
  return results;
}

async function prepare({ device, limits }, { shape, bytes, plan, tiles }, entry) {
  const { GROUPS, ROW_GROUPS, DEPTH, THREADS } = shape;
  const module = device.createShaderModule({ code: assemble("stages") });
  const constants = { GROUPS, ROW_GROUPS, DEPTH };
  const compute = { module, entryPoint: entry, constants };
  const pipeline = await device.createComputePipelineAsync({ label: `bench ${entry}`, layout: "auto", compute });
  const inputs = BINDINGS[entry].map((label) => {
    const usage = (label === PLAN ? UNIFORM : STORAGE) | COPY_DST;
    const buffer = device.createBuffer({ label: `bench ${label}`, size: bytes[label].byteLength, usage });
    device.queue.writeBuffer(buffer, 0, bytes[label]);
    return { binding: PLACES[label], resource: { buffer } };
  });
  const workgroups = tiles.length * plan.rowBlocks;
  const positions = tiles.reduce((sum, { count }) => sum + count, 0);
  const size = 4 * (entry === "epilogue" ? positions * plan.width : workgroups * THREADS);
  const turns = Array.from({ length: OUTPUTS }, () => {
    const output = device.createBuffer({ label: "bench output", size, usage: STORAGE | COPY_SRC | COPY_DST });
    poison(device, output);
    const entries = [...inputs, { binding: entry === "epilogue" ? 6 : 7, resource: { buffer: output } }];
    return { output, bindGroup: device.createBindGroup({ layout: pipeline.getBindGroupLayout(0), entries }) };
  });
  const x = Math.min(workgroups, limits.maxComputeWorkgroupsPerDimension);
  return { pipeline, turns, grid: [x, Math.ceil(workgroups / x)] };
}

/** Milliseconds of each round; every output is written at least once. */
export async function timeRounds({ device, clock }, { pipeline, turns, grid }, rounds) {
  const times = [];
  for (let round = -OUTPUTS; round < rounds; round++) {
    const { bindGroup } = turns[(round + OUTPUTS) % turns.length];
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
    if (round >= 0) times.push(gpu);
  }
  return times;
}

/** Throws unless an output is right; of the last tile, or of its last workgroup. */
const CHECKS = {
  words({ plan, tiles, shape }, bytes) {
    let sum = 0;
    for (let i = 0; i < plan.rows * plan.blocks; i++) {
      for (const word of chacha8(plan.seed, tiles.at(-1).task, i)) sum ^= word;
    }
    sameWord("words", foldTile(bytes, plan, shape), sum);
  },

  deviates({ plan, tiles, shape, bytes: { [TABLE]: table } }, bytes) {
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

  making({ plan, tiles, shape, bytes: { [TABLE]: table } }, bytes) {
    const deviates = new Uint32Array(table);
    let sum = 0;
    for (let i = 0; i < plan.rows * plan.blocks; i++) {
      for (const [column, word] of chacha8(plan.seed, tiles.at(-1).task, i).entries()) {
        const u = deviate(deviates, word) + 32768;
        sum ^= ((u >> 8) ^ (u & 255)) << (8 * (column % 4));
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

  epilogue({ plan, tiles, bytes: { [GIVEN]: given } }, bytes) {
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

/** Of numbers; of words, whichever sign JavaScript gives them, `sameWord`. */
function same(what, got, expected) {
  if (got !== expected) throw new Error(`wrong result: ${what} is ${got}, should be ${expected}`);
}

function sameWord(what, got, expected) {
  same(what, got >>> 0, expected >>> 0);
}

/** What the invocations of the last tile left, together. */
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

/** `multiply` of stages.wgsl for the invocations of a workgroup. */
function productsOf({ blocks }, { GROUPS, ROW_GROUPS, DEPTH, ROWS, POSITIONS, THREADS }, number) {
  const fill = (vectors, from) => Uint32Array.from({ length: 4 * vectors }, (_, i) => hash(4 * (number + from) + i));
  const high = fill(DEPTH * ROWS, 0);
  const low = fill(DEPTH * ROWS, DEPTH * ROWS);
  const pixels = fill(DEPTH * POSITIONS, 2 * DEPTH * ROWS);
  const sums = new Uint32Array(ROWS * POSITIONS);
  for (let block = 0; block < blocks; block += DEPTH) {
    for (let i = 0; i < Math.min(THREADS, DEPTH * POSITIONS); i++) {
      const [x, y, z, w] = pixels.slice(4 * i, 4 * i + 4);
      pixels.set([y ^ block, z ^ block, w ^ block, x ^ block], 4 * i);
    }
    addProducts(sums, high, low, pixels, { DEPTH, ROWS, POSITIONS });
  }
  return Uint32Array.from({ length: GROUPS * ROW_GROUPS }, (_, index) => {
    const [x, y] = [index % GROUPS, Math.floor(index / GROUPS)];
    let sum = 0;
    for (let k = 0; k < 10; k++) {
      for (let lane = 0; lane < 4; lane++) sum ^= sums[(4 * y + lane) * POSITIONS + x + k * GROUPS];
    }
    return sum;
  });
}

function addProducts(sums, high, low, pixels, { DEPTH, ROWS, POSITIONS }) {
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
}
