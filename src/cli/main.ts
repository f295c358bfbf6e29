#!/usr/bin/env node
import { Command, CommanderError } from "commander";
import { finishCommand } from "./finish.js";
import { generateCommand } from "./generate.js";
import { inspectCommand } from "./inspect.js";
import { printNotices } from "./notices.js";
import { acceptClosedPipes } from "./pipes.js";
import { previewCommand } from "./preview.js";
import { EXIT, failure } from "./report.js";
import { interruption, signal } from "./signal.js";
import { verifyCommand } from "./verify.js";

declare const TASKLOOM_VERSION: string;

printNotices();
acceptClosedPipes();

const program = new Command("taskloom")
  .description(
    "Weaves one dataset into in-context-learning tasks: random projections and permuted labels, from a seed.",
  )
  .version(TASKLOOM_VERSION)
  .exitOverride()
  .configureHelp({ showGlobalOptions: true })
  .showHelpAfterError("(add --help for all options)");
for (const command of [generateCommand, finishCommand, previewCommand, inspectCommand, verifyCommand]) {
  program.addCommand(command().exitOverride().copyInheritedSettings(program));
}

try {
  await program.parseAsync();
} catch (error) {
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? EXIT.ok : EXIT.usage;
  else if (!signal.aborted) process.exitCode = failure(error);
  // What is still under way, such as the hash of a large dataset, is of no use any more.
  else process.stderr.write(`interrupted: ${interruption()}\n`, () => process.exit());
}
