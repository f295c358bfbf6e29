// Draws docs/architecture.svg: the folders of src/ and the imports between them, read from the sources.
// node scripts/draw-architecture.mjs [--check]
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const src = join(root, "src");
const output = join(root, "docs", "architecture.svg");

/** One line for each folder. A folder that is missing here, or here and not in src/, is an error. */
const ABOUT = {
  base: "errors, tensors, checks",
  stream: "key stream, seeds",
  files: "paths, URLs, Blobs, handles",
  dataset: "Dataset, readers, transforms",
  plan: "options, presets, recipes",
  wasm: "the module in memory",
  draws: "examples and labels of tasks",
  backend: "wasm threads, webgpu device",
  batch: "gathering, buffers, ahead",
  scaling: "standardized outputs",
  steps: "matrix, permutation, product",
  tasks: "TaskAugmentor",
  store: "Zarr, npy, safetensors",
  loader: "openTasks, shuffle, states",
  node: "files in Node and Deno",
  cli: "the command",
};

const folders = Object.keys(ABOUT);
const edges = importsBetween();
const text = draw();
if (process.argv.includes("--check")) {
  if (readFileSync(output, "utf8") !== text) {
    console.error("docs/architecture.svg is not what the imports say: run node scripts/draw-architecture.mjs");
    process.exitCode = 1;
  }
} else writeFileSync(output, text);

/** The folders that each folder imports. */
function importsBetween() {
  const found = readdirSync(src, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && entry.name !== "generated")
    .map(({ name }) => name);
  const unknown = [...found.filter((name) => !ABOUT[name]), ...folders.filter((name) => !found.includes(name))];
  if (unknown.length > 0) throw new Error(`scripts/draw-architecture.mjs describes other folders: ${unknown}`);
  const result = new Map(folders.map((name) => [name, new Set()]));
  for (const file of readdirSync(src, { recursive: true })) {
    if (!file.endsWith(".ts")) continue;
    const from = file.split(/[\\/]/)[0];
    for (const [, path] of readFileSync(join(src, file), "utf8").matchAll(/(?:from|import\()\s*"(\.[^"]+)"/g)) {
      const to = relative(src, join(src, dirname(file), path)).split(/[\\/]/)[0];
      if (result.has(from) && result.has(to) && from !== to) result.get(from).add(to);
    }
  }
  return result;
}

/** Imports that do not follow from others: the rest would hide them. */
function reduced() {
  const reach = (from, seen = new Set()) => {
    for (const to of edges.get(from)) if (!seen.has(to)) reach(to, seen.add(to));
    return seen;
  };
  return folders.flatMap((from) => {
    const direct = [...edges.get(from)];
    return direct.filter((to) => !direct.some((via) => via !== to && reach(via).has(to))).map((to) => [from, to]);
  });
}

function levelOf(folder) {
  return Math.max(-1, ...[...edges.get(folder)].map(levelOf)) + 1;
}

function draw() {
  const [width, height, gapX, gapY, margin] = [214, 46, 18, 40, 16];
  const depth = Math.max(...folders.map(levelOf));
  const levels = Array.from({ length: depth + 1 }, (_, level) => folders.filter((name) => levelOf(name) === level));
  const widest = Math.max(...levels.map((level) => level.length));
  const total = { width: 2 * margin + widest * (width + gapX) - gapX, height: 0 };
  total.height = 2 * margin + levels.length * (height + gapY) - gapY;
  const place = new Map();
  for (const [level, names] of levels.entries()) {
    const rowWidth = names.length * (width + gapX) - gapX;
    for (const [i, name] of names.entries()) {
      const x = (total.width - rowWidth) / 2 + i * (width + gapX);
      place.set(name, { x, y: total.height - margin - height - level * (height + gapY) });
    }
  }
  const arrows = reduced().map(([from, to]) => {
    const [a, b] = [place.get(from), place.get(to)];
    const [x1, y1, x2, y2] = [a.x + width / 2, a.y + height, b.x + width / 2, b.y];
    const bend = (y2 - y1) / 2;
    return `<path d="M${x1} ${y1}C${x1} ${y1 + bend} ${x2} ${y2 - bend} ${x2} ${y2 - 3}"/>`;
  });
  const boxes = folders.map((name) => {
    const { x, y } = place.get(name);
    return (
      `<rect x="${x}" y="${y}" width="${width}" height="${height}" rx="6"/>` +
      `<text x="${x + 10}" y="${y + 19}" class="name">${name}/</text>` +
      `<text x="${x + 10}" y="${y + 36}">${ABOUT[name]}</text>`
    );
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${total.width} ${total.height}" role="img" aria-label="The folders of src and the imports between them">
<!-- Made by scripts/draw-architecture.mjs from the imports of src/. -->
<style>
rect { fill: #f6f8fa; stroke: #57606a; }
text { font: 12px sans-serif; fill: #1f2328; }
.name { font: bold 13px monospace; }
path { fill: none; stroke: #0969da; stroke-width: 1.2; marker-end: url(#tip); }
@media (prefers-color-scheme: dark) { rect { fill: #161b22; stroke: #8b949e; } text { fill: #e6edf3; } path { stroke: #58a6ff; } #tip path { fill: #58a6ff; } }
</style>
<defs><marker id="tip" viewBox="0 0 8 8" refX="6" refY="4" markerWidth="6" markerHeight="6" orient="auto"><path d="M0 0L8 4L0 8z" style="fill:#0969da;stroke:none"/></marker></defs>
${arrows.join("\n")}
${boxes.join("\n")}
</svg>
`;
}
