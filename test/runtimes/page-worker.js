import * as taskloom from "/dist/index.js";
import { digests, smallDigests } from "/test/runtimes/digests.mjs";
import { loadMnist } from "/test/runtimes/mnist.mjs";

self.onmessage = async ({ data: { what, given, options } }) => {
  self.postMessage(
    what === "digests"
      ? await digests(taskloom, await loadMnist(taskloom), given, options)
      : await smallDigests(taskloom, given, options),
  );
};
