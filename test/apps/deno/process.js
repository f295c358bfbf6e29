import { Dataset, TaskAugmentor } from "taskloom";
import { report, WAYS } from "./weave.js";

console.log(JSON.stringify(await report({ Dataset, TaskAugmentor }, WAYS)));
