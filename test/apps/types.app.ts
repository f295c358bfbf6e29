import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { run } from "../support/cli.js";
import { inspectTypes, internalPlaces } from "./support/inspect-types.mjs";
import { install } from "./support/install.js";

const COMPILERS = ["5.4", "5.9", "7"];
const node = { module: "nodenext", moduleResolution: "nodenext", lib: ["es2022"], types: ["node"] };
const browser = { module: "esnext", moduleResolution: "bundler", lib: ["es2022", "dom"], types: [] as string[] };

/** Consumers: what is compiled, with which options; `without` names compilers that cannot compile this at all. */
const CONSUMERS: Record<string, { files: string[]; options: object; without?: string[] }> = {
  "Node, lib es2022 alone": { files: ["all.ts", "usage.ts", "usage-node.ts"], options: node },
  "a browser, lib es2022 and dom": { files: ["all-everywhere.ts", "usage.ts", "usage-dom.ts"], options: browser },
  "a browser, declarations unchecked": {
    files: ["all-everywhere.ts", "usage.ts", "usage-dom.ts"],
    options: { ...browser, skipLibCheck: true },
  },
  "a browser, with WebGPU's types": {
    files: ["all-everywhere.ts", "usage.ts", "usage-dom.ts", "usage-webgpu.ts"],
    options: { ...browser, types: ["webgpu-types"] },
    // Its own DOM library and these types do not go together, with or without this package.
    without: ["7"],
  },
  "resolution without exports": {
    files: ["all-everywhere.ts", "usage.ts"],
    options: { ...browser, moduleResolution: "node10" },
    without: ["7"],
  },
};

let folder: string;
let found: ReturnType<typeof inspectTypes>;
let internal: string[];

beforeAll(async () => {
  folder = await install("types");
  const ts = createRequire(join(folder, "package.json"))("typescript-5.9");
  const library = join(folder, "node_modules", "taskloom");
  const { exports } = JSON.parse(readFileSync(join(library, "package.json"), "utf8"));
  const entries = { everywhere: exports["."].types, node: exports["./node"].types, gpu: exports["./gpu"].types };
  found = inspectTypes(ts, library, entries);
  internal = internalPlaces(ts, join(library, "dist", "types"));

  const everywhere = reexport("taskloom", found.entries.everywhere);
  const gpu = reexport("taskloom/gpu", found.entries.gpu);
  writeFileSync(join(folder, "all-everywhere.ts"), everywhere);
  writeFileSync(join(folder, "all.ts"), everywhere + reexport("taskloom/node", found.entries.node) + gpu);
  writeFileSync(join(folder, "nothing.ts"), "export {};\n");
});

/** A consumer that names each export: values are used, types named. */
function reexport(from: string, { values, types }: { values: string[]; types: string[] } = { values: [], types: [] }) {
  const as = (name: string) => `${name} as ${name}_of_${from.replace(/\W/g, "_")}`;
  return (
    `export { ${values.map(as).join(", ")} } from "${from}";\n` +
    `export type { ${[...values, ...types].map((name) => `${as(name)}_type`).join(", ")} } from "${from}";\n`
  );
}

/** What a compiler says of files. */
async function compile(compiler: string, files: readonly string[], options: object): Promise<string[]> {
  const project = join(folder, `project-${compiler}-${Math.random().toString(36).slice(2)}`);
  mkdirSync(project);
  const common = { target: "es2022", strict: true, skipLibCheck: false, noEmit: true };
  const tsconfig = { compilerOptions: { ...common, ...options }, files: files.map((file) => `../${file}`) };
  writeFileSync(join(project, "tsconfig.json"), JSON.stringify(tsconfig));
  const tsc = join(folder, "node_modules", `typescript-${compiler}`, "bin", "tsc");
  const { code, stdout, stderr } = await run(process.execPath, [tsc, "-p", project, "--pretty", "false"], {
    cwd: folder,
  });
  const lines = (stdout + stderr).split("\n").filter((line) => line !== "");
  if (code !== 0 && lines.length === 0) throw new Error(`TypeScript ${compiler} ended with code ${code}`);
  return lines;
}

const cases = COMPILERS.flatMap((compiler) =>
  Object.entries(CONSUMERS)
    .filter(([, { without }]) => !without?.includes(compiler))
    .map(([consumer, { files, options }]) => ({ compiler, consumer, files, options })),
);

describe.each(cases)("TypeScript $compiler, $consumer", ({ compiler, files, options }) => {
  test("compiles every export, refuses what is wrong", async () => {
    expect(await compile(compiler, files, options)).toEqual([]);
  });
});

test.each(COMPILERS)("TypeScript %s compiles nothing without an error, as these set-ups have to", async (compiler) => {
  expect(await compile(compiler, ["nothing.ts"], node)).toEqual([]);
});

test("the consumers name what the declarations export", () => {
  expect(found.entries.everywhere?.values).toContain("TaskAugmentor");
  expect(found.entries.everywhere?.types).toContain("TaskAugmentorOptions");
  expect(found.entries.node?.values).toContain("generate");
  expect(found.entries.gpu?.values).toContain("gpuMatrix");
});

test("every type that an exported declaration names can be imported", () => {
  expect(found.unnamed).toEqual([]);
});

test("no internal member is declared", () => {
  expect(internal).toEqual([]);
});
