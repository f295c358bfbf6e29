import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/** `npm run test:apps`: the tests of this folder that `npm test` runs too, and the `.app.ts`, which take minutes. */
export default defineConfig({
  resolve: {
    alias: [
      { find: /^taskloom$/, replacement: here("../../dist/index.js") },
      { find: /^taskloom\/node$/, replacement: here("../../dist/node.js") },
    ],
  },
  test: {
    root: here("../.."),
    include: ["test/apps/*.{test,app}.ts"],
    reporters: ["default", here("../support/closing-line.ts")],
    maxWorkers: 2,
    // What tests say that they need; scripts/test-apps.mjs has it all.
    tags: [{ name: "browser" }, { name: "webgpu" }, { name: "python" }],
    testTimeout: 300_000,
    hookTimeout: 300_000,
  },
});
