import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { taskloom, temporaryFolder } from "../support/cli.js";

const SET = [
  "--limit-examples",
  "300",
  "--tasks",
  "3",
  "--task-offset",
  "4294967293",
  "--seed",
  "18446744073709551615",
];
const OPTIONS = [
  "--preset",
  "paper",
  "--sequence-length",
  "9",
  "--out-features",
  "20",
  "--identity",
  "0.5",
  "--center",
];

describe("generate --recipe", () => {
  test("makes the files that the recipe was written beside, and the same recipe", async () => {
    const folder = temporaryFolder();
    const [first, second] = [join(folder, "first"), join(folder, "second")];
    expect((await taskloom(["generate", ...SET, ...OPTIONS, "--out", first])).code).toBe(0);
    const { code, stderr } = await taskloom(["generate", "--recipe", join(first, "recipe.json"), "--out", second]);
    expect(code, stderr).toBe(0);
    for (const file of ["inputs.npy", "targets.npy", "recipe.json"]) {
      expect(readFileSync(join(second, file)).equals(readFileSync(join(first, file))), file).toBe(true);
    }
  });

  test("--target-dtype may be given besides, as recipes do not say it", async () => {
    const folder = temporaryFolder();
    const [first, second] = [join(folder, "first"), join(folder, "second")];
    const type = ["--target-dtype", "int64"];
    expect((await taskloom(["generate", ...SET, ...OPTIONS, ...type, "--out", first])).code).toBe(0);
    const recipe = join(first, "recipe.json");
    const { code, stderr } = await taskloom(["generate", "--recipe", recipe, ...type, "--out", second]);
    expect(code, stderr).toBe(0);
    expect(readFileSync(join(second, "targets.npy")).equals(readFileSync(join(first, "targets.npy")))).toBe(true);
  });

  test.each([
    ["a flag that says which tasks", ["--tasks", "3"], /--tasks is 3; allowed: not given beside --recipe/, 2],
    ["a flag that says which examples", ["--limit-examples", "9"], /--limit-examples is 9; .* --recipe/, 2],
    ["another dataset", ["--dataset", "mnist-test"], /mnist-test: .*the recipe was made from/, 3],
  ])("refuses %s", async (_, more, message, exit) => {
    const folder = temporaryFolder();
    expect((await taskloom(["generate", ...SET, ...OPTIONS, "--out", join(folder, "made")])).code).toBe(0);
    const out = join(folder, "out");
    const recipe = join(folder, "made", "recipe.json");
    const { code, stderr } = await taskloom(["generate", "--recipe", recipe, ...more, "--out", out]);
    expect(stderr).toMatch(message);
    expect(code).toBe(exit);
    expect(existsSync(out)).toBe(false);
  });

  test("names a file that is missing or no recipe", async () => {
    const folder = temporaryFolder();
    const missing = await taskloom(["generate", "--recipe", join(folder, "no.json"), "--out", join(folder, "out")]);
    expect(missing.stderr).toMatch(/no\.json: there is no such file/);
    writeFileSync(join(folder, "wrong.json"), "{}");
    const wrong = await taskloom(["generate", "--recipe", join(folder, "wrong.json"), "--out", join(folder, "out")]);
    expect(wrong.stderr).toMatch(/wrong\.json: not a recipe/);
    expect([missing.code, wrong.code]).toEqual([3, 3]);
  });
});
