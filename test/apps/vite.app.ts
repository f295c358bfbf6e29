// @module-tag browser
import { rmSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { useApp } from "./support/app.js";
import { runScript, workerScripts } from "./support/install.js";
import { expectAllWithoutThreads, expectAllWithThreads, expectThreads } from "./support/report.js";
import { startServer } from "./support/start-server.js";

const app = useApp("vite");

describe.each([5, 8])("Vite %i", (version) => {
  const script = `vite${version}/bin/vite.js`;

  const build = async (page: string, outDir: string) => {
    const args = ["build", "--outDir", outDir, "--base", "./"];
    expect((await runScript(app.folder, script, args, { TASKLOOM_PAGE: page })).stderr).toBe("");
  };

  test("a build, without configuration: worker threads, and the worker once", async () => {
    await build("index.html", `dist${version}`);
    expectAllWithThreads(await app.open(`/dist${version}/index.html`));
    expect(workerScripts(join(app.folder, `dist${version}`))).toHaveLength(1);
  });

  test("a build, createWorker of a ?worker import", async () => {
    await build("factory.html", `dist${version}-factory`);
    expectThreads((await app.open(`/dist${version}-factory/factory.html`)).factory);
  });

  test("development with optimizeDeps.exclude: worker threads", async () => {
    await withServer({ TASKLOOM_EXCLUDE: "1" }, async (url) => expectAllWithThreads(await app.open(url)));
  });

  test("development, createWorker of a ?worker import", async () => {
    await withServer({}, async (url) => expectThreads((await app.open(`${url}factory.html`)).factory));
  });

  test(`development without configuration: weaves${version === 8 ? ", with worker threads" : " in the calling thread"}`, async () => {
    await withServer({}, async (url) => {
      const report = await app.open(url);
      if (version === 8) expectAllWithThreads(report);
      else expectAllWithoutThreads(report);
    });
  });

  /** The server of `vite dev`, whose optimizer begins anew. */
  async function withServer(env: Record<string, string>, use: (url: string) => Promise<void>): Promise<void> {
    rmSync(join(app.folder, "node_modules", ".vite"), { recursive: true, force: true });
    const server = await startServer(app.folder, [join("node_modules", script), "--host", "127.0.0.1"], env);
    try {
      await use(server.url);
    } finally {
      await server.stop();
    }
  }
});
