import { InvalidArgumentError } from "commander";
import type { Shard } from "../node/write/job.js";

type Environment = Readonly<Record<string, string | undefined>>;

/** The place of one of many equal processes, as a scheduler tells it. */
interface Place {
  /** The name of the variable. */
  readonly name: string;
  readonly index: number;
  /** The number of processes, where it is told. */
  readonly count: number | undefined;
}

/**
 * A part of a whole: `i/n`, counted from 0; `auto/n`, or `auto` where the scheduler tells n too, takes the part from the
 * variables of Slurm's arrays, Kubernetes' indexed jobs, AWS Batch's arrays, Open MPI, or RANK and WORLD_SIZE.
 *
 * @throws InvalidArgumentError where it is no part, or the variables do not tell which
 */
export function shardOf(text: string, environment: Environment = process.env): Shard {
  const [, index, count] = /^(\d+|auto)(?:\/(\d+))?$/.exec(text) ?? [];
  if (index === "auto") return automatic(count === undefined ? undefined : Number(count), environment);
  if (index === undefined || count === undefined || !(Number(index) < Number(count))) {
    throw new InvalidArgumentError("Give a part and the number of parts, such as 0/4, 1/4, 2/4 and 3/4, or auto/4.");
  }
  return { index: Number(index), count: Number(count) };
}

function automatic(given: number | undefined, environment: Environment): Shard {
  const place = slurm(environment, given) ?? others(environment);
  if (!place) {
    throw new InvalidArgumentError(
      "None of SLURM_ARRAY_TASK_ID, JOB_COMPLETION_INDEX, AWS_BATCH_JOB_ARRAY_INDEX, OMPI_COMM_WORLD_RANK and RANK is set. " +
        "Give the part yourself, such as 0/4.",
    );
  }
  const count = given ?? place.count;
  if (count === undefined) {
    throw new InvalidArgumentError(
      `${place.name} does not tell how many parts there are. Give the number, such as auto/4.`,
    );
  }
  if (place.index >= count) {
    throw new InvalidArgumentError(
      `${place.name} makes this part ${place.index} of ${count}, counted from 0. Give a larger n.`,
    );
  }
  return { index: place.index, count };
}

/**
 * The place in an array of Slurm. A whole array may begin at any number. Of an array that was submitted in part again, as
 * `--array=3,5`, or `--array=2`, the numbers are those of the parts, as `taskloom finish` lists them.
 */
function slurm(environment: Environment, given: number | undefined): Place | undefined {
  const name = "SLURM_ARRAY_TASK_ID";
  const id = numberIn(environment, name);
  if (id === undefined) return undefined;
  const first = numberIn(environment, "SLURM_ARRAY_TASK_MIN");
  const last = numberIn(environment, "SLURM_ARRAY_TASK_MAX");
  const count = numberIn(environment, "SLURM_ARRAY_TASK_COUNT");
  const size = first !== undefined && last !== undefined ? last - first + 1 : count;
  const whole = size === undefined || ((count ?? size) === size && (given ?? size) === size);
  if (whole) return { name, index: id - (first ?? 0), count: size };
  if (given === undefined) {
    throw new InvalidArgumentError(
      `The array of ${name} has gaps, so that its parts are not counted by it. Give the number of all parts, such as auto/8.`,
    );
  }
  return { name, index: id, count: undefined };
}

const PLACES: readonly (readonly [index: string, count: string | undefined])[] = [
  ["JOB_COMPLETION_INDEX", undefined],
  ["AWS_BATCH_JOB_ARRAY_INDEX", "AWS_BATCH_JOB_ARRAY_SIZE"],
  ["OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE"],
  ["RANK", "WORLD_SIZE"],
];

function others(environment: Environment): Place | undefined {
  for (const [name, size] of PLACES) {
    const index = numberIn(environment, name);
    if (index !== undefined)
      return { name, index, count: size === undefined ? undefined : numberIn(environment, size) };
  }
  return undefined;
}

/** @throws InvalidArgumentError where a variable is set and is no whole number */
function numberIn(environment: Environment, name: string): number | undefined {
  const text = environment[name];
  if (text === undefined || text === "") return undefined;
  if (!/^\d+$/.test(text)) throw new InvalidArgumentError(`${name} is ${JSON.stringify(text)}, not a whole number.`);
  return Number(text);
}
