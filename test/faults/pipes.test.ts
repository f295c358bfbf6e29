import { spawn, spawnSync } from "node:child_process";
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { cliPath, run, taskloom, temporaryFolder } from "../support/cli.js";
import { namesIn, until } from "./support.js";

const GENERATE = "generate --dataset mnist-test --limit-examples 50 --workers 0".split(" ");

/** Lines of a stack. */
const STACK = /^\s+at |node:internal|node:events|Node\.js v/m;

/** Runs a shell script with the command as "$@" of a function `taskloom`; pipes fail as their first part does. */
function shell(script: string, cwd: string) {
  const head = `taskloom() { "${process.execPath}" "${cliPath}" "$@"; }\n`;
  return run("bash", ["-c", head + script], { cwd });
}

/** Every command with arguments that work in a folder with a result `o` of few tasks, which they leave alone. */
const COMMANDS = [
  ["generate", `${GENERATE.join(" ")} --tasks 3 --out new --force`],
  ["generate zarr", `${GENERATE.join(" ")} --tasks 3 --format zarr --out newer --force`],
  ["verify", "verify o"],
  ["inspect", "inspect o"],
  ["inspect --json", "inspect o --json"],
  ["preview", "preview o --tasks 1 --examples 1"],
  ["preview --json", "preview o --tasks 1 --examples 1 --json"],
  ["generate --help", "generate --help"],
] as const;

const cwd = temporaryFolder(afterAll);
beforeAll(async () => {
  expect((await taskloom([...GENERATE, "--tasks", "3", "--out", "o"], { cwd })).code).toBe(0);
});

describe.skipIf(process.platform === "win32").each(COMMANDS)("pipes that nobody reads: %s", (name, command) => {
  test("with standard output closed by its reader ends quietly", async () => {
    const { stdout, stderr } = await shell(`taskloom ${command} 2> errors | true; echo "\${PIPESTATUS[0]}"`, cwd);
    const errors = readFileSync(join(cwd, "errors"), "utf8");
    expect(errors).not.toMatch(STACK);
    expect(errors).not.toMatch(/^error/m);
    expect(stdout.trim()).toBe("0");
    expect(stderr).toBe("");
  });

  test("with standard error closed by its reader does its work", async () => {
    const [output, code] = [join(cwd, `output of ${name}`), join(cwd, `code of ${name}`)];
    await shell(`{ taskloom ${command} > "${output}"; echo $? > "${code}"; } 2>&1 | true`, cwd);
    await until(() => existsSync(code) && readFileSync(code, "utf8") !== "", "an exit code");
    expect(readFileSync(code, "utf8")).toBe("0\n");
    expect(readFileSync(output, "utf8")).not.toBe("");
  });

  test.runIf(existsSync("/dev/full"))("with standard output on a full disk says so in one line", async () => {
    const { code, stderr } = await shell(`taskloom ${command} > /dev/full`, cwd);
    expect(stderr).not.toMatch(STACK);
    expect(stderr).toMatch(/error: [^\n]*(ENOSPC|no space)[^\n]*\n/);
    expect(code).toBe(1);
  });
});

test("a long run whose progress nobody reads any more goes on to its end", async () => {
  const script = `{ taskloom ${GENERATE.join(" ")} --tasks 700 --out e > output; echo $? > code; } 2>&1 | head -1`;
  await shell(script, cwd);
  await until(() => existsSync(join(cwd, "code")), "the end");
  expect(readFileSync(join(cwd, "code"), "utf8")).toBe("0\n");
  expect(namesIn(join(cwd, "e"))).toEqual(["inputs.npy", "recipe.json", "targets.npy"]);
});

test("errors of the file system are one line without a stack, from every command", async () => {
  rmSync(join(cwd, "o/recipe.json"));
  mkdirSync(join(cwd, "o/recipe.json"));
  for (const command of [
    "verify o",
    "inspect o",
    "preview o",
    "verify /dev/null",
    "inspect /dev/null/x",
    "preview ''",
  ]) {
    const { code, stderr } = await shell(`taskloom ${command}`, cwd);
    expect(stderr, command).toMatch(/^error: [^\n]*\n$/);
    expect([1, 2, 3], command).toContain(code);
  }
});

describe("as the first process of a container", () => {
  const isolated = spawnSync("unshare", ["-p", "-f", "--mount-proc", "true"]).status === 0;
  if (!isolated) console.warn("NO PROCESS NAMESPACES HERE: SIGTERM as process 1 is NOT tested");
  test.runIf(isolated)("SIGTERM ends a run in order", async () => {
    const out = join(temporaryFolder(), "tasks");
    // exec: the command is process 1 itself, to which the system delivers only signals that it handles.
    const child = spawn(
      "unshare",
      ["-p", "-f", "--mount-proc", process.execPath, cliPath, ...GENERATE, "--tasks", "4000", "--out", out],
      { stdio: ["ignore", "ignore", "pipe"] },
    );
    let stderr = "";
    child.stderr.setEncoding("utf8").on("data", (text) => {
      stderr += text;
    });
    const closed = new Promise<number | null>((resolve) => child.on("close", resolve));
    await until(() => namesIn(out).length > 0, "a file");
    const inner = Number(readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, "utf8").trim().split(" ")[0]);
    // 0 would mean every process of this group.
    expect(inner).toBeGreaterThan(1);
    process.kill(inner, "SIGTERM");
    expect(await closed, stderr).toBe(143);
    expect(existsSync(out)).toBe(false);
  });
});

test("a terminal that is closed ends a run in order", async () => {
  const out = join(temporaryFolder(), "tasks");
  // As a closed terminal does: standard output and error fail, and SIGHUP comes.
  const [read, write] = [openSync("/dev/null", "r"), openSync("/dev/full", "w")];
  const child = spawn(process.execPath, [cliPath, ...GENERATE, "--tasks", "4000", "--out", out], {
    stdio: [read, write, write],
  });
  closeSync(read);
  closeSync(write);
  const closed = new Promise<number | null>((resolve) => child.on("close", resolve));
  await until(() => namesIn(out).length > 0, "a file");
  child.kill("SIGHUP");
  expect(await closed).toBe(129);
  expect(existsSync(out)).toBe(false);
});
