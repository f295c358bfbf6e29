import { createReadStream, existsSync, statSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import {
  type Dataset,
  type ItemReader,
  type Recipe,
  recipeOf,
  TaskAugmentor,
  type TaskAugmentorOptions,
} from "taskloom";
import { trainingSet } from "../support/support.js";

/** The first 100 digits of MNIST: enough for everything but the figures. */
export async function someDigits(): Promise<Dataset> {
  return (await trainingSet()).head(100);
}

/** Two sequences of each of 23 tasks, at the end of all there are; small enough to be made a thousand times. */
export const SMALL = {
  taskCount: 23,
  taskOffset: 2 ** 32 - 23,
  seed: 2n ** 63n + 7n,
  samplesPerTask: 2,
  sequenceLength: 3,
  outFeatures: 5,
} satisfies TaskAugmentorOptions;

export async function recipeFor(options: TaskAugmentorOptions, dataset?: Dataset): Promise<Recipe> {
  using tasks = new TaskAugmentor(options);
  return recipeOf(tasks, dataset ?? (await someDigits()));
}

export const bytesOf = ({ data }: { readonly data: ArrayBufferView }) =>
  Buffer.from(data.buffer, data.byteOffset, data.byteLength);

/** A store in memory, which takes its bytes from `transform()` and counts what is read. */
export async function memoryStore(
  options: TaskAugmentorOptions,
): Promise<ItemReader & { reads: [number, number][]; closed: boolean }> {
  const dataset = await someDigits();
  using tasks = new TaskAugmentor({ ...options, workers: 0, backend: "wasm" });
  const whole = await tasks.transform(dataset);
  const items = whole.inputs.shape[0]!;
  const store = {
    recipe: await recipeOf(tasks, dataset),
    items,
    reads: [] as [number, number][],
    closed: false,
    read: async (first: number, count: number, signal?: AbortSignal) => {
      signal?.throwIfAborted();
      store.reads.push([first, count]);
      // The later ones come first.
      await new Promise((resolve) => setTimeout(resolve, first % 3));
      const part = (bytes: Buffer) => {
        const size = bytes.length / items;
        return new Uint8Array(bytes.subarray(first * size, (first + count) * size)).buffer;
      };
      return { inputs: part(bytesOf(whole.inputs)), targets: part(bytesOf(whole.targets)) };
    },
    close: () => {
      store.closed = true;
    },
  };
  return store;
}

/** Serves a folder, answering range requests as servers do, or, with `ranges: false`, as some do. */
export async function serveFolder(
  folder: string,
  { ranges = true } = {},
): Promise<{ url: string; requests: string[]; close: () => void }> {
  const requests: string[] = [];
  const server = createServer((request, response) => {
    const path = decodeURIComponent(new URL(request.url ?? "/", "http://localhost").pathname);
    const file = join(folder, path);
    const range = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? "");
    requests.push(`${path} ${request.headers.range ?? ""}`.trim());
    const headers = { "access-control-allow-origin": "*" };
    if (!existsSync(file) || !statSync(file).isFile()) return void response.writeHead(404, headers).end();
    if (!range || !ranges) {
      response.writeHead(200, headers);
      return void createReadStream(file).pipe(response);
    }
    const end = Math.min(Number(range[2]), statSync(file).size - 1);
    response.writeHead(206, { ...headers, "content-range": `bytes ${range[1]}-${end}/*` });
    createReadStream(file, { start: Number(range[1]), end }).pipe(response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://localhost:${(server.address() as AddressInfo).port}`,
    requests,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}
