import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    reporters: ["default", here("./test/support/closing-line.ts")],
    testTimeout: 120_000,
    hookTimeout: 300_000,
    // Tests start worker threads, browsers and other runtimes themselves; more files at a time only add noise.
    maxWorkers: 2,
  },
  resolve: {
    // The published build, as users get it: tests of the public API see bundles, not sources.
    alias: [
      { find: /^taskloom$/, replacement: here("./dist/index.js") },
      { find: /^taskloom\/node$/, replacement: here("./dist/node.js") },
    ],
  },
});
