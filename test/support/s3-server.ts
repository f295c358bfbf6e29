import { createHash, createHmac } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { onTestFinished } from "vitest";

/** The key that a server takes. */
export const KEY = { accessKeyId: "AKIDTEST", secretAccessKey: "a secret/of+tests" };

export interface StoredObject {
  readonly bytes: Buffer;
  readonly etag: string;
  readonly sha256: string | undefined;
}

export interface S3Server {
  readonly endpoint: string;
  /** Variables for commands. */
  readonly env: Record<string, string>;
  readonly objects: Map<string, StoredObject>;
  /** Requests so far: `PUT bucket/key`. */
  readonly requests: string[];
}

export interface S3ServerOptions {
  /** Takes a request over: true if it was answered. It is asked once the body is there, before the object is written. */
  answer?: (request: IncomingMessage, response: ServerResponse, name: string) => boolean;
  /** Is called when an object was written, before the answer; true if it was answered. */
  written?: (request: IncomingMessage, response: ServerResponse, name: string) => boolean;
  /** Keys of a page of a list. */
  page?: number;
  /** False for a server that ignores If-None-Match and If-Match. */
  conditions?: boolean;
  /** Ends the server: by default at the end of the test. */
  onEnd?: (end: () => void) => void;
}

const hex = (bytes: Buffer | string) => createHash("sha256").update(bytes).digest("hex");
const hmac = (key: Buffer | string, text: string) => createHmac("sha256", key).update(text).digest();
const escaped = (text: string) =>
  encodeURIComponent(text).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);

/**
 * An object store in this process, with one bucket named `bucket`. It checks signatures (AWS Signature Version 4, written from
 * its description, not with the library that signs), digests of bodies, checksums and conditions.
 */
