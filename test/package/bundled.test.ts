import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type BuildOptions, build } from "esbuild";
import { describe, expect, test } from "vitest";
import { run, temporaryFolder } from "../support/cli.js";

const root = fileURLToPath(new URL("../..", import.meta.url));
const dist = join(root, "dist");

/** A program of an app, bundled as one file. */
async function bundle(contents: string, options: BuildOptions = {}): Promise<string> {
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: root },
    ...{ bundle: true, minify: true, format: "esm", write: false, logLevel: "silent", external: ["node:*"] },
    ...options,
  });
  return outputFiles?.[0]?.text ?? "";
}

/** Runs a bundle with Node, in a folder of its own. */
function runProgram(program: string, extension = "mjs") {
  const file = join(temporaryFolder(), `program.${extension}`);
  writeFileSync(file, program);
  return run(process.execPath, [file]);
}

describe("a bundle of one symbol has only what it needs", () => {
  const text = (symbol: string) => bundle(`import { ${symbol} } from "taskloom"; console.log(${symbol});`);

  test.each(["TargetPermutation", "readIdxDataset", "Dataset", "PRESETS", "TaskloomError"])("%s", async (symbol) => {
    const code = await text(symbol);
    expect(code).not.toContain("GPUBufferUsage");
    expect(code).not.toContain("@compute"); // shaders
    expect(code).not.toContain("describeBackend");
    expect(code).not.toContain("IHDR"); // the readers of docs/your-data.md
    expect(code).not.toContain("PAR1\\0");
  });

  test("readers are chunks that an app loads with the first call", async () => {
    const { metafile } = await build({
      stdin: { contents: 'import { readDataset } from "taskloom"; globalThis.read = readDataset;', resolveDir: root },
      ...{ bundle: true, minify: true, splitting: true, format: "esm", write: false, metafile: true, outdir: "out" },
      ...{ logLevel: "silent", external: ["node:*"] },
    });
    const outputs = Object.values(metafile.outputs);
    const eager = new Set([outputs.find(({ entryPoint }) => entryPoint?.endsWith("<stdin>"))]);
    for (const output of eager) {
      for (const { path, kind } of output?.imports ?? []) {
        if (kind === "import-statement") eager.add(metafile.outputs[path]);
      }
    }
    const inputs = [...eager].flatMap((output) => Object.keys(output?.inputs ?? {}));
    const chunks = outputs.flatMap(({ entryPoint, inputs: files }) =>
      entryPoint?.endsWith("dist/readers.js") ? Object.keys(files) : [],
    );
    expect(chunks.some((file) => file.endsWith("dist/readers.js"))).toBe(true);
    // No file of the readers is loaded at once, those that they share among them included.
    const code = readFileSync(join(dist, "readers.js"), "utf8");
    const own = new Set([...code.matchAll(/"\.\/([\w-]+\.js)"/g)].map(([, name]) => `dist/${name}`));
    expect(own.size).toBeGreaterThan(2);
    expect(inputs.filter((file) => own.has(file) || file.endsWith("dist/readers.js"))).toEqual([]);
  });

  test("errors have their names when they are minified", async () => {
    const code = `import { DatasetError, InvalidOptionError } from "taskloom";
      console.log(String(new DatasetError("a", "b")), String(new InvalidOptionError("c", 1, "d")));`;
    const program = await bundle(code);
    const { stdout } = await runProgram(program);
    expect(stdout).toBe("DatasetError: a: b InvalidOptionError: c is 1; allowed: d\n");
  });
});

test("a bundle of one file for Node has no worker script: the calling thread works, and says why", async () => {
  const code = `import { Dataset, TaskAugmentor } from "taskloom";
    const dataset = Dataset.from({ images: new Uint8Array(160), targets: new Uint8Array(10), shape: [16] });
    const weave = async (how) => {
      const tasks = new TaskAugmentor({ taskCount: 9, ...how });
      const { inputs } = await tasks.transform(dataset);
      return [inputs.data.length, (await tasks.describeBackend()).reason];
    };
    const print = (value) => console.log(JSON.stringify(value));
    weave({ backend: "wasm" }).then(print).then(() => weave({ backend: "wasm", workers: 2 })).then(print, ({ name, message }) => print([name, message]));`;
  for (const format of ["esm", "cjs"] as const) {
    const program = await bundle(code, { format, platform: "node" });
    const { stdout, stderr } = await runProgram(program, format === "esm" ? "mjs" : "cjs");
    const [auto, asked] = stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(auto, stderr).toEqual([
      9 * 100 * 17,
      expect.stringMatching(/in the calling thread: .*likely cause: a bundler|left it out/),
    ]);
    expect(asked).toEqual(["BackendError", expect.stringMatching(/likely cause: .*bundler.*remedy: .*workers: 0/)]);
  }
});

test("the package has no file that nothing imports", () => {
  const files = readdirSync(dist).filter((file) => file.endsWith(".js"));
  const entries = ["cli.js", "gpu.js", "index.js", "node.js", "worker.js"];
  const all = files.map((file) => readFileSync(join(dist, file), "utf8"));
  const orphans = files.filter((file) => !entries.includes(file) && !all.some((text) => text.includes(`"./${file}"`)));
  expect(orphans).toEqual([]);
});

test("bundlers are told to leave npm webgpu alone, and to emit one worker script", () => {
  const code = readdirSync(dist)
    .filter((file) => file.endsWith(".js"))
    .map((file) => readFileSync(join(dist, file), "utf8"))
    .join("\n");
  const imports = [...code.matchAll(/import\(([^)]*\bname\b)\s*\)/g)].map(([, argument]) => argument ?? "");
  expect(imports.length).toBeGreaterThan(0);
  for (const argument of imports) {
    for (const comment of ["webpackIgnore: true", "turbopackIgnore: true", "@vite-ignore"]) {
      expect(argument).toContain(comment);
    }
  }
  expect([...code.matchAll(/new URL\("\.\/worker\.js", ?import\.meta\.url\)/g)]).toHaveLength(1);
});

test("a page's polyfills of process and Buffer do not count as Node", async () => {
  // Node itself plays the page: what a browser lacks is taken away first.
  const program = await bundle(`
    const real = globalThis.process;
    const print = (value) => real.stdout.write(JSON.stringify(value));
    globalThis.process = { env: {}, browser: true, versions: {}, platform: "linux" };
    globalThis.Buffer = { from() { throw new Error("my Buffer"); } };
    const { Dataset, TaskAugmentor } = await import("taskloom");
    const dataset = Dataset.from({ images: new Uint8Array(160), targets: new Uint8Array(10), shape: [16] });
    const woven = await new TaskAugmentor({ taskCount: 2, backend: "wasm", workers: 0 }).transform(dataset);
    const failure = await new TaskAugmentor({ backend: "webgpu" }).describeBackend().catch((error) => error);
    print([woven.inputs.data.length, failure.name, failure.message]);
  `);
  const { stdout, stderr } = await runProgram(program);
  expect(JSON.parse(stdout), stderr).toEqual([
    2 * 100 * 17,
    "WebGpuError",
    expect.stringMatching(/this browser has no WebGPU/),
  ]);
});
