import { mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { needsOf, needsOfRun } from "../../../scripts/needs.mjs";
import { run, temporaryFolder } from "../../support/cli.js";

const root = fileURLToPath(new URL("../../..", import.meta.url));

describe("what a run needs", () => {
  test("nothing, for the laws", () => {
    expect([...needsOfRun(["test/laws"])]).toEqual([]);
  });

  test("no more than the chosen files need, whatever other flags are given", () => {
    expect([...needsOfRun(["test/cli/numpy", "-t", "float16", "--reporter=dot"])]).toEqual(["python"]);
    expect([...needsOfRun(["test/runtimes"])].sort()).toEqual(["browser", "deno", "webgpu"]);
    expect([...needsOfRun(["--project", "readable shaders"])]).toEqual(["webgpu"]);
  });

  test("everything, without arguments", () => {
    expect([...needsOfRun([])].sort()).toEqual(["browser", "deno", "python", "python-libraries", "webgpu"]);
  });

  test("is said by the tags of every test file", () => {
    const calls = [
      [/\blaunch\(/, "browser"],
      [/\bdawn\(/, "webgpu"],
      [/\bpythonWithNumpy\(/, "python"],
    ] as const;
    const files = readdirSync(join(root, "test"), { recursive: true, encoding: "utf8" })
      .filter((name) => name.endsWith(".test.ts") && !name.endsWith("set-up.test.ts"))
      .map((name) => join(root, "test", name));
    const untagged = files.flatMap((file) => {
      const text = readFileSync(file, "utf8");
      return calls
        .filter(([call, tag]) => call.test(text) && !needsOf(file).includes(tag))
        .map(([, tag]) => [file, tag]);
    });
    expect(untagged).toEqual([]);
  });
});

describe("the end of a run", () => {
  /** Runs vitest on one file and answers its last lines and its exit status. */
  async function endOf(environment: Record<string, string>, ...args: string[]) {
    const vitest = join(root, "node_modules", "vitest", "vitest.mjs");
    const env = { ...process.env, TASKLOOM_WITHOUT: "", TASKLOOM_TEMPORARY: temporaryFolder(), ...environment };
    const { code, stdout } = await run(process.execPath, [vitest, "run", ...args], { cwd: root, env });
    return { code, lines: stdout.trimEnd().split("\n") };
  }

  test("names each test that is skipped, and why, and counts it", async () => {
    const { code, lines } = await endOf({ TASKLOOM_WITHOUT: "python" }, "test/cli/numpy.test.ts");
    expect(code).toBe(0);
    expect(lines.slice(-5)).toEqual([
      ...["0", "42", "18446744073709551615"].map(
        (seed) =>
          `skipped: test/cli/numpy.test.ts > NumPy reads the golden tasks of seed ${seed}: no Python with NumPy`,
      ),
      "skipped: test/cli/numpy.test.ts > NumPy reads float16 and arrays without sequences: no Python with NumPy",
      "0 passed, 0 failed, 4 skipped",
    ]);
  });

  test("counts a folder that a test left as a failure", async () => {
    const temporary = temporaryFolder();
    mkdirSync(join(temporary, "taskloom-left"));
    const { code, lines } = await endOf({ TASKLOOM_TEMPORARY: temporary }, "test/vectors/stream.test.ts");
    expect(code).toBe(1);
    expect(lines.at(-2)).toBe("failed: a test left the folder taskloom-left in the temporary folder");
    expect(lines.at(-1)).toMatch(/^\d+ passed, 1 failed$/);
  });
});
