import { randomBytes } from "node:crypto";
import { rename, rm, stat } from "node:fs/promises";
import { nameOnce } from "./disk.js";

/** Returns a text that tells a file from another one of the same name; undefined where there is none. */
export async function identity(path: string): Promise<string | undefined> {
  return stat(path, { bigint: true }).then(
    ({ dev, ino, mtimeNs, size }) => `${dev}:${ino}:${mtimeNs}:${size}`,
    () => undefined,
  );
}

/** A file that was taken away, and can be given its name back. */
export interface Taken {
  /** Gives the file its name back, unless another one has it. */
  restore(): Promise<void>;
  /** Removes it for good. */
  remove(): Promise<void>;
}

/**
 * Takes the name from a file, if it is the one that is meant. Looking at a name and removing it are two steps, between which
 * the name may pass to another file; so the file is renamed first and looked at then.
 *
 * @param expected the identity of the file
 * @returns undefined where the name is another file's, which keeps it, or nobody's
 */
export async function takeExactly(path: string, expected: string): Promise<Taken | undefined> {
  const aside = `${path}.${process.pid}-${randomBytes(4).toString("hex")}.partial`;
  try {
    await rename(path, aside);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw cause;
  }
  const taken: Taken = {
    restore: async () => {
      await nameOnce(aside, path).catch((cause) => {
        if (cause.code !== "EEXIST") throw cause;
      });
      await rm(aside, { force: true });
    },
    remove: () => rm(aside, { force: true }),
  };
  if ((await identity(aside)) === expected) return taken;
  await taken.restore();
  return undefined;
}
