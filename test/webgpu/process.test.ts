import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { run, taskloom, temporaryFolder } from "../support/cli.js";
import { golden } from "../support/support.js";
import { dawn } from "./dawn.js";

// @module-tag webgpu
dawn(); // names the driver to child processes
const c = golden.cases[0]!;

const SCRIPT = `
import { createHash } from "node:crypto";
import { TaskAugmentor } from ${JSON.stringify(new URL("../../dist/index.js", import.meta.url).href)};
import { mnist } from ${JSON.stringify(new URL("../../dist/node.js", import.meta.url).href)};

const tasks = new TaskAugmentor({ seed: ${c.seed}n, taskOffset: ${c.task}, backend: "webgpu" });
const { inputs } = await tasks.transform(await mnist());
console.log(createHash("sha256").update(inputs.data).digest("hex"));
if (process.argv[2] === "dispose") tasks.dispose();
else {
  // No call is under way now, so a busy core would be a fault.
  const before = process.cpuUsage();
  await new Promise((resolve) => setTimeout(resolve, 1000));
  const { user, system } = process.cpuUsage(before);
  console.log((user + system) / 1e6 < 0.5 ? "idle" : "busy");
}
`;

test.each(["dispose", "forget"])("a Node process ends by itself, without a busy core or a crash: %s", async (what) => {
  const root = fileURLToPath(new URL("../..", import.meta.url));
  const script = join(temporaryFolder(), "script.mjs");
  writeFileSync(script, SCRIPT);
  const { code, stdout, stderr } = await run(process.execPath, [script, what], { cwd: root });
  expect(stderr).toBe("");
  expect(stdout).toBe(`${c.inputs_sha256_f32le_position_column_794}\n${what === "forget" ? "idle\n" : ""}`);
  expect(code).toBe(0);
});

test("the command on WebGPU writes what it writes on WebAssembly", async () => {
  const out = temporaryFolder();
  const flags = ["generate", "--tasks", "2", "--seed", "5", "--limit-examples", "200", "--json"];
  const gpu = await taskloom([...flags, "--backend", "webgpu", "--out", join(out, "gpu")]);
  expect(gpu.code, gpu.stderr).toBe(0);
  expect(JSON.parse(gpu.stdout).backend.name).toBe("webgpu");
  await taskloom([...flags, "--backend", "wasm", "--out", join(out, "wasm")]);
  const digests = ["gpu", "wasm"].map(async (name) => {
    const { inputs, targets } = JSON.parse((await taskloom(["inspect", join(out, name), "--json"])).stdout);
    return [inputs.sha256, targets.sha256];
  });
  expect(await digests[0]).toEqual(await digests[1]);
});
