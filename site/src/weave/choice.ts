import type { TaskAugmentorOptions } from "taskloom";

/** What a visitor chooses, as texts: those of the form, and of the address. */
export interface Choice {
  task: string;
  seed: string;
  length: string;
  preset: string;
  project: string;
  permute: string;
  out: string;
  replacement: string;
  layout: string;
  scaling: string;
  classes: string;
  episode: string;
}

export const DEFAULTS: Choice = {
  ...{ task: "7", seed: "42", length: "100", preset: "notebook", project: "", permute: "" },
  ...{ out: "", replacement: "", layout: "", scaling: "", classes: "", episode: "" },
};
export const CHOICES = Object.keys(DEFAULTS) as (keyof Choice)[];

/** The most tasks: the number of the last one is one less. */
export const TASKS = 2 ** 32;

/** A text that is no value of its field. The message says what is allowed. */
export class ChoiceError extends Error {
  readonly field: keyof Choice;

  constructor(field: keyof Choice, given: string, allowed: string) {
    super(`${field} is "${given}"; allowed: ${allowed}`);
    this.name = "ChoiceError";
    this.field = field;
  }
}

/** The choice that an address holds; what it does not say has its default. */
export function choiceOf(values: URLSearchParams): Choice {
  const choice = { ...DEFAULTS };
  for (const name of CHOICES) choice[name] = values.get(name) ?? choice[name];
  return choice;
}

/** The values of an address that say this choice: those that are not the defaults. */
export function valuesOf(choice: Choice): URLSearchParams {
  return new URLSearchParams(
    CHOICES.filter((name) => choice[name] !== DEFAULTS[name]).map((name) => [name, choice[name].trim()]),
  );
}

/**
 * The options of the set of the one chosen task. Only what differs from the defaults of the package is among them.
 *
 * @throws ChoiceError for a text that is no value of its field
 */
export function optionsOf(choice: Choice): TaskAugmentorOptions {
  const task = wholeNumber("task", choice.task, 0, TASKS - 1);
  const episode = choice.episode.trim() === "" ? undefined : episodeOf(choice.episode);
  const length = wholeNumber("length", choice.length, 1, 1000);
  const one = { projection: choice.project === "identity", permutation: choice.permute === "identity" };
  return {
    taskOffset: task,
    taskCount: 1,
    seed: seedOf(choice.seed),
    ...(choice.preset === "notebook" ? {} : { preset: choice.preset as "paper" }),
    ...(episode || length === 100 ? {} : { sequenceLength: length }),
    ...(one.projection && one.permutation
      ? { identity: true }
      : one.projection || one.permutation
        ? { identity: one }
        : {}),
    ...(choice.out.trim() === "" ? {} : { outFeatures: wholeNumber("out", choice.out, 1, 4096) }),
    ...(choice.replacement === "" ? {} : { replacement: choice.replacement === "true" }),
    ...(choice.layout === "" ? {} : { labelLayout: choice.layout as "none" }),
    ...(choice.scaling === "" ? {} : { outputScaling: choice.scaling as "example" }),
    ...(choice.classes.trim() === "" ? {} : { classSubset: listOf("classes", choice.classes) }),
    ...(episode ? { episode } : {}),
  };
}

function wholeNumber(field: keyof Choice, text: string, least: number, most: number): number {
  const number = /^\s*\d[\d,_ ]*$/.test(text) ? Number(text.replace(/[,_ ]/g, "")) : Number.NaN;
  if (number >= least && number <= most) return number;
  throw new ChoiceError(field, text, `whole numbers from ${least} to ${most.toLocaleString("en-US")}`);
}

function seedOf(text: string): number | bigint {
  const clean = text.trim();
  const seed = /^(\d+|0x[0-9a-f]+)$/i.test(clean) ? BigInt(clean) : -1n;
  if (seed < 0n || seed >= 2n ** 64n) {
    throw new ChoiceError("seed", text, "64 bits, decimal or 0x...: 0 to 18,446,744,073,709,551,615");
  }
  return seed <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(seed) : seed;
}

function listOf(field: keyof Choice, text: string): number[] {
  if (!/^\s*\d+(\s*,\s*\d+)*\s*$/.test(text))
    throw new ChoiceError(field, text, "labels with commas between, such as 0,1,7");
  return text.split(",").map(Number);
}

function episodeOf(text: string): { ways: number; shots: number; queries: number } {
  const [ways, shots, queries] = /^\s*\d+\s*,\s*\d+\s*,\s*\d+\s*$/.test(text) ? text.split(",").map(Number) : [];
  if (ways === undefined || shots === undefined || queries === undefined) {
    throw new ChoiceError("episode", text, "ways, shots and queries, such as 5,1,3");
  }
  return { ways, shots, queries };
}
