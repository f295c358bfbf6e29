// This runs before an app: it counts the workers and threads that have answered, apart from what the library says. A page
// takes it as a script, Node, Deno and Bun as a module to load first.
globalThis.answeredWorkers = new Set();
const threads = globalThis.process?.getBuiltinModule?.("node:worker_threads");
if (globalThis.Worker) {
  globalThis.Worker = class extends Worker {
    constructor(...how) {
      super(...how);
      this.addEventListener("message", () => globalThis.answeredWorkers.add(this), { once: true });
    }
  };
} else if (threads) {
  threads.Worker = class extends threads.Worker {
    constructor(...how) {
      super(...how);
      this.once("message", () => globalThis.answeredWorkers.add(this));
    }
  };
}
