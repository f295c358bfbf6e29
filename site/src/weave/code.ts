import type { TaskAugmentorOptions } from "taskloom";
import type { Files, Place, Reading } from "../data/place.js";

const FLAGS: Record<string, string> = {
  taskCount: "--tasks",
  taskOffset: "--task-offset",
  seed: "--seed",
  preset: "--preset",
  sequenceLength: "--sequence-length",
  outFeatures: "--out-features",
  labelLayout: "--label-layout",
  outputScaling: "--output-scaling",
};

/** The program that makes exactly this task. */
export function typescript(options: TaskAugmentorOptions, { files, reading, examples }: Place): string {
  const given = Object.entries(options).map(([name, value]) => `  ${name}: ${literal(value)},`);
  const task = options.taskOffset ?? 0;
  const how = Object.keys(reading).length > 0 ? `, ${literal(reading)}` : "";
  const dataset = files
    ? `import { readDataset, TaskAugmentor } from "taskloom";

const dataset = await readDataset(${sourceOf(files)}${how});`
    : `import { TaskAugmentor } from "taskloom";
import { mnist } from "taskloom/node";

const dataset = await mnist({ limit: ${examples} });`;
  return `${dataset}
const tasks = new TaskAugmentor({
${given.join("\n")}
});
const { inputs, targets } = await tasks.batch(dataset, ${task}, ${task + 1});
tasks.dispose();
`;
}

/** The files as `readDataset` takes them. */
function sourceOf(files: Files): string {
  if (files.kind === "pair")
    return `{ images: ${JSON.stringify(files.images)}, labels: ${JSON.stringify(files.labels)} }`;
  return files.kind === "files" ? `[${files.names.map(literal).join(", ")}]` : JSON.stringify(files.name);
}

/** The command that writes the task as files. */
export function shell(options: TaskAugmentorOptions, { files, reading, examples }: Place): string {
  const dataset = files
    ? [...datasetFlags(files), ...readingFlags(reading)]
    : ["--dataset mnist", `--limit-examples ${examples}`];
  const flags: string[] = [];
  const others: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(options)) {
    const own = flag(name, value);
    if (own) flags.push(own);
    else others[name] = value;
  }
  if (Object.keys(others).length > 0) flags.push(`--options ${quoted(JSON.stringify(others))}`);
  const words = [...dataset, ...flags, "--out tasks"];
  const note = files?.kind === "files" ? `# my-dataset/ has ${files.names.join(", ")}\n` : "";
  const again = ["npx taskloom generate --recipe recipe.json", ...(files ? dataset : []), "--out tasks"];
  return `${note}npx taskloom generate ${words.join(" \\\n    ")}

# or from the recipe
${again.join(" ")}
`;
}

function datasetFlags(files: Files): string[] {
  if (files.kind === "pair") return [`--images ${quoted(files.images)}`, `--labels ${quoted(files.labels)}`];
  return [`--dataset ${files.kind === "files" ? "./my-dataset" : quoted(`./${files.name}`)}`];
}

function readingFlags(reading: Reading): string[] {
  return Object.entries(reading).map(([name, value]) => `--${name} ${quoted(String(value))}`);
}

/** A word of a shell: in quotes where it has anything but plain letters. */
function quoted(word: string): string {
  return /^[\w./,:=+-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

/** The flag of an option; undefined for one that has none. */
function flag(name: string, value: unknown): string | undefined {
  const own = FLAGS[name];
  if (own) return `${own} ${value}`;
  if (name === "identity" && value === true) return "--identity";
  if (name === "classSubset") return `--class-subset ${(value as number[]).join(",")}`;
  if (name !== "episode") return undefined;
  const { ways, shots, queries } = value as { ways: number; shots: number; queries: number };
  return `--episode ${ways},${shots},${queries}`;
}

function literal(value: unknown): string {
  if (typeof value === "bigint") return `${value}n`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(literal).join(", ")}]`;
  return `{ ${Object.entries(value)
    .map(([name, one]) => `${name}: ${literal(one)}`)
    .join(", ")} }`;
}
