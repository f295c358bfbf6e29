import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { launch, serve } from "../support/browser.js";
import { run, taskloom, temporaryFolder } from "../support/cli.js";
import { pythonWithNumpy } from "../support/python.js";

const examples = fileURLToPath(new URL("../../examples", import.meta.url));
/** The digest of 1,024 tasks of seed 42; that the bytes are right is for the golden vectors to say. */
const line = /^\d+ tasks\/s \(wasm: .+\)\nsha256 chain ([0-9a-f]{64})\n?$/;

test("the Node, Deno and browser examples print the same digest", { tags: ["browser"] }, async () => {
  const node = await run(process.execPath, [join(examples, "node", "generate.mjs")]);
  expect(node.stdout).toMatch(line);
  const deno = createRequire(import.meta.url).resolve("deno/bin.cjs");
  const inDeno = await run(process.execPath, [deno, "run", "-A", join(examples, "deno", "generate.ts")]);
  expect(inDeno.stdout).toMatch(line);
  const server = await serve();
  const browser = await launch();
  const page = await browser.newPage();
  await page.goto(`${server.url}/examples/browser/index.html`);
  await page.waitForFunction(() => !document.getElementById("result")?.textContent?.startsWith("working"));
  const inPage = (await page.textContent("#result")) ?? "";
  await browser.close();
  server.close();
  expect(inPage).toMatch(line);
  const [digest, ...others] = [node.stdout, inDeno.stdout, inPage].map((text) => line.exec(text)?.[1]);
  expect(others).toEqual([digest, digest]);
});

test("the Python example reads what generate wrote", { tags: ["python"] }, async () => {
  const out = temporaryFolder();
  await taskloom(["generate", "--tasks", "3", "--out", out]);
  const { code, stdout, stderr } = await run(pythonWithNumpy(), [join(examples, "python", "read.py"), out]);
  expect(stderr).toBe("");
  expect(code).toBe(0);
  expect(stdout).toContain("inputs (3, 100, 794) float32, targets (3, 100)");
  expect(existsSync(join(out, "preview.png"))).toBe(false);
});
