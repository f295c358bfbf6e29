import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { run } from "../support/cli.js";

const FUZZ = fileURLToPath(new URL("../../scripts/fuzz.mjs", import.meta.url));
const TARGETS = ["recipe", "idx", "state", "store", "manifest", "safetensors", "npy", "files", "images"];

test.each(TARGETS)("damaged input gives values and TaskloomErrors alone: %s", async (target) => {
  // Four seconds hold the start of a process and at least one case on a slow machine.
  const { code, stdout, stderr } = await run(process.execPath, [
    FUZZ,
    "--only",
    target,
    "--seconds",
    "4",
    "--seed",
    "1",
  ]);
  expect(stderr).toBe("");
  expect(stdout).toMatch(new RegExp(`^seed 1\n${target}: [1-9]\\d* cases, .*, 0 failures\n$`));
  expect(code).toBe(0);
});

test("an unknown target is refused", async () => {
  const { code, stderr } = await run(process.execPath, [FUZZ, "--only", "recipes"]);
  expect(stderr).toMatch(/--only takes recipe, idx/);
  expect(code).toBe(2);
});
