import { createRequire } from "node:module";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { openTasks } from "taskloom";
import { generate } from "taskloom/node";
import { afterAll, beforeAll, expect, test } from "vitest";
import { launch, serve } from "../support/browser.js";
import { run, temporaryFolder } from "../support/cli.js";
import { loaderDigests } from "./digests.mjs";
import { recipeFor, SMALL, serveFolder, someDigits } from "./support.js";

const folder = join(temporaryFolder(afterAll), "tasks");
const server = await serveFolder(folder);
afterAll(() => server.close());
/** The batches that Node makes of the recipe in one thread; batches.test.ts says that this is right. */
let expected: string[];

beforeAll(async () => {
  const dataset = await someDigits();
  await generate(dataset, { ...SMALL, out: folder, workers: 0 });
  await using tasks = await openTasks(await recipeFor(SMALL), { dataset, workers: 0, backend: "wasm" });
  expected = await loaderDigests(tasks);
  expect(new Set(expected).size).toBe(7);
});

test("Deno: a recipe, a folder and a server", async () => {
  const deno = createRequire(import.meta.url).resolve("deno/bin.cjs");
  const script = fileURLToPath(new URL("./deno.ts", import.meta.url));
  const args = [deno, "run", "-A", "--no-check", script, folder, server.url];
  const { code, stdout, stderr } = await run(process.execPath, args);
  expect(code, stderr).toBe(0);
  expect(JSON.parse(stdout)).toEqual([expected, expected, expected]);
});

test("Chromium: recipes and stores from a server, a Blob and the origin's private file system", {
  tags: ["browser"],
}, async () => {
  const site = await serve();
  const browser = await launch();
  try {
    const page = await browser.newPage();
    const problems: string[] = [];
    page.on("pageerror", (error) => problems.push(String(error)));
    await page.goto(`${site.url}/test/loader/page.html`);
    const found = await page.evaluate(
      ([url, examples]) =>
        (
          globalThis as unknown as {
            everyWay: (url: string, examples: number) => Promise<Record<string, string[]>>;
          }
        ).everyWay(url, examples),
      [server.url, 100] as const,
    );
    expect(Object.keys(found).length).toBe(5);
    for (const [way, digests] of Object.entries(found)) expect(digests, way).toEqual(expected);
    expect(problems).toEqual([]);
  } finally {
    await browser.close();
    site.close();
  }
});
