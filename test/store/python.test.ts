import { cpSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { TaskAugmentor } from "taskloom";
import { FORMATS, type GenerateOptions, generate } from "taskloom/node";
import { expect, test } from "vitest";
import { run, temporaryFolder } from "../support/cli.js";
import { pythonWithNumpy } from "../support/python.js";
import { pythonWith } from "../support/python-libraries.js";
import { sha256 } from "../support/support.js";
import { fewDigits, small } from "./support.js";

// @module-tag python
const examples = fileURLToPath(new URL("../../examples/python", import.meta.url));

/** Runs a script whose lines are JSON; warnings are errors. */
async function python(command: string, script: string, ...args: string[]) {
  const { code, stdout, stderr } = await run(command, ["-W", "error", "-c", script, ...args]);
  expect(code, stderr).toBe(0);
  return stdout
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));
}

/** Shapes and digests of the whole set, as transform() makes it, the targets as the given type. */
async function expected(dtype: "float32" | "float16", Targets: typeof Uint8Array | typeof BigInt64Array = Uint8Array) {
  using tasks = new TaskAugmentor({ ...small, dtype });
  const { inputs, targets } = await tasks.transform(await fewDigits());
  const values = Targets === Uint8Array ? targets.data : BigInt64Array.from(targets.data, BigInt);
  return { shapes: [inputs.shape, targets.shape], sha256: [sha256(inputs.data), sha256(values)] };
}

const REPORT = `
import hashlib, json
def report(*arrays):
    print(json.dumps({
        "shapes": [list(a.shape) for a in arrays],
        "sha256": [hashlib.sha256(a.tobytes()).hexdigest() for a in arrays],
    }))
`;

test.for(["float32", "float16"] as const)("zarr-python reads %s", async (dtype, context) => {
  const withZarr = pythonWith(context, "numpy", "zarr");
  const out = temporaryFolder();
  await generate(await fewDigits(), { ...small, dtype, format: "zarr", chunkTasks: 4, out });
  const script = `${REPORT}
import sys, zarr
group = zarr.open_group(sys.argv[1], mode="r")
assert sorted(group.array_keys()) == ["inputs", "targets"]
assert group.attrs["taskloom"]["taskOffset"] == 100
assert group["inputs"].chunks == (8, 5, 22)
report(group["inputs"][:], group["targets"][:])
`;
  expect(await python(withZarr, script, out)).toEqual([await expected(dtype)]);
});

test.for(["float32", "float16"] as const)("safetensors reads %s", async (dtype, context) => {
  const withSafetensors = pythonWith(context, "numpy", "safetensors");
  const out = temporaryFolder();
  await generate(await fewDigits(), { ...small, dtype, format: "safetensors", out });
  const script = `${REPORT}
import sys
from safetensors import safe_open
with safe_open(sys.argv[1], framework="numpy") as file:
    assert sorted(file.keys()) == ["inputs", "targets"]
    assert json.loads(file.metadata()["taskloom"])["taskOffset"] == 100
    report(file.get_tensor("inputs"), file.get_tensor("targets"))
`;
  expect(await python(withSafetensors, script, join(out, "tasks.safetensors"))).toEqual([await expected(dtype)]);
});

/** A line of output for each store that is given. */
const LOADER = `${REPORT}
import sys
sys.path.insert(0, sys.argv[1])
import torch
import contextlib, io
import torch_dataset
from torch_dataset import StoreError, TaskloomStore
`;

/** Options that change which arrays there are, and what is in them. */
const CASES: [name: string, options: Omit<GenerateOptions, "out">][] = [
  ["plain", {}],
  ["float16", { dtype: "float16" }],
  ["int64", { targetDtype: "int64" }],
  ["integer labels", { labelFormat: "integer", targetDtype: "int32" }],
  ["integer labels, query last", { labelFormat: "integer", labelLayout: "query-last" }],
  ["no labels", { labelLayout: "none" }],
  ["query last", { labelLayout: "query-last", specialTokens: 2 }],
  ["start token", { specialTokens: 3, startToken: 1 }],
  ["classes", { classSubset: [7, 1, 3] }],
  ["episodes", { episode: { ways: 3, shots: 1, queries: 2 }, labelLayout: "query-last", sequenceLength: 9 }],
  ["episodes with their own labels", { episode: { ways: 2, shots: 1, relabel: false }, sequenceLength: 4 }],
  ["standardized", { outputScaling: "notebook" }],
  ["no sequences", { drawSequence: false, exampleRange: [0, 7] }],
  ["samples", { drawSequence: false, samples: 9 }],
];

