import { Dataset, readIdxDataset, TaskAugmentor } from "taskloom";
import { report, WAYS } from "./weave.js";

const mnist = { images: "/mnist/train-images-idx3-ubyte", labels: "/mnist/train-labels-idx1-ubyte" };
globalThis.woven = report({ Dataset, readIdxDataset, TaskAugmentor }, WAYS, mnist);
