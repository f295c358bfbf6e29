import { Command } from "commander";
import { printable } from "../base/printable.js";
import { type ArrayReport, type Inspection, inspect } from "../node/read/inspect.js";
import { printJson } from "./report.js";
import { signal } from "./signal.js";

export function inspectCommand(): Command {
  return new Command("inspect")
    .description("Print the recipe, shapes, digests and per-feature statistics of a folder.")
    .argument("<dir>", "a folder that generate wrote")
    .option("--json", "print everything as JSON, each feature's mean and deviation included")
    .action(run);
}

async function run(dir: string, { json }: { json?: boolean }): Promise<void> {
  const report = await inspect(dir, { signal });
  if (json) printJson(report);
  else process.stdout.write(`${describe(report).join("\n")}\n`);
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
