import * as taskloom from "/dist/index.js";
import { digests } from "/test/runtimes/digests.mjs";

self.onmessage = async ({ data: { cases, options } }) => {
  const dataset = await taskloom.readIdxDataset({
    images: "/mnist/train-images-idx3-ubyte",
    labels: "/mnist/train-labels-idx1-ubyte",
    classes: 10,
  });
  self.postMessage(await digests(taskloom, dataset, cases, options));
};
