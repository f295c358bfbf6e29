import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import type { Browser, Page } from "playwright";
import * as taskloom from "taskloom";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { launch, serve } from "../support/browser.js";
import { run } from "../support/cli.js";
import { golden, trainingSet } from "../support/support.js";
import { digests } from "./digests.mjs";

const cases = golden.cases.map(({ seed, task }) => ({ seed, task }));
const expected = golden.cases.map((c) => ({
  seed: c.seed,
  task: c.task,
  inputs: c.inputs_sha256_f32le_position_column_794,
  targets: c.targets,
}));
const workerCounts = [{ workers: 0 }, { workers: 2 }];

describe("Node", () => {
  test.each(workerCounts)("golden digests, %o", async (options) => {
    expect(await digests(taskloom, await trainingSet(), cases, options)).toEqual(expected);
  });
});

describe("Deno", () => {
  test.each(workerCounts)("golden digests, %o", async (options) => {
    const deno = createRequire(import.meta.url).resolve("deno/bin.cjs");
    const script = fileURLToPath(new URL("./deno.ts", import.meta.url));
    const args = [deno, "run", "-A", "--no-check", script, JSON.stringify(cases), JSON.stringify(options)];
    const { code, stdout, stderr } = await run(process.execPath, args);
    expect(code, stderr).toBe(0);
    expect(JSON.parse(stdout)).toEqual(expected);
  });
});

describe.each([
  ["a plain page", false],
  ["a cross-origin isolated page", true],
])("Chromium, %s", (_, isolated) => {
  let browser: Browser;
  let page: Page;
  let server: Awaited<ReturnType<typeof serve>>;
  const problems: string[] = [];

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

  test.each(workerCounts)("golden digests on the page, %o", async (options) => {
    const here = await page.evaluate(
      ([c, o]) => (globalThis as unknown as { digestsHere(c: unknown, o: unknown): unknown }).digestsHere(c, o),
      [cases, options],
    );
    expect(here).toEqual(expected);
  });

  test.each(workerCounts)("golden digests in a worker, %o", async (options) => {
    const there = await page.evaluate(
      ([c, o]) => (globalThis as unknown as { digestsInWorker(c: unknown, o: unknown): unknown }).digestsInWorker(c, o),
      [cases, options],
    );
    expect(there).toEqual(expected);
  });

  if (!isolated)
    test("the package from another origin, as from a CDN", async () => {
      const elsewhere = await serve();
      const url = `${elsewhere.url}/dist/index.js`;
      const there = await page.evaluate(
        ([c, u]) => (globalThis as unknown as { digestsWith(c: unknown, u: unknown): unknown }).digestsWith(c, u),
        [cases.slice(0, 2), url],
      );
      elsewhere.close();
      expect(there).toEqual(expected.slice(0, 2));
    });

  test("nothing went wrong on the way", () => {
    // The browser asks for an icon by itself.
    expect(problems.filter((text) => !/favicon|404/.test(text))).toEqual([]);
  });
});
