import { cpSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { run, temporaryFolder } from "../support/cli.js";

const root = fileURLToPath(new URL("../..", import.meta.url));
const require = createRequire(import.meta.url);

/** Compilers: the project's own, and others that TASKLOOM_TYPESCRIPT names (folders, with commas between). */
const compilers = [
  dirname(require.resolve("typescript/package.json")),
  ...(process.env.TASKLOOM_TYPESCRIPT?.split(",") ?? []),
].map((folder) => {
  const { version } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  return { version: version as string, script: join(folder, "bin", "tsc") };
});

/** The libraries and types that a program may have; no declaration of the package goes unchecked. */
const settings: [name: string, file: string, options: object][] = [
  ["the language alone", "consumer.ts", { lib: ["es2022"], types: [] }],
  ["DOM", "consumer.ts", { lib: ["es2022", "dom"], types: [] }],
  ["DOM, all of the language", "consumer.ts", { lib: ["esnext", "dom", "dom.asynciterable"], types: [] }],
  ["DOM and @webgpu/types", "consumer.ts", { lib: ["es2022", "dom"], types: ["@webgpu/types"] }],
  ["a worker's library", "consumer.ts", { lib: ["es2022", "webworker"], types: [] }],
  ["Node without DOM", "node.ts", { lib: ["es2022"], types: ["node"] }],
  ["Node without DOM, every export", "consumer.ts", { lib: ["es2022"], types: ["node"] }],
  ["Node with DOM and @webgpu/types", "node.ts", { lib: ["es2022", "dom"], types: ["node", "@webgpu/types"] }],
];
const resolutions = [
  { module: "nodenext", moduleResolution: "nodenext" },
  { module: "esnext", moduleResolution: "bundler" },
];

describe.each(compilers)("TypeScript $version", ({ script }) => {
  let project: string;

  beforeAll(() => {
    project = temporaryFolder(afterAll);
    cpSync(join(root, "test", "package", "types"), project, { recursive: true });
    mkdirSync(join(project, "node_modules", "@types"), { recursive: true });
    // A copy, without the types that a link would find beside it.
    const inside = join(project, "node_modules", "taskloom");
    cpSync(join(root, "dist", "types"), join(inside, "dist", "types"), { recursive: true });
    cpSync(join(root, "package.json"), join(inside, "package.json"));
    for (const name of ["@types/node", "undici-types", "@webgpu"]) {
      symlinkSync(join(root, "node_modules", name), join(project, "node_modules", name), "dir");
    }
    writeFileSync(join(project, "package.json"), JSON.stringify({ name: "typed", private: true, type: "module" }));
  });

  test.each(
    settings.flatMap(([name, file, options]) =>
      resolutions.map((how) => [`${name}, ${how.moduleResolution}`, file, { ...options, ...how }] as const),
    ),
  )("a program with %s", async (_, file, options) => {
    const compilerOptions = {
      ...{ target: "es2022", strict: true, exactOptionalPropertyTypes: true, skipLibCheck: false, noEmit: true },
      ...options,
    };
    // The libraries and other types need not check together, as those of TypeScript 7 and @webgpu/types do not.
    writeFileSync(join(project, "tsconfig.json"), JSON.stringify({ compilerOptions, files: [file] }));
    const { stdout } = await run(process.execPath, [script, "-p", "."], { cwd: project });
    const problems = stdout.split("\n").filter((line) => /error TS/.test(line));
    expect(problems.filter((line) => /^(node_modules\/taskloom|consumer|node|error)\b/.test(line))).toEqual([]);
  });
});

test("the consumer names every export", () => {
  const text = readFileSync(join(root, "test", "package", "types", "consumer.ts"), "utf8");
  const index = readFileSync(join(root, "dist", "types", "index.d.ts"), "utf8");
  const types = [...index.matchAll(/export type \{([^}]*)\}|type (\w+)(?=[,\s}])/g)]
    .flatMap(
      ([, list, one]) => list?.split(",").map((name) => (name.split(" as ").pop() as string).trim()) ?? [one as string],
    )
    .filter((name) => name.length > 0);
  expect(types.length).toBeGreaterThan(40);
  expect(types.filter((name) => !new RegExp(`\\b${name}\\b`).test(text))).toEqual([]);
});

test("nothing that only the project itself calls is declared", () => {
  for (const file of readdirSync(join(root, "dist", "types"), { recursive: true }) as string[]) {
    if (!file.endsWith(".d.ts")) continue;
    expect(readFileSync(join(root, "dist", "types", file), "utf8"), file).not.toMatch(/@internal/);
  }
});

test("the steps on a GPU keep their documentation", () => {
  const text = readFileSync(join(root, "dist", "types", "steps", "gpu-on-demand.d.ts"), "utf8");
  for (const name of ["gpuMatrix", "gpuProject", "gpuStatistics", "gpuNormalize"]) {
    expect(text).toMatch(new RegExp(`@example[^@]*\\*/\\s*export declare function ${name}\\(`));
  }
});
