// deno run -A examples/deno/generate.ts [auto|wasm|webgpu]
import { TaskAugmentor } from "taskloom";
import { mnist } from "taskloom/node";
import { walk } from "../walk.js";

const [backend = "auto"] = Deno.args;
const result = await walk(TaskAugmentor, await mnist(), { backend });
console.log(`${result.tasksPerSecond} tasks/s (${result.backend})\nsha256 chain ${result.digest}`);
