import { createHash } from "node:crypto";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { type Finished, run } from "../../support/cli.js";
import type { Report } from "./report.js";

const root = fileURLToPath(new URL("../../..", import.meta.url));
const sources = join(root, "test", "apps");
const built = join(root, "build", "apps");
/** What is installed in the apps: this tree, packed, or a tarball that was packed elsewhere. */
const tarball = resolve(process.env.TASKLOOM_TARBALL ?? join(built, "taskloom.tgz"));
/** The parts of the package. */
const PARTS: string[] = [...JSON.parse(readFileSync(join(root, "package.json"), "utf8")).files, "package.json"];

/** A copy of an app of test/apps in build/apps, with its locked packages and the packed tarball installed. */
export async function install(name: string): Promise<string> {
  const folder = join(built, name);
  mkdirSync(folder, { recursive: true });
  for (const file of readdirSync(folder)) {
    if (file !== "node_modules" && file !== ".installed") rmSync(join(folder, file), { recursive: true });
  }
  cpSync(join(sources, name), folder, { recursive: true });
  for (const file of readdirSync(join(sources, "shared"))) cpSync(join(sources, "shared", file), join(folder, file));
  cpSync(join(root, ".npmrc"), join(folder, ".npmrc"));
  await pack();

  // What is installed already stays: a new tarball comes over the locked packages, which change with their lock alone.
  const marker = join(folder, ".installed");
  const lock = digestOf(join(folder, "package-lock.json"));
  const [hasLock, hasTarball] = existsSync(marker) ? readFileSync(marker, "utf8").split("\n") : [];
  const hasAll = hasLock === lock && hasTarball === digestOf(tarball);
  if (hasAll) return folder;
  // An installation that is interrupted is done again.
  rmSync(marker, { force: true });
  const flags = ["--ignore-scripts", "--prefer-offline", "--loglevel=error"];
  if (hasLock !== lock) await mustRun("npm", ["ci", ...flags], folder);
  await mustRun("npm", ["install", "--no-save", ...flags, tarball], folder);
  writeFileSync(marker, `${lock}\n${digestOf(tarball)}`);
  return folder;
}

/** Runs a command of an app; the test fails with all that it said if it fails. */
export async function mustRun(
  command: string,
  args: readonly string[],
  cwd: string,
  env: Record<string, string> = {},
): Promise<Finished> {
  const done = await run(command, args, { cwd, env: { ...process.env, NODE_ENV: undefined, ...env } });
  if (done.code !== 0) {
    throw new Error(`${command} ${args.join(" ")} ended with code ${done.code}:\n${done.stdout}\n${done.stderr}`);
  }
  return done;
}

/** Runs a script of an installed package with this Node. */
export function runScript(folder: string, script: string, args: readonly string[], env?: Record<string, string>) {
  return mustRun(process.execPath, [join("node_modules", script), ...args], folder, env);
}

/** Runs an app's script that prints its report, with this Node or another runtime, and gives the report. */
export async function reportOf(
  folder: string,
  script: string,
  command = [process.execPath, "--import"],
): Promise<Report> {
  const [runtime = "", ...args] = [...command, "./count-workers.js", script];
  return JSON.parse((await mustRun(runtime, args, folder)).stdout);
}

/** The scripts of worker threads among the scripts that a bundler emitted: those that say that they are here. */
export function workerScripts(folder: string): string[] {
  const scripts = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((name) => /\.m?js$/.test(name));
  return scripts.filter((name) => /kind:\s*["'`]here["'`]/.test(readFileSync(join(folder, name), "utf8")));
}

/** Packs the package once for all apps, and again where a part of it is newer. */
async function pack(): Promise<void> {
  if (process.env.TASKLOOM_TARBALL) return;
  if (existsSync(tarball) && PARTS.every((part) => newest(join(root, part)) <= statSync(tarball).mtimeMs)) return;
  // Renamed when it is whole, as two test files may come here at a time.
  const folder = mkdtempSync(join(built, "pack-"));
  await mustRun("npm", ["pack", "--ignore-scripts", "--loglevel=error", "--pack-destination", folder], root);
  renameSync(join(folder, readdirSync(folder)[0] as string), tarball);
  rmSync(folder, { recursive: true });
}

function newest(path: string): number {
  const { mtimeMs } = statSync(path);
  if (!statSync(path).isDirectory()) return mtimeMs;
  return Math.max(mtimeMs, ...readdirSync(path).map((name) => newest(join(path, name))));
}

function digestOf(file: string): string {
  return createHash("sha256").update(readFileSync(file)).digest("hex");
}
