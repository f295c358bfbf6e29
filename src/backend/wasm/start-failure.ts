import { BackendError, InvalidOptionError, messageOf } from "../../base/errors.js";
import { hostProcess } from "../../base/host.js";
import { isCrossOrigin, NoThreads, workerUrl } from "./worker-url.js";

/** The time limit of the request that asks the server about the script, in milliseconds. */
const ASKING = 3000;

/** A thread that did not start. */
export interface Missed {
  readonly cause: unknown;
  /** True if a worker was made and then failed. */
  readonly made: boolean;
  /** True if the caller's `createWorker` makes the threads. */
  readonly created: boolean;
}

/** Says of a thread that did not start where its script is, why it probably did not, and what to do. */
export async function startFailure(
  { cause, made, created }: Missed,
  nextTask?: number | undefined,
): Promise<BackendError | InvalidOptionError> {
  if (cause instanceof InvalidOptionError) return cause;
  const url = created ? undefined : scriptUrl();
  const where = created ? "; it comes from createWorker" : url ? `; it did not start from ${url}` : "";
  const why = created ? undefined : (likely(cause, url) ?? (await asked(url)));
  const what = `a worker thread ${made ? "was lost" : "cannot be made"}: ${messageOf(cause)}`;
  const problem = `${what}${where}${why ? `; likely cause: ${why}` : ""}; ${remedy(created)}`;
  return new BackendError("wasm", problem, { cause, nextTask });
}

function remedy(created: boolean): string {
  return created
    ? "remedy: let createWorker return a running Worker of the script taskloom/worker, or give workers: 0"
    : "remedy: createWorker, which starts taskloom/worker in your bundler's way (docs/bundlers.md), or workers: 0";
}

/** `undefined` in a classic script, a blob: worker and other places that a relative URL leads nowhere from. */
function scriptUrl(): URL | undefined {
  try {
    return workerUrl();
  } catch {
    return undefined;
  }
}

/** Returns the likely cause that the error itself names. */
function likely(cause: unknown, url: URL | undefined): string | undefined {
  const { name, code, message } = cause as { name?: string; code?: unknown; message?: string };
  const text = `${name} ${String(code)} ${message}`;
  if (cause instanceof NoThreads) return "a SharedWorker, a service worker and some servers have none";
  if (/Trusted/.test(text)) {
    return "the page's Content-Security-Policy has require-trusted-types-for 'script'; createWorker can use a policy";
  }
  if (!url) return "a bundler made a script without import.meta.url, so the place of worker.js is unknown";
  if (/ERR_ACCESS_DENIED/.test(text)) return "Node's permission model; it needs --allow-worker and --allow-fs-read";
  if (/ERR_INVALID_ARG_TYPE|ERR_INVALID_URL|ERR_WORKER_PATH/.test(text)) {
    return 'a bundler for servers replaced the URL of worker.js; leave the package out (Next: serverExternalPackages: ["taskloom"])';
  }
  if (hostProcess()) {
    return /not found|Cannot find|read access|ENOENT|NotCapable|resolving/i.test(text)
      ? "the file is not there, as a bundler left it out, or may not be read"
      : undefined;
  }
  if (name === "SecurityError") {
    return `a page of origin ${(globalThis as { origin?: string }).origin} may not start it, or its Content-Security-Policy (worker-src) forbids it`;
  }
  return url.protocol === "file:" ? "pages from file: may not start workers" : undefined;
}

/** Asks the server about the script, because the browser gives a page no reason. */
async function asked(url: URL | undefined): Promise<string | undefined> {
  if (!url?.protocol.startsWith("http") || hostProcess()) return undefined;
  let response: Response;
  try {
    response = await fetch(url, { signal: AbortSignal.timeout(ASKING) });
  } catch {
    return "the script cannot be fetched: its server, CORS, or the page's Content-Security-Policy";
  }
  void response.body?.cancel().catch(() => undefined);
  const { status, ok, headers } = response;
  if (!ok) return `the server answers ${status} for it, as when a bundler does not emit worker.js`;
  const type = headers.get("content-type");
  if (!/javascript|ecmascript/i.test(type ?? "")) return `the server says it is ${type}, not JavaScript`;
  if (isCrossOrigin(url))
    return "the page's Content-Security-Policy, which must allow worker-src blob: (in a sandboxed frame data:) for a script from elsewhere, or CORS";
  if (crossOriginIsolated && !headers.has("cross-origin-embedder-policy")) {
    return "COEP: the page has Cross-Origin-Embedder-Policy, and the response with the script must have it too";
  }
  return "the page's Content-Security-Policy (worker-src), or a Cross-Origin-Embedder-Policy (COEP) of the page that the script lacks";
}
