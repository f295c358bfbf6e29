import * as taskloom from "/dist/index.js";
import { report } from "/weave.js";

globalThis.woven = report(taskloom);
