// Preloaded (node --import) into a command: hard links fail, as on exFAT and on many network file systems.
import promises from "node:fs/promises";
import { syncBuiltinESMExports } from "node:module";

promises.link = (path, to) =>
  Promise.reject(
    Object.assign(new Error(`EPERM: operation not permitted, link '${path}' -> '${to}'`), { code: "EPERM", errno: -1 }),
  );
syncBuiltinESMExports();
