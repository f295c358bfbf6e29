globalThis.woven = new Promise((resolve, reject) => {
  const worker = new Worker("/pages/in-worker.js", { type: "module" });
  worker.onerror = ({ message }) => reject(new Error(message));
  const { port1, port2 } = new MessageChannel();
  port1.onmessage = ({ data }) => resolve(data);
  worker.postMessage("weave", [port2]);
});
