import { mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build, transform } from "esbuild";
import type { Browser } from "playwright";
import { Dataset, TaskAugmentor, type TaskAugmentorOptions } from "taskloom";
import { launch, serve } from "../support/browser.js";
import { run } from "../support/cli.js";

const root = fileURLToPath(new URL("../..", import.meta.url));
const folder = join(root, "test", "interop");
/** A folder of this run: two runs in one checkout do not meet. The server of the tests serves it. */
const place = `build/interop-${process.pid}`;
const built = join(root, place);
const page = readFileSync(join(root, "docs", "gpu.md"), "utf8");

/** The block of docs/gpu.md that begins with the comment `// NAME.ts`. */
export function block(name: string): string {
  const blocks = [...page.matchAll(/^```ts\n\/\/ (\S+)\.ts\n(.*?)^```$/gms)];
  const found = blocks.find((one) => one[1] === name)?.[2];
  if (!found) throw new Error(`docs/gpu.md has no block ${name}.ts`);
  return found;
}

/** A program with some of its lines changed; each change must find its text exactly once. */
export function changed(program: string, ...changes: readonly (readonly [from: string, to: string])[]): string {
  return changes.reduce((code, [from, to]) => {
    if (code.split(from).length !== 2) throw new Error(`not exactly once in the example: ${from}`);
    return code.replace(from, () => to);
  }, program);
}

/** The errors of strict TypeScript about programs that were opened, with the libraries' own types. */
export async function typeErrors(names: readonly string[]): Promise<string> {
  const compilerOptions = {
    strict: true,
    noEmit: true,
    skipLibCheck: true,
    target: "es2022",
    module: "esnext",
    moduleResolution: "bundler",
    lib: ["es2024", "esnext.disposable", "dom", "dom.asynciterable"],
    types: ["@webgpu/types"],
    typeRoots: ["../../node_modules"],
    paths: { taskloom: ["../../dist/types/index.d.ts"] },
  };
  writeFileSync(
    join(built, "tsconfig.json"),
    JSON.stringify({ compilerOptions, include: names.map((name) => `src/${name}.ts`) }),
  );
  const tsc = join(root, "node_modules", "typescript", "bin", "tsc");
  return (await run(process.execPath, [tsc, "-p", join(built, "tsconfig.json")])).stdout;
}

/** The exports of an example, or the error that ended it, and what its page wrote to the console. */
export interface Outcome {
  readonly sums?: number[];
  readonly targets?: number[];
  readonly targetSums?: number[];
  readonly lengths?: number[];
  readonly error?: string;
  readonly console: string[];
}

/** Examples in Chromium, bundled with the libraries as an application's bundler would. */
export class Examples {
  readonly #browser: Browser;
  readonly #site: Awaited<ReturnType<typeof serve>>;

  private constructor(browser: Browser, site: Awaited<ReturnType<typeof serve>>) {
    this.#browser = browser;
    this.#site = site;
  }

  /** @param programs by name; the block `setup` comes before each */
  static async open(programs: Record<string, string>): Promise<Examples> {
    mkdirSync(join(built, "src"), { recursive: true });
    symlinkSync(join(folder, "libraries", "node_modules"), join(built, "node_modules"), "junction");
    const entryPoints = Object.entries(programs).map(([name, program]) => {
      const file = join(built, "src", `${name}.ts`);
      const results = ["sums", "targets", "targetSums", "lengths"].filter((result) =>
        new RegExp(`^const ${result}\\b`, "m").test(program),
      );
      writeFileSync(file, `${block("setup")}\n${program}\nexport { ${results.join(", ")} };\n`);
      return file;
    });
    await build({
      entryPoints,
      outdir: built,
      bundle: true,
      splitting: true,
      format: "esm",
      target: "es2022",
      external: ["taskloom"],
      logLevel: "error",
    });
    return new Examples(await launch(), await serve());
  }

  /** Runs a program in a page of its own. */
  async run(name: string): Promise<Outcome> {
    const tab = await this.#browser.newPage();
    const console: string[] = [];
    tab.on("console", (message) => console.push(message.text()));
    await tab.route("**/row-sums.onnx", (route) => route.fulfill({ path: join(folder, "row-sums.onnx") }));
    await tab.route("**/onnxruntime-web/**", (route) => {
      const file = new URL(route.request().url()).pathname.split("/").at(-1) as string;
      const contentType = file.endsWith("js") ? "text/javascript" : "application/wasm";
      return route.fulfill({ path: join(folder, "libraries/node_modules/onnxruntime-web/dist", file), contentType });
    });
    await tab.goto(`${this.#site.url}/test/interop/page.html`);
    const outcome = await tab.evaluate(
      (address) => (globalThis as unknown as { example: (address: string) => Promise<object> }).example(address),
      `/${place}/${name}.js`,
    );
    await tab.close();
    return { ...outcome, console };
  }

  async close(): Promise<void> {
    await this.#browser.close();
    this.#site.close();
    rmSync(built, { recursive: true, force: true });
  }
}

/** The sums that every example makes, from the WebAssembly backend, with bounds of their errors in float32. */
export async function expectedSums() {
  const { code } = await transform(block("setup").replace(/^import .*$/m, ""), { loader: "ts" });
  const { dataset, options } = new Function("Dataset", `${code}; return { dataset, options };`)(Dataset) as {
    dataset: Dataset;
    options: TaskAugmentorOptions;
  };
  using tasks = new TaskAugmentor({ ...options, backend: "wasm" });
  const { inputs, targets } = await tasks.transform(dataset);
  const [items, length, width] = inputs.shape as [number, number, number];
  const rows = Array.from({ length: items * length }, (_, row) => [
    ...(inputs.data as Float32Array).subarray(row * width, (row + 1) * width),
  ]);
  const add = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0);
  return {
    width,
    sums: rows.map(add),
    // Any order of `width - 1` float32 additions.
    bounds: rows.map((row) => (width - 1) * 2 ** -24 * 1.001 * add(row.map(Math.abs))),
    targets: [...targets.data],
    targetSums: Array.from({ length: items }, (_, i) => add([...targets.data.subarray(i * length, (i + 1) * length)])),
  };
}
