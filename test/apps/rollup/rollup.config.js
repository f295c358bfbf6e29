import { nodeResolve } from "@rollup/plugin-node-resolve";

const plugins = [nodeResolve({ browser: true })];
const output = (dir) => ({ dir, format: "es", entryFileNames: "[name].js" });

export default {
  plain: { input: { main: "main.js" }, output: output("dist"), plugins },
  worker: { input: { main: "main.js", worker: "taskloom/worker" }, output: output("dist-worker"), plugins },
  factory: {
    input: { main: "factory.js", "taskloom-worker": "taskloom/worker" },
    output: output("dist-factory"),
    plugins,
  },
}[process.env.TASKLOOM_APP ?? "plain"];
