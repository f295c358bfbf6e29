// Which shapes of the kernel are tried on a device.
import { derived } from "./shader.mjs";

/** The examples of a sequence, 100, in 112 positions. */
const POSITIONS = 112;

/** Sizes of matrices that the kernel can use: whole vectors of 16 bytes in a row, of 4 sums in a column. */
export function usable({ componentType, resultComponentType, M, N, K }) {
  const types = componentType === "u8" && resultComponentType === "u32";
  return types && M % 4 === 0 && POSITIONS % N === 0 && K % 16 === 0 && K <= 64;
}

/** @param subgroup invocations of a subgroup */
export function shapesOf({ M: m, N: n, K: k }, subgroup, limits) {
  const shape = (rows, rowMatrices, positionWarps, depth, buffers, skip = true) => {
    const [rowWarps, positionMatrices] = [rows / m / rowMatrices, POSITIONS / n / positionWarps];
    return { subgroup, m, n, k, rowMatrices, positionMatrices, rowWarps, positionWarps, depth, buffers, skip };
  };
  const shapes = [
    // 8 subgroups, or 14, with half of the positions each, where matrices are narrow enough for that.
    shape(64, 1, 2, 4, 1),
    shape(64, 1, 2, 4, 2),
    shape(64, 1, 2, 4, 1, false),
    shape(112, 1, 2, 4, 1),
    shape(112, 1, 2, 2, 2),
    shape(32, 1, 2, 4, 1),
    shape(32, 1, 2, 4, 2),
    shape(64, 2, 2, 4, 1),
    // With all positions.
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
