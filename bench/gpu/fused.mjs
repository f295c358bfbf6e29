// The fused kernel of the library's dispatches: its variant and the contents of its bindings.
import { TaskAugmentor } from "../../dist/index.js";
import { readBack } from "./device.mjs";
import { assemble } from "./shaders.mjs";

const PASS = "taskloom fused projection";
const CONSTANTS = "DEPTH, GROUPS, IDENTITY, OFFSET, ROW_GROUPS, SKIP";
/** The bindings in order; see shaders/tile-plan.wgsl. */
const BINDINGS = ["plan", "table", "examples", "tiles", "indices", "given", "output", "masks"];
export const PLACES = Object.fromEntries(BINDINGS.map((name, binding) => [name, binding]));
const TILE_WORDS = 5;
const TABLE_WORDS = 768;

/**
 * The sizes of each way to multiply, which has a shader of its own: rows and positions of an invocation, bytes of a
 * key-stream block in workgroup memory for each row and position, and more words for each position.
 */
export const PRODUCTS = {
  packed: { ...sums("tile-packed"), rowBytes: 32, positionBytes: 16, positionWords: 2 },
  wide: { ...sums("tile-wide"), rowBytes: 64, positionBytes: 16, positionWords: 1 },
};

function sums(shader) {
  const text = assemble(shader);
  const constant = (name) => Number(new RegExp(`const ${name} = (\\d+)u;`).exec(text)[1]);
  return { rows: constant("ROWS_EACH"), positions: constant("POSITIONS_EACH") };
}

/**
 * Makes `tasks` tasks with the library and passes the dispatch to `work` while its buffers exist.
 *
 * @throws Error if the kernel is no longer the one that this benchmark knows
 */
export async function withFused({ device, recorder }, dataset, options, tasks, work) {
  const augmentor = new TaskAugmentor({ seed: 42, taskCount: tasks, ...options, backend: device });
  recorder.listening = true;
  try {
    for await (const batch of augmentor.gpuBatches(dataset, { stop: tasks, batchSize: tasks })) {
      recorder.listening = false;
      const result = await work(await settingOf(device, recorder, dataset), batch);
      batch.destroy();
      return result;
    }
  } finally {
    recorder.listening = false;
    recorder.dispatches.clear();
    augmentor.dispose();
  }
}

async function settingOf(device, recorder, dataset) {
  const dispatch = recorder.dispatches.get(PASS);
  if (!dispatch) throw new Error(`the library has no pass "${PASS}"; seen: ${[...recorder.dispatches.keys()]}`);
  const { pipeline, resources } = dispatch;
  const shape = shapeOf(recorder.pipelines.get(pipeline));
  if (resources.length !== BINDINGS.length) {
    throw new Error(
      `bench/gpu knows a fused kernel with ${BINDINGS.length} bindings; the library's has ${resources.length}`,
    );
  }
  const { label } = resources[PLACES.examples].buffer;
  // With another buffer the indices would count examples of the dispatch, not of the dataset.
  if (label !== "taskloom examples")
    throw new Error(`the dataset does not fit one binding: its examples are "${label}"`);
  const bytes = {};
  for (const name of ["plan", "table", "tiles", "indices", "given"]) {
    const { buffer, offset = 0, size = buffer.size } = resources[PLACES[name]];
    bytes[name] = await readBack(device, buffer, offset, size);
  }
  const plan = planOf(bytes.plan);
  const tiles = tilesOf(new Uint32Array(bytes.tiles));
  const positions = tiles.reduce((sum, { count }) => sum + count, 0);
  const used = shape.SKIP > 0 ? usedBlocks(dataset, tiles, new Uint32Array(bytes.indices)) : plan.blocks;
  return { pipeline, resources, shape, bytes, plan, tiles, positions, used };
}

/**
 * Returns the variant of a pipeline, with the sizes that project-tile.wgsl derives from it.
 *
 * @throws Error for an unknown variant: its stages would be measured as those of another one
 */
export function shapeOf({ label, constants, code }) {
  const product = label.replace(/^taskloom project-/, "");
  const packed = /\bdot4U8Packed\(/.test(code);
  const seen = {
    product,
    constants: Object.keys(constants).sort().join(", "),
    "dot products": packed ? "packed" : "plain",
  };
  const known = {
    product: product in PRODUCTS ? product : Object.keys(PRODUCTS).join(" or "),
    constants: CONSTANTS,
    "dot products": product === "packed" ? "packed" : "plain",
  };
  for (const [what, value] of Object.entries(known)) {
    if (seen[what] !== value) {
      throw new Error(
        `bench/gpu knows a fused kernel with ${what} ${value}; the library's "${label}" has ${seen[what]}`,
      );
    }
  }
  return { product, ...constants, ...derived(product, constants) };
}

function derived(product, { GROUPS, ROW_GROUPS, DEPTH, SKIP }) {
  const { rows, positions, rowBytes, positionBytes, positionWords } = PRODUCTS[product];
  const [ROWS, POSITIONS] = [rows * ROW_GROUPS, positions * GROUPS];
  const each = Array(positionWords).fill(POSITIONS);
  const arrays = [TABLE_WORDS, ...each, ROWS, SKIP + 1, 1, Math.floor(SKIP / 32) + 1];
  // Each array begins at a multiple of 16 bytes.
  const small = arrays.reduce((sum, words) => sum + 16 * Math.ceil(words / 4), 0);
  const storage = small + DEPTH * (ROWS * rowBytes + POSITIONS * positionBytes);
  return { ROWS, POSITIONS, THREADS: GROUPS * ROW_GROUPS, storage };
}

function planOf(bytes) {
  const [low, high, columns, blocks, rows, width, cells, rowBlocks] = new Uint32Array(bytes);
  const [scale] = new Float32Array(bytes, 36, 1);
  return { seed: [low, high], columns, blocks, rows, width, cells, rowBlocks, scale };
}

function tilesOf(words) {
  return Array.from({ length: words.length / TILE_WORDS }, (_, i) => {
    const [task, identity, first, count, output] = words.subarray(TILE_WORDS * i, TILE_WORDS * (i + 1));
    return { task, identity, first, count, output };
  });
}

/** Cuts the same positions into tiles of at most `size`; returns their bytes. */
export function tilesOfSize(tiles, size) {
  const runs = [];
  for (const tile of tiles) {
    const last = runs.at(-1);
    if (last?.task === tile.task && last.identity === tile.identity && last.first + last.count === tile.first) {
      last.count += tile.count;
    } else {
      runs.push({ ...tile });
    }
  }
  const words = [];
  for (const { task, identity, first, count, output } of runs) {
    for (let done = 0; done < count; done += size) {
      words.push(task, identity, first + done, Math.min(size, count - done), output + done);
    }
  }
  return Uint32Array.from(words);
}

/** Returns the average number of blocks of a tile that are nonzero in some of its examples. */
function usedBlocks({ images, features }, tiles, indices) {
  let used = 0;
  for (const { first, count } of tiles) {
    const examples = indices.subarray(first, first + count);
    for (let block = 0; block < features; block += 16) {
      const end = Math.min(block + 16, features);
      if (examples.some((i) => images.subarray(i * features + block, i * features + end).some((x) => x > 0))) used++;
    }
  }
  return used / tiles.length;
}
