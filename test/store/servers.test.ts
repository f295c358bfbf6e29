import { readFileSync } from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import {
  DatasetError,
  InvalidOptionError,
  openStore,
  openTasks,
  readIdx,
  StoreError,
  type TaskloomError,
} from "taskloom";
import { generate } from "taskloom/node";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { run, temporaryFolder } from "../support/cli.js";
import { fewDigits, serveFolder, small } from "./support.js";

/** The promises of docs/store.md about servers. Every fault is a real server's. */

type Answer = (request: IncomingMessage, response: ServerResponse) => boolean;

/** The first chunk, which item 1 is in, and the bytes of an item. */
const CHUNK = "/inputs/c/0/0/0";
const ITEM = 5 * 22 * 4;
const CHUNK_BYTES = 8 * ITEM;

let folder: string;
let chunk: Buffer;
beforeAll(async () => {
  folder = temporaryFolder(afterAll);
  await generate(await fewDigits(), { ...small, format: "zarr", chunkTasks: 4, out: folder });
  chunk = readFileSync(join(folder, CHUNK));
});

/** Item 1's inputs, opened and read in both ways; a server's answers to requests for the chunk are given. */
const ways: [string, (url: string, options: Options) => Promise<ArrayBufferLike>][] = [
  [
    "openStore",
    async (url, options) => {
      const store = await openStore(url, options);
      return (await store.read(1, 1, options.signal)).inputs;
    },
  ],
  [
    "openTasks",
    async (url, options) => {
      await using tasks = await openTasks(url, options);
      return (await tasks.at(1, options.signal ? { signal: options.signal } : {})).inputs.data.buffer;
    },
  ],
];
interface Options {
  retryPauses?: readonly number[];
  signal?: AbortSignal;
}

/** Counts the requests for the chunk, which `answer` takes over. */
async function serve(answer: Answer): Promise<{ url: string; requests: () => number }> {
  let count = 0;
  const { url } = await serveFolder(folder, {
    answer: (request, response) => {
      if (request.url !== CHUNK) return false;
      count++;
      return answer(request, response);
    },
  });
  return { url, requests: () => count };
}

const expectItem = (found: ArrayBufferLike) =>
  expect(Buffer.compare(Buffer.from(found), chunk.subarray(ITEM, 2 * ITEM))).toBe(0);

/** An answer of a range of the chunk. */
function partial(start: number, stop: number, headers: Record<string, string> = {}): Answer {
  return (_, response) => {
    const all = { "content-range": `bytes ${start}-${stop - 1}/${CHUNK_BYTES}`, ...headers };
    response.writeHead(206, all).end(chunk.subarray(start, stop));
    return true;
  };
}
const right = partial(ITEM, 2 * ITEM);

