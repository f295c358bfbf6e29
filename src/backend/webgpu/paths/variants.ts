import type { AdapterText, GpuLimits } from "../device/adapter.js";
import { type Product, type TileProblem, type TileShape, tileShape } from "./tile-shape.js";

/** One of the kernels that make the same bits, and the shape of its tiles. */
export interface Variant {
  readonly product: Product;
  readonly shape: TileShape;
}

/** What a tile may take of a device, the first being for those that nothing is known of. */
const BUDGETS = [
  // With 16 KiB, WebGPU's default, several workgroups share a processor on every card.
  { storage: 16384, threads: 256 },
  { storage: 32768, threads: 128 },
  { storage: 32768, threads: 256 },
  { storage: 49152, threads: 256 },
] as const;

/** A device, as far as variants depend on it. */
export interface VariantDevice {
  readonly adapter: AdapterText;
  readonly limits: GpuLimits;
  /** Whether the compiler knows packed dot products. */
  readonly packedDot: boolean;
}

/** The variant for a device that has not been tuned for. */
export function defaultVariant(device: VariantDevice, problem: Omit<TileProblem, "product">): Variant {
  // SwiftShader takes packed products apart; see bench/NOTES.md.
  const wide = !device.packedDot || /swiftshader/i.test(device.adapter.description);
  const product = wide ? "wide" : "packed";
  const shape = tileShape(device.limits, { ...problem, product }, BUDGETS[0]);
  return { product, shape: shape ?? { GROUPS: 1, ROW_GROUPS: 1, DEPTH: 1 } };
}

/** The variants worth trying on a device: for each budget the shape that a model of instructions prefers. */
export function candidates(device: VariantDevice, problem: Omit<TileProblem, "product">): Variant[] {
  const products: Product[] = device.packedDot ? ["packed", "wide"] : ["wide"];
  const found = new Map<string, Variant>();
  for (const product of products) {
    for (const budget of BUDGETS) {
      const shape = tileShape(device.limits, { ...problem, product }, budget);
      if (shape) found.set(JSON.stringify([product, shape]), { product, shape });
    }
  }
  return [...found.values()];
}
