import type { ItemBuffers, ItemBytes } from "../backend/backend.js";
import { InvalidOptionError, RecipeError } from "../base/errors.js";
import { checkDataset as checkIsDataset } from "../dataset/check-dataset.js";
import type { Dataset } from "../dataset/index.js";
import type { TaskAugmentorOptions } from "../plan/options.js";
import { optionsOf, type Recipe } from "../plan/recipe.js";
import { datasetDifference } from "../plan/recipe-dataset.js";
import { TaskAugmentor } from "../tasks/augmentor.js";
import type { TaskSource } from "./task-source.js";

/** Tasks made from a recipe and its dataset whenever they are asked for: nothing is held but the dataset. */
export class RecipeSource implements TaskSource {
  readonly recipe: Recipe;
  readonly device: GPUDevice | undefined;
  readonly #tasks: TaskAugmentor;
  readonly #dataset: Dataset;

  /**
   * @param name the name of the recipe in error messages
   * @throws RecipeError when the dataset is another one, or the recipe makes no sense
   */
  static async open(
    recipe: Recipe,
    dataset: Dataset,
    options: Pick<TaskAugmentorOptions, "backend" | "workers" | "createWorker" | "tune">,
    name: string,
  ): Promise<RecipeSource> {
    await checkDataset(recipe, dataset, name);
    try {
      if (recipe.drawSequence && recipe.sequenceLength === undefined) {
        const allowed = "the number of positions of a sequence, as drawSequence is true";
        throw new InvalidOptionError("sequenceLength", undefined, allowed);
      }
      const tasks = new TaskAugmentor({ ...optionsOf(recipe), ...options });
      const { examples } = tasks.plan(dataset);
      if (recipe.examples !== undefined && recipe.examples !== examples) {
        throw new InvalidOptionError("examples", recipe.examples, `${examples}, which its selection leaves`);
      }
      return new RecipeSource(
        recipe,
        tasks,
        dataset,
        typeof options.backend === "object" ? options.backend : undefined,
      );
    } catch (cause) {
      // The caller's own options were checked before: the fault is in the recipe.
      if (!(cause instanceof InvalidOptionError)) throw cause;
      throw new RecipeError(name, `asks for what cannot be: ${cause.message}`, { cause });
    }
  }

  private constructor(recipe: Recipe, tasks: TaskAugmentor, dataset: Dataset, device: GPUDevice | undefined) {
    this.recipe = recipe;
    this.device = device;
    this.#tasks = tasks;
    this.#dataset = dataset;
  }

  read(items: Float64Array, signal: AbortSignal): Promise<ItemBytes> {
    return this.#tasks.items(this.#dataset, items, signal);
  }

  readBuffers(items: Float64Array, signal: AbortSignal, into?: ItemBuffers): Promise<ItemBuffers> {
    return this.#tasks.itemBuffers(this.#dataset, items, signal, into);
  }

  async dispose(): Promise<void> {
    this.#tasks.dispose();
  }
}

/** @throws RecipeError that says in what the dataset differs from the recipe's */
export async function checkDataset(recipe: Recipe, dataset: Dataset, name: string): Promise<void> {
  checkIsDataset(dataset);
  const difference = await datasetDifference(recipe, dataset);
  if (difference === undefined) return;
  const { name: expected } = recipe.dataset;
  throw new RecipeError(name, `was made from ${expected}; the dataset given, ${dataset.name}, ${difference}`);
}
