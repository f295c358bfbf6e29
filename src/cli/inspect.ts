import { existsSync } from "node:fs";
import { join } from "node:path";
import { Command } from "commander";
import { StoreError } from "../base/errors.js";
import { printable } from "../base/printable.js";
import { openDataset } from "../node/dataset/open-dataset.js";
import { type ArrayReport, type Inspection, inspect } from "../node/read/inspect.js";
import { type DatasetReport, inspectDataset } from "../node/read/inspect-dataset.js";
import { FILES } from "../node/write/generate.js";
import { addDatasetOptions, type DatasetFlags, datasetOf } from "./dataset-options.js";
import { wholeNumber } from "./parsers.js";
import { printJson } from "./report.js";
import { signal } from "./signal.js";

interface Flags extends DatasetFlags {
  limitExamples?: number;
  picture?: string;
  json?: boolean;
}

/** Files by which a folder is known that generate wrote. */
const TASK_SET = [FILES.recipe, "tasks.safetensors", "zarr.json"];

export function inspectCommand(): Command {
  const command = new Command("inspect")
    .description(
      "Print the recipe, shapes, digests and per-feature statistics of a folder that generate wrote, or the shape, " +
        "classes, counts and values of a dataset.",
    )
    .argument("[path]", "a folder that generate wrote, or a dataset: a name, file, folder or address");
  return addDatasetOptions(command)
    .option("--limit-examples <n>", "look at the first examples of the dataset only", wholeNumber)
    .option("--picture <file>", "draw examples of each class of the dataset into a PNG")
    .option("--json", "print everything as JSON, each feature's mean and deviation included")
    .action(run);
}

async function run(path: string | undefined, flags: Flags, command: Command): Promise<void> {
  const { json, limitExamples, picture } = flags;
  const found = path === undefined ? undefined : await inspectTaskSet(path);
  if (found) {
    if (json) printJson(found);
    else process.stdout.write(`${describe(found).join("\n")}\n`);
    return;
  }
  const { source, options } = datasetOf(
    { ...flags, ...(path === undefined ? {} : { dataset: path }) },
    path !== undefined,
  );
  if (source === undefined) return command.error("error: missing required argument 'path'");
  const dataset = await openDataset(source, { ...options, limit: limitExamples, signal });
  const report = await inspectDataset(dataset, picture === undefined ? {} : { picture });
  if (json) printJson(report);
  else process.stdout.write(`${describeDataset(report).join("\n")}\n`);
}

/** Inspects a folder, or the address of one, that generate wrote; undefined for anything else, such as a dataset. */
async function inspectTaskSet(path: string): Promise<Inspection | undefined> {
  if (TASK_SET.some((file) => existsSync(join(path, file)))) return inspect(path, { signal });
  // A server cannot be asked for what there is. The address of a dataset's file ends in that of its format.
  if (!/^(s3|https?):\/\/[^?#]*?(\/[^./]*|\.zarr)\/*$/i.test(path)) return undefined;
  try {
    return await inspect(path, { signal });
  } catch (error) {
    if (error instanceof StoreError && error.chunk === undefined) return undefined;
    throw error;
  }
}

/** Classes that are listed, at most. */
const LISTED = 30;

function describeDataset(report: DatasetReport): string[] {
  const { name, shape, dtype, classes, classNames, originalLabels, counts, minimum, maximum } = report;
  const listed = counts.slice(0, LISTED).map((count, i) => {
    const label = classNames?.[i] ?? originalLabels?.[i];
    return `          ${String(i).padStart(5)}  ${count.toLocaleString("en-US").padStart(9)}${label === undefined ? "" : `  ${printable(String(label))}`}`;
  });
  return [
    `dataset   ${printable(name)}, [${shape.join(", ")}] ${dtype}, ${classes} classes`,
    `          sha256 ${report.digest}`,
    `values    ${plain(minimum)} .. ${plain(maximum)}, mean ${format(report.mean)}, deviation ${format(report.standardDeviation)}`,
    "classes   label      count",
    ...listed,
    ...(counts.length > LISTED ? [`          ... ${counts.length - LISTED} more: see --json`] : []),
    ...(report.picture === undefined ? [] : [`picture   ${report.picture}`]),
  ];
}

function plain(value: number): string {
  return Number.isInteger(value) ? String(value) : format(value);
}

function describe({ recipe, inputs, targets }: Inspection): string[] {
  const { dataset, preset, generator, seed, taskOffset, taskCount } = recipe;
  const { features } = inputs;
  const projected = recipe.outFeatures;
  return [
    `recipe    preset ${preset}, generator ${generator}, seed ${seed}, tasks ${taskOffset}..${taskOffset + taskCount - 1}`,
    `matrix    ${recipe.outFeatures} x ${dataset.shape.slice(1).reduce((a, b) => a * b, 1)}, deviation ${recipe.standardDeviation}`,
    `dataset   ${printable(dataset.name)}, [${dataset.shape.join(", ")}] ${dataset.dtype}, ${dataset.classes} classes`,
    ...(dataset.centeredOn === undefined ? [] : [`          less the mean image of ${printable(dataset.centeredOn)}`]),
    `          sha256 ${dataset.digest}`,
    ...array("inputs", inputs),
    `          values ${format(features.minimum)} .. ${format(features.maximum)}`,
    `          projected features: ${summary(features.mean.slice(0, projected), features.standardDeviation.slice(0, projected))}`,
    ...(features.mean.length > projected
      ? [
          `          one-hot features:   ${summary(features.mean.slice(projected), features.standardDeviation.slice(projected))}`,
        ]
      : []),
    ...array("targets", targets),
    `          counts ${targets.counts.length <= 20 ? targets.counts.join(" ") : `of ${targets.counts.length} labels: see --json`}`,
  ];
}

function array(name: string, { shape, dtype, sha256 }: ArrayReport): string[] {
  return [`${name.padEnd(9)} [${shape.join(", ")}] ${dtype}`, `          sha256 ${sha256}`];
}

/** The range of the features' means and deviations. */
function summary(mean: readonly number[], deviation: readonly number[]): string {
  const range = (values: readonly number[]) => {
    const [low, high] = values.reduce(
      ([a, b], x) => [Math.min(a, x), Math.max(b, x)],
      [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY],
    );
    return `${format(low as number)} .. ${format(high as number)}`;
  };
  return `mean ${range(mean)}, deviation ${range(deviation)}`;
}

function format(value: number): string {
  return value.toPrecision(4);
}
