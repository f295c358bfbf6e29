// The environment picks one of the set-ups that test/apps/next.app.ts builds.
export default {
  distDir: process.env.TASKLOOM_DIST ?? ".next",
  serverExternalPackages: process.env.TASKLOOM_EXTERNAL ? ["taskloom"] : [],
};