/** The arrays of a set as 64-bit integers and inputs, and the folders that hold it, in every format and without cells. */
async function written([name, options]: (typeof CASES)[number]) {
  const dataset = await fewDigits();
  const set: GenerateOptions = { ...small, ...options, out: "" };
  const { out: _, ...augmentor } = set;
  using tasks = new TaskAugmentor(augmentor);
  const { inputs, targets, labels } = await tasks.transform(dataset);
  const integers = [targets, ...(labels ? [labels] : [])].map(({ data }) =>
    BigInt64Array.from(Array.from(data, BigInt)),
  );
  const cells = (inputs.shape.at(-1) as number) > 12 && name !== "standardized";
  const formats = [
    ...FORMATS.map((format) => ({ format })),
    ...(cells ? [{ format: "zarr", onehot: false } as const] : []),
  ];
  const folders = formats.map(async (format) => {
    const out = temporaryFolder();
    const chunks = format.format === "zarr" ? { chunkTasks: name === "samples" ? 2 : 4 } : {};
    await generate(dataset, { ...set, ...format, ...chunks, out });
    return out;
  });
  return { sha256: [sha256(inputs.data), ...integers.map(sha256)], folders: await Promise.all(folders) };
}

const READ_ALL = `${REPORT}
import sys
sys.path.insert(0, sys.argv[1])
import numpy as np
`;

test("read.py reads every format and every option", async () => {
  const sets = await Promise.all(CASES.map(written));
  const script = `${READ_ALL}
from read import Tasks, check_labels
for path in sys.argv[2:]:
    tasks = Tasks(path)
    items = [tasks[i] for i in range(len(tasks))]
    compared = {check_labels(tasks.recipe, *item) for item in items}
    assert len(compared) == 1 and all(part.flags.writeable for part in items[0])
    inputs, *others = (np.stack(parts) for parts in zip(*items))
    report(inputs, *(part.astype(np.int64) for part in others))
`;
  const folders = sets.flatMap((set) => set.folders);
  const lines = await python(pythonWithNumpy(), script, examples, ...folders);
  expect(lines.map(({ sha256 }) => sha256)).toEqual(sets.flatMap((set) => set.folders.map(() => set.sha256)));
  // The command by itself, on one of each kind.
  for (const folder of [folders[0], folders[1], folders[2], sets.at(-1)?.folders[0]]) {
    const { code, stdout, stderr } = await run(pythonWithNumpy(), [
      "-W",
      "error",
      join(examples, "read.py"),
      folder as string,
    ]);
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout).toMatch(/^seed 7, tasks from 100: inputs .*\nthe last of \d+: projected deviation 0\.\d+/);
  }
});

test("torch_dataset.py reads every format and every option", async (context) => {
  const withTorch = pythonWith(context, "numpy", "torch");
  const sets = await Promise.all(CASES.map(written));
  const script = `${LOADER}
for path in sys.argv[2:]:
    store = TaskloomStore(path)
    loader = torch.utils.data.DataLoader(store, batch_size=7)
    inputs, *others = (torch.cat(parts) for parts in zip(*loader))
    assert all(part.dtype == torch.int64 for part in others)
    torch.nn.functional.one_hot(others[0])
    report(inputs.numpy(), *(part.numpy() for part in others))
    with contextlib.redirect_stdout(io.StringIO()) as out:
        torch_dataset.main(path)
    assert out.getvalue().startswith(f"{len(store)} sequences of seed 7")
`;
  const lines = await python(withTorch, script, examples, ...sets.flatMap((set) => set.folders));
  expect(lines.map(({ sha256 }) => sha256)).toEqual(sets.flatMap((set) => set.folders.map(() => set.sha256)));
});

