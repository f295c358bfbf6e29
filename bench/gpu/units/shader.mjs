// Writes the text of the candidate kernel for a shape, for matrix units or their emulation: tile.wgsl with its constants, and
// an entry point with unrolled products.
import { readFileSync } from "node:fs";
import { assemble } from "../shaders.mjs";

const read = (name) => readFileSync(new URL(`${name}.wgsl`, import.meta.url), "utf8");

/**
 * Derives the sizes of a shape. `m`, `n`, `k` are the sizes of a matrix; `subgroup` is the number of invocations that share
 * one. A subgroup sums `rowMatrices` x `positionMatrices` matrices for each limb, and a workgroup has `rowWarps` x
 * `positionWarps` subgroups. A step makes `depth` key-stream blocks in one of `buffers`; with two buffers, the blocks of the
 * next step are made between the same barriers as the products of this step. `skip` leaves zero blocks out.
 */
export function derived(shape) {
  const { subgroup, m, n, k, rowMatrices, positionMatrices, rowWarps, positionWarps, depth, buffers } = shape;
  const rows = m * rowMatrices * rowWarps;
  const positions = n * positionMatrices * positionWarps;
  // An odd stride, so that rows begin in different banks.
  const stride = depth + 1 - (depth % 2);
  const vectors = Math.max(buffers * (2 * rows + positions) * stride, 2 * n * positionWarps * (rows / 4 + 1));
  return {
    rows,
    positions,
    stride,
    steps: (depth * 16) / k,
    threads: subgroup * rowWarps * positionWarps,
    /** 32-bit registers of an invocation for sums. */
    sums: (2 * rowMatrices * positionMatrices * m * n) / subgroup,
    /** Bytes of workgroup memory, without the short lists of blocks. */
    storage: 16 * vectors + 4 * (768 + 2 * positions + rows),
  };
}

/**
 * Returns the text of the kernel.
 *
 * @param blocks key-stream blocks of a row
 */
export function shader(shape, blocks, emulated = false) {
  const { enable, types, ...matrices } = emulated ? EMULATED : REAL;
  return [
    enable,
    constants(shape, blocks),
    ...["chacha8", "deviate", "table", "project-limbs", "row-sum", "tile-plan"].map((name) => assemble(name)),
    read("tile"),
    types,
    fill(shape),
    entryPoint(shape, matrices),
  ].join("\n");
}

function constants(shape, blocks) {
  const { rows, positions, stride, threads } = derived(shape);
  const values = {
    M: shape.m,
    N: shape.n,
    K: shape.k,
    POSITION_MATRICES: shape.positionMatrices,
    POSITION_WARPS: shape.positionWarps,
    DEPTH: shape.depth,
    BUFFERS: shape.buffers,
    ROWS: rows,
    POSITIONS: positions,
    STRIDE: stride,
    THREADS: threads,
    SUBGROUP: shape.subgroup,
    BLOCKS: blocks,
  };
  const lines = Object.entries(values).map(([name, value]) => `const ${name} = ${value}u;`);
  return [...lines, `const SKIP = ${shape.skip};`].join("\n");
}

/** Returns the parts of the text that differ between matrix units and their emulation. */
const REAL = {
  enable: "enable chromium_experimental_subgroup_matrix;",
  types: `
alias Left = subgroup_matrix_left<u8, K, M>;
alias Right = subgroup_matrix_right<u8, N, K>;
alias Sums = subgroup_matrix_result<u32, N, M>;`,
  builtin: "@builtin(subgroup_id) warp: u32,",
  names: "",
  left: (at) => `subgroupMatrixLoad<Left, row_major>(&memory, ${at}, STRIDE)`,
  right: (at) => `subgroupMatrixLoad<Right, col_major>(&memory, ${at}, STRIDE)`,
  multiply: (left, right, sums) => `subgroupMatrixMultiplyAccumulate(${left}, ${right}, ${sums})`,
  store: (at, sums) => `subgroupMatrixStore<col_major>(&memory, ${at}, ${sums}, COLUMN)`,
};
const EMULATED = {
  enable: "",
  types: read("emulation"),
  builtin: "",
  names: "let warp = index / SUBGROUP;\n  let lane = index % SUBGROUP;",
  left: (at) => `emulated_left(${at}, lane)`,
  right: (at) => `emulated_right(${at}, lane)`,
  multiply: (left, right, sums) => `emulated_multiply(${left}, ${right}, ${sums})`,
  store: (at, sums) => `emulated_store(${at}, ${sums}, lane)`,
};

/** Makes a step: the listed blocks from `first` on. It loads pixels first and stores them last, to hide the latency. */
function fill(shape) {
  const { positions, threads } = derived(shape);
  const vectors = range(Math.ceil((shape.depth * positions) / threads));
  return `
fn fill(index: u32, tile: Tile, first_row: u32, first: u32, blocks: u32, buffer: u32) {
${lines(vectors.map((i) => `  let x${i} = read_pixels(index + ${i}u * THREADS, tile.count, first, blocks);`))}
  make_deviates(index, tile, first_row, first, blocks, buffer);
${lines(vectors.map((i) => `  keep_pixels(index + ${i}u * THREADS, buffer, x${i});`))}
}`;
}

