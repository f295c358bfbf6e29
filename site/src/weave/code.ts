import type { TaskAugmentorOptions } from "taskloom";

/** The dataset as programs read it. */
export interface Place {
  /** The names of the visitor's files, images and labels; undefined for the slice of MNIST. */
  readonly files: readonly string[] | undefined;
  readonly examples: number;
}

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
export function typescript(options: TaskAugmentorOptions, { files, examples }: Place): string {
  const given = Object.entries(options).map(([name, value]) => `  ${name}: ${literal(value)},`);
  const task = options.taskOffset ?? 0;
  const dataset = files
    ? `import { readIdxDataset, TaskAugmentor } from "taskloom";

const dataset = await readIdxDataset({ images: ${JSON.stringify(files[0])}, labels: ${JSON.stringify(files[1])} });`
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

/** The program in Python that makes the task from its recipe, by the package in python/. */
export function python({ files }: Place): string {
  const [images = "train-images-idx3-ubyte", labels = "train-labels-idx1-ubyte"] = files ?? [];
  return `import taskloom

dataset = taskloom.read_idx(${JSON.stringify(images)}, ${JSON.stringify(labels)})
tasks = taskloom.open_tasks("recipe.json", dataset)
inputs, targets = tasks[0]
`;
}

/** The command that writes the task as files. */
export function shell(options: TaskAugmentorOptions, { files, examples }: Place): string {
  const dataset = files ? ["--dataset ./my-dataset"] : ["--dataset mnist", `--limit-examples ${examples}`];
  const flags: string[] = [];
  const others: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(options)) {
    const own = flag(name, value);
    if (own) flags.push(own);
    else others[name] = value;
  }
  if (Object.keys(others).length > 0) flags.push(`--options '${JSON.stringify(others)}'`);
  const words = [...dataset, ...flags, "--out tasks"];
  const note = files
    ? `# my-dataset/ has ${files[0]} as train-images-idx3-ubyte, and ${files[1]} as train-labels-idx1-ubyte\n`
    : "";
  return `${note}npx taskloom generate ${words.join(" \\\n    ")}

# or from the recipe
npx taskloom generate --recipe recipe.json${files ? " --dataset ./my-dataset" : ""} --out tasks
`;
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