describe.each(ways)("%s takes nothing but the bytes that it asked for", (_, read) => {
  const faults: [string, Answer, RegExp][] = [
    ["a range that begins later", partial(ITEM + 4, 2 * ITEM + 4), /sent bytes 444-883\/3520, not the range asked for/],
    ["a range that begins earlier", partial(0, ITEM), /sent bytes 0-439\/3520, not the range/],
    ["a range that is too short", partial(ITEM, 2 * ITEM - 4), /sent bytes 440-875\/3520, not the range/],
    ["a range that is too long", partial(ITEM, 2 * ITEM + 4), /sent bytes 440-883\/3520, not the range/],
    [
      "another file's range",
      partial(ITEM, 2 * ITEM, { "content-range": `bytes ${ITEM}-${2 * ITEM - 1}/9999` }),
      /has 9999 bytes, not 3520/,
    ],
    ["a range in other units", partial(ITEM, 2 * ITEM, { "content-range": "items 1-2/8" }), /sent items 1-2\/8, not/],
    [
      "several ranges",
      (__, response) => {
        response.writeHead(206, { "content-type": "multipart/byteranges; boundary=x" }).end(chunk);
        return true;
      },
      /sent as multipart\/byteranges; boundary=x, not as the one range/,
    ],
    [
      "more bytes than the range has",
      (__, response) => {
        const range = { "content-range": `bytes ${ITEM}-${2 * ITEM - 1}/${CHUNK_BYTES}` };
        response.writeHead(206, { ...range, "content-length": String(CHUNK_BYTES) }).end(chunk);
        return true;
      },
      /has 3520 bytes in the answer to a request for 440/,
    ],
    [
      "a refusal of a range that is there",
      (__, response) => {
        response.writeHead(416, { "content-range": `bytes */${CHUNK_BYTES}` }).end();
        return true;
      },
      /refused bytes from 440 on of a file of 3520/,
    ],
    [
      "the end of a file that is shorter",
      (__, response) => {
        response.writeHead(416, { "content-range": "bytes */100" }).end();
        return true;
      },
      /has 100 bytes, not 3520: it is truncated/,
    ],
    [
      "the whole file",
      (__, response) => {
        response.writeHead(200).end(chunk);
        return true;
      },
      /sent whole, not the range asked for/,
    ],
    [
      "an empty success",
      (__, response) => {
        response.writeHead(204).end();
        return true;
      },
      /the server answered 204 No Content; expected the file, with status 206/,
    ],
  ];
  test.each(faults)("%s is an error", async (__, answer, message) => {
    const { url, requests } = await serve(answer);
    const error = await read(url, {}).catch((cause) => cause);
    expect(error).toBeInstanceOf(StoreError);
    expect(error.message).toMatch(message);
    expect(error).toMatchObject({ code: "STORE", chunk: CHUNK.slice(1), source: `${url}/` });
    expect(requests()).toBe(1);
  });

  test("without Content-Range, as a page of another origin may see it, the length counts", async () => {
    const silent = (bytes: Buffer): Answer => {
      return (__, response) => {
        response.writeHead(206).end(bytes);
        return true;
      };
    };
    expectItem(await read((await serve(silent(chunk.subarray(ITEM, 2 * ITEM)))).url, {}));
    const short = read((await serve(silent(chunk.subarray(0, 100)))).url, {});
    await expect(short).rejects.toThrow(/is truncated: it ends at 540 bytes/);
  });

  test("a body without end is read as far as was asked", async () => {
    let sent = 0;
    let closed: () => void;
    const over = new Promise<void>((resolve) => {
      closed = resolve;
    });
    const { url } = await serve((request, response) => {
      response.writeHead(206, { "content-range": `bytes ${ITEM}-${2 * ITEM - 1}/${CHUNK_BYTES}` });
      response.write(chunk.subarray(ITEM, 2 * ITEM));
      const more = () => {
        while (!response.destroyed && response.write(chunk)) sent += chunk.length;
        sent += chunk.length;
      };
      response.on("drain", more);
      more();
      request.on("close", () => closed());
      response.on("close", () => closed());
      return true;
    });
    expectItem(await read(url, {}));
    await over;
    // What was on its way in buffers, no more.
    expect(sent).toBeLessThan(64 * 2 ** 20);
  });

  test("a body that stops after what was asked, but does not end, is enough", async () => {
    const { url } = await serve((__, response) => {
      response.writeHead(206, { "content-range": `bytes ${ITEM}-${2 * ITEM - 1}/${CHUNK_BYTES}` });
      response.write(chunk.subarray(ITEM, 2 * ITEM));
      return true;
    });
    expectItem(await read(url, {}));
  });
});

