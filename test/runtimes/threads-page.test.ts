import type { Browser, Page } from "playwright";
import { afterAll, beforeAll, expect, test } from "vitest";
import { launch, serve } from "../support/browser.js";

// @module-tag browser

let browser: Browser;
let page: Page;
let server: Awaited<ReturnType<typeof serve>>;

beforeAll(async () => {
  server = await serve();
  browser = await launch();
  page = await browser.newPage();
  // Counts the workers that run.
  await page.addInitScript(() => {
    const alive = new Set<Worker>();
    const scope = globalThis as unknown as { alive: Set<Worker>; Worker: typeof Worker };
    scope.alive = alive;
    scope.Worker = class extends Worker {
      constructor(url: string | URL, options?: WorkerOptions) {
        super(url, options);
        alive.add(this);
      }
      override terminate() {
        alive.delete(this);
        super.terminate();
      }
    };
  });
  await page.goto(`${server.url}/test/runtimes/blank.html`);
  const content = 'import * as taskloom from "/dist/index.js"; globalThis.taskloom = taskloom;';
  await page.addScriptTag({ type: "module", content });
  await page.waitForFunction(() => "taskloom" in globalThis);
});
afterAll(async () => {
  await browser?.close();
  server?.close();
});

test("in a page, threads of augmentors that nobody disposes end by themselves, and start again", async () => {
  const counts = await page.evaluate(async () => {
    const { alive, taskloom } = globalThis as unknown as {
      alive: Set<Worker>;
      taskloom: typeof import("taskloom");
    };
    const { Dataset, TaskAugmentor } = taskloom;
    const dataset = Dataset.from({ images: new Uint8Array(1600), targets: new Uint8Array(100), shape: [16] });
    const made = Array.from(
      { length: 10 },
      (_, seed) => new TaskAugmentor({ taskCount: 8, seed, backend: "wasm", workers: 2 }),
    );
    await Promise.all(made.map((tasks) => tasks.transform(dataset)));
    const used = alive.size;
    for (let waited = 0; waited < 30 && alive.size > 0; waited++) await new Promise((end) => setTimeout(end, 500));
    const after = alive.size;
    await made[3]?.transform(dataset);
    return { used, after, again: alive.size };
  });
  expect(counts.used).toBeGreaterThan(9);
  expect(counts.after).toBe(0);
  expect(counts.again).toBeGreaterThan(0);
});
