// Builds dist/readers.js, the chunk of the readers, by itself.
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { boundedParquet } from "./bounded-parquet.mjs";

const source = (path) => fileURLToPath(new URL(`../src/${path}`, import.meta.url)).replaceAll("\\", "/");

/** Modules whose classes must be those of the main entry: the chunk is given them, by `give`. */
const GIVEN = {
  "base/errors": {
    classes: ["DatasetError", "InvalidOptionError", "StoreError", "TaskloomError"],
    own: ["describe", "messageOf"],
  },
  "dataset/dataset": { classes: ["Dataset"], own: [] },
};

/** Replaces these modules by variables. */
const given = {
  name: "given classes",
  setup({ onResolve, onLoad }) {
    for (const [path, { classes, own }] of Object.entries(GIVEN)) {
      const file = path.split("/").at(-1);
      onResolve({ filter: new RegExp(`[./]${file}\\.js$`) }, ({ importer, namespace }) =>
        namespace === "file" && importer.includes("/src/") ? { path, namespace: "given" } : undefined,
      );
      onLoad({ filter: new RegExp(`^${path}$`), namespace: "given" }, () => ({
        resolveDir: source("."),
        contents: [
          own.length > 0 ? `export { ${own.join(", ")} } from ${JSON.stringify(source(`${path}.ts`))};` : "",
          `export let ${classes.join(", ")};`,
          `export function give(kit) { ({ ${classes.join(", ")} } = kit); }`,
        ].join("\n"),
      }));
    }
  },
};

const ENTRY = `
export * from ${JSON.stringify(source("dataset/readers/readers.ts"))};
import { give as giveErrors } from "./errors.js";
import { give as giveDataset } from "./dataset.js";
export function give(kit) { giveErrors(kit); giveDataset(kit); }
`;

/**
 * Builds the chunk. It shares no file with the main entry: bundlers that split code put shared files into what an app loads
 * at once, also for apps that read nothing. The few kilobytes that it has a second time are loaded with it.
 *
 * @returns the metadata of esbuild
 */
export async function buildReaders(common) {
  const entry = {
    name: "entry",
    setup({ onResolve, onLoad }) {
      onResolve({ filter: /^readers-entry$/ }, () => ({ path: source("entry.js"), namespace: "entry" }));
      onResolve({ filter: /^\.\/(errors|dataset)\.js$/, namespace: "entry" }, ({ path }) => ({
        path: path === "./errors.js" ? "base/errors" : "dataset/dataset",
        namespace: "given",
      }));
      onLoad({ filter: /./, namespace: "entry" }, () => ({ contents: ENTRY, resolveDir: source(".") }));
    },
  };
  const { metafile } = await build({
    ...common,
    entryPoints: { readers: "readers-entry" },
    splitting: true,
    // Most of it is code of other packages.
    minify: true,
    sourcemap: false,
    plugins: [entry, given, boundedParquet],
  });
  return metafile;
}
