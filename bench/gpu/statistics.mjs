// Times the two shaders of the statistics kernel. See src/backend/webgpu/kernels/statistics.ts.
import { median } from "../median.mjs";
import { poison, readBack } from "./device.mjs";
import { hash } from "./reference.mjs";
import { assemble } from "./shaders.mjs";
import { timeRounds } from "./stages.mjs";

const WIDTH = 784;
const TURN = 128;
const MAX_CHUNKS = 128;
const CHECKED = 5;

/** Returns the milliseconds of both passes for `rows` rows of 784 float32 values. Checks the result. */
export async function measureStatistics(bench, rows, rounds) {
  const values = Float32Array.from({ length: rows * WIDTH }, (_, i) => hash(i) / 2 ** 32);
  const chunk = Math.ceil(rows / (TURN * MAX_CHUNKS)) * TURN;
  const count = Math.ceil(rows / chunk);
  const columns = Math.ceil(WIDTH / 32);
  const table = storage(bench, values.byteLength, values);
  const chunks = storage(bench, count * WIDTH * 12);
  const results = storage(bench, WIDTH * 8);
  const moments = await prepare(bench, "moments", [rows, WIDTH, WIDTH, chunk, 0], [table, chunks], [columns, count, 1]);
  const finish = await prepare(bench, "statistics", [WIDTH, count, 0], [chunks, results], [columns, 1, 1]);
  const first = median(await timeRounds(bench, moments, rounds));
  const second = median(await timeRounds(bench, finish, rounds));
  check(values, rows, new Float32Array(await readBack(bench.device, results, 0, WIDTH * 8)));
  for (const buffer of [table, chunks, results]) buffer.destroy();
  return { milliseconds: first + second, bytes: values.byteLength };
}

function storage({ device }, size, contents) {
  const buffer = device.createBuffer({ label: "bench statistics", size, usage: 0x80 | 4 | 8 });
  if (contents) device.queue.writeBuffer(buffer, 0, contents);
  else poison(device, buffer);
  return buffer;
}

async function prepare({ device }, name, parameters, buffers, grid) {
  const module = device.createShaderModule({ code: assemble(name) });
  const pipeline = await device.createComputePipelineAsync({ label: name, layout: "auto", compute: { module } });
  const uniform = device.createBuffer({ label: "bench parameters", size: 32, usage: 0x40 | 8 });
  device.queue.writeBuffer(uniform, 0, Uint32Array.from(parameters));
  const entries = [uniform, ...buffers].map((buffer, binding) => ({ binding, resource: { buffer } }));
  return {
    pipeline,
    turns: [{ bindGroup: device.createBindGroup({ layout: pipeline.getBindGroupLayout(0), entries }) }],
    grid,
  };
}

/** Computes some columns in double precision. */
function check(values, rows, results) {
  for (let column = 0; column < WIDTH; column += Math.floor(WIDTH / CHECKED)) {
    let [sum, squares] = [0, 0];
    for (let row = 0; row < rows; row++) sum += values[row * WIDTH + column];
    const mean = sum / rows;
    for (let row = 0; row < rows; row++) squares += (values[row * WIDTH + column] - mean) ** 2;
    const expected = [mean, Math.sqrt(squares / rows)];
    expected.forEach((value, i) => {
      const got = results[2 * column + i];
      if (!(Math.abs(got - value) < 1e-5)) throw new Error(`wrong result: statistics of ${column}: ${got}, ${value}`);
    });
  }
}
