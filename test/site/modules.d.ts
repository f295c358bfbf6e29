declare module "*/scripts/build-site.mjs" {
  export function buildSite(out?: string): Promise<string>;
}
declare module "*/scripts/serve-site.mjs" {
  export function serveSite(
    folder: string,
    options?: { port?: number; base?: string },
  ): Promise<{ url: string; close: () => void }>;
}
