import { InvalidOptionError, OutputError, RecipeError, StoreError, TaskloomError } from "../base/errors.js";
import { printable } from "../base/printable.js";
import { FileError } from "../files/file-error.js";

/** Exit codes, also in the help text and the README. */
export const EXIT = {
  ok: 0,
  /** Trying again may help. */
  failed: 1,
  usage: 2,
  /** Trying again does not help: other files are in the way, or a recipe and its dataset do not fit. */
  never: 3,
  /** `finish`: chunks are missing. */
  unfinished: 4,
  hungUp: 129,
  interrupted: 130,
  quit: 131,
  terminated: 143,
} as const;

/** Says what went wrong in one line on standard error, and gives the exit code. */
export function failure(error: unknown): number {
  if (error instanceof TaskloomError) {
    process.stderr.write(`error: ${error.message}\n`);
    if (error instanceof InvalidOptionError) return EXIT.usage;
    const noFile = error instanceof StoreError && error.cause instanceof FileError && error.cause.permanent;
    const never = error instanceof RecipeError || noFile || (error instanceof OutputError && error.permanent);
    return never ? EXIT.never : EXIT.failed;
  }
  const text = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  process.stderr.write(
    `error: ${printable(text)}; a defect in Taskloom, please report it (TASKLOOM_DEBUG=1 shows more)\n`,
  );
  if (process.env.TASKLOOM_DEBUG && error instanceof Error) process.stderr.write(`${error.stack}\n`);
  return EXIT.failed;
}

export function printJson(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value, null, 2)}\n`);
}

/** 12345.6 becomes "12,346"; small numbers keep three digits. */
export function formatNumber(value: number): string {
  return value >= 100 ? Math.round(value).toLocaleString("en-US") : value.toPrecision(3);
}
