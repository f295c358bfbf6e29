// As bundlers and script tags of other libraries leave it behind; imported first, it is there before the library is.
globalThis.process = { env: {}, browser: true, nextTick: (then) => queueMicrotask(then) };
const taskloom = await import("/dist/index.js");
const { report } = await import("/weave.js");
globalThis.woven = report(taskloom);
