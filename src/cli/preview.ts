import { Command } from "commander";
import { InvalidOptionError } from "../base/errors.js";
import { preview } from "../node/read/preview.js";
import { addDatasetOptions, type DatasetFlags, datasetOf } from "./dataset-options.js";
import { wholeNumber } from "./parsers.js";
import { printJson } from "./report.js";
import { signal } from "./signal.js";

interface Flags extends DatasetFlags {
  tasks: number;
  examples: number;
  out?: string;
  json?: boolean;
}

export function previewCommand(): Command {
  const command = new Command("preview")
    .description("Draw originals, projections and the label map of a few tasks side by side.")
    .argument("<dir>", "a folder that generate wrote")
    .option("--tasks <n>", "tasks to draw", wholeNumber, 4)
    .option("--examples <n>", "examples of each", wholeNumber, 10)
    .option("--dataset <name|path|url>", "where the dataset is, if not where the recipe says");
  return addDatasetOptions(command)
    .option("--out <file>", "the picture (default: preview.png in the folder)")
    .option("--json", "print the result as JSON")
    .action(run);
}

async function run(dir: string, { json, ...flags }: Flags): Promise<void> {
  for (const [name, value] of [
    ["--tasks", flags.tasks],
    ["--examples", flags.examples],
  ] as const) {
    if (value < 1 || value > 100) throw new InvalidOptionError(name, value, "an integer from 1 to 100");
  }
  const { source, options } = datasetOf(flags, flags.dataset !== undefined || "recipe");
  const { tasks, examples } = flags;
  const out = await preview(dir, {
    ...{ tasks, examples, signal, datasetOptions: options },
    ...(source === undefined ? {} : { dataset: source }),
    ...(flags.out === undefined ? {} : { out: flags.out }),
  });
  if (json) printJson({ out });
  else process.stdout.write(`preview -> ${out}\n`);
}
