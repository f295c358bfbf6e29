import { chacha8 } from "@noble/ciphers/chacha.js";
import fc from "fast-check";
import { expect, test } from "vitest";
import { moduleWith, u32 } from "../support/module.js";

const anyU32 = fc.nat(2 ** 32 - 1);

test("words are those of an independent ChaCha8, for any seed, nonce and place", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.bigInt(0n, 2n ** 64n - 1n),
      anyU32,
      anyU32,
      anyU32,
      fc.nat(100),
      fc.integer({ min: 1, max: 200 }),
      async (seed, task, purpose, item, block, count) => {
        const { kernel, at } = await moduleWith(seed, { out: count * 4 });
        kernel.words(task, purpose, item, block, count, at.out);
        const key = new Uint8Array(32);
        new DataView(key.buffer).setBigUint64(0, seed, true);
        key.set(new TextEncoder().encode("taskloom stream v1"), 8);
        const nonce = new Uint8Array(Uint32Array.of(task, purpose, item).buffer);
        const stream = chacha8(key, nonce, new Uint8Array(count * 4), undefined, block);
        expect(u32(kernel, at.out, count)).toEqual(new Uint32Array(stream.buffer));
      },
    ),
    { numRuns: 200 },
  );
});

test("the counter's last blocks", async () => {
  const { kernel, at } = await moduleWith(1n, { out: 64 });
  kernel.words(2, 3, 4, 2 ** 32 - 2, 16, at.out);
  const key = new Uint8Array(32);
  key[0] = 1;
  key.set(new TextEncoder().encode("taskloom stream v1"), 8);
  const stream = chacha8(
    key,
    new Uint8Array(Uint32Array.of(2, 3, 4).buffer),
    new Uint8Array(64),
    undefined,
    2 ** 32 - 2,
  );
  expect(u32(kernel, at.out, 16)).toEqual(new Uint32Array(stream.buffer));
});
