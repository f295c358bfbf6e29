import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { temporaryFolder } from "../support/cli.js";
import { faultsOf, namesIn, start } from "./support.js";

const FLAGS = "generate --dataset mnist-test --limit-examples 50 --sequence-length 5 --tasks 20 --workers 0".split(" ");
const noLinks = `--import=${new URL("no-links.mjs", import.meta.url).href}`;

describe("a file system without hard links", () => {
  test.each(["npy", "safetensors", "zarr"])("%s is written, and by one of two that start at once", async (format) => {
    const parent = temporaryFolder();
    for (let round = 0; round < 2; round++) {
      const out = join(parent, `${round}`);
      const runs = ["1", "2"].map((seed) =>
        start([...FLAGS, "--format", format, "--seed", seed, "--out", out], [noLinks]),
      );
      const results = await Promise.all(runs.map(({ finished }) => finished));
      const errors = results.map(({ stderr }) => stderr).join("");
      expect(results.filter(({ code }) => code === 0).length, errors).toBe(1);
      expect(await faultsOf(out)).toEqual([]);
      expect(namesIn(out).filter((name) => /partial|unfinished/.test(name))).toEqual([]);
    }
  });
});
