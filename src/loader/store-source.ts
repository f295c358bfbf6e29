import type { ItemBytes } from "../backend/backend.js";
import { RecipeError } from "../base/errors.js";
import { gather } from "../batch/gather.js";
import type { Recipe } from "../plan/recipe.js";
import { layoutOf, type SetLayout } from "../plan/set-layout.js";
import type { ItemReader } from "../store/item-reader.js";
import type { TaskSource } from "./task-source.js";

/** Reads under way for a batch: files like a few readers, and browsers open six connections to a server. */
const WIDTH = 6;

/** Tasks read from a store. */
export class StoreSource implements TaskSource {
  readonly recipe: Recipe;
  readonly #reader: ItemReader;
  readonly #owned: boolean;
  readonly #layout: SetLayout;

  /**
   * @param owned whether the reader was opened here, and is closed here
   * @throws RecipeError when the store does not hold as many items as its recipe has
   */
  constructor(reader: ItemReader, owned: boolean, name: string) {
    this.#layout = layoutOf(reader.recipe);
    const { items } = this.#layout;
    if (reader.items !== items) throw new RecipeError(name, `holds ${reader.items} items; its recipe has ${items}`);
    this.recipe = reader.recipe;
    this.#reader = reader;
    this.#owned = owned;
  }

  read(items: Float64Array, signal: AbortSignal): Promise<ItemBytes> {
    return gather(items, this.#layout, WIDTH, async (first, count) => {
      const woven = await this.#reader.read(first, count, signal);
      signal.throwIfAborted();
      return woven;
    });
  }

  async dispose(): Promise<void> {
    if (this.#owned) await this.#reader.close?.();
  }
}
