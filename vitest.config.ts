import { fileURLToPath } from "node:url";
import { defineConfig, type Plugin } from "vitest/config";

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/** The published build, as users get it: tests of the public API see bundles, not sources. */
const alias = [
  { find: /^taskloom$/, replacement: here("./dist/index.js") },
  { find: /^taskloom\/node$/, replacement: here("./dist/node.js") },
  { find: /^taskloom\/gpu$/, replacement: here("./dist/gpu.js") },
];

/** Gives sources the readable shaders where the build has the minified ones. */
const readableShaders: Plugin = {
  name: "readable shaders",
  transform(code, id) {
    if (!id.endsWith("/src/generated/shaders.ts")) return undefined;
    return code.replace("MINIFIED", "_MINIFIED").replace("READABLE", "MINIFIED");
  },
};

/** What the machine lacks: `npm test` lists it, and skips nothing for it in continuous integration. */
const without = (process.env.TASKLOOM_WITHOUT ?? "").split(",");
if (process.env.TASKLOOM_NO_WEBGPU) without.push("webgpu");

/** What a test needs beside Node, as it says by its tags; scripts/needs.mjs reads them too. */
const tags = [
  { name: "browser", description: "no Chromium" },
  { name: "webgpu", description: "no WebGPU adapter" },
  { name: "python", description: "no Python with NumPy" },
].map((tag) => (without.includes(tag.name) ? { ...tag, skip: true } : tag));

export default defineConfig({
  test: {
    reporters: ["default", here("./test/support/closing-line.ts")],
    // Tests start worker threads, browsers and other runtimes themselves; more files at a time only add noise.
    maxWorkers: 2,
    tags,
    projects: [
      { resolve: { alias }, test: project("all", ["test/**/*.test.ts"]) },
      {
        resolve: { alias },
        plugins: [readableShaders],
        // These import the sources; the other project runs them on the minified shaders.
        test: {
          ...project(
            "readable shaders",
            ["fused", "kernels", "shaders", "torch"].map((name) => `test/unit/webgpu/${name}.test.ts`),
          ),
          env: { TASKLOOM_SHADERS: "readable" },
        },
      },
    ],
  },
});

function project(name: string, include: string[]) {
  return {
    name,
    include,
    exclude: ["**/node_modules/**"],
    testTimeout: 300_000,
    hookTimeout: 300_000,
  };
}
