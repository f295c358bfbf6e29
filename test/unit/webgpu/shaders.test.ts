import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { MINIFIED } from "../../../src/generated/shaders.js";

const folder = new URL("../../../shaders/", import.meta.url);
const source = (name: string) => readFileSync(new URL(`${name}.wgsl`, folder), "utf8");

test("this project runs the shaders it says it runs", () => {
  const readable = process.env.TASKLOOM_SHADERS === "readable";
  for (const [name, text] of Object.entries(MINIFIED)) {
    expect(text.includes(source(name)), name).toBe(readable);
    expect(text.includes("\n"), name).toBe(readable);
  }
});

test("every kernel of shaders/ is in the build", () => {
  const names = readdirSync(folder).map((file) => file.replace(".wgsl", ""));
  const used = new Set(names.flatMap((name) => /^\/\/! uses (.*)$/m.exec(source(name))?.[1]?.split(" ") ?? []));
  // A file that no other file includes has an entry point, its own or an included one.
  expect(Object.keys(MINIFIED).sort()).toEqual(names.filter((name) => !used.has(name)).sort());
  for (const text of Object.values(MINIFIED)) expect(text.match(/@compute/g)).toHaveLength(1);
});
