// Run by servers.test.ts with --expose-gc: a server stalls, memory is collected, and the read is aborted.
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { openStore, openTasks, readIdx } from "../../dist/index.js";

const [folder, place] = process.argv.slice(2);
let stalled = () => undefined;
let closed = () => undefined;
const stall = new Promise((resolve) => {
  stalled = resolve;
});
const close = new Promise((resolve) => {
  closed = resolve;
});

const server = createServer((request, response) => {
  if (request.url.endsWith(".json")) return void response.end(readFileSync(join(folder, request.url)));
  request.socket.on("close", closed);
  if (place === "headers") return stalled();
  const [, start, stop] = /(\d+)-(\d+)/.exec(request.headers.range ?? "") ?? [];
  const range = start === undefined ? {} : { "content-range": `bytes ${start}-${stop}/*` };
  response.writeHead(start === undefined ? 200 : 206, range);
  response.write(Buffer.alloc(10));
  stalled();
});
await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
const url = `http://127.0.0.1:${server.address().port}`;

/** Begins to read; nothing of it stays on the stack. */
async function begin(signal) {
  if (place === "dataset") return readIdx(`${url}/x`, { signal });
  if (place === "tasks") return (await openTasks(url)).at(0, { signal });
  const options = place === "whole" ? { wholeChunks: true } : place === "verify" ? { verify: true } : {};
  return (await openStore(url, options)).read(0, 1, signal);
}

const abort = new AbortController();
const outcome = begin(abort.signal).then(
  () => "read",
  (error) => (error === abort.signal.reason ? "aborted" : `failed: ${error.stack}`),
);
await stall;
for (let i = 0; i < 5; i++) {
  await new Promise((resolve) => setTimeout(resolve, 20));
  globalThis.gc();
}
abort.abort(new Error("enough"));
const late = new Promise((resolve) => setTimeout(resolve, 5000, "NOT ENDED"));
console.log(
  `${await Promise.race([outcome, late])}, ${await Promise.race([close.then(() => "connection closed"), late])}`,
);
process.exit();
