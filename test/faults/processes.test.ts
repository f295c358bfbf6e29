import { spawn, spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { cliPath, run, taskloom, temporaryFolder } from "../support/cli.js";
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

/** Whether this machine lets a command be the first process of a namespace, as in a container. */
const isolated = spawnSync("unshare", ["-r", "--pid", "--fork", "--mount-proc", "true"]).status === 0;

test.for([
  ["SIGTERM", 143],
  ["SIGINT", 130],
] as const)("%s ends a run in order that is the first process, as in a container", async ([name, code], { skip }) => {
  skip(!isolated, "no namespaces of processes");
  const out = join(temporaryFolder(), "tasks");
  const flags = [...long, "--format", "zarr", "--chunk-tasks", "20", "--out", out];
  // The first process of a namespace gets no signal that it has no handler for. The one outside passes the number on.
  const finished = run("unshare", ["-r", "--pid", "--fork", "--mount-proc", process.execPath, cliPath, ...flags], {
    onStart: (child) => {
      const look = setInterval(() => {
        if (!existsSync(join(out, "inputs", "c.1.0.0"))) return;
        clearInterval(look);
        const [inner] = readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, "utf8").trim().split(" ");
        process.kill(Number(inner), name);
      }, 5);
    },
  });
  const { code: given, stderr } = await finished;
  expect(given, stderr).toBe(code);
  expect(stderr).toMatch(/interrupted: what is finished is kept/);
  expect(namesIn(join(out, "unfinished"))).toEqual([expect.stringMatching(/^journal-/)]);
});

test.each([
  ["s3://bucket/store", /--out is "[^"]+"; allowed: the path of a folder for the format npy/],
  ["https://example.org/x", /--out is "[^"]+"; allowed: the path of a folder, or s3:/],
])("--out %s is wrong usage", async (out, message) => {
  const { code, stderr } = await taskloom([...small, "--tasks", "2", "--out", out]);
  expect(code).toBe(2);
  expect(stderr).toMatch(message);
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
