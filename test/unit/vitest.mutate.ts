import { fileURLToPath } from "node:url";
import { defineConfig, type Plugin } from "vitest/config";

const here = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url));

/** Threads run the built script: mutants are met by the calling thread. */
const builtWorker: Plugin = {
  name: "built worker",
  transform(code, id) {
    if (!id.endsWith("/src/backend/wasm/worker-url.ts")) return undefined;
    return code.replace("./worker.js", "../../../dist/worker.js");
  },
};

/** The tests that `npm run mutate` runs on mutants of each folder: the quick ones that reach it without a process. */
const TESTS = {
  plan: [
    "unit/plan/*",
    "laws/{curriculum,data-checks,episodes,exact,labels,leaks,misuse,options}",
    "faults/recipe-length",
  ],
  draws: ["unit/draws/*", "laws/{datasets,episodes,exact,float,labels}"],
  loader: ["unit/loader/*", "loader/{batches,edges,open,store}", "faults/recipe-length"],
  store: [
    "unit/store/*",
    "store/{formats,inputs,reader,verify,verify-whole}",
    "loader/{store,zarr}",
    "faults/store-shapes",
  ],
};
const chosen = TESTS[process.env.TASKLOOM_MUTATE as keyof typeof TESTS] ?? Object.values(TESTS).flat();
const include = chosen.map((name) => `test/${name}.test.ts`);

/** The package's names lead to src/, which holds the mutants, instead of dist/. */
export default defineConfig({
  root: here("."),
  plugins: [builtWorker],
  resolve: {
    alias: [
      { find: /^taskloom$/, replacement: here("src/index.ts") },
      { find: /^taskloom\/node$/, replacement: here("src/node/index.ts") },
    ],
  },
  test: {
    include,
    exclude: ["**/node_modules/**"],
    // Mutants make hot loops slow.
    testTimeout: 300_000,
    maxWorkers: 1,
    tags: ["browser", "webgpu", "python"].map((name) => ({ name, skip: true })),
  },
});
