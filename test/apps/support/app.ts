import type { Browser } from "playwright";
import { afterAll, beforeAll } from "vitest";
import { launch } from "../../support/browser.js";
import { install } from "./install.js";
import type { Report } from "./report.js";
import { serveFolder, wovenBy } from "./server.js";

/** An app that is installed and served before the tests of a file, with a browser to open its pages in. */
export function useApp(name: string): { readonly folder: string; open(path: string): Promise<Report> } {
  let folder = "";
  let browser: Browser | undefined;
  let server: Awaited<ReturnType<typeof serveFolder>> | undefined;
  beforeAll(async () => {
    [folder, browser] = await Promise.all([install(name), launch()]);
    server = await serveFolder(folder);
  });
  afterAll(async () => {
    await browser?.close();
    server?.close();
  });
  return {
    get folder() {
      return folder;
    },
    /** What a page wove: one of the app's folder, or of a whole URL. */
    open: (path) => wovenBy(browser as Browser, new URL(path, `${server?.url}/`).href),
  };
}
