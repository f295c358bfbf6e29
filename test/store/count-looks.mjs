// Preloaded (node --import) into a command: writes to the file $LOOKS how often each chunk's file was looked at or opened, and
// how many looks were under way at a time.
import { writeFileSync } from "node:fs";
import promises from "node:fs/promises";
import { syncBuiltinESMExports } from "node:module";

const looks = {};
let now = 0;
let most = 0;
for (const name of ["stat", "lstat", "access", "open"]) {
  const original = promises[name];
  promises[name] = async (path, ...rest) => {
    const [, key] = /[/\\]((?:inputs|targets)[/\\]c[./\\].*)$/.exec(String(path)) ?? [];
    if (key === undefined) return original(path, ...rest);
    looks[key] = (looks[key] ?? 0) + 1;
    most = Math.max(most, ++now);
    try {
      return await original(path, ...rest);
    } finally {
      now--;
    }
  };
}
syncBuiltinESMExports();
process.on("exit", () => writeFileSync(process.env.LOOKS, JSON.stringify({ looks, most })));
