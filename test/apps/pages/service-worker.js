const { installing, waiting, active } = await navigator.serviceWorker.register("/pages/in-worker.js", {
  type: "module",
  scope: "/pages/",
});
globalThis.woven = new Promise((resolve) => {
  const { port1, port2 } = new MessageChannel();
  port1.onmessage = ({ data }) => resolve(data);
  (installing ?? waiting ?? active).postMessage("weave", [port2]);
});
