import { Command, Option } from "commander";
import { printable } from "../base/printable.js";
import type { Fault, Verification } from "../node/read/verification.js";
import { verify } from "../node/read/verify.js";
import type { Shard } from "../node/write/job.js";
import { addDatasetOptions, type DatasetFlags, datasetOf } from "./dataset-options.js";
import { wholeNumber } from "./parsers.js";
import { Progress } from "./progress.js";
import { EXIT, printJson } from "./report.js";
import { shardOf } from "./shard.js";
import { signal } from "./signal.js";

interface Flags extends DatasetFlags {
  /** A text is a folder that the option's optional number was read from. */
  recompute?: true | number | string;
  backend: "auto" | "wasm" | "webgpu";
  workers?: number;
  shard?: Shard;
  json?: boolean;
}

export function verifyCommand(): Command {
  const command = new Command("verify")
    .description("Compare a folder with its digests, and if asked for with newly made tasks; list every bad chunk.")
    .usage("[options] <dir>")
    .argument("[dir]", "a folder that generate wrote")
    .option("--recompute [n]", "make all tasks anew and compare, or those of n chunks drawn at random", numberOrFolder)
    .option("--dataset <name|path|url>", "where the dataset is, if not where the recipe says");
  return addDatasetOptions(command)
    .addOption(new Option("--backend <name>", "what recomputes").choices(["auto", "wasm", "webgpu"]).default("auto"))
    .option("--workers <n>", "threads; 0 computes in the main one (default: one for each core)", wholeNumber)
    .addOption(
      new Option(
        "--shard <i/n>",
        "check part i of n, counted from 0; others check theirs; auto/n as generate",
      ).argParser((text) => shardOf(text)),
    )
    .option("--json", "print the result as JSON")
    .addHelpText("after", "\nExit codes: 0 all is well, 1 something is not, 2 wrong usage, 130 interrupted.")
    .action(run);
}

/** `verify --recompute store` gives the folder to the option, whose number may be left out. */
function numberOrFolder(text: string): number | string {
  return /^\d+$/.test(text) ? wholeNumber(text) : text;
}

async function run(given: string | undefined, { json, recompute, ...flags }: Flags, command: Command): Promise<void> {
  const taken = typeof recompute === "string" ? recompute : undefined;
  const dir = given ?? taken;
  if (dir === undefined) command.error("error: missing required argument 'dir'");
  if (given !== undefined && taken !== undefined) {
    command.error(`error: option '--recompute [n]' argument '${taken}' is invalid. Give a whole number, such as 1024.`);
  }
  const bar = new Progress(json === true, "chunks");
  const { source, options: datasetOptions } = datasetOf(flags, flags.dataset !== undefined || "recipe");
  const options = {
    ...{
      backend: flags.backend,
      datasetOptions,
      ...(flags.shard === undefined ? {} : { shard: flags.shard }),
      recompute: typeof recompute === "string" ? true : (recompute ?? false),
    },
    ...(source === undefined ? {} : { dataset: source }),
    ...(flags.workers === undefined ? {} : { workers: flags.workers }),
  };
  const result = await verify(dir, { ...options, signal, onProgress: bar.update }).finally(bar.stop);
  if (json) printJson({ ok: result.faults.length === 0, ...result });
  else process.stdout.write(`${describe(result).join("\n")}\n`);
  if (result.faults.length > 0) process.exitCode = EXIT.failed;
}

function describe({ format, hashed, recomputed, faults, recipe }: Verification): string[] {
  const unit = recipe.drawSequence ? "sequences" : "examples";
  const done = [
    ...(hashed > 0 ? [`${hashed} files hashed`] : []),
    ...(recomputed > 0 ? [`${recomputed} ${unit} recomputed`] : []),
  ].join(", ");
  const none = `sizes looked at; ${format} keeps no digests, so that values need --recompute`;
  const verdict = faults.length === 0 ? "all is well" : `${faults.length} ${faults.length === 1 ? "fault" : "faults"}`;
  return [...faults.map(describeFault), `${done || none}: ${verdict}`];
}

function describeFault({ path, tasks, problem }: Fault): string {
  const concerned = tasks ? ` (tasks ${tasks.start}..${tasks.stop - 1})` : "";
  return printable(`${path}${concerned} ${problem}`);
}
