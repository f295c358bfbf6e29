import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";

const root = fileURLToPath(new URL("../..", import.meta.url));
const apps = readdirSync(join(root, "test", "apps"), { withFileTypes: true }).filter((entry) => entry.isDirectory());
const read = (path: string) => readFileSync(join(root, path), "utf8");

/** The tools that apps are built with, and the versions that are installed. */
const tools = apps.flatMap(({ name }): [tool: string, version: string][] => {
  if (!readdirSync(join(root, "test", "apps", name)).includes("package.json")) return [];
  const { dependencies } = JSON.parse(read(`test/apps/${name}/package.json`)) as {
    dependencies: Record<string, string>;
  };
  return Object.entries(dependencies).map(([tool, version]) => [tool, version.replace(/^npm:.*@/, "")]);
});
/** What apps are made of without being what they try. */
const PARTS = /^(webgpu.*|react.*|webpack-cli|@types\/.*|@rollup\/.*)$/;

describe("docs/bundlers.md names the versions that test/apps builds with", () => {
  const document = read("docs/bundlers.md");

  test.each(tools.filter(([tool]) => !PARTS.test(tool)))("%s %s", (_, version) => {
    expect(document).toContain(` ${version}`);
  });

  test("deno, of the root", () => {
    expect(document).toContain(` ${JSON.parse(read("package.json")).devDependencies.deno}`);
  });
});

test("the versions of apps are exact, and their locks name no registry", () => {
  expect(tools.length).toBeGreaterThan(10);
  expect(tools.filter(([, version]) => !/^\d+\.\d+\.\d+$/.test(version))).toEqual([]);
  for (const { name } of apps) {
    if (!readdirSync(join(root, "test", "apps", name)).includes("package-lock.json")) continue;
    expect(read(`test/apps/${name}/package-lock.json`)).not.toMatch(/"resolved"|https?:\/\/[^"]*registry/);
  }
});
