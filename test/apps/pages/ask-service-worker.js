/** What a module service worker weaves, asked from a page. */
export async function askServiceWorker(script) {
  const { installing, waiting, active } = await navigator.serviceWorker.register(script, {
    type: "module",
    scope: "/pages/",
  });
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = ({ data }) => resolve(data);
    (installing ?? waiting ?? active).postMessage("weave", [port2]);
  });
}
