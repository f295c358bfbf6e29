// Checks of the candidate that need no matrix units: its text and its arithmetic.
import { checkCases } from "./cases.mjs";
import { shaderModule } from "./kernel.mjs";
import { CARD_CONFIGS, SUBGROUP, shapesOf, usable } from "./shapes.mjs";

/** Limits of NVIDIA's cards. */
const LIMITS = {
  maxComputeWorkgroupStorageSize: 49152,
  maxComputeInvocationsPerWorkgroup: 1024,
  maxComputeWorkgroupSizeX: 1024,
};
/** Key-stream blocks of a row of MNIST. */
const BLOCKS = 49;

const SMALL = {
  ...{ subgroup: SUBGROUP, m: 16, n: 8, k: 32, rowMatrices: 1, positionMatrices: 2 },
  ...{ rowWarps: 1, positionWarps: 2, depth: 2, buffers: 1, skip: true },
};
const EMULATED = {
  "narrow matrices, one buffer": SMALL,
  "wide matrices of several rows, two buffers": { ...SMALL, n: 16, rowMatrices: 2, positionWarps: 1, buffers: 2 },
  "half as deep matrices, all blocks": { ...SMALL, k: 16, depth: 3, positionMatrices: 1, rowWarps: 3, skip: false },
};

/**
 * Checks the candidate and prints what was checked.
 *
 * @param device any device, for the arithmetic in plain WGSL
 * @param feature the name of the draft feature
 * @param table the 768 u32 of the deviates' table
 * @throws Error if a shape does not compile; WrongResult if a value differs from the WebAssembly backend's
 */
export async function selfCheck(device, feature, table) {
  await checkText(feature);
  for (const [name, shape] of Object.entries(EMULATED)) {
    await checkCases(device, shape, table, true);
    console.log(`checked: in plain WGSL, ${name}: the bits of WebAssembly`);
  }
}

/** Compiles every shape on Dawn's null device, which has the feature on every machine. */
async function checkText(feature) {
  if (globalThis.navigator?.gpu) {
    console.log("NOT CHECKED HERE: that every shape compiles; only Dawn in Node has a null device");
    return;
  }
  const { create } = await import("webgpu");
  const host = create(["backend=null", "enable-dawn-features=allow_unsafe_apis"]);
  const adapter = await host.requestAdapter();
  const device = await adapter.requestDevice({ requiredFeatures: [feature, "subgroups"] });
  try {
    const shapes = CARD_CONFIGS.filter(usable).flatMap((config) => shapesOf(config, SUBGROUP, LIMITS));
    if (shapes.length <= 10) throw new Error(`only ${shapes.length} shapes fit a card; there were more than 10`);
    for (const shape of shapes) await shaderModule(device, shape, BLOCKS);
    // The null device must refuse a wrong text, or the check would mean nothing.
    const refused = await shaderModule(device, { ...shapes[0], k: 7 }, BLOCKS).then(
      () => false,
      () => true,
    );
    if (!refused) throw new Error("the null device accepts matrices of an impossible size");
    console.log(`checked: all ${shapes.length} shapes compile`);
  } finally {
    device.destroy();
  }
}
