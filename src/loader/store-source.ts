import type { ItemBytes } from "../backend/backend.js";
import { RecipeError, StoreError } from "../base/errors.js";
import { narrowed, TARGET_DTYPES } from "../base/integers.js";
import { bytesPerElement, type TargetDtype } from "../base/tensor.js";
import { gather } from "../batch/gather.js";
import { hasLabels, itemBytes, labelDtype, labelValues, targetDtype } from "../plan/plan.js";
import type { Recipe } from "../plan/recipe.js";
import { layoutOf, type SetLayout } from "../plan/set-layout.js";
import type { ItemReader } from "../store/item-reader.js";
import type { TaskSource } from "./task-source.js";

/** Reads under way for a batch: files like a few readers, and browsers open six connections to a server. */
const WIDTH = 6;

/** Tasks read from a store. */
export class StoreSource implements TaskSource {
  readonly recipe: Recipe;
  readonly chunkItems: number | undefined;
  readonly #reader: ItemReader;
  readonly #owned: boolean;
  readonly #layout: SetLayout;
  readonly #name: string;

  /**
   * @param owned whether the reader was opened here, and is closed here
   * @throws RecipeError when the store does not hold as many items as its recipe has
   */
  constructor(reader: ItemReader, owned: boolean, name: string) {
    this.#layout = layoutOf(reader.recipe);
    const { items } = this.#layout;
    if (reader.items !== items) throw new RecipeError(name, `holds ${reader.items} items; its recipe has ${items}`);
    this.recipe = reader.recipe;
    this.chunkItems = reader.chunkItems !== undefined && reader.chunkItems < items ? reader.chunkItems : undefined;
    this.#reader = reader;
    this.#owned = owned;
    this.#name = name;
  }

  read(items: Float64Array, signal: AbortSignal): Promise<ItemBytes> {
    return gather(items, this.#layout, WIDTH, async (first, count) => {
      const woven = await this.#reader.read(first, count, signal);
      signal.throwIfAborted();
      this.#check(woven, count);
      const { inputs, targets, labels } = woven;
      return {
        inputs,
        targets: this.#narrow("targets", targets),
        ...(labels ? { labels: this.#narrow("labels", labels) } : {}),
      };
    });
  }

  /** The type in which the reader gives an array of integers. */
  #dtypeOf(name: "targets" | "labels"): TargetDtype {
    const given = this.#reader.arrays?.find((array) => array.name === name)?.dtype;
    const known = TARGET_DTYPES.find((dtype) => dtype === given);
    return known ?? (name === "targets" ? targetDtype(this.#layout) : labelDtype(this.#layout));
  }

  /** The integers of an array in the type in which backends make them. */
  #narrow(name: "targets" | "labels", buffer: ArrayBuffer): ArrayBuffer {
    const made = name === "targets" ? targetDtype(this.#layout) : labelDtype(this.#layout);
    const values = labelValues(this.#layout) + (name === "labels" ? 1 : 0);
    const result = narrowed(buffer, this.#dtypeOf(name), made, values);
    if (result instanceof ArrayBuffer) return result;
    const problem = `gives ${result.value} in ${name}; its recipe has 0 to ${values - 1}`;
    throw new StoreError(this.#name, `${problem}: it is damaged, or the recipe is another store's`);
  }

  /** @throws StoreError when an array has fewer or more bytes than the recipe's tasks */
  #check(woven: ItemBytes, count: number): void {
    const { length } = this.#layout;
    const sizes = {
      inputs: itemBytes(this.#layout).inputs,
      targets: length * bytesPerElement(this.#dtypeOf("targets")),
      labels: hasLabels(this.#layout) ? length * bytesPerElement(this.#dtypeOf("labels")) : 0,
    };
    for (const [name, bytes] of Object.entries(sizes)) {
      const given = woven[name as keyof ItemBytes]?.byteLength ?? 0;
      if (given === count * bytes) continue;
      const problem = `gives ${given} bytes of ${name} for ${count} items; its recipe has ${count * bytes}`;
      throw new StoreError(this.#name, `${problem}: it is damaged, or the recipe is another store's`);
    }
  }

  async dispose(): Promise<void> {
    if (this.#owned) await this.#reader.close?.();
  }
}
