import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { transform } from "esbuild";
import { LinearProjection, TaskAugmentor } from "taskloom";
import { describe, expect, test } from "vitest";
import { run, taskloom, temporaryFolder } from "../support/cli.js";
import {
  examplesDrawn,
  expectPyTorchs,
  expectRecorded,
  expectWithin,
  NOTEBOOK,
  notebookExample,
  ONE_THREAD,
  projectionBounds,
} from "../support/notebook-page.js";
import { readNpy } from "../support/npy.js";
import { pythonWithTorch } from "../support/python-libraries.js";
import { trainingSet } from "../support/support.js";
import { torchCpu } from "../support/torch.js";

const root = fileURLToPath(new URL("../..", import.meta.url));
const page = readFileSync(join(root, "docs", "from-the-notebook.md"), "utf8");
const program = blocks("ts").join("\n");

/** The units of 2^-24 radii by which entries on WebAssembly may be apart from PyTorch's with AVX2; docs/torch.md. */
const UNITS = 10;
/** The same for a PyTorch with a C library's functions. */
const ANY_UNITS = 21;

/** The page's blocks in a language, in order. */
function blocks(language: string): string[] {
  return [...page.matchAll(/^```(\w+)\n(.*?)^```$/gms)].filter((block) => block[1] === language).map((b) => b[2] ?? "");
}

/** A project that has the built package, as `npm install` leaves it. */
function project(): string {
  const folder = temporaryFolder();
  mkdirSync(join(folder, "node_modules"));
  symlinkSync(root, join(folder, "node_modules", "taskloom"), "dir");
  return folder;
}

describe("the page's program", () => {
  test("prints what its comments say", async () => {
    const expected = program
      .split("\n")
      .map((line) => /(?:^|\s)\/\/ (.*)$/.exec(line)?.[1])
      .filter((comment) => comment !== undefined);
    const statements = program.split("console.log(").length - 1;
    expect(expected.length).toBeGreaterThanOrEqual(statements);
    const folder = project();
    const { code } = await transform(program, { loader: "ts", format: "esm" });
    writeFileSync(join(folder, "notebook.mjs"), code);
    const finished = await run(process.execPath, ["notebook.mjs"], { cwd: folder });
    expect(finished.stderr).toBe("");
    expect(finished.code).toBe(0);
    expect(finished.stdout.trimEnd().split("\n")).toEqual(expected);
  });

  test("holds under strict TypeScript", async () => {
    const folder = project();
    writeFileSync(join(folder, "package.json"), JSON.stringify({ type: "module" }));
    writeFileSync(join(folder, "notebook.ts"), program);
    const tsc = createRequire(import.meta.url)
      .resolve("typescript/package.json")
      .replace("package.json", "bin/tsc");
    const flags =
      "--noEmit --strict --target es2022 --module nodenext --types --lib es2024,esnext.disposable,dom,dom.asynciterable";
    const words = flags.split(" ").flatMap((word) => (word === "--types" ? [word, ""] : [word]));
    const { code, stdout } = await run(process.execPath, [tsc, ...words, "notebook.ts"], { cwd: folder });
    expect(stdout).toBe("");
    expect(code).toBe(0);
  });
});

test("the page's command writes these tasks", async () => {
  const [command = ""] = blocks("sh");
  const out = join(temporaryFolder(), "out");
  // Four tasks instead of 2^16: the first ones are the same.
  const changed = command.trim().replace("--tasks 65536", "--tasks 4").replace("--out tasks", `--out ${out}`);
  const [npx, name, ...args] = changed.split(" ");
  expect([npx, name, args.includes("4"), args.at(-1)]).toEqual(["npx", "taskloom", true, out]);
  const { code, stderr } = await taskloom([...args, "--backend", "wasm"]);
  expect(code, stderr).toBe(0);
  const { shape, bytes } = readNpy(join(out, "inputs.npy"));
  using tasks = new TaskAugmentor({ ...NOTEBOOK, taskCount: 4, ...ONE_THREAD });
  const { inputs } = await tasks.transform(await trainingSet());
  expect(shape).toEqual(inputs.shape);
  expect(bytes.equals(new Uint8Array(inputs.data.buffer))).toBe(true);
});

describe("PyTorch's answers, on WebAssembly", () => {
  test("the first example of the notebook's first task", async () => {
    const x = notebookExample(await trainingSet(), 0);
    const [seed] = torchCpu.generation_seeds;
    const projection = new LinearProjection({ generator: "torch", seed: seed as number, inFeatures: 784 });
    const matrix = await projection.matrix();
    const bounds = projectionBounds(matrix.data, UNITS)(x).slice(0, 16);
    const expected = torchCpu.first_image_task0_first16;
    expectWithin("LinearProjection", (await projection.apply(x)).data.slice(0, 16), expected, bounds);
    using tasks = new TaskAugmentor({ ...NOTEBOOK, drawSequence: false, ...ONE_THREAD });
    const { inputs } = await tasks.transform((await trainingSet()).head(1));
    expectWithin("TaskAugmentor", inputs.data.slice(0, 16), expected, bounds);
  });

  test("samples of four tasks, without sequences, in the order of their tasks", async () => {
    const { flat_indices_50_of_240000: flat } = torchCpu;
    const options = { ...NOTEBOOK, taskCount: 4, drawSequence: false, samples: 50 };
    const sorted = flat.toSorted((a, b) => Math.floor(a / 60000) - Math.floor(b / 60000));
    expect([...(await examplesDrawn(60000, options))]).toEqual(sorted.map((pair) => pair % 60000));
  });

  test("recorded ones", async () => {
    await expectRecorded(ONE_THREAD, UNITS);
  });

  test("all values, asked now", async (context) => {
    console.log(await expectPyTorchs(pythonWithTorch(context), ONE_THREAD, ANY_UNITS));
  });
});
