import { expect, test } from "vitest";
import * as bench from "../../../bench/gpu/device.mjs";
import { FEATURES, LIMITS } from "../../../src/backend/webgpu/device/adapter.js";

test("the benchmarks ask for the device that the library asks for", () => {
  expect([...bench.LIMITS]).toEqual([...LIMITS]);
  expect([...bench.FEATURES]).toEqual([...FEATURES]);
});
