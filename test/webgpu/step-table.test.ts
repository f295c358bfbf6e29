import { existsSync, readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";

const root = new URL("../../", import.meta.url);
const text = readFileSync(new URL("CONTRIBUTING.md", root), "utf8");
const table = /^## The files of a step\n([\s\S]*?)\n## /m.exec(text)?.[1] ?? "";
const named = [...table.matchAll(/`([\w/-]+\.(?:ts|wgsl))`/g)].map(([, name]) => name as string);

test("the table of steps in CONTRIBUTING.md names every shader", () => {
  const shaders = readdirSync(new URL("shaders", root)).filter((name) => name.endsWith(".wgsl"));
  expect(named.filter((name) => name.endsWith(".wgsl")).filter((name) => !shaders.includes(name))).toEqual([]);
  expect(shaders.filter((name) => !named.includes(name))).toEqual([]);
});

test("the table of steps in CONTRIBUTING.md names no file that is not there", () => {
  const folders = ["", "assembly/", "src/backend/webgpu/paths/"];
  const missing = named
    .filter((name) => name.endsWith(".ts"))
    .map((name) => name.replace(/^BW\//, "src/backend/webgpu/"))
    .filter((name) => !folders.some((folder) => existsSync(new URL(folder + name, root))));
  expect(named.length).toBeGreaterThan(60);
  expect(missing).toEqual([]);
});
