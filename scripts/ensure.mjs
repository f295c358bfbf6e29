// What a fresh clone lacks, with nothing but Node: the packages of package-lock.json, and dist/. Each is made when it is
// missing or older than what it is made from.
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export const root = fileURLToPath(new URL("..", import.meta.url));

/** Installs the packages if node_modules is not that of the lock file. */
export function ensurePackages() {
  const installed = join(root, "node_modules", ".package-lock.json");
  if (existsSync(installed) && modified(installed) >= modified(join(root, "package-lock.json"))) return;
  console.log("installing packages (npm ci) ...");
  // Under `npm start`, npm_execpath is the npm that runs us; it needs no shell to be found, on Windows either.
  const npm = process.env.npm_execpath;
  const args = ["ci", "--no-audit", "--no-fund", "--loglevel=error"];
  if (npm) execFileSync(process.execPath, [npm, ...args], { cwd: root, stdio: "inherit" });
  else execFileSync("npm", args, { cwd: root, stdio: "inherit", shell: process.platform === "win32" });
}

/** Builds dist/ if a source is newer than it. */
export function ensureBuild() {
  const built = join(root, "dist", "types", "index.d.ts");
  const sources = [
    "assembly",
    "src",
    "shaders",
    "scripts",
    "package.json",
    "package-lock.json",
    "asconfig.json",
    "tsconfig.json",
  ];
  if (existsSync(built) && sources.every((name) => newest(join(root, name)) <= modified(built))) return;
  console.log("building dist/ ...");
  execFileSync(process.execPath, [join(root, "scripts", "build.mjs")], { cwd: root, stdio: "inherit" });
}

/** Runs a command for at most so many seconds and shows nothing of it; answers whether it succeeded. */
export function succeeds(command, args, { seconds = 30, ...options } = {}) {
  return spawnSync(command, args, { stdio: "ignore", timeout: seconds * 1000, ...options }).status === 0;
}

/** Installs packages of the distribution, on Debian and its relatives, as root; answers whether that succeeded. */
export function aptInstall(...packages) {
  if (process.platform !== "linux" || process.getuid?.() !== 0) return false;
  if (!succeeds("apt-get", ["--version"])) return false;
  console.log(`installing ${packages.join(" ")} with apt-get ...`);
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  succeeds("apt-get", ["update", "-q"], { seconds: 300, env });
  return succeeds("apt-get", ["install", "-y", "-q", "--no-install-recommends", ...packages], { seconds: 900, env });
}

function modified(path) {
  return statSync(path).mtimeMs;
}

function newest(path) {
  if (!existsSync(path)) return 0;
  if (!statSync(path).isDirectory()) return modified(path);
  const inside = readdirSync(path).filter((name) => name !== "generated");
  return Math.max(0, ...inside.map((name) => newest(join(path, name))));
}