describe("a file that changes between two reads is an error", () => {
  test.each([
    ["ETag", '"1"', '"2"'],
    ["Last-Modified", "Wed, 25 Nov 2026 10:00:00 GMT", "Wed, 25 Nov 2026 10:00:01 GMT"],
  ])("by its %s", async (header, before, after) => {
    let value = before;
    const { url } = await serve((request, response) => {
      const [, start, stop] = /(\d+)-(\d+)/.exec(request.headers.range ?? "") as unknown as [string, string, string];
      return partial(Number(start), Number(stop) + 1, { [header]: value })(request, response);
    });
    const store = await openStore(url);
    await using tasks = await openTasks(url);
    await Promise.all([store.read(1), tasks.at(1), store.read(2), tasks.at(2)]);
    value = after;
    const problem = new RegExp(`inputs/c/0/0/0 has changed since it was first read: its ${header} was`);
    for (const read of [() => store.read(3), () => tasks.at(3)]) {
      const error = await read().catch((cause) => cause);
      expect(error).toBeInstanceOf(StoreError);
      expect(error.message).toMatch(problem);
    }
    // What is opened anew is read anew.
    await expect((await openStore(url)).read(3)).resolves.toBeDefined();
  });

  test("by its size, in a format whose header was read before", async () => {
    const out = temporaryFolder();
    await generate(await fewDigits(), { ...small, out });
    let grown = 0;
    const { url } = await serveFolder(out, {
      answer: (request, response) => {
        const [, start, stop] = /(\d+)-(\d+)/.exec(request.headers.range ?? "") ?? [];
        if (request.url !== "/inputs.npy" || start === undefined) return false;
        const bytes = readFileSync(join(out, "inputs.npy"));
        const part = bytes.subarray(Number(start), Number(stop) + 1);
        const range = `bytes ${start}-${Number(start) + part.length - 1}/${bytes.length + grown}`;
        response.writeHead(206, { "content-range": range }).end(part);
        return true;
      },
    });
    await using tasks = await openTasks(url);
    await tasks.at(1);
    grown = 4;
    await expect(tasks.at(2)).rejects.toThrow(/inputs\.npy has changed since it was first read: it had \d+ bytes/);
  });
});

describe.each(ways)("%s tries again what may be over a moment later", (_, read) => {
  const passing: [string, Answer][] = [
    ...[408, 429, 500, 502, 503, 504].map((status): [string, Answer] => [
      `status ${status}`,
      (__, response) => {
        response.writeHead(status).end("busy");
        return true;
      },
    ]),
    [
      "a connection that is reset",
      (request) => {
        request.socket.destroy();
        return true;
      },
    ],
    [
      "a body that breaks off",
      (__, response) => {
        const range = { "content-range": `bytes ${ITEM}-${2 * ITEM - 1}/${CHUNK_BYTES}` };
        response.writeHead(206, { ...range, "content-length": String(ITEM) });
        response.write(chunk.subarray(ITEM, ITEM + 100), () => response.destroy());
        return true;
      },
    ],
    [
      "a body that ends early",
      (__, response) => {
        const range = { "content-range": `bytes ${ITEM}-${2 * ITEM - 1}/${CHUNK_BYTES}` };
        response.writeHead(206, range);
        response.end(chunk.subarray(ITEM, ITEM + 100));
        return true;
      },
    ],
  ];

  test.each(passing)("%s, then success", async (__, answer) => {
    let left = 3;
    const { url, requests } = await serve((request, response) => (left-- > 0 ? answer : right)(request, response));
    expectItem(await read(url, { retryPauses: [0, 1, 2] }));
    expect(requests()).toBe(4);
  });

  test.each(passing)("%s for ever is an error after four attempts", async (__, answer) => {
    const { url, requests } = await serve(answer);
    const error = await read(url, { retryPauses: [0, 1, 2] }).catch((cause) => cause);
    expect(error).toBeInstanceOf(StoreError);
    expect(error.message).toMatch(/ \(tried 4 times\)$/);
    expect(error.chunk).toBe(CHUNK.slice(1));
    expect(requests()).toBe(4);
  });

  test.each([401, 403, 404, 410])("status %i is no such thing", async (status) => {
    const { url, requests } = await serve((__, response) => {
      response.writeHead(status).end();
      return true;
    });
    await expect(read(url, { retryPauses: [0, 0, 0] })).rejects.toThrow(StoreError);
    expect(requests()).toBe(1);
  });

  test("a server's Retry-After is waited for, and aborting ends the wait", async () => {
    const reason = new Error("enough");
    const abort = new AbortController();
    const { url, requests } = await serve((__, response) => {
      response.writeHead(429, { "retry-after": "1000" }).end();
      setTimeout(() => abort.abort(reason), 100);
      return true;
    });
    await expect(read(url, { retryPauses: [1, 1, 1], signal: abort.signal })).rejects.toBe(reason);
    expect(requests()).toBe(1);
  });
});

