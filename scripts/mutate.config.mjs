// Settings of Stryker for `npm run mutate`, see scripts/mutate.mjs.
import { declareClassPlugin, declareValuePlugin, PluginKind } from "@stryker-mutator/api/plugin";

/** The folder of src/ whose mutants are made. */
const folder = process.env.TASKLOOM_MUTATE;
/** One of so many places is changed; the seed says which. */
const every = Number(process.env.TASKLOOM_MUTATE_EVERY ?? 1);
const seed = Number(process.env.TASKLOOM_MUTATE_SEED ?? 1);

/** A number from the place of a node in its file, which is spread evenly. */
function spread({ line, column }) {
  let h = Math.imul(seed, 0x9e3779b1) ^ Math.imul(line, 0x85ebca6b) ^ Math.imul(column + 1, 0xc2b2ae35);
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  return (h ^ (h >>> 13)) >>> 0;
}

const PLACES = new Set(["ExpressionStatement", "ReturnStatement", "ThrowStatement", "VariableDeclaration"]);

/** Leaves out statements, conditions and bodies of arrow functions that are not in the sample. */
const sample = {
  shouldIgnore({ node, key }) {
    if (every <= 1 || !node.loc) return undefined;
    const isPlace =
      PLACES.has(node.type) || key === "test" || (key === "body" && !/^(Block|Class|Export|T)/.test(node.type));
    return isPlace && spread(node.loc.start) % every !== 0 ? "not in the sample" : undefined;
  },
};
/** Prints what no test noticed as soon as it is known, and the counts so far: a run that is ended early has them, too. */
class Survivors {
  #counts = {};

  onMutantTested({ status, fileName, location, mutatorName, replacement }) {
    this.#counts[status] = (this.#counts[status] ?? 0) + 1;
    if (status !== "Survived" && status !== "NoCoverage") return;
    const { line, column } = location.start;
    console.log(`${status} ${fileName}:${line}:${column + 1} ${mutatorName}: ${replacement?.slice(0, 200)}`);
    console.log(JSON.stringify(this.#counts));
  }
}

export const strykerPlugins = [
  declareValuePlugin(PluginKind.Ignore, "sample", sample),
  declareClassPlugin(PluginKind.Reporter, "survivors", Survivors),
];

export default {
  plugins: ["@stryker-mutator/vitest-runner", import.meta.url],
  testRunner: "vitest",
  vitest: { configFile: "test/unit/vitest.mutate.ts", related: false },
  mutate: [`src/${folder}/**/*.ts`],
  // Messages are compared by their words in some tests; a changed word in any other is no fault.
  mutator: { excludedMutations: ["StringLiteral"] },
  ignorers: ["sample"],
  coverageAnalysis: "perTest",
  ignoreStatic: true,
  concurrency: 1,
  timeoutMS: 8_000,
  tempDirName: `build/mutate-${folder}`,
  cleanTempDir: "always",
  ignorePatterns: ["bench", "examples", "assembly", "shaders", "build", "test/apps", "/tasks"],
  reporters: ["survivors", "clear-text", "json", "progress-append-only"],
  clearTextReporter: { logTests: false, allowColor: false, reportScoreTable: true },
  jsonReporter: { fileName: `build/mutation-${folder}.json` },
  // No file: Stryker would rewrite it with TypeScript's own parser, which TypeScript 7 does not export.
  tsconfigFile: "none.json",
  disableTypeChecks: false,
  thresholds: { high: 90, low: 80, break: null },
};
