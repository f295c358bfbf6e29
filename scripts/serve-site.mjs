// npm run site:serve [-- --port 8080]: serves build/site to this machine, under /taskloom/ as well as under /, as any host of
// static files does.
import { createReadStream, existsSync, statSync } from "node:fs";
import { createServer } from "node:http";
import { extname, join, normalize, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const TYPES = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript",
  ".css": "text/css",
  ".json": "application/json",
  ".wasm": "application/wasm",
  ".txt": "text/plain",
};

/** Starts a server of a folder. @returns its address, and a function that ends it */
export async function serveSite(folder, { port = 0, base = "/taskloom/" } = {}) {
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? "/", "http://localhost");
    const path = normalize(decodeURIComponent(pathname.startsWith(base) ? pathname.slice(base.length - 1) : pathname));
    const file = join(folder, path.endsWith(sep) ? `${path}index.html` : path);
    if (!existsSync(file) || !statSync(file).isFile()) {
      response.writeHead(404, { "content-type": "text/plain" });
      response.end("not found");
      return;
    }
    response.writeHead(200, { "content-type": TYPES[extname(file)] ?? "application/octet-stream" });
    createReadStream(file).pipe(response);
  });
  await new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", resolve);
  });
  return { url: `http://localhost:${server.address().port}${base}`, close: () => server.close() };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { values } = parseArgs({ options: { port: { type: "string", default: "8080" } } });
  const folder = fileURLToPath(new URL("../build/site", import.meta.url));
  if (!existsSync(join(folder, "index.html"))) {
    console.error("error: build/site is not there: run npm run site first");
    process.exit(1);
  }
  const { url } = await serveSite(folder, { port: Number(values.port), base: "/" });
  console.log(`${url} (Ctrl-C ends)`);
}