export async function startS3(options: S3ServerOptions = {}): Promise<S3Server> {
  const {
    answer = () => false,
    written = () => false,
    page = 1000,
    conditions = true,
    onEnd = onTestFinished,
  } = options;
  const objects = new Map<string, StoredObject>();
  const requests: string[] = [];

  function fail(response: ServerResponse, status: number, code: string, message = code): undefined {
    const text = `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${code}</Code><Message>${message}</Message></Error>`;
    response.writeHead(status, { "content-type": "application/xml" }).end(text);
    return undefined;
  }

  function list(url: URL, response: ServerResponse): void {
    const prefix = url.searchParams.get("prefix") ?? "";
    const delimiter = url.searchParams.get("delimiter");
    const after = url.searchParams.get("continuation-token") ?? "";
    const names = new Map<string, StoredObject | undefined>();
    for (const [key, object] of [...objects].sort(([a], [b]) => (a < b ? -1 : 1))) {
      if (!key.startsWith(prefix)) continue;
      const end = delimiter ? key.indexOf(delimiter, prefix.length) : -1;
      names.set(end < 0 ? key : key.slice(0, end + 1), end < 0 ? object : undefined);
    }
    const found = [...names].filter(([name]) => name > after);
    const part = found.slice(0, page);
    const xml = (text: string) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
    const more = found.length > part.length;
    response
      .writeHead(200, { "content-type": "application/xml" })
      .end(
        `<?xml version="1.0"?><ListBucketResult><Prefix>${xml(prefix)}</Prefix><IsTruncated>${more}</IsTruncated>` +
          part
            .map(([name, object]) =>
              object
                ? `<Contents><Key>${xml(name)}</Key><ETag>&quot;${object.etag.slice(1, -1)}&quot;</ETag><Size>${object.bytes.length}</Size></Contents>`
                : `<CommonPrefixes><Prefix>${xml(name)}</Prefix></CommonPrefixes>`,
            )
            .join("") +
          (more ? `<NextContinuationToken>${xml(part.at(-1)?.[0] ?? "")}</NextContinuationToken>` : "") +
          "</ListBucketResult>",
      );
  }

  function put(request: IncomingMessage, response: ServerResponse, key: string, body: Buffer): undefined {
    const { headers } = request;
    const checksum = headers["x-amz-checksum-sha256"] as string | undefined;
    if (checksum !== undefined && Buffer.from(checksum, "base64").toString("hex") !== hex(body)) {
      return fail(response, 400, "BadDigest");
    }
    const there = objects.get(key);
    if (conditions && headers["if-none-match"] === "*" && there) return fail(response, 412, "PreconditionFailed");
    if (conditions && headers["if-match"] !== undefined && headers["if-match"] !== there?.etag) {
      return there ? fail(response, 412, "PreconditionFailed") : fail(response, 404, "NoSuchKey");
    }
    const etag = `"${createHash("md5").update(body).digest("hex")}"`;
    objects.set(key, { bytes: body, etag, sha256: checksum });
    if (!written(request, response, key)) response.writeHead(200, { etag }).end();
    return undefined;
  }

  function get(request: IncomingMessage, response: ServerResponse, key: string): undefined {
    const object = objects.get(key);
    if (!object) return fail(response, 404, "NoSuchKey");
    const { bytes, etag, sha256 } = object;
    const headers: Record<string, string> = { etag };
    if (sha256 && request.headers["x-amz-checksum-mode"] === "ENABLED") headers["x-amz-checksum-sha256"] = sha256;
    const [, from, to] = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? "") ?? [];
    const part = from === undefined ? bytes : bytes.subarray(Number(from), Number(to) + 1);
    if (from !== undefined && part.length === 0) {
      response.writeHead(416, { "content-range": `bytes */${bytes.length}` }).end();
      return undefined;
    }
    if (from !== undefined) {
      headers["content-range"] = `bytes ${from}-${Number(from) + part.length - 1}/${bytes.length}`;
    }
    response.writeHead(from === undefined ? 200 : 206, { ...headers, "content-length": part.length });
    response.end(request.method === "HEAD" ? undefined : part);
    return undefined;
  }

  const server = createServer(async (request, response) => {
    const pieces: Buffer[] = [];
    try {
      for await (const piece of request) pieces.push(piece);
    } catch {
      // The client went away.
      return;
    }
    const body = Buffer.concat(pieces);
    const url = new URL(request.url ?? "/", "http://localhost");
    const [, bucket = "", key = ""] = /^\/([^/]*)\/?(.*)$/.exec(decodeURIComponent(url.pathname)) ?? [];
    requests.push(`${request.method} ${bucket}/${key}`);
    if (answer(request, response, key)) return;
    const problem = signatureProblem(request, url, body);
    if (problem) fail(response, 403, problem);
    else if (bucket !== "bucket") fail(response, 404, "NoSuchBucket", "The specified bucket does not exist");
    else if (key === "") list(url, response);
    else if (request.method === "PUT") put(request, response, key, body);
    else if (request.method === "DELETE") {
      objects.delete(key);
      response.writeHead(204).end();
    } else get(request, response, key);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onEnd(() => {
    server.closeAllConnections();
    server.close();
  });
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const env = {
    AWS_ENDPOINT_URL: endpoint,
    AWS_REGION: "eu-test-1",
    AWS_ACCESS_KEY_ID: KEY.accessKeyId,
    AWS_SECRET_ACCESS_KEY: KEY.secretAccessKey,
  };
  return { endpoint, env, objects, requests };
}

/** The code of an error where a request is not signed as it should be. */
function signatureProblem(request: IncomingMessage, url: URL, body: Buffer): string | undefined {
  const { headers, method } = request;
  const [, id, scope, names, signature] =
    /^AWS4-HMAC-SHA256 Credential=([^/]+)\/([^,]+), SignedHeaders=([^,]+), Signature=([0-9a-f]{64})$/.exec(
      headers.authorization ?? "",
    ) ?? [];
  if (id === undefined || scope === undefined || names === undefined) return "AccessDenied";
  if (id !== KEY.accessKeyId) return "InvalidAccessKeyId";
  const content = headers["x-amz-content-sha256"] as string;
  if (content !== hex(body)) return "XAmzContentSHA256Mismatch";
  // What decides on an object must be signed.
  const signed = names.split(";");
  for (const name of ["host", "x-amz-content-sha256", "x-amz-date"]) if (!signed.includes(name)) return "AccessDenied";
  for (const name of Object.keys(headers)) {
    if ((name.startsWith("x-amz-") || name.startsWith("if-")) && !signed.includes(name)) return "AccessDenied";
  }
  const query = [...url.searchParams]
    .map(([name, value]) => [escaped(name), escaped(value)] as const)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map((pair) => pair.join("="))
    .join("&");
  const path = decodeURIComponent(url.pathname).split("/").map(escaped).join("/");
  const lines = signed
    .map(
      (name) =>
        `${name}:${String(headers[name] ?? "")
          .trim()
          .replace(/\s+/g, " ")}\n`,
    )
    .join("");
  const canonical = [method, path, query, lines, names, content].join("\n");
  const date = headers["x-amz-date"] as string;
  const [day = "", region = "", service = "", end = ""] = scope.split("/");
  const key = [region, service, end].reduce((made, text) => hmac(made, text), hmac(`AWS4${KEY.secretAccessKey}`, day));
  const text = ["AWS4-HMAC-SHA256", date, scope, hex(canonical)].join("\n");
  if (!date.startsWith(day) || service !== "s3" || end !== "aws4_request") return "AuthorizationHeaderMalformed";
  return hmac(key, text).toString("hex") === signature ? undefined : "SignatureDoesNotMatch";
}

/** The digests of the objects behind a prefix, by the rest of their keys. */
export function objectsIn({ objects }: S3Server, prefix: string): Record<string, string> {
  return Object.fromEntries(
    [...objects]
      .filter(([key]) => key.startsWith(`${prefix}/`))
      .map(([key, { bytes }]) => [key.slice(prefix.length + 1), hex(bytes)])
      .sort(([a], [b]) => ((a as string) < (b as string) ? -1 : 1)),
  );
}
