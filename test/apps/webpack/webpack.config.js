import { fileURLToPath } from "node:url";

const here = fileURLToPath(new URL(".", import.meta.url));
const common = { mode: "production", context: here };

export default [
  { ...common, name: "web", entry: { main: "./main.js", factory: "./factory.js" }, output: { path: `${here}dist` } },
  {
    ...common,
    name: "node",
    target: "node20",
    entry: { process: "./process.js" },
    experiments: { outputModule: true },
    output: { path: `${here}dist-node`, module: true, chunkFormat: "module" },
  },
];
