import { readdirSync, readFileSync, renameSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { identity, takeExactly } from "../../../src/node/write/exact-file.js";
import { alone } from "../../../src/node/write/name-lock.js";
import { ROUNDS } from "../../faults/support.js";
import { temporaryFolder } from "../../support/cli.js";

describe("a lock on names", () => {
  test("of many runs that find the locks of killed ones, one is within at a time, and all get their turn", async () => {
    const folder = temporaryFolder();
    for (let round = 0; round < ROUNDS; round++) {
      for (const pid of [1, 2]) {
        const left = join(folder, `recipe.json.${pid}-${String(round).padStart(16, "0")}.lock`);
        writeFileSync(left, "");
        utimesSync(left, Date.now() / 1000 - 3600, Date.now() / 1000 - 3600);
      }
      let inside = 0;
      let most = 0;
      let turns = 0;
      const work = async () => {
        most = Math.max(most, ++inside);
        await setTimeout(1);
        inside--;
        turns++;
      };
      await Promise.all(Array.from({ length: 6 }, () => alone(folder, "recipe.json", work)));
      expect([most, turns]).toEqual([1, 6]);
      expect(readdirSync(folder)).toEqual([]);
    }
  });

  test("a lock that is young is waited for, that of another file is not, and a failure lets the next one in", async () => {
    const folder = temporaryFolder();
    const young = join(folder, "recipe.json.1-0011223344556677.lock");
    writeFileSync(young, "");
    let entered = false;
    const waiting = alone(folder, "recipe.json", async () => {
      entered = true;
    });
    await expect(alone(folder, "tasks.safetensors", () => Promise.reject(new Error("broke off")))).rejects.toThrow(
      /broke/,
    );
    await setTimeout(100);
    expect(entered).toBe(false);
    rmSync(young);
    await waiting;
    expect(entered).toBe(true);
  });
});

describe("a name is taken from one file only", () => {
  test("another file that has it meanwhile keeps it", async () => {
    const folder = temporaryFolder();
    const path = join(folder, "recipe.json");
    writeFileSync(path, "old");
    const old = (await identity(path)) as string;
    writeFileSync(join(folder, "new"), "new");
    renameSync(join(folder, "new"), path);
    expect(await takeExactly(path, old)).toBeUndefined();
    expect([readdirSync(folder), readFileSync(path, "utf8")]).toEqual([["recipe.json"], "new"]);
    const taken = await takeExactly(path, (await identity(path)) as string);
    expect(readdirSync(folder)).toEqual([expect.stringMatching(/^recipe\.json\.\d+-\w{8}\.partial$/)]);
    await taken?.restore();
    expect(readFileSync(path, "utf8")).toBe("new");
    const again = await takeExactly(path, (await identity(path)) as string);
    writeFileSync(path, "newer");
    await again?.restore();
    expect([readdirSync(folder), readFileSync(path, "utf8")]).toEqual([["recipe.json"], "newer"]);
    expect(await takeExactly(join(folder, "none"), old)).toBeUndefined();
  });
});
