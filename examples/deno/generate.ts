// deno run -A examples/deno/generate.ts
import { TaskAugmentor } from "taskloom";
import { mnist } from "taskloom/node";
import { walk } from "../walk.js";

const { backend, tasksPerSecond, digest } = await walk(TaskAugmentor, await mnist());
console.log(`${tasksPerSecond} tasks/s (${backend})\nsha256 chain ${digest}`);
