import { spawn } from "node:child_process";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { cliPath, taskloom, temporaryFolder } from "../support/cli.js";
import { namesIn, start, until } from "./support.js";

const small = "generate --dataset mnist-test --limit-examples 100 --sequence-length 5 --workers 0".split(" ");
const long = "generate --dataset mnist-test --sequence-length 100 --workers 0 --tasks 3000".split(" ");

describe.skipIf(process.platform === "win32")("signals", () => {
  test.each([
    ["SIGHUP", 129],
    ["SIGINT", 130],
    ["SIGQUIT", 131],
    ["SIGTERM", 143],
  ] as const)("%s ends in order, twice too", async (name, code) => {
    const out = join(temporaryFolder(), "tasks");
    const { child, finished } = start([...long, "--out", out]);
    await until(() => namesIn(out).some((entry) => entry.endsWith(".partial")), "a temporary file");
    child.kill(name);
    child.kill(name);
    expect((await finished).code).toBe(code);
    expect(namesIn(out)).toEqual([]);
  });
});

test.each(["s3://bucket/store", "https://example.org/x"])("--out %s is wrong usage", async (out) => {
  const { code, stderr } = await taskloom([...small, "--tasks", "2", "--out", out]);
  expect(code).toBe(2);
  expect(stderr).toMatch(/--out is "[^"]+"; allowed: the path of a folder/);
});

test("a set of more chunks than a manifest lists is refused before the work, with the smallest chunk", async () => {
  const out = join(temporaryFolder(), "tasks");
  const flags = ["--format", "zarr", "--tasks", "4294967296", "--chunk-tasks", "1", "--out", out];
  const child = spawn(process.execPath, [cliPath, ...small, ...flags], { stdio: ["ignore", "ignore", "pipe"] });
  let stderr = "";
  child.stderr.on("data", (text) => {
    stderr += text;
  });
  const code = await new Promise((resolve) => child.on("close", resolve));
  expect(code, stderr).toBe(2);
  expect(stderr).toMatch(/chunkTasks is 1; allowed: at least 1228/);
  expect(namesIn(out)).toEqual([]);
});