function entryPoint(shape, matrices) {
  return `
@compute @workgroup_size(THREADS)
fn main(
  ${matrices.builtin}
  @builtin(local_invocation_index) index: u32,
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) workgroups: vec3u,
) {
  ${matrices.names}
  let number = workgroup.y * workgroups.x + workgroup.x;
  if (number >= arrayLength(&tiles) * plan.row_blocks) {
    return;
  }
  let tile = tiles[number / plan.row_blocks];
  let turn = number % plan.row_blocks;
  let first_row = turn * ROWS;
  // The remainders let Dawn prove that every matrix is in bounds, so that it leaves its checks out.
  let row_warp = warp / POSITION_WARPS % ${shape.rowWarps}u;
  let position_warp = warp % POSITION_WARPS;
  let warp_rows = row_warp * ${shape.rowMatrices * shape.m}u;
  let warp_positions = position_warp * ${shape.positionMatrices * shape.n}u;
  prepare(index, tile);
  let blocks = workgroupUniformLoad(&listed);
${lines(sumNames(shape).map((name) => `  var ${name} = Sums();`))}
${shape.buffers === 1 ? oneBuffer(shape, matrices) : twoBuffers(shape, matrices)}
${lines(range(shape.positionMatrices).map((p) => storeTurn(shape, matrices, p)))}
  put_one_hots(index, tile, turn);
}
`;
}

function oneBuffer(shape, matrices) {
  return `
  for (var first = 0u; first < blocks; first += DEPTH) {
    fill(index, tile, first_row, first, blocks, 0u);
    workgroupBarrier();
    let buffer = 0u;
${multiply(shape, matrices)}
    workgroupBarrier();
  }`;
}

/** Places the products before the making of the next step, which hides their latency. */
function twoBuffers(shape, matrices) {
  return `
  fill(index, tile, first_row, 0u, blocks, 0u);
  workgroupBarrier();
  for (var first = 0u; first < blocks; first += DEPTH) {
    let buffer = first / DEPTH % 2u * BUFFER;
${multiply(shape, matrices)}
    if (first + DEPTH < blocks) {
      fill(index, tile, first_row, first + DEPTH, blocks, BUFFER - buffer);
    }
    workgroupBarrier();
  }`;
}

/** Multiplies a step: each matrix of pixels serves all rows and both limbs of the subgroup. */
function multiply(shape, matrices) {
  const { rowMatrices, positionMatrices, m, n, k } = shape;
  const text = [];
  for (const s of range(derived(shape).steps)) {
    const column = (s * k) / 16;
    for (const r of range(rowMatrices)) {
      const at = `buffer + (warp_rows + ${r * m}u) * STRIDE + ${column}u`;
      text.push(`    let high${s}_${r} = ${matrices.left(`HIGH + ${at}`)};`);
      text.push(`    let low${s}_${r} = ${matrices.left(`LOW + ${at}`)};`);
    }
    for (const p of range(positionMatrices)) {
      const at = `PIXELS + buffer + (warp_positions + ${p * n}u) * STRIDE + ${column}u`;
      text.push(`    let pixels${s}_${p} = ${matrices.right(at)};`);
      for (const r of range(rowMatrices)) {
        for (const limb of ["high", "low"]) {
          const sums = sumName(limb, r, p);
          text.push(`    ${sums} = ${matrices.multiply(`${limb}${s}_${r}`, `pixels${s}_${p}`, sums)};`);
        }
      }
    }
  }
  return lines(text);
}

/** Stores one matrix of positions of each subgroup's sums, and writes their values. */
function storeTurn(shape, matrices, p) {
  const text = [];
  for (const r of range(shape.rowMatrices)) {
    const at = `position_warp * N * COLUMN + (warp_rows + ${r * shape.m}u) / 4u`;
    text.push(`  ${matrices.store(at, sumName("high", r, p))};`);
    text.push(`  ${matrices.store(`LOW_SUMS + ${at}`, sumName("low", r, p))};`);
  }
  return lines([
    ...text,
    "  workgroupBarrier();",
    `  write_sums(index, tile, first_row, ${p}u);`,
    "  workgroupBarrier();",
  ]);
}

function sumNames({ rowMatrices, positionMatrices }) {
  return range(positionMatrices).flatMap((p) =>
    range(rowMatrices).flatMap((r) => [sumName("high", r, p), sumName("low", r, p)]),
  );
}

const sumName = (limb, r, p) => `${limb}_sums${r}_${p}`;
const range = (count) => Array.from({ length: count }, (_, i) => i);
const lines = (text) => text.join("\n");
