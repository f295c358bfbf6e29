import { Dataset, readIdxDataset, TaskAugmentor } from "taskloom";
import { report, WAYS } from "./weave.js";

// Vite's own server, in development, does not have MNIST.
const mnist = import.meta.env.DEV
  ? undefined
  : { images: "/mnist/train-images-idx3-ubyte", labels: "/mnist/train-labels-idx1-ubyte" };
globalThis.woven = report({ Dataset, readIdxDataset, TaskAugmentor }, WAYS, mnist);
