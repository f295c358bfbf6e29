import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, onTestFinished } from "vitest";

const CLI = fileURLToPath(new URL("../../dist/cli.js", import.meta.url));

export interface Finished {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command to its end. */
export function run(
  command: string,
  args: readonly string[],
  options: { cwd?: string; env?: NodeJS.ProcessEnv; uid?: number; onStart?: (child: ChildProcess) => void } = {},
): Promise<Finished> {
  const { onStart, ...spawnOptions } = options;
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: ["ignore", "pipe", "pipe"], ...spawnOptions });
    let stdout = "";
    let stderr = "";
    child.stdout.setEncoding("utf8").on("data", (text) => {
      stdout += text;
    });
    child.stderr.setEncoding("utf8").on("data", (text) => {
      stderr += text;
    });
    child.on("error", reject);
    child.on("close", (code) => resolve({ code, stdout, stderr }));
    onStart?.(child);
  });
}

/** Runs the built `taskloom` command. */
export function taskloom(args: readonly string[], options: Parameters<typeof run>[2] = {}): Promise<Finished> {
  return run(process.execPath, [CLI, ...args], options);
}

const folders = new Set<string>();

/** Removes a folder, also while a process that was ended still writes to it. */
function remove(path: string): void {
  rmSync(path, { recursive: true, force: true, maxRetries: 5 });
  folders.delete(path);
}

// A hook that is registered within another hook never runs, so the end of the file removes what is still there.
afterAll(() => {
  for (const path of folders) remove(path);
});

/** A folder that goes when the test is over, or at the end of what `onEnd` registers for, and of the file at the latest. */
export function temporaryFolder(onEnd: (remove: () => void) => void = onTestFinished): string {
  const path = mkdtempSync(join(tmpdir(), "taskloom-"));
  folders.add(path);
  onEnd(() => remove(path));
  return path;
}

export const cliPath = CLI;
