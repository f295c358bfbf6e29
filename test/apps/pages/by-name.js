import { Dataset, TaskAugmentor } from "taskloom";
import { report } from "/weave.js";

globalThis.woven = report({ Dataset, TaskAugmentor });
