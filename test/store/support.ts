import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import type { Dataset, TaskAugmentorOptions } from "taskloom";
import { generate } from "taskloom/node";
import { onTestFinished } from "vitest";
import { temporaryFolder } from "../support/cli.js";
import { sha256, trainingSet } from "../support/support.js";

/** A task set that takes milliseconds: 23 tasks of two sequences of 5, in chunks of 4 tasks with a short last one. */
export const small = {
  taskCount: 23,
  taskOffset: 100,
  seed: 7,
  samplesPerTask: 2,
  sequenceLength: 5,
  outFeatures: 12,
  workers: 0,
} satisfies TaskAugmentorOptions;

export async function fewDigits(): Promise<Dataset> {
  return (await trainingSet()).head(100);
}

/** Every file below a folder with its digest; working folders included. */
export function filesIn(folder: string): Record<string, string> {
  return Object.fromEntries(
    readdirSync(folder, { recursive: true, encoding: "utf8" })
      .filter((path) => statSync(join(folder, path)).isFile())
      .sort()
      .map((path) => [path, sha256(readFileSync(join(folder, path)))]),
  );
}

/** The files of a folder in memory, as a store of zarrita. */
export function mapOf(folder: string): Map<`/${string}`, Uint8Array> {
  return new Map(Object.keys(filesIn(folder)).map((path) => [`/${path}`, readFileSync(join(folder, path))]));
}

/** The files of a folder behind HTTP, counted; `answer` may take a request over. */
export async function serveFolder(
  folder: string,
  {
    ranges = true,
    answer = () => false,
  }: { ranges?: boolean; answer?: (request: IncomingMessage, response: ServerResponse) => boolean } = {},
): Promise<{ url: string; bytesSent: () => number }> {
  let sent = 0;
  const server = createServer((request, response) => {
    response.setHeader("access-control-allow-origin", "*");
    response.setHeader("access-control-allow-headers", "range");
    if (request.method === "OPTIONS") return void response.writeHead(204).end();
    if (answer(request, response)) return;
    let bytes: Buffer;
    try {
      bytes = readFileSync(join(folder, new URL(request.url ?? "/", "http://localhost").pathname));
    } catch {
      return void response.writeHead(404).end();
    }
    const [, from, to] = (ranges && /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? "")) || [];
    if (from !== undefined && Number(from) >= bytes.length) return void response.writeHead(416).end();
    const part = from === undefined ? bytes : bytes.subarray(Number(from), Number(to) + 1);
    sent += part.length;
    const headers: Record<string, string> = { "content-type": "application/octet-stream" };
    if (from !== undefined)
      headers["content-range"] = `bytes ${from}-${Number(from) + part.length - 1}/${bytes.length}`;
    response.writeHead(from === undefined ? 200 : 206, headers).end(part);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, bytesSent: () => sent };
}

/** An unfinished store that claims to have chunks of one item, and has none. */
export async function claiming(taskCount: number, set: object = {}): Promise<string> {
  const out = temporaryFolder();
  const options = { ...small, ...set, taskCount: 1, samplesPerTask: 1, taskOffset: 0 };
  await generate(await fewDigits(), { ...options, format: "zarr", chunkTasks: 1, out });
  const path = join(out, "zarr.json");
  const document = JSON.parse(readFileSync(path, "utf8"));
  document.attributes.taskloom.taskCount = taskCount;
  for (const { shape } of Object.values(document.consolidated_metadata.metadata) as { shape: number[] }[]) {
    shape[0] = taskCount;
  }
  writeFileSync(path, JSON.stringify(document));
  rmSync(join(out, "manifest.json"));
  return out;
}
