// npm run wheel: the sdist and the wheel of python/ into build/wheels. The wheel is built from the sdist, so it also shows
// that the C in the sdist compiles. TASKLOOM_PYTHON names the Python; it needs venv and pip.
import { execFileSync } from "node:child_process";
import { mkdirSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { ensureBuild, ensurePackages, root } from "./ensure.mjs";

const out = join(root, "build", "wheels");

/** Makes a virtual environment. Returns the path of its Python. */
export function environment(folder, python = process.env.TASKLOOM_PYTHON ?? "python3") {
  rmSync(folder, { recursive: true, force: true });
  execFileSync(python, ["-m", "venv", folder], { stdio: "inherit" });
  return join(folder, process.platform === "win32" ? "Scripts/python.exe" : "bin/python");
}

/** Builds both archives. Returns their paths. */
export function buildWheel() {
  ensurePackages();
  ensureBuild();
  rmSync(out, { recursive: true, force: true });
  mkdirSync(out, { recursive: true });
  const python = environment(join(root, "build", "wheel-environment"));
  execFileSync(python, ["-m", "pip", "install", "--quiet", "build"], { stdio: "inherit" });
  // Without a compiled module the build fails, so that a wheel is never slow by accident.
  const env = { ...process.env, TASKLOOM_COMPILED: "1" };
  execFileSync(python, ["-m", "build", "--outdir", out, join(root, "python")], {
    stdio: ["ignore", "ignore", "inherit"],
    env,
  });
  return readdirSync(out).map((name) => join(out, name));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) for (const path of buildWheel()) console.log(path);
