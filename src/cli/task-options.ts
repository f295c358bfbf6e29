import { readFileSync, statSync } from "node:fs";
import { type Command, InvalidArgumentError, Option } from "commander";
import { describe } from "../base/errors.js";
import { TARGET_DTYPES } from "../base/integers.js";
import type { FloatDtype, TargetDtype } from "../base/tensor.js";
import type { Episode, TaskChoices } from "../plan/choices.js";
import type { TaskAugmentorOptions } from "../plan/options.js";
import { CHOICE_NAMES, PRESETS, type PresetName } from "../plan/presets.js";
import { taskSetFields } from "../plan/schemas.js";
import { seedNumber, wholeNumber } from "./parsers.js";

/** The choices that have a flag of their own; `--options` gives the others. */
type FlagChoices = Partial<Omit<TaskChoices, "identity">> & { identity?: boolean | number };

/** The flags that say which tasks are made. */
export interface TaskFlags extends FlagChoices {
  tasks: number;
  taskOffset: number;
  samples?: number;
  sequenceLength?: number;
  sequence: boolean;
  seed: bigint;
  preset: PresetName;
  outFeatures?: number;
  dtype: FloatDtype;
  targetDtype?: TargetDtype;
  options?: Partial<TaskAugmentorOptions<TargetDtype>>;
}

export function addTaskOptions(command: Command): Command {
  return command
    .option("--tasks <n>", "number of tasks, up to 2^32", wholeNumber, 1024)
    .option("--task-offset <k>", "index of the first task", wholeNumber, 0)
    .option("--samples <n>", "sequences of each task; with --no-sequence, examples drawn from all tasks", wholeNumber)
    .option("--sequence-length <n>", "examples in a sequence (default: 100, or those of the episode)", wholeNumber)
    .option("--no-sequence", "no sequences: every example of the dataset for every task, or --samples of them")
    .addOption(new Option("--seed <x>", "64 bits, decimal or 0x...").argParser(seedNumber).default(0n, "0"))
    .addOption(
      new Option("--preset <name>", "defaults of the task set").choices(Object.keys(PRESETS)).default("notebook"),
    )
    .addOption(
      new Option(
        "--identity [share]",
        "leave inputs unprojected and labels unpermuted, in all tasks or a share of them from 0 to 1",
      ).argParser(share),
    )
    .addOption(
      new Option("--label-layout <name>", "which label a position is given (default: shifted)").choices([
        "shifted",
        "query-last",
        "none",
      ]),
    )
    .addOption(
      new Option("--label-format <name>", "given labels behind inputs, or in labels.npy (default: one-hot)").choices([
        "one-hot",
        "integer",
      ]),
    )
    .addOption(new Option("--example-range <a:b>", "draw out of examples a to b - 1 only").argParser(exampleRange))
    .addOption(new Option("--class-subset <list>", "draw out of these labels only, such as 0,1,7").argParser(labels))
    .addOption(
      new Option("--episode <n,k,q>", "n classes, k examples of each to learn from, q to ask for").argParser(episode),
    )
    .addOption(
      new Option("--output-scaling <name>", "standardize results (default: none)").choices([
        "none",
        "example",
        "set",
        "notebook",
      ]),
    )
    .option("--out-features <n>", "values of a projected example (default: as many as it has)", wholeNumber)
    .addOption(new Option("--dtype <name>", "of the inputs").choices(["float32", "float16"]).default("float32"))
    .addOption(
      new Option(
        "--target-dtype <name>",
        "of the targets, and of labels that are integers (default: uint8 up to 256 values, else uint16)",
      ).choices(TARGET_DTYPES),
    )
    .addOption(
      new Option(
        "--options <json>",
        "options of a TaskAugmentor, as JSON or a file of it; they beat other flags",
      ).argParser(jsonOptions),
    );
}

/** The options of the augmentor that the flags ask for. */
export function taskOptionsOf(flags: TaskFlags): TaskAugmentorOptions<TargetDtype> {
  const { samples, sequence, sequenceLength, outFeatures } = flags;
  const chosen = Object.entries(flags).filter(([name]) => (CHOICE_NAMES as string[]).includes(name));
  return {
    taskCount: flags.tasks,
    taskOffset: flags.taskOffset,
    seed: flags.seed,
    preset: flags.preset,
    drawSequence: sequence,
    ...(sequence ? { samplesPerTask: samples ?? 1 } : {}),
    ...(sequence && sequenceLength !== undefined ? { sequenceLength } : {}),
    ...(!sequence && samples !== undefined ? { samples } : {}),
    ...(outFeatures === undefined ? {} : { outFeatures }),
    ...Object.fromEntries(chosen),
    dtype: flags.dtype,
    ...(flags.targetDtype === undefined ? {} : { targetDtype: flags.targetDtype }),
    ...flags.options,
  };
}

function share(text: string): number {
  const value = Number(text);
  if (text.trim() === "" || !(value >= 0 && value <= 1)) {
    throw new InvalidArgumentError("Give a share from 0 to 1, or nothing for all.");
  }
  return value;
}

function exampleRange(text: string): [number, number] {
  const [, start, stop] = /^(\d+):(\d+)$/.exec(text) ?? [];
  if (start === undefined) throw new InvalidArgumentError("Give two whole numbers, such as 0:50000.");
  return [Number(start), Number(stop)];
}

function labels(text: string): number[] {
  if (!/^\d+(,\d+)*$/.test(text)) throw new InvalidArgumentError("Give labels with commas between, such as 0,1,7.");
  return text.split(",").map(Number);
}

function episode(text: string): Episode {
  const [, ways, shots, queries] = /^(\d+),(\d+),(\d+)$/.exec(text) ?? [];
  if (ways === undefined) throw new InvalidArgumentError("Give three whole numbers, such as 5,1,3.");
  return { ways: Number(ways), shots: Number(shots), queries: Number(queries) };
}

/** The options of a task set. */
const TASK_SET_OPTIONS = Object.keys(taskSetFields);

function jsonOptions(text: string): Partial<TaskAugmentorOptions<TargetDtype>> {
  let json = text;
  let value: unknown;
  try {
    if (!text.trimStart().startsWith("{")) {
      // Reading a pipe or a device would wait, and Ctrl-C with it.
      if (!statSync(text).isFile()) throw new Error("it is not a regular file");
      json = readFileSync(text, "utf8");
    }
    value = JSON.parse(json);
  } catch (cause) {
    throw new InvalidArgumentError(`Give a JSON object or a file of one: ${(cause as Error).message}`);
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new InvalidArgumentError('Give a JSON object, such as {"replacement": false}.');
  }
  const given = value as Record<string, unknown>;
  const wrong = Object.keys(given).find((name) => !TASK_SET_OPTIONS.includes(name));
  if (wrong !== undefined) {
    throw new InvalidArgumentError(
      `${describe(wrong)} is no option of a task set; there are ${TASK_SET_OPTIONS.join(", ")}. Others have flags.`,
    );
  }
  // JSON numbers do not hold 64 bits, so a seed may be a string, as in a recipe.
  return typeof given.seed === "string" ? { ...given, seed: seedNumber(given.seed) } : given;
}
