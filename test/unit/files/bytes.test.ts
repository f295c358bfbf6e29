import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { nameOf, readBytes, type Source } from "../../../src/files/bytes.js";
import { FileError } from "../../../src/files/file-error.js";
import { errorOf } from "../../dataset/fake.js";

const bytes = Uint8Array.of(5, 4, 3, 2, 1);
let folder: string;
let path: string;
let server: Server;
let origin: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "taskloom-source-"));
  path = join(folder, "five");
  await writeFile(path, bytes);
  await writeFile(join(folder, "empty"), "");
  server = createServer((request, response) => {
    if (request.url === "/five") response.end(bytes);
    else if (request.url === "/stuck") response.write("x");
    else if (request.url === "/broken") {
      response.writeHead(200, { "content-length": "100" });
      response.write("x", () => response.destroy());
    } else response.writeHead(404).end("no");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(async () => {
  server.closeAllConnections();
  server.close();
  await rm(folder, { recursive: true });
});
afterEach(() => vi.unstubAllGlobals());

describe("readBytes", () => {
  it.each<[string, () => Source]>([
    ["a path", () => path],
    ["a file URL", () => pathToFileURL(path)],
    ["a file URL as text", () => pathToFileURL(path).href],
    ["an http URL", () => new URL(`${origin}/five`)],
    ["an http URL as text", () => `${origin}/five`],
    ["a data URL", () => "data:application/octet-stream;base64,BQQDAgE="],
    ["a blob URL", () => URL.createObjectURL(new Blob([bytes]))],
    ["a Blob", () => new Blob([bytes])],
    ["an ArrayBuffer", () => bytes.slice().buffer],
    ["a Uint8Array", () => bytes],
    ["a Buffer", () => Buffer.from(bytes)],
  ])("reads %s", async (_, source) => {
    const read = await readBytes(source());
    expect(read).toEqual(bytes);
    expect(Object.getPrototypeOf(read)).toBe(Uint8Array.prototype);
  });

  it("views memory, without a copy", async () => {
    expect((await readBytes(bytes.subarray(1, 3))).buffer).toBe(bytes.buffer);
    expect(await readBytes(bytes.subarray(1, 3))).toEqual(Uint8Array.of(4, 3));
  });

  it("reads an empty file", async () => {
    expect(await readBytes(join(folder, "empty"))).toEqual(new Uint8Array(0));
  });

  it("takes a string for a URL where there is no file system", async () => {
    vi.stubGlobal("process", undefined);
    const fetched = vi.fn(async (_url: string) => new Response(bytes));
    vi.stubGlobal("fetch", fetched);
    expect(await readBytes("data/five.gz")).toEqual(bytes);
    expect(fetched.mock.calls[0]?.[0]).toBe("data/five.gz");
  });

  it.each<[string, () => Source, RegExp]>([
    ["a missing file", () => join(folder, "none"), /^there is no such file/],
    ["a path through a file", () => join(path, "none"), /there is no such file/],
    ["a missing file's URL", () => pathToFileURL(join(folder, "none")), /^there is no such file/],
    ["a folder", () => folder, /is a folder/],
    ["a path with a zero byte", () => "a\0b", /cannot be read/],
    ["a 404", () => `${origin}/none`, /the server answered 404; expected the file/],
    ["a transfer that breaks off", () => `${origin}/broken`, /broke off/],
    [
      "a closed port",
      () => "http://127.0.0.1:1/",
      /cannot be fetched: fetch failed: .+; check the address.* \(tried 2 times\)/,
    ],
    ["a malformed URL", () => "http://", /cannot be fetched/],
    ["something else", () => 5 as unknown as Source, /^is not a path/],
  ])("reports %s", async (_, source, message) => {
    const error = await errorOf(() => readBytes(source(), { retryPauses: [0] }));
    expect(error).toBeInstanceOf(FileError);
    expect(error.message).toMatch(message);
  });
});

describe("aborting readBytes", () => {
  const reason = new Error("enough");

  it.each<[string, () => Source]>([
    ["a path", () => path],
    ["an http URL", () => `${origin}/five`],
    ["a Blob", () => new Blob([bytes])],
    ["a Uint8Array", () => bytes],
  ])("before reading %s", async (_, source) => {
    await expect(readBytes(source(), { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  });

  it.each<[string, () => Source]>([
    ["a path", () => path],
    ["a pipe", () => "/dev/zero"],
    ["an answer that does not come", () => `${origin}/stuck`],
    ["a Blob", () => Object.assign(new Blob(), { arrayBuffer: () => new Promise<ArrayBuffer>(() => {}) })],
  ])("while reading %s", async (_, source) => {
    const controller = new AbortController();
    const reading = readBytes(source(), { signal: controller.signal });
    controller.abort(reason);
    await expect(reading).rejects.toBe(reason);
  });

  it("leaves no listener on the signal", async () => {
    const { signal } = new AbortController();
    const add = vi.spyOn(signal, "addEventListener");
    await readBytes(new Blob([bytes]), { signal });
    for (const call of add.mock.calls) expect((call[2] as AddEventListenerOptions).signal?.aborted).toBe(true);
  });
});

it("nameOf says what a message can use", () => {
  expect(nameOf("/data/x.gz")).toBe("/data/x.gz");
  expect(nameOf(new URL("https://example.org/x"))).toBe("https://example.org/x");
  expect(nameOf(`data:,${"x".repeat(100)}`)).toHaveLength(60);
  expect(nameOf(new File([], "x.gz"))).toBe("x.gz");
  expect(nameOf(new Blob(["abc"]))).toBe("a Blob of 3 bytes");
  expect(nameOf(new ArrayBuffer(4))).toBe("an ArrayBuffer of 4 bytes");
  expect(nameOf(bytes)).toBe("a Uint8Array of 5 bytes");
});
