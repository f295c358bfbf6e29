// A process that runs the cases of one target, so that the fuzzer outlives what happens in it. Before each case it writes
// the case's number into a file, which the parent reads: a case that does not come to its end is known by that number.
import { mkdirSync, mkdtempSync, openSync, rmSync, writeFileSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { TaskloomError } from "../../dist/index.js";
import { Random } from "./random.mjs";

/** Bytes of resident memory that a process may have had. */
const MOST_MEMORY = 2 ** 30;

const { target, seed, first, only, until, progress, keep, makeOnly } = JSON.parse(process.argv[2]);
const { prepare, make, run } = await import(`./${target}.mjs`);

const work = process.env.TASKLOOM_FUZZ_WORK ?? mkdtempSync(join(tmpdir(), "taskloom-fuzz-"));
const progressFile = openSync(progress, "w");
/** The first failure of each kind, by its message and place. */
const failures = new Map();
let number = first;
let values = 0;

/** Errors of nobody's promise and of nobody's call are the case's. */
process.on("unhandledRejection", (error) => fail(error, "an unhandled rejection"));
process.on("uncaughtException", (error) => fail(error, "an uncaught exception"));

function save(input) {
  const folder = join(keep, `${target}-${seed}-${number}`);
  for (const [path, bytes] of Object.entries(input)) {
    const file = join(folder, path);
    mkdirSync(dirname(file), { recursive: true });
    if (bytes) writeFileSync(file, bytes);
  }
  return folder;
}

let input = {};
function fail(error, what) {
  const text = error instanceof Error ? `${error.stack}` : `${typeof error} ${String(error)}`;
  // Paths and figures differ from case to case.
  const kind =
    what +
    text
      .split("\n", 3)
      .join("\n")
      .replaceAll(/taskloom-fuzz-\w+|\d+/g, "");
  const known = failures.get(kind);
  if (known) known.times++;
  else failures.set(kind, { number, times: 1, problem: `${what}: ${text.slice(0, 2000)}`, input: save(input) });
}

async function runCase(context) {
  writeSync(progressFile, String(number).padEnd(16), 0);
  input = make(context, new Random(seed, target, number));
  if (makeOnly) return save(input);
  try {
    await run(context, input);
    values++;
  } catch (error) {
    if (!(error instanceof TaskloomError && typeof error.code === "string")) fail(error, "no TaskloomError");
    else if (/\p{Cc}/u.test(error.message.replaceAll("\n", ""))) fail(error, "control characters in a message");
  }
  if (Object.hasOwn(Object.prototype, "polluted")) fail(new Error("Object.prototype was changed"), "pollution");
  const { maxRSS } = process.resourceUsage();
  if (maxRSS * 1024 > MOST_MEMORY) fail(new Error(`${Math.round(maxRSS / 1024)} MiB`), "too much memory");
  return maxRSS * 1024 <= MOST_MEMORY;
}

let going = true;
let context;
try {
  context = await prepare(work);
} catch (error) {
  // No case is to blame: the parent shows this.
  console.error(error);
  process.exit(1);
}
try {
  const last = only ? first : Number.POSITIVE_INFINITY;
  for (; going && number <= last && failures.size < 20 && (only || Date.now() < until); number++) {
    going = Boolean(await runCase(context));
    // What nobody awaited has its say within the case.
    await new Promise((resolve) => setImmediate(resolve));
  }
} finally {
  rmSync(work, { recursive: true, force: true });
}
const { maxRSS } = process.resourceUsage();
process.send?.({ next: number, values, failures: [...failures.values()], maxRSS }, () => process.exit(0));
