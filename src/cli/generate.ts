import { statSync } from "node:fs";
import { Command, Option } from "commander";
import { availableParallelism } from "../backend/wasm/threads.js";
import { InvalidOptionError, RecipeError, TaskloomError } from "../base/errors.js";
import { notice } from "../base/notice.js";
import type { TargetDtype } from "../base/tensor.js";
import { Center, type Dataset, type Quantization, type ReaderOptions } from "../dataset/index.js";
import { readBytes } from "../files/bytes.js";
import { problemOf } from "../files/file-error.js";
import { isS3 } from "../files/s3/place.js";
import { openDataset, openDatasetOf } from "../node/dataset/open-dataset.js";
import { preview } from "../node/read/preview.js";
import { openStoreFolder } from "../node/read/store-folder.js";
import { formatBytes } from "../node/write/disk.js";
import { FORMATS, generate } from "../node/write/generate.js";
import type { StoreFormat } from "../node/write/job.js";
import { checkPlace } from "../node/write/places.js";
import type { TaskAugmentorOptions } from "../plan/options.js";
import { optionsOf, parseRecipe, type Recipe } from "../plan/recipe.js";
import { addDatasetOptions, type DatasetFlags, datasetOf } from "./dataset-options.js";
import { bitsOf, wholeNumber } from "./parsers.js";
import { Progress } from "./progress.js";
import { formatNumber, printJson } from "./report.js";
import { shardOf } from "./shard.js";
import { onInterrupt, signal } from "./signal.js";
import { addTaskOptions, type TaskFlags, taskOptionsOf } from "./task-options.js";

interface Flags extends TaskFlags, DatasetFlags {
  dataset: string;
  recipe?: string;
  backend: "auto" | "wasm" | "webgpu";
  workers?: number;
  out?: string;
  format: StoreFormat;
  chunkTasks?: number;
  shard?: { index: number; count: number };
  onehot: boolean;
  limitExamples?: number;
  quantize?: 16 | 8;
  center?: true | string;
  force?: boolean;
  preview?: boolean;
  json?: boolean;
}

export function generateCommand(): Command {
  const command = new Command("generate")
    .description(
      "Write a task set: .npy files, a safetensors file, or a Zarr store that can be resumed and shared out.",
    )
    .requiredOption(
      "--dataset <name|path|url>",
      "mnist, mnist-test, or data of your own: IDX, npy, npz, CIFAR, Parquet, CSV, images in folders (docs/your-data.md)",
      "mnist",
    )
    .option(
      "--recipe <path>",
      "make the task set of this recipe.json, or of a folder that generate wrote; no other flag says which tasks then, and --dataset only where the data is",
    );
  addDatasetOptions(command);
  const before = new Set(command.options);
  addTaskOptions(command);
  const choosing = command.options.filter((option) => !before.has(option)).map((option) => option.attributeName());
  choosing.push("limitExamples", "center", "quantize");
  // The type of the targets is no part of a recipe.
  choosing.splice(choosing.indexOf("targetDtype"), 1);
  return command
    .addOption(new Option("--backend <name>", "what computes").choices(["auto", "wasm", "webgpu"]).default("auto"))
    .option("--workers <n>", "threads; 0 computes in the main one (default: one for each core)", wholeNumber)
    .option(
      "--out <dir>",
      "folder, or for zarr s3://bucket/prefix, to write into (default: tasks; zarr: tasks.zarr, which xarray knows by its name)",
    )
    .addOption(new Option("--format <name>", "of the files").choices(FORMATS).default("npy"))
    .option("--chunk-tasks <n>", "zarr: tasks of a chunk (default: 32 MiB of inputs, more of a large set)", wholeNumber)
    .addOption(
      new Option(
        "--shard <i/n>",
        "zarr: write part i of n, counted from 0; others write theirs; auto/n: the part that the scheduler tells",
      ).argParser((text) => shardOf(text)),
    )
    .option("--no-onehot", "zarr: leave the label cells out of the inputs; readers put them back")
    .option("--limit-examples <n>", "use only the first examples of the dataset", wholeNumber)
    .option(
      "--quantize <bits>",
      "take float32 examples as integers of 16 or 8 bits, exact on every backend, scaled by the largest value",
      bitsOf,
    )
    .option(
      "--center [name|path]",
      "take the mean image off each image: that of the examples, or of another dataset, such as the training split's",
    )
    .option("--force", "overwrite files of an earlier run; zarr: start over instead of going on")
    .option("--preview", "draw preview.png into the folder as well")
    .option("--json", "print the result as JSON")
    .addHelpText(
      "after",
      "\nExit codes: 0 done, 1 failed (trying again may help), 2 wrong usage, 3 failed (trying again does not help: " +
        "another set is in the way, or recipe and dataset do not fit), 130 interrupted. Nothing is left behind unless it is whole; " +
        "an unfinished store goes on when the same command is given again.",
    )
    .action((flags: Flags) => run(flags, command, choosing));
}

