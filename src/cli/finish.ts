import { Command } from "commander";
import { type Finished, finish } from "../node/write/finish.js";
import { wholeNumber } from "./parsers.js";
import { EXIT, printJson } from "./report.js";
import { signal } from "./signal.js";

/** Ranges that are printed in full; of more, the first ones. */
const MOST_RANGES = 20;

export function finishCommand(): Command {
  return new Command("finish")
    .description("Write the manifest of a Zarr store whose chunks are all there, or list the chunks that are missing.")
    .argument("<dir>", "a store that generate wrote, or its shards did")
    .option("--shards <n>", "list the shards, of n, that have to run again", wholeNumber)
    .option("--json", "print the result as JSON")
    .addHelpText(
      "after",
      `\nIt may be given at any time and again. Exit codes: 0 the store is complete, ${EXIT.unfinished} chunks are missing, ` +
        "1 failed, 2 wrong usage, 3 the folder has something else, 130 interrupted.",
    )
    .action(run);
}

async function run(dir: string, { json, shards }: { json?: boolean; shards?: number }): Promise<void> {
  const result = await finish(dir, { ...(shards === undefined ? {} : { shards }), signal });
  if (json) printJson({ out: dir, ...result });
  else process.stdout.write(`${describe(result, shards).join("\n")}\n`);
  if (!result.complete) process.exitCode = EXIT.unfinished;
}

function describe({ complete, chunks, missing, shards }: Finished, count: number | undefined): string[] {
  if (complete) return [`${chunks} ${chunks === 1 ? "chunk" : "chunks"}: the store is complete`];
  const number = missing.reduce((sum, { start, stop }) => sum + stop - start, 0);
  const ranges = missing.slice(0, MOST_RANGES).map(({ start, stop }) => rangeOf(start, stop - 1));
  const more = missing.length > MOST_RANGES ? `, and ${missing.length - MOST_RANGES} more ranges: see --json` : "";
  return [
    `${number} of ${chunks} chunks are missing: ${ranges.join(", ")}${more}`,
    ...(shards
      ? [`shards of ${count} to run again: ${runsOf(shards)}`]
      : ["run generate again, or name --shards <n> to see which"]),
  ];
}

/** Numbers in the way of `sbatch --array`: 0,2,5-7. */
function runsOf(numbers: readonly number[]): string {
  const runs: { first: number; last: number }[] = [];
  for (const number of numbers) {
    const run = runs.at(-1);
    if (run && run.last === number - 1) run.last = number;
    else runs.push({ first: number, last: number });
  }
  return runs.map(({ first, last }) => rangeOf(first, last)).join(",");
}

function rangeOf(first: number, last: number): string {
  return first === last ? `${first}` : `${first}-${last}`;
}
