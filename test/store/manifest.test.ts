import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { StoreError } from "taskloom";
import { generate, openTasks, verify } from "taskloom/node";
import { expect, test } from "vitest";
import { temporaryFolder } from "../support/cli.js";
import { fewDigits, small } from "./support.js";

test.each([
  ["a digest too few", (inputs: { sha256: string[] }) => void inputs.sha256.pop()],
  ["a digest too many", (inputs: { sha256: string[] }) => void inputs.sha256.push("0".repeat(64))],
  ["chunks of another size", (inputs: { bytes: number }) => void inputs.bytes++],
] as const)("a manifest with %s does not fit the store", async (_, change) => {
  const out = temporaryFolder();
  await generate(await fewDigits(), { ...small, format: "zarr", chunkTasks: 4, out });
  const path = join(out, "manifest.json");
  const manifest = JSON.parse(readFileSync(path, "utf8"));
  change(manifest.arrays.inputs);
  writeFileSync(path, JSON.stringify(manifest));
  for (const open of [() => openTasks(out, { verify: true }), () => verify(out)]) {
    const error = await open().catch((cause) => cause);
    expect(error).toBeInstanceOf(StoreError);
    expect(error.message).toMatch(/does not fit inputs\/zarr.json; was it copied from another store\?/);
  }
});
