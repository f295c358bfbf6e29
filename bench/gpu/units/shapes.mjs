// The shapes of the kernel that are tried on a device.
import { derived } from "./shader.mjs";

/** The size of a subgroup that the kernel is written for. */
export const SUBGROUP = 32;

/** The matrices of NVIDIA's cards. */
export const CARD_CONFIGS = [8, 16].map((N) => ({ componentType: "u8", resultComponentType: "u32", M: 16, N, K: 32 }));

/** The 100 examples of a sequence take 112 positions. */
const POSITIONS = 112;

/** Tells whether the kernel can use matrices of a size: whole vectors of 16 bytes in a row, of 4 sums in a column. */
export function usable({ componentType, resultComponentType, M, N, K }) {
  const types = componentType === "u8" && resultComponentType === "u32";
  return types && M % 4 === 0 && POSITIONS % N === 0 && K % 16 === 0 && K <= 64;
}

/**
 * Returns the shapes for matrices of one size that fit into the limits.
 *
 * @param subgroup invocations of a subgroup
 */
export function shapesOf({ M: m, N: n, K: k }, subgroup, limits) {
  const shape = (rows, rowMatrices, positionWarps, depth, buffers, skip = true) => {
    const [rowWarps, positionMatrices] = [rows / m / rowMatrices, POSITIONS / n / positionWarps];
    return { subgroup, m, n, k, rowMatrices, positionMatrices, rowWarps, positionWarps, depth, buffers, skip };
  };
  const shapes = [
    // 8 or 14 subgroups with half of the positions each, if matrices are narrow enough.
    shape(64, 1, 2, 4, 1),
    shape(64, 1, 2, 4, 2),
    shape(64, 1, 2, 4, 1, false),
    shape(112, 1, 2, 4, 1),
    shape(112, 1, 2, 2, 2),
    shape(32, 1, 2, 4, 1),
    shape(32, 1, 2, 4, 2),
    shape(64, 2, 2, 4, 1),
    // Subgroups with all positions.
    shape(64, 1, 1, 2, 1),
    shape(64, 1, 1, 2, 2),
    shape(112, 1, 1, 2, 2),
  ];
  return shapes.filter((each) => {
    const { storage, threads } = derived(each);
    const whole = ["rowWarps", "positionMatrices"].every((name) => Number.isInteger(each[name]));
    return (
      whole &&
      (each.depth * 16) % k === 0 &&
      storage <= limits.maxComputeWorkgroupStorageSize &&
      threads <= Math.min(limits.maxComputeInvocationsPerWorkgroup, limits.maxComputeWorkgroupSizeX)
    );
  });
}

export function nameOf(shape) {
  const { m, n, k, rowMatrices, rowWarps, positionWarps, depth, buffers, skip } = shape;
  const tile = `${m}x${n}x${k}: ${m * rowMatrices * rowWarps} rows, ${rowWarps}x${positionWarps} subgroups`;
  return `${tile}, ${16 * depth} columns${buffers > 1 ? ", two buffers" : ""}${skip ? "" : ", all blocks"}`;
}