/** The dataset, and the options that say which tasks are made. */
interface Wanted {
  readonly examples: Dataset;
  readonly options: TaskAugmentorOptions<TargetDtype>;
}

async function wantedByFlags(flags: Flags, command: Command): Promise<Wanted> {
  const limit = flags.limitExamples;
  const { source = flags.dataset, options } = datasetOf(flags, command.getOptionValueSource("dataset") !== "default");
  const dataset = await openDataset(source, { ...options, limit: limit || undefined, signal });
  if (limit !== undefined && (limit < 1 || limit > dataset.length)) {
    throw new InvalidOptionError(
      "--limit-examples",
      limit,
      `an integer from 1 to ${dataset.length}, the examples there are`,
    );
  }
  const chosen = await centered(limit === undefined ? dataset : dataset.head(limit), flags, options);
  // Bytes that were centered are integers already.
  const exact = flags.center !== undefined && chosen.dtype !== "float32";
  const examples = flags.quantize === undefined || exact ? chosen : chosen.quantize({ bits: flags.quantize });
  return { examples, options: taskOptionsOf(flags) };
}

/** The task set of a recipe. @throws InvalidOptionError for a flag in `choosing` that is given besides. */
async function wantedByRecipe(
  file: string,
  flags: Flags,
  command: Command,
  choosing: readonly string[],
): Promise<Wanted> {
  const given = (name: string) => command.getOptionValueSource(name) === "cli";
  const other = command.options.find(
    (option) => choosing.includes(option.attributeName()) && given(option.attributeName()),
  );
  if (other) {
    const value = command.getOptionValue(other.attributeName());
    throw new InvalidOptionError(`${other.long}`, value, "not given beside --recipe, which says which tasks are made");
  }
  const recipe = await readRecipe(file);
  const { dataset: _default, ...others } = flags;
  const elsewhere = given("dataset");
  const { source, options: reading } = datasetOf(elsewhere ? flags : others, elsewhere || "recipe");
  const options = {
    ...optionsOf(recipe),
    ...(flags.targetDtype === undefined ? {} : { targetDtype: flags.targetDtype }),
  };
  return { examples: await openDatasetOf(recipe, source, signal, reading), options };
}

/** The recipe in a JSON file, or of a folder that `generate` wrote in any format. */
async function readRecipe(path: string): Promise<Recipe> {
  let text: string;
  try {
    if (statSync(path, { throwIfNoEntry: false })?.isDirectory()) {
      const store = await openStoreFolder(path, { signal });
      await store.close();
      return store.recipe;
    }
    text = new TextDecoder().decode(await readBytes(path, { signal }));
  } catch (cause) {
    signal.throwIfAborted();
    if (cause instanceof TaskloomError) throw cause;
    throw new RecipeError(path, problemOf(cause), { cause });
  }
  return parseRecipe(text, path);
}

