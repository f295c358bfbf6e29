import { expect, test } from "vitest";
import { pacer } from "../../../src/base/abort.js";

test("a loop that is paced lets other work run, and ends when it is aborted", async () => {
  const reason = new Error("enough");
  const abort = new AbortController();
  const pace = pacer(abort.signal);
  setTimeout(() => abort.abort(reason), 1);
  const loop = async () => {
    for (;;) await pace();
  };
  await expect(loop()).rejects.toBe(reason);
});
