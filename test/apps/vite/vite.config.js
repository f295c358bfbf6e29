// `TASKLOOM_EXCLUDE` stands for the one line that Vite 5 to 7 need in development.
export default {
  optimizeDeps: process.env.TASKLOOM_EXCLUDE ? { exclude: ["taskloom"] } : {},
  build: { rollupOptions: { input: ["index.html", "factory.html"] } },
};
