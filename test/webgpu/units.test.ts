import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { create } from "webgpu";
import { checkCases } from "../../bench/gpu/units/cases.mjs";
import { shaderModule } from "../../bench/gpu/units/kernel.mjs";
import { shapesOf, usable } from "../../bench/gpu/units/shapes.mjs";
import { normalTable } from "../../scripts/make-normal-table.mjs";
import { dawn } from "./dawn.js";

const host = dawn(); // @module-tag webgpu
/** As NVIDIA's cards have them. */
const configs = [8, 16].map((N) => ({ componentType: "u8", resultComponentType: "u32", M: 16, N, K: 32 }));
const limits = {
  maxComputeWorkgroupStorageSize: 49152,
  maxComputeInvocationsPerWorkgroup: 1024,
  maxComputeWorkgroupSizeX: 1024,
};

describe("the candidate on matrix units of bench/gpu/units", () => {
  test("is WGSL for every shape that is tried, as Dawn's null device says, which has the feature", async () => {
    const nothing = create(["backend=null", "enable-dawn-features=allow_unsafe_apis"]);
    const adapter = await nothing.requestAdapter();
    const requiredFeatures = ["chromium-experimental-subgroup-matrix", "subgroups"] as GPUFeatureName[];
    const device = await adapter!.requestDevice({ requiredFeatures });
    const shapes = configs.filter(usable).flatMap((config) => shapesOf(config, 32, limits));
    expect(shapes.length).toBeGreaterThan(10);
    for (const shape of shapes) await shaderModule(device, shape, 49);
    const [shape] = shapes;
    await expect(shaderModule(device, { ...shape!, k: 7 }, 49)).rejects.toThrow();
    device.destroy();
  });

  describe("with its matrices in plain WGSL", () => {
    const small = {
      subgroup: 32,
      m: 16,
      n: 8,
      k: 32,
      rowMatrices: 1,
      positionMatrices: 2,
      rowWarps: 1,
      positionWarps: 2,
      depth: 2,
      buffers: 1,
      skip: true,
    };
    let device: GPUDevice;
    beforeAll(async () => {
      const adapter = await host.requestAdapter();
      const { maxComputeWorkgroupStorageSize } = adapter!.limits;
      device = await adapter!.requestDevice({ requiredLimits: { maxComputeWorkgroupStorageSize } });
    });
    afterAll(() => device?.destroy());

    test.each([
      ["narrow matrices, one buffer", small],
      ["wide matrices of several rows, two buffers", { ...small, n: 16, rowMatrices: 2, positionWarps: 1, buffers: 2 }],
      [
        "half as deep matrices, all blocks",
        { ...small, k: 16, depth: 3, positionMatrices: 1, rowWarps: 3, skip: false },
      ],
    ])("has WebAssembly's bits: %s", async (_, shape) => {
      await checkCases(device, shape, normalTable(), true);
    });
  });
});
