import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { taskloom } from "../support/cli.js";

const folder = fileURLToPath(new URL("../../examples/scale", import.meta.url));
const read = (name: string) => readFileSync(join(folder, name), "utf8");

/** The flags of the generate command in a file: those after the word, to the end of the command or list. */
function flagsOf(text: string): string[] {
  const [, after] = /\bgenerate\b([\s\S]*?)(?:\ncode=|\]|\n\s+resources:|\$MORE|\$\{MORE|\n\n|$)/.exec(
    text,
  ) as RegExpExecArray;
  return [...(after as string).matchAll(/--([a-z-]+)/g)].map(([flag]) => flag);
}

test("the examples for schedulers use flags of generate that there are", async () => {
  const { stdout } = await taskloom(["generate", "--help"]);
  for (const name of [
    "slurm.sbatch",
    "kubernetes.yaml",
    "aws-batch-job-definition.json",
    "parallel.sh",
    "ray_shards.py",
  ]) {
    const flags = flagsOf(read(name));
    expect(flags, name).toEqual(expect.arrayContaining(["--dataset", "--tasks", "--seed", "--format", "--out"]));
    for (const flag of flags) expect(stdout, `${name}: ${flag}`).toMatch(new RegExp(`${flag}\\b`));
  }
});

test("the codes that are never tried again are those of the command", async () => {
  const { stdout } = await taskloom(["generate", "--help"]);
  expect(stdout).toMatch(/2 wrong usage/);
  expect(read("kubernetes.yaml")).toMatch(
    /action: FailJob\s+onExitCodes:\s+containerName: taskloom\s+operator: In\s+values: \[2, 3\]/,
  );
  const { retryStrategy } = JSON.parse(read("aws-batch-job-definition.json"));
  const exits = retryStrategy.evaluateOnExit.filter(({ action }: { action: string }) => action === "EXIT");
  expect(exits.map(({ onExitCode }: { onExitCode: string }) => onExitCode)).toEqual(["2", "3"]);
  expect(read("slurm.sbatch")).toMatch(/RequeueExitHold=2,3/);
  // What is never tried again ends with these codes: wrong usage, and a recipe that does not fit.
  expect((await taskloom(["generate", "--tasks", "0"])).code).toBe(2);
});

test("each example is in the table of the README", () => {
  const readme = read("README.md");
  for (const name of readdirSync(folder)) if (name !== "README.md") expect(readme).toContain(`(${name})`);
});
