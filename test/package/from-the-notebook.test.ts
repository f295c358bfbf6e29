import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { generationSeeds } from "taskloom";
import { afterAll, describe, expect, test } from "vitest";
import { temporaryFolder } from "../support/cli.js";
import { trainingSet } from "../support/support.js";
import { dawn } from "../webgpu/dawn.js";

const page = readFileSync(new URL("../../docs/from-the-notebook.md", import.meta.url), "utf8");
const program = [...page.matchAll(/^```ts\n([\s\S]*?)^```$/gm)].map(([, code]) => code as string).join("\n");
const expected = [...program.matchAll(/^print\(.*\); \/\/ (.*)$/gm)].map(([, text]) => text as string);

const torch = JSON.parse(readFileSync(new URL("../vectors/torch-cpu.json", import.meta.url), "utf8"));

interface Results {
  readonly printed: string[];
  readonly entries: Float32Array;
  readonly inputs: { readonly data: Float32Array };
  readonly targets: { readonly data: Uint8Array };
  readonly normalised: { readonly inputs: { readonly data: Float32Array } };
}

function show(value: unknown): string {
  if (Array.isArray(value) || ArrayBuffer.isView(value))
    return `[${Array.from(value as ArrayLike<number>).join(", ")}]`;
  return String(value);
}

const folder = temporaryFolder(afterAll);

/** The page as one module, in a project that has the package installed. */
async function runPage(backend: "wasm" | "webgpu"): Promise<Results> {
  const project = join(folder, backend);
  mkdirSync(join(project, "node_modules"), { recursive: true });
  const root = fileURLToPath(new URL("../..", import.meta.url));
  symlinkSync(root, join(project, "node_modules", "taskloom"));
  const file = join(project, "page.mjs");
  // A whole dataset takes a software adapter minutes; kernels.test.ts holds that path to WebAssembly.
  const code = program
    .replaceAll(" as const", "")
    .replace("drawSequence: false, backend", 'drawSequence: false, backend: "wasm"');
  writeFileSync(
    file,
    `const printed = [];
const print = (...values) => printed.push(values.map(globalThis.showValue).join(" "));
const backend = ${JSON.stringify(backend)};
${code}
export { printed, entries, inputs, targets, normalised };
for (const tasks of [plain, sequences]) tasks.dispose();
`,
  );
  Object.assign(globalThis, { showValue: show });
  return (await import(/* @vite-ignore */ pathToFileURL(file).href)) as Results;
}

/** Sum of |x| and of |A x| of the matrix' row, for the page's bound. */
function boundOf(row: Float32Array, x: Float32Array): number {
  let size = 0;
  let pixels = 0;
  for (let j = 0; j < 784; j++) {
    size += Math.abs(row[j]! * x[j]!);
    pixels += Math.abs(x[j]!);
  }
  return 2 ** -24 * ((784 + 2) * size * 2 + 24 * 5.77 * (1 / 784) * pixels);
}

describe.each(["wasm", "webgpu"] as const)("docs/from-the-notebook.md on %s", (backend) => {
  test("prints what its comments say, and PyTorch's numbers", async () => {
    // Kept, as Dawn ends when it is collected.
    const host = backend === "webgpu" ? dawn() : undefined;
    const { printed, entries, inputs, targets, normalised } = await runPage(backend);
    expect(expected.length).toBeGreaterThan(9);
    expect(printed).toEqual(expected);

    const mnist = await trainingSet();
    torch.tasks.forEach((task: Record<string, number[]>, n: number) => {
      expect([...targets.data.subarray(n * 100, n * 100 + 100)]).toEqual(task.targets);
      const at = n * 100 * 794;
      const image = mnist.at(task.indices![0]!).image;
      const x = Float32Array.from(image, (v) => Math.max(0, v - 1) / 255);
      task.projected_position0_first16!.forEach((value, i) => {
        const difference = Math.abs(inputs.data[at + i]! - value);
        // The rows of the first task are there; those of the others have entries of the same size.
        expect(difference).toBeLessThanOrEqual(boundOf(entries.subarray(i * 784, (i + 1) * 784), x));
      });
    });

    const { value_0_0_300to310: first, value_3_99_784to794: last } = torch.normalized_two_tasks_two_samples;
    const values = normalised.inputs.data;
    // What projected values are seen to differ by, in deviations, of which the smallest is some 0.005; PyTorch's moments
    // are sums in float32.
    const close = (at: number, given: number[]) => {
      for (const [i, value] of given.entries()) {
        expect(Math.abs(values[at + i]! - value)).toBeLessThan(1e-7 / 0.005 + 1e-5 * Math.abs(value));
      }
    };
    close(300, first);
    close((3 * 100 + 99) * 794 + 784, last);
    expect(host === undefined).toBe(backend === "wasm");
  });
});

test("the figures of its table: seeds that collide, and examples that are drawn twice", () => {
  const collisions = (count: number) => {
    const seeds = Uint32Array.from(generationSeeds(69, count)).sort();
    return seeds.reduce((sum, seed, i) => sum + (i > 0 && seed === seeds[i - 1] ? 1 : 0), 0);
  };
  expect(page).toContain(`${collisions(2 ** 24).toLocaleString("en-US")} were there before`);
  expect(collisions(2 ** 16)).toBe(1);
  const distinct = 2 ** 24;
  const places = 2 ** 32 - 1;
  const expectedCollisions = distinct - places * -Math.expm1(distinct * Math.log1p(-1 / places));
  expect(page).toContain(`(expected: ${Math.round(expectedCollisions).toLocaleString("en-US")})`);
  let apart = 1;
  for (let i = 0; i < 100; i++) apart *= 1 - i / 60_000;
  expect(page).toContain(`${((1 - apart) * 100).toFixed(1)}% of sequences of 100`);
});
