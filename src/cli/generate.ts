import { Command, Option } from "commander";
import { availableParallelism } from "../backend/wasm/threads.js";
import { InvalidOptionError } from "../base/errors.js";
import { notice } from "../base/notice.js";
import { Center, type Classes, type Dataset } from "../dataset/index.js";
import { openDataset } from "../node/dataset/open-dataset.js";
import { preview } from "../node/read/preview.js";
import { formatBytes } from "../node/write/disk.js";
import { FORMATS, generate } from "../node/write/generate.js";
import type { StoreFormat } from "../node/write/job.js";
import { classesOf, shardOf, wholeNumber } from "./parsers.js";
import { Progress } from "./progress.js";
import { formatNumber, printJson } from "./report.js";
import { onInterrupt, signal } from "./signal.js";
import { addTaskOptions, type TaskFlags, taskOptionsOf } from "./task-options.js";

interface Flags extends TaskFlags {
  dataset: string;
  backend: "auto" | "wasm" | "webgpu";
  workers?: number;
  out?: string;
  format: StoreFormat;
  chunkTasks?: number;
  shard?: { index: number; count: number };
  onehot: boolean;
  limitExamples?: number;
  classes?: Classes;
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
      "--dataset <name|dir>",
      "mnist, mnist-test, or a folder with the four MNIST-style IDX files",
      "mnist",
    );
  return addTaskOptions(command)
    .addOption(new Option("--backend <name>", "what computes").choices(["auto", "wasm", "webgpu"]).default("auto"))
    .option("--workers <n>", "threads; 0 computes in the main one (default: one for each core)", wholeNumber)
    .option("--out <dir>", "folder to write into (default: tasks; zarr: tasks.zarr, which xarray knows by its name)")
    .addOption(new Option("--format <name>", "of the files").choices(FORMATS).default("npy"))
    .option("--chunk-tasks <n>", "zarr: tasks of a chunk (default: about 32 MiB of inputs)", wholeNumber)
    .addOption(
      new Option("--shard <i/n>", "zarr: write part i of n, counted from 0; others write theirs").argParser(shardOf),
    )
    .option("--no-onehot", "zarr: leave the label cells out of the inputs; readers put them back")
    .option("--limit-examples <n>", "use only the first examples of the dataset", wholeNumber)
    .option(
      "--classes <n|compact>",
      "labels of a folder's dataset, or only those that occur, renumbered (default: the largest label plus one)",
      classesOf,
    )
    .option(
      "--center [name|dir]",
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
    .action(run);
}

async function run({ out: given, ...flags }: Flags): Promise<void> {
  const out = given ?? (flags.format === "zarr" ? "tasks.zarr" : "tasks");
  if (/^[a-z][a-z0-9+.-]+:\/\//i.test(out)) {
    throw new InvalidOptionError("--out", out, "the path of a folder on this machine, not an address");
  }
  const limit = flags.limitExamples;
  const dataset = await openDataset(flags.dataset, { classes: flags.classes, limit: limit || undefined, signal });
  if (limit !== undefined && (limit < 1 || limit > dataset.length)) {
    throw new InvalidOptionError(
      "--limit-examples",
      limit,
      `an integer from 1 to ${dataset.length}, the examples there are`,
    );
  }
  const examples = await centered(limit === undefined ? dataset : dataset.head(limit), flags);

  if (flags.format === "zarr") onInterrupt("what is finished is kept, and the same command goes on");
  const started = performance.now();
  const bar = new Progress(flags.json === true, flags.sequence ? "sequences" : "examples");
  const result = await generate(examples, {
    ...taskOptionsOf(flags),
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
  const picture = flags.preview ? await preview(out, { dataset: flags.dataset, signal }) : undefined;

  const { items, bytes, recipe, backend, resumed, complete } = result;
  const workers = flags.workers ?? availableParallelism();
  if (flags.json) {
    printJson({ out, items, bytes, seconds, resumed, complete, backend, workers, preview: picture, recipe });
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
  if (!complete) process.stdout.write("the store is complete when the other shards are\n");
  if (picture) process.stdout.write(`preview -> ${picture}\n`);
}

/** The examples with a mean image taken off, if that was asked for. */
async function centered(examples: Dataset, { center, dataset }: Flags): Promise<Dataset> {
  if (center === undefined) return examples;
  const own = center === true || center === dataset;
  const transform = Center.of(own ? examples : await openDataset(center, { signal }));
  const result = examples.transform(transform);
  const { clamped } = transform;
  if (clamped > 0)
    notice(`--center: ${clamped} of ${result.images.length} values were clamped to a byte, by half a gray level`);
  return result;
}

function formatCount(count: number, noun: string): string {
  return `${count.toLocaleString("en-US")} ${noun}${count === 1 ? "" : "s"}`;
}
