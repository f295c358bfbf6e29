// node bench/collect.mjs FILE... [--write]: a table of measurements that visitors of the page downloaded (site/, "Measure").
// --write puts it into bench/RESULTS.md, between its two marks.
import { readFileSync, writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { rowsOf } from "./table.mjs";

const RESULTS = new URL("RESULTS.md", import.meta.url);
const [BEGIN, END] = ["<!-- collect.mjs -->", "<!-- end -->"];

try {
  const { values, positionals } = parseArgs({ options: { write: { type: "boolean" } }, allowPositionals: true });
  if (positionals.length === 0) throw new Error("give the files of one measurement or more");
  const text = rowsOf(positionals.map((file) => rowOf(read(file)))).join("\n");
  console.log(text);
  if (values.write) write(text);
} catch (error) {
  console.error(`error: ${error.message}`);
  process.exitCode = 1;
}

/** Reads a file. @throws Error that names it, if it is no measurement */
function read(file) {
  let report;
  try {
    report = JSON.parse(readFileSync(file, "utf8"));
  } catch (cause) {
    throw new Error(`${file}: ${cause.message}`, { cause });
  }
  if (report?.format !== "taskloom-measurement" || typeof report.results !== "object") {
    throw new Error(`${file}: no measurement of the page: "format" is ${JSON.stringify(report?.format)}`);
  }
  if (report.version !== 1) throw new Error(`${file}: version ${report.version}; this program reads version 1`);
  return report;
}

/** The figures of a report that tables compare. A part that was not measured leaves its cells empty. */
function rowOf({ setting, browser, taskloom, when, results, finished, problems }) {
  const { digests = [], tasks = [], fused, variants = [], tfjs } = results;
  const rate = (test) => figure(tasks.find(({ backend }) => test(backend))?.tasksPerSecond);
  const kernel = fused?.rows.find(({ stage }) => stage === "fused kernel");
  const gpu = tasks.find(({ backend }) => backend === "GPU");
  return {
    adapter: adapterName(setting),
    browser: browserName(browser),
    taskloom,
    date: String(when).slice(0, 10),
    "golden digests": `${digests.filter(({ same }) => same).length} of ${digests.length}`,
    "tasks/s, GPU": rate((backend) => backend === "GPU"),
    "tasks/s, one thread": rate((backend) => backend.endsWith("one thread")),
    "tasks/s, all threads": rate((backend) => backend.endsWith(" threads")),
    "fused kernel, ms a task": kernel ? figure(kernel.milliseconds / kernel.tasks) : "",
    "share of its floor": kernel?.floor ? `${figure((100 * kernel.floor.milliseconds) / kernel.milliseconds)} %` : "",
    "chosen variant": variants.find(({ chosen }) => chosen)?.name ?? fused?.kernel ?? "",
    "tfjs task, times Taskloom": tfjs && gpu ? figure((tfjs.task * gpu.tasksPerSecond) / 1000) : "",
    "tfjs products, times Taskloom": tfjs && gpu ? figure((tfjs.products * gpu.tasksPerSecond) / 1000) : "",
    clock: setting?.clock ?? "",
    remarks: [finished ? "" : "stopped early", ...problems].filter(Boolean).join("; "),
  };
}

function adapterName(setting) {
  const { adapter, why } = setting ?? {};
  if (!adapter) return `none: ${why ?? "not reached"}`;
  const name = [adapter.vendor, adapter.architecture, adapter.device, adapter.description].filter(Boolean).join(", ");
  return adapter.software ? `${name} (software)` : name;
}

/** The brand that is no placeholder and not the engine, else what the user agent says. */
function browserName({ brands = [], userAgent = "" }) {
  const own = brands.filter((brand) => !/not.?a.?brand|not[^a-z]*brand/i.test(brand));
  return own.find((brand) => !brand.startsWith("Chromium")) ?? own[0] ?? userAgent.split(" ").slice(-2).join(" ");
}

function figure(value) {
  return Number.isFinite(value) ? String(Number(value.toPrecision(3))) : "";
}

function write(text) {
  const before = readFileSync(RESULTS, "utf8");
  const [start, end] = [before.indexOf(BEGIN), before.indexOf(END)];
  if (start < 0 || end < start) throw new Error(`bench/RESULTS.md has no place between ${BEGIN} and ${END}`);
  writeFileSync(RESULTS, `${before.slice(0, start + BEGIN.length)}\n\n${text}\n\n${before.slice(end)}`);
}
