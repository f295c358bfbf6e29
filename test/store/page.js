// Runs in the page of reader.test.ts: copies a store into the page's own files, and reads a range from both.
import { openStore } from "/dist/index.js";

/** @param {{ address: string, keys: string[], first: number, count: number }} job */
export async function digests({ address, keys, first, count }) {
  const root = await navigator.storage.getDirectory();
  for (const key of keys) {
    const parts = key.split("/");
    const name = parts.pop();
    let folder = root;
    for (const part of parts) folder = await folder.getDirectoryHandle(part, { create: true });
    const writable = await (await folder.getFileHandle(name, { create: true })).createWritable();
    await writable.write(await (await fetch(`${address}/${key}`)).arrayBuffer());
    await writable.close();
  }
  const found = [];
  for (const [source, verify] of [
    [address, false],
    [root, false],
    [root, true],
  ]) {
    const store = await openStore(source, { verify });
    const { inputs } = await store.read(first, count);
    const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", inputs));
    found.push(Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join(""));
  }
  return found;
}
