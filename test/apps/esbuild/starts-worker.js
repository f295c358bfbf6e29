// A classic worker, as it is without `type: "module"`. It counts for nothing: only the library's own workers do.
globalThis.woven = new Promise((resolve, reject) => {
  const worker = new Worker("in-worker.js");
  worker.onmessage = ({ data }) => resolve(data);
  worker.onerror = ({ message }) => reject(new Error(message));
});