test("lists of pauses are options, anything else is refused by name", async () => {
  for (const retryPauses of [5, [-1], [Number.NaN], ["1"], [2 ** 31]] as never[]) {
    for (const open of [openStore, openTasks, readIdx]) {
      const error = await open("http://127.0.0.1:1/", { retryPauses }).catch((cause: InvalidOptionError) => cause);
      expect(error).toBeInstanceOf(InvalidOptionError);
      expect((error as InvalidOptionError).option).toMatch(/^retryPauses/);
    }
  }
});

test("the same fault is the same class of error, whichever way a set is opened", async () => {
  const answers: [string, Answer][] = [
    [
      "500",
      (_, response) => {
        response.writeHead(500).end();
        return true;
      },
    ],
    [
      "404",
      (_, response) => {
        response.writeHead(404).end();
        return true;
      },
    ],
    [
      "a page",
      (_, response) => {
        response.writeHead(200).end("<!doctype html>");
        return true;
      },
    ],
    [
      "reset",
      (request) => {
        request.socket.destroy();
        return true;
      },
    ],
  ];
  for (const [name, answer] of answers) {
    const { url } = await serveFolder(folder, { answer });
    const errors = await Promise.all(ways.map(([, read]) => read(url, { retryPauses: [0] }).catch((cause) => cause)));
    const [store, tasks] = errors as [TaskloomError, TaskloomError];
    expect(store, name).toBeInstanceOf(StoreError);
    expect([tasks.constructor, tasks.code, tasks.message], name).toEqual([
      store.constructor,
      store.code,
      store.message,
    ]);
  }
});

test("a document without end is an error, not all memory", async () => {
  const { url } = await serveFolder(folder, {
    answer: (_, response) => {
      response.writeHead(200);
      const block = Buffer.alloc(2 ** 20, 0x20);
      const more = () => {
        while (!response.destroyed && response.write(block));
      };
      response.on("drain", more);
      more();
      return true;
    },
  });
  await expect(openStore(url)).rejects.toThrow(/zarr\.json has more than 67108864 bytes, where it should end/);
  await expect(openTasks(url)).rejects.toThrow(StoreError);
});

test("a dataset's file is read as far as its header says, and tried again like a store", async () => {
  let busy = 1;
  const { url } = await serveFolder(folder, {
    answer: (_, response) => {
      if (busy-- > 0) response.writeHead(503).end();
      else {
        // Four values, and then zeros for ever.
        response.writeHead(200);
        response.write(Uint8Array.of(0, 0, 8, 1, 0, 0, 0, 4, 1, 2, 3, 4));
        const more = () => {
          while (!response.destroyed && response.write(Buffer.alloc(2 ** 16)));
        };
        response.on("drain", more);
        more();
      }
      return true;
    },
  });
  const error = await readIdx(`${url}/x`, { retryPauses: [0] }).catch((cause) => cause);
  expect(error).toBeInstanceOf(DatasetError);
  expect(error.message).toMatch(/has more than 12 bytes, where it should end after 12/);
});

test.each(["headers", "body", "whole", "verify", "tasks", "dataset"])(
  "aborting ends a read that stalls, after a garbage collection too: %s",
  async (place) => {
    const script = fileURLToPath(new URL("stall.mjs", import.meta.url));
    const { code, stdout, stderr } = await run(process.execPath, ["--expose-gc", script, folder, place]);
    expect(stderr).toBe("");
    expect([code, stdout]).toEqual([0, "aborted, connection closed\n"]);
  },
);
