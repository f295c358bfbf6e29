import { randomBytes } from "node:crypto";
import { open, readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { timeOfDisk } from "./disk.js";

/** A lock that nobody has touched for this long was left by a run that was killed, in ms. */
const LEFT_OVER = 60_000;
/** The pause between two touches of a lock that is held or waited with, in ms. */
const TOUCH = 10_000;
const PAUSE = 20;
const TRIES = 6000;

/**
 * Calls a function while no other run is within such a call for the same file of a folder.
 *
 * Each run has a lock file of its own, of a name that no other run ever has. A run goes on when its file is there and no
 * other one is: of two runs, the one whose file came later sees the other one's. So a left-over file may be removed at any
 * time by anybody, and never takes the place of a living one. Of runs that wait, the one with the smallest name stays, and
 * the others withdraw their files for a moment.
 *
 * @throws an error of code EEXIST when others are within for two minutes
 */
export async function alone<T>(folder: string, name: string, work: () => Promise<T>): Promise<T> {
  const own = `${name}.${process.pid}-${randomBytes(8).toString("hex")}.lock`;
  const lock = join(folder, own);
  const timer = setInterval(() => touch(lock).catch(() => undefined), TOUCH);
  timer.unref();
  try {
    for (let tries = 0; ; tries++) {
      await (await open(lock, "a")).close();
      const others = await living(folder, name, own);
      if (others.length === 0) return await work();
      if (tries === TRIES) throw Object.assign(new Error(`${others[0]} is in the way`), { code: "EEXIST" });
      if (others.some((other) => other < own)) await rm(lock, { force: true });
      await setTimeout(PAUSE * (0.5 + Math.random()));
    }
  } finally {
    clearInterval(timer);
    await rm(lock, { force: true });
  }
}

/** The lock files of other runs. Those that were left over are removed. */
async function living(folder: string, name: string, own: string): Promise<string[]> {
  const isLock = (entry: string) =>
    entry.startsWith(`${name}.`) && /^\d+-[0-9a-f]{16}\.lock$/.test(entry.slice(name.length + 1));
  const found = (await readdir(folder)).filter((entry) => entry !== own && isLock(entry));
  if (found.length === 0) return found;
  const now = await timeOfDisk(join(folder, `${own}-${randomBytes(4).toString("hex")}.clock`));
  const alive: string[] = [];
  for (const entry of found) {
    const path = join(folder, entry);
    const made = await stat(path).then(
      ({ mtimeMs }) => mtimeMs,
      () => undefined,
    );
    if (made === undefined) continue;
    if (now - made > LEFT_OVER) await rm(path, { force: true });
    else alive.push(entry);
  }
  return alive;
}

/** Changes the time of a file by the clock of its disk; one that is not there stays so. */
async function touch(path: string): Promise<void> {
  const file = await open(path, "r+");
  try {
    await file.write(".");
  } finally {
    await file.close();
  }
}
