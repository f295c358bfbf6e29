// A Buffer that is not Node's.
globalThis.Buffer = {
  from() {
    throw new Error("not the Buffer of Node");
  },
};
const taskloom = await import("/dist/index.js");
const { report } = await import("/weave.js");
globalThis.woven = report(taskloom);
