import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Browser } from "playwright";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { launch } from "../support/browser.js";
import {
  expectAllWithoutThreads,
  expectAllWithThreads,
  expectFallback,
  expectGolden,
  expectThreads,
  expectTyped,
  type Report,
} from "./support/report.js";
import { type Answer, pageOf, serve, wovenBy } from "./support/server.js";

// @module-tag browser

/**
 * Pages without a bundler that a library meets: those that keep workers or WebAssembly away from it, and scopes other
 * than a page. `backend: "auto"` weaves in all of them where WebAssembly runs at all.
 */
const root = fileURLToPath(new URL("../..", import.meta.url));
const apps = join(root, "test", "apps");
const isolation = {
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-embedder-policy": "require-corp",
};

let browser: Browser;
let elsewhere: Awaited<ReturnType<typeof serve>>;
let server: Awaited<ReturnType<typeof serve>>;
let isolated: Awaited<ReturnType<typeof serve>>;

/** The library and the scripts of test/apps/pages, as any web server has them. */
const file = (path: string): string =>
  path.startsWith("/dist/") ? join(root, path) : join(apps, path.startsWith("/pages/") ? path : join("shared", path));

/** Pages by name: their headers, and what they are if they do not run the module weave-here.js. */
const pages: Record<string, Answer | (() => Answer)> = {
  plain: {
    text: `<!doctype html><link rel="icon" href="data:,">
      <script type="importmap">{ "imports": { "taskloom": "/dist/index.js" } }</script>
      <script type="module" src="/pages/by-name.js"></script>`,
  },
  "shared-worker": { text: pageOf("/pages/shared-worker.js") },
  "service-worker": { text: pageOf("/pages/service-worker.js") },
  "service-worker-gpu": { text: pageOf("/pages/service-worker-gpu.js") },
  "module-worker": { text: pageOf("/pages/module-worker.js") },
  sandboxed: {
    text: `<!doctype html><link rel="icon" href="data:,"><script>
        globalThis.woven = new Promise((resolve) => addEventListener("message", ({ data }) => resolve(data)));
      </script><iframe sandbox="allow-scripts" src="/weave-for-parent"></iframe>`,
  },
  "weave-for-parent": { text: pageOf("/pages/weave-for-parent.js") },
  "no-webassembly": { headers: csp("script-src 'self'; worker-src 'self'") },
  "no-workers": { headers: csp("script-src 'self' 'wasm-unsafe-eval'; worker-src 'none'") },
  strict: {
    headers: csp("default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; img-src data:"),
  },
  "trusted-types": { headers: csp("require-trusted-types-for 'script'") },
  "trusted-factory": { headers: csp("require-trusted-types-for 'script'"), text: pageOf("/pages/trusted-factory.js") },
  "coep-on-html": { headers: isolation },
  "polyfilled-process": { text: pageOf("/pages/polyfilled-process.js") },
  "polyfilled-buffer": { text: pageOf("/pages/polyfilled-buffer.js") },
  cdn: () => ({ text: fromCdn() }),
  "cdn-strict": () => ({
    headers: csp(
      `script-src 'self' 'unsafe-inline' 'wasm-unsafe-eval' ${elsewhere.url}; worker-src 'self' ${elsewhere.url}`,
    ),
    text: fromCdn(),
  }),
};

function csp(policy: string): Record<string, string> {
  return { "content-security-policy": policy };
}

/** A page whose library comes from another origin. */
const fromCdn = () => `<!doctype html><link rel="icon" href="data:,"><script type="module">
    import * as taskloom from "${elsewhere.url}/dist/index.js";
    import { report } from "/weave.js";
    globalThis.woven = report(taskloom);
  </script>`;

function answer(path: string): Answer {
  const found = pages[path.slice(1)];
  if (!found) return { file: file(path) };
  const page = typeof found === "function" ? found() : found;
  return { text: pageOf("/pages/weave-here.js"), ...page };
}

beforeAll(async () => {
  browser = await launch();
  server = await serve(answer);
  // The one server sends the headers with all that it has, another is a CDN.
  isolated = await serve((path) => ({ ...answer(path), headers: isolation }));
  elsewhere = await serve((path) => ({ file: file(path) }));
});
afterAll(async () => {
  await browser?.close();
  for (const one of [server, isolated, elsewhere]) one?.close();
});

const open = (name: string): Promise<Report> => wovenBy(browser, `${server.url}/${name}`);

describe("worker threads", () => {
  test("a page with an import map", async () => {
    expectAllWithThreads(await open("plain"));
  });

  test("a cross-origin isolated page", async () => {
    expectAllWithThreads(await wovenBy(browser, `${isolated.url}/plain`));
  });

  test("a page whose policy allows WebAssembly and workers of its own, and nothing else", async () => {
    expectAllWithThreads(await open("strict"));
  });

  test("a module worker", async () => {
    expectAllWithThreads(await open("module-worker"));
  });

  test("the library from another origin", async () => {
    expectAllWithThreads(await open("cdn"));
  });

  test("a sandboxed frame, whose origin is none", async () => {
    expectAllWithThreads(await open("sandboxed"));
  });

  test("a page with trusted types, and createWorker with a policy", async () => {
    expectThreads((await open("trusted-factory")).factory);
  });

  test.each(["polyfilled-process", "polyfilled-buffer"])("a page with something of Node's, %s", async (name) => {
    const { auto, ...report } = await open(name);
    expectAllWithThreads({ auto: auto as Report[string], ...report });
    expect(auto?.reason).not.toMatch(/node|npm/i);
  });
});

describe("no worker threads: auto weaves in the calling thread and says why", () => {
  test("a shared worker", async () => {
    expectAllWithoutThreads(await open("shared-worker"));
  });

  test("a module service worker, in which import() is forbidden", async () => {
    const { inline, workers, auto, webgpu } = await open("service-worker");
    expectGolden(inline);
    expectFallback(auto);
    expectTyped(workers, /workers: 0/);
    expectTyped(webgpu, /import "taskloom\/gpu".*service worker/);
  });

  test("a module service worker that imports taskloom/gpu", { tags: ["webgpu"] }, async () => {
    expectAllWithoutThreads(await open("service-worker-gpu"));
  });

  test("a policy of worker-src 'none'", async () => {
    expectAllWithoutThreads(await open("no-workers"), /worker-src/);
  });

  test("a page with trusted types", async () => {
    expectAllWithoutThreads(await open("trusted-types"), /createWorker/);
  });

  test("an isolated page whose scripts come without the headers", async () => {
    expectAllWithoutThreads(await open("coep-on-html"), /Cross-Origin-Embedder-Policy|COEP/i);
  });

  test("the library from another origin, without blob: in worker-src", async () => {
    expectAllWithoutThreads(await open("cdn-strict"), /blob:/);
  });
});

test("a policy without 'wasm-unsafe-eval': every way is a typed error that names it", async () => {
  const report = await open("no-webassembly");
  for (const name of ["inline", "workers", "auto", "webgpu"]) {
    expectTyped(report[name], /wasm-unsafe-eval/);
    expect(report[name]?.error?.message).not.toMatch(/2021/);
  }
});
