import { readFileSync } from "node:fs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { USAGE } from "../../../src/backend/webgpu/device/buffers.js";
import { Gpu } from "../../../src/backend/webgpu/device/device.js";
import { dawn } from "../../webgpu/dawn.js";

const host = dawn(); // @module-tag webgpu

let gpu: Gpu;
beforeAll(async () => {
  gpu = await Gpu.request({ gpu: host, software: true });
});
afterAll(() => gpu?.destroy());

const source = readFileSync(new URL("../../../shaders/wide-integer.wgsl", import.meta.url), "utf8");
const MAIN = `
@group(0) @binding(0) var<storage, read> numbers: array<vec4u>;
@group(0) @binding(1) var<storage, read_write> results: array<vec4u>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  if (id.x < arrayLength(&numbers)) {
    let x = numbers[id.x];
    let product = wide_product(bitcast<i32>(x.z), bitcast<i32>(x.w));
    let sum = wide_sum(Wide(x.x, x.y), product);
    results[id.x] = vec4u(bitcast<u32>(wide_f32(Wide(x.x, x.y))), product.low, product.high, sum.high);
  }
}
`;

/** The float32 nearest to an integer below 2^63, ties to even, by integers alone. */
function nearest(x: bigint): number {
  const size = x < 0n ? -x : x;
  const drop = Math.max(0, size.toString(2).length - 24);
  const unit = 1n << BigInt(drop);
  let kept = size / unit;
  const rest = 2n * (size - kept * unit);
  if (rest > unit || (rest === unit && kept % 2n === 1n)) kept++;
  return Number(kept) * 2 ** drop * (x < 0n ? -1 : 1);
}

test("integers of 64 bits are rounded to f32 once, multiplied and added in two words", async () => {
  const numbers: bigint[] = [0n];
  for (let bits = 0; bits < 63; bits++) {
    // Around powers of two, around the ties between two float32, and far below a tie.
    const one = 1n << BigInt(bits);
    const half = bits > 24 ? one >> 24n : 0n;
    const ulp = 2n * half;
    for (const near of [one, one + half, one + half + ulp, 2n * one - half, one + (one >> 1n)]) {
      for (const less of [-1n, 0n, 1n, half >> 20n]) numbers.push(near + less);
    }
  }
  let state = 1n;
  for (let i = 0; i < 4000; i++) {
    state = (state * 6364136223846793005n + 1442695040888963407n) & (2n ** 64n - 1n);
    numbers.push(state >> BigInt(1 + (i % 63)));
  }
  const all = [...numbers, ...numbers.map((x) => -x)].filter((x) => x > -(2n ** 63n) && x < 2n ** 63n);
  const words = new Uint32Array(4 * all.length);
  all.forEach((x, i) => {
    words[4 * i] = Number(BigInt.asUintN(32, x));
    words[4 * i + 1] = Number(BigInt.asUintN(32, x >> 32n));
    words[4 * i + 2] = Math.imul(i, 2654435761);
    words[4 * i + 3] = (Math.imul(i, 40503) % 65536) * (i % 2 ? 1 : -1);
  });
  const module = gpu.device.createShaderModule({ code: source + MAIN });
  const pipeline = await gpu.device.createComputePipelineAsync({ layout: "auto", compute: { module } });
  const bytes = words.byteLength;
  const given = await gpu.buffer("numbers", bytes, USAGE.STORAGE | USAGE.COPY_DST);
  const out = await gpu.buffer("results", bytes, USAGE.STORAGE | USAGE.COPY_SRC);
  const staging = await gpu.buffer("staging", bytes, USAGE.MAP_READ | USAGE.COPY_DST);
  await gpu.submit("test", (encoder) => {
    gpu.device.queue.writeBuffer(given, 0, words);
    const pass = encoder.beginComputePass();
    pass.setPipeline(pipeline);
    const entries = [given, out].map((buffer, binding) => ({ binding, resource: { buffer } }));
    pass.setBindGroup(0, gpu.device.createBindGroup({ layout: pipeline.getBindGroupLayout(0), entries }));
    pass.dispatchWorkgroups(Math.ceil(all.length / 64));
    pass.end();
    encoder.copyBufferToBuffer(out, 0, staging, 0, bytes);
  });
  await staging.mapAsync(1);
  const results = new Uint32Array(staging.getMappedRange().slice(0));
  const floats = new Float32Array(results.buffer);
  const signed = new Int32Array(words.buffer);
  all.forEach((x, i) => {
    // Object.is tells -0, which no sum is, from 0.
    if (!Object.is(floats[4 * i], nearest(x) + 0)) expect.fail(`${x}: ${floats[4 * i]}, not ${nearest(x)}`);
    const product = BigInt(signed[4 * i + 2] as number) * BigInt(signed[4 * i + 3] as number);
    const made = (BigInt(results[4 * i + 2] as number) << 32n) | BigInt(results[4 * i + 1] as number);
    if (BigInt.asIntN(64, made) !== product) expect.fail(`${i}: ${BigInt.asIntN(64, made)}, not ${product}`);
    const high = Number(BigInt.asUintN(32, (x + product) >> 32n));
    if (results[4 * i + 3] !== high) expect.fail(`${x} + ${product}: ${results[4 * i + 3]}, not ${high}`);
  });
});
