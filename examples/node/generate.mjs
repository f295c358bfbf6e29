// node examples/node/generate.mjs [auto|wasm|webgpu]
import { TaskAugmentor } from "taskloom";
import { mnist } from "taskloom/node";
import { walk } from "../walk.js";

const [backend = "auto"] = process.argv.slice(2);
const result = await walk(TaskAugmentor, await mnist(), { backend });
console.log(`${result.tasksPerSecond} tasks/s (${result.backend})\nsha256 chain ${result.digest}`);
