import * as taskloom from "/dist/index.js";
import { report } from "/weave.js";

parent.postMessage(await report(taskloom), "*");
