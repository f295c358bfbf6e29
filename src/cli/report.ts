import { InvalidOptionError, TaskloomError } from "../base/errors.js";

/** Exit codes, also in the help text and the README. */
export const EXIT = { ok: 0, failed: 1, usage: 2, interrupted: 130, terminated: 143 } as const;

/** Says what went wrong in one line on standard error, and gives the exit code. Unknown errors keep their stack. */
export function failure(error: unknown): number {
  if (error instanceof TaskloomError) {
    process.stderr.write(`error: ${error.message}\n`);
    return error instanceof InvalidOptionError ? EXIT.usage : EXIT.failed;
  }
  process.stderr.write(`error: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  return EXIT.failed;
}

export function printJson(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value, null, 2)}\n`);
}

/** 12345.6 becomes "12,346"; small numbers keep three digits. */
export function formatNumber(value: number): string {
  return value >= 100 ? Math.round(value).toLocaleString("en-US") : value.toPrecision(3);
}
