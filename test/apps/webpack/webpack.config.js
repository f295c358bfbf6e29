import { fileURLToPath } from "node:url";

const path = (folder) => fileURLToPath(new URL(folder, import.meta.url));
const common = { mode: "production", context: path(".") };

export default [
  { ...common, name: "web", entry: { main: "./main.js" }, output: { path: path("dist") } },
  { ...common, name: "factory", entry: { main: "./factory.js" }, output: { path: path("dist-factory") } },
  {
    ...common,
    name: "node",
    target: "node20",
    entry: { process: "./process.js" },
    experiments: { outputModule: true },
    output: { path: path("dist-node"), module: true, chunkFormat: "module", filename: "[name].mjs" },
  },
];
