import { Dataset, TaskAugmentor } from "taskloom";
import { report, WAYS } from "./weave.js";

report({ Dataset, TaskAugmentor }, WAYS).then((woven) => postMessage(woven));
