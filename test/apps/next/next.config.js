import { fileURLToPath } from "node:url";

// This folder lies in another project's; Next has to be told that it is a project of its own.
const here = fileURLToPath(new URL(".", import.meta.url));

// The environment picks one of the set-ups that test/apps/next.app.ts builds.
export default {
  distDir: process.env.TASKLOOM_DIST ?? ".next",
  serverExternalPackages: process.env.TASKLOOM_EXTERNAL ? ["taskloom"] : [],
  outputFileTracingRoot: here,
  turbopack: { root: here },
};
