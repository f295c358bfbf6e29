import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { KnownChunks } from "../../../src/node/write/known-chunks.js";
import { parseGroup } from "../../../src/store/zarr.js";
import { claiming } from "../../store/support.js";

test("looking for the chunks of a store that is gone on with can be ended", async () => {
  const chunks = 3_400_000;
  const out = await claiming(chunks);
  const layout = parseGroup(readFileSync(join(out, "zarr.json"), "utf8"), out);
  const reason = new Error("enough");
  const abort = new AbortController();
  const known = new KnownChunks(out, layout, abort.signal);
  await known.read();
  // Timers run only if the loop lets them.
  setTimeout(() => abort.abort(reason));
  await expect(known.missing({ start: 0, stop: chunks })).rejects.toBe(reason);
});
