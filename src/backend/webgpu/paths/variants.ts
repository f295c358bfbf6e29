import type { AdapterText, GpuLimits } from "../device/adapter.js";
import { MAX_PACKED_BLOCKS, type Product, type TileProblem, type TileShape, tileShape } from "./tile-shape.js";

/** A variant of the fused kernel and the shape of its tiles. All variants give the same bits. */
export interface Variant {
  readonly product: Product;
  readonly shape: TileShape;
}

/** Budgets of a tile on a device. The first one is the default for devices without trials. */
const BUDGETS = [
  // 16 KiB is WebGPU's default limit; on every card several workgroups of that size share a processor.
  { storage: 16384, threads: 256 },
  { storage: 32768, threads: 128 },
  { storage: 32768, threads: 256 },
  { storage: 49152, threads: 256 },
] as const;

/** The properties of a device that variants depend on. */
export interface VariantDevice {
  readonly adapter: AdapterText;
  readonly limits: GpuLimits;
  /** True if the compiler knows packed dot products. */
  readonly packedDot: boolean;
}

/** Returns the variant for a device without trials. */
export function defaultVariant(device: VariantDevice, problem: Omit<TileProblem, "product">): Variant {
  // SwiftShader emulates packed products with scalar code; see bench/NOTES.md.
  const [wide, packed] = productsFor(problem);
  const slow = !device.packedDot || /swiftshader/i.test(device.adapter.description);
  const product = slow || !packed ? wide : packed;
  const shape = tileShape(device.limits, { ...problem, product }, BUDGETS[0]);
  return { product, shape: shape ?? { GROUPS: 1, ROW_GROUPS: 1, DEPTH: 1 } };
}

/** Returns the variants to time on a device: for each budget the best shape according to the model of `tileShape`. */
export function candidates(device: VariantDevice, problem: Omit<TileProblem, "product">): Variant[] {
  const [wide, packed] = productsFor(problem);
  const products: Product[] = device.packedDot && packed ? [packed, wide] : [wide];
  const found = new Map<string, Variant>();
  for (const product of products) {
    for (const budget of BUDGETS) {
      const shape = tileShape(device.limits, { ...problem, product }, budget);
      if (shape) found.set(JSON.stringify([product, shape]), { product, shape });
    }
  }
  return [...found.values()];
}

/** Returns the products that are exact for a problem: the wide one, and the packed one where it is. */
function productsFor({ int16, blocks }: Pick<TileProblem, "int16" | "blocks">): [wide: Product, packed?: Product] {
  if (!int16) return ["wide", "packed"];
  return blocks <= MAX_PACKED_BLOCKS ? ["wide-int16", "packed-int16"] : ["wide-int16"];
}
