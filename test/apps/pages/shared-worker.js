globalThis.woven = new Promise((resolve, reject) => {
  const worker = new SharedWorker("/pages/in-worker.js", { type: "module" });
  worker.onerror = ({ message }) => reject(new Error(message));
  worker.port.onmessage = ({ data }) => resolve(data);
});