test("NumPy maps a chunk into memory", async () => {
  const out = temporaryFolder();
  await generate(await fewDigits(), { ...small, format: "zarr", chunkTasks: 4, out });
  using tasks = new TaskAugmentor(small);
  const { inputs } = await tasks.batch(await fewDigits(), 104, 108);
  const script = `${REPORT}
import sys
import numpy as np
report(np.memmap(sys.argv[1], "<f4", "r", shape=(8, 5, 22)))
`;
  expect(await python(pythonWithNumpy(), script, join(out, "inputs/c/1/0/0"))).toEqual([
    { shapes: [inputs.shape], sha256: [sha256(inputs.data)] },
  ]);
});

test("PyTorch reads stores with two workers, label cells stored or not", async (context) => {
  const withTorch = pythonWith(context, "numpy", "torch");
  const cases = [
    ["float32", true],
    ["float32", false],
    ["float16", true],
    ["float16", false],
  ] as const;
  const folders = await Promise.all(
    cases.map(async ([dtype, onehot]) => {
      const out = temporaryFolder();
      await generate(await fewDigits(), { ...small, dtype, onehot, format: "zarr", chunkTasks: 4, out });
      return out;
    }),
  );
  const script = `${LOADER}
for path in sys.argv[2:]:
    store = TaskloomStore(path)
    loader = torch.utils.data.DataLoader(store, batch_size=7, num_workers=2)
    inputs, targets = (torch.cat(parts) for parts in zip(*loader))
    assert inputs.dtype == getattr(torch, store.recipe["dtype"]) and targets.dtype == torch.int64
    assert torch.equal(store[-1][0], inputs[45])
    report(inputs.numpy(), targets.numpy())
`;
  const lines = await python(withTorch, script, examples, ...folders);
  expect(lines).toEqual(await Promise.all(cases.map(([dtype]) => expected(dtype, BigInt64Array))));
  const { code, stdout } = await run(withTorch, [join(examples, "torch_dataset.py"), folders[0] as string]);
  const compared = "label cells are those of the targets";
  expect([code, stdout]).toEqual([0, `46 sequences of seed 7: a batch of (4, 5, 22) torch.float32\n${compared}\n`]);
});

test("PyTorch: what is wrong with a store is said", async (context) => {
  const withTorch = pythonWith(context, "numpy", "torch");
  const whole = temporaryFolder();
  await generate(await fewDigits(), { ...small, format: "zarr", chunkTasks: 4, out: whole });
  const cases: [RegExp, (path: string) => void][] = [
    [/sequence 46 of 46/, () => undefined],
    [/has 77 bytes, not 3520/, (path) => truncateSync(join(path, "inputs/c/5/0/0"), 77)],
    [/inputs\/c\/5\/0\/0 is missing/, (path) => rmSync(join(path, "inputs/c/5/0/0"))],
    [/unfinished/, (path) => rmSync(join(path, "manifest.json"))],
    [/not a store of taskloom/, (path) => writeFileSync(join(path, "zarr.json"), '{"attributes": {}}')],
    [/none of zarr.json, tasks.safetensors and recipe.json is there/, (path) => rmSync(join(path, "zarr.json"))],
    [/zarr\.json: not JSON/, (path) => writeFileSync(join(path, "zarr.json"), "<html>")],
  ];
  const folders = cases.map(([, change]) => {
    const out = temporaryFolder();
    cpSync(whole, out, { recursive: true });
    change(out);
    return out;
  });
  const script = `${LOADER}
for path in sys.argv[2:]:
    try:
        store = TaskloomStore(path)
        store[45], store[46]
    except (StoreError, IndexError) as error:
        print(json.dumps(str(error)))
`;
  const messages = await python(withTorch, script, examples, ...folders);
  expect(messages).toHaveLength(cases.length);
  cases.forEach(([message], i) => {
    expect(messages[i]).toMatch(message);
  });
});
