import { existsSync } from "node:fs";
import { join } from "node:path";
import { Command } from "commander";
import { printable } from "../base/printable.js";
import { filesAt } from "../files/places.js";
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
  if (path !== undefined && (await holdsSet(path))) {
    const report = await inspect(path, { signal });
    if (json) printJson(report);
    else process.stdout.write(`${describe(report).join("\n")}\n`);
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

/** Says whether a folder or address has one of the files of a task set. */
async function holdsSet(path: string): Promise<boolean> {
  if (!/^(https?|s3):/i.test(path)) return TASK_SET.some((file) => existsSync(join(path, file)));
  const files = filesAt(path, {});
  for (const file of TASK_SET) {
    // What cannot be reached is told by the reading that follows.
    const found = await files.readInto(file, 0, new Uint8Array(1), signal).catch(() => undefined);
    if (found) return true;
  }
  return false;
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
