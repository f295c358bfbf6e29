import { writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Browser, Page } from "playwright";
import * as taskloom from "taskloom";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { launch, serve } from "../support/browser.js";
import { run, temporaryFolder } from "../support/cli.js";
import { smallSets } from "../support/small-sets.js";
import { golden, trainingSet } from "../support/support.js";
import { digests, smallDigests } from "./digests.mjs";

const cases = golden.cases.map(({ seed, task }) => ({ seed, task }));
const expected = golden.cases.map((c) => ({
  seed: c.seed,
  task: c.task,
  inputs: c.inputs_sha256_f32le_position_column_794,
  targets: c.targets,
}));
/** The results of one thread of WebAssembly in Node; test/laws/ says that this is right. */
const sets = smallSets(12);
const expectedSets = smallDigests(taskloom, sets, { backend: "wasm", workers: 0 });

const threads = [
  { backend: "wasm", workers: 0 },
  { backend: "wasm", workers: 2 },
] as const;
const ways = [...threads, { backend: "webgpu" } as const];
/** Tests of a way are skipped where the machine lacks what it needs. */
const needs = (options: (typeof ways)[number]) => (options.backend === "webgpu" ? { tags: ["webgpu"] } : {});

/** Every result as it must be; names the adapter, so that a log tells what ran. */
function expectGolden(where: string, found: unknown, count = expected.length) {
  const { backend, results } = found as { backend: string; results: unknown };
  console.log(`${where}: ${backend}`);
  expect(results).toEqual(expected.slice(0, count));
}

describe.each(ways)("Node, %o", (options) => {
  test("golden digests", needs(options), async () => {
    expectGolden("Node", await digests(taskloom, await trainingSet(), cases, options));
  });

  test("small task sets", needs(options), async () => {
    expect(await smallDigests(taskloom, sets, options)).toEqual(await expectedSets);
  });
});

describe.each(ways)("Deno, %o", (options) => {
  const deno = createRequire(import.meta.url).resolve("deno/bin.cjs");
  const script = fileURLToPath(new URL("./deno.ts", import.meta.url));
  const inDeno = async (what: string, given: unknown) => {
    const file = join(temporaryFolder(), "given.json");
    writeFileSync(file, JSON.stringify(given));
    const args = [deno, "run", "-A", "--no-check", script, what, file, JSON.stringify(options)];
    const { code, stdout, stderr } = await run(process.execPath, args);
    expect(code, stderr).toBe(0);
    return JSON.parse(stdout);
  };

  test("golden digests", needs(options), async () => {
    expectGolden("Deno", await inDeno("digests", cases));
  });

  test("small task sets", needs(options), async () => {
    expect(await inDeno("smallDigests", sets)).toEqual(await expectedSets);
  });
});

describe.each([
  ["a plain page", false],
  ["a cross-origin isolated page", true],
])("Chromium, %s", { tags: ["browser"] }, (_, isolated) => {
  let browser: Browser;
  let page: Page;
  let server: Awaited<ReturnType<typeof serve>>;
  const problems: string[] = [];
  /** Calls a function of page.html. */
  const call = (name: string, ...args: unknown[]) =>
    page.evaluate(([f, a]) => (globalThis as unknown as Record<string, (...args: unknown[]) => unknown>)[f]?.(...a), [
      name,
      args,
    ] as const);

  beforeAll(async () => {
    server = await serve({ isolated });
    browser = await launch();
    page = await browser.newPage();
    page.on("pageerror", (error) => problems.push(String(error)));
    page.on("console", (message) => message.type() === "error" && problems.push(message.text()));
    await page.goto(`${server.url}/test/runtimes/page.html`);
    expect(await page.evaluate(() => crossOriginIsolated)).toBe(isolated);
  });
  afterAll(async () => {
    await browser?.close();
    server?.close();
  });

  // Isolation is about threads; once is enough for a GPU.
  const here = ways.filter(({ backend }) => backend === "wasm" || !isolated);

  describe.each(here)("%o", (options) => {
    test("golden digests on the page", needs(options), async () => {
      expectGolden("Chromium, page", await call("digestsHere", cases, options));
    });

    test("golden digests in a worker", needs(options), async () => {
      expectGolden("Chromium, worker", await call("inWorker", "digests", cases, options));
    });

    test("small task sets on the page and in a worker", needs(options), async () => {
      expect(await call("smallDigestsHere", sets, options)).toEqual(await expectedSets);
      expect(await call("inWorker", "smallDigests", sets, options)).toEqual(await expectedSets);
    });
  });

  if (!isolated) {
    test("the package from another origin, as from a CDN", async () => {
      const elsewhere = await serve();
      const found = await call("digestsWith", cases.slice(0, 2), `${elsewhere.url}/dist/index.js`);
      elsewhere.close();
      expectGolden("Chromium, from elsewhere", found, 2);
    });
  }

  test("nothing went wrong on the way", () => {
    // The browser asks for an icon by itself.
    expect(problems.filter((text) => !/favicon|404/.test(text))).toEqual([]);
  });
});
