// `TASKLOOM_EXCLUDE` stands for the one line that Vite 5 to 7 need in development, `TASKLOOM_PAGE` for the page to build.
export default {
  optimizeDeps: process.env.TASKLOOM_EXCLUDE ? { exclude: ["taskloom"] } : {},
  build: { rollupOptions: { input: process.env.TASKLOOM_PAGE ?? "index.html" } },
};