async function run({ out: given, ...flags }: Flags, command: Command, choosing: readonly string[]): Promise<void> {
  const out = given ?? (flags.format === "zarr" ? "tasks.zarr" : "tasks");
  checkPlace("--out", out, flags.format);
  if (flags.preview && isS3(out)) {
    throw new InvalidOptionError(
      "--preview",
      true,
      `not given with ${out}; draw a picture with taskloom preview --out`,
    );
  }
  const { examples, options } = await (flags.recipe === undefined
    ? wantedByFlags(flags, command)
    : wantedByRecipe(flags.recipe, flags, command, choosing));

  if (flags.format === "zarr") onInterrupt("what is finished is kept, and the same command goes on");
  const started = performance.now();
  const bar = new Progress(flags.json === true, options.drawSequence === false ? "examples" : "sequences");
  const result = await generate(examples, {
    ...options,
    backend: flags.backend,
    ...(flags.workers === undefined ? {} : { workers: flags.workers }),
    out,
    format: flags.format,
    ...(flags.chunkTasks === undefined ? {} : { chunkTasks: flags.chunkTasks }),
    ...(flags.shard === undefined ? {} : { shard: flags.shard }),
    onehot: flags.onehot,
    force: flags.force ?? false,
    signal,
    onProgress: bar.update,
  }).finally(bar.stop);
  const seconds = (performance.now() - started) / 1000;
  // The first tasks may be those of another shard.
  const picture = flags.preview && result.complete ? await preview(out, { dataset: examples, signal }) : undefined;

  const { items, bytes, recipe, backend, resumed, complete } = result;
  const workers = flags.workers ?? availableParallelism();
  if (flags.json) {
    const { quantization } = examples;
    const done = { out, items, bytes, seconds, resumed, complete, backend, workers, preview: picture };
    printJson({ ...done, ...(quantization ? { quantization } : {}), recipe });
    return;
  }
  const threads = workers === 0 ? "main thread" : formatCount(workers, "worker");
  const where = backend.name === "wasm" ? `wasm, ${threads}` : `${backend.name}: ${backend.reason}`;
  const shape = recipe.drawSequence
    ? `${formatCount(items, "sequence")} of ${recipe.sequenceLength}`
    : formatCount(items, "example");
  const part = flags.shard ? `shard ${flags.shard.index} of ${flags.shard.count}, ` : "";
  const before =
    resumed > 0 ? `, ${formatCount(resumed, recipe.drawSequence ? "sequence" : "example")} from before` : "";
  const rate = `${formatNumber((items - resumed) / seconds)} ${recipe.drawSequence ? "sequences" : "examples"}/s, ${where}`;
  process.stdout.write(
    `${part}${formatCount(recipe.taskCount, "task")}, ${shape}${before}, ${formatBytes(bytes)} in ${seconds.toFixed(1)} s ` +
      `(${items > resumed ? rate : "nothing was left to do"}) -> ${out}\n`,
  );
  if (examples.quantization) process.stdout.write(`${quantizationText(examples)}\n`);
  if (!complete) process.stdout.write("the store is complete when the other shards are: see taskloom finish\n");
  if (!complete && flags.preview) process.stdout.write("preview.png is drawn by the run that finishes the store\n");
  if (picture) process.stdout.write(`preview -> ${picture}\n`);
}

function quantizationText({ name, scale, quantization }: Dataset): string {
  const { bits, largestError, rootMeanSquareError } = quantization as Quantization;
  return (
    `${name} in ${bits} bits: steps of ${formatNumber(scale as number)}, ` +
    `error at most ${formatNumber(largestError)}, root mean square ${formatNumber(rootMeanSquareError)}`
  );
}

/** The examples with a mean image taken off, if that was asked for. */
async function centered(
  examples: Dataset,
  { center, dataset, quantize }: Flags,
  options: ReaderOptions,
): Promise<Dataset> {
  if (center === undefined) return examples;
  const own = center === true || center === dataset;
  const transform = Center.of(
    own ? examples : await openDataset(center, { ...options, split: undefined, name: center, signal }),
    quantize === 16 && examples.dtype === "uint8" ? { dtype: "int16" } : {},
  );
  const result = examples.transform(transform);
  const { clamped } = transform;
  if (clamped > 0)
    notice(`--center: ${clamped} of ${result.images.length} values were clamped to a byte, by half a gray level`);
  return result;
}

function formatCount(count: number, noun: string): string {
  return `${count.toLocaleString("en-US")} ${noun}${count === 1 ? "" : "s"}`;
}
