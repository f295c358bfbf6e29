import { BackendError, DisposedError } from "../../base/errors.js";
import type { Plan } from "../../plan/plan.js";
import { taskOf } from "../../plan/plan.js";
import { buffersOf, type ItemBytes, type Weaver } from "../backend.js";
import type { Examples } from "./engine.js";
import type { Reply, SetUp, Weave } from "./messages.js";
import { startThread, type Thread } from "./threads.js";

interface Job {
  readonly first: number;
  readonly count: number;
  readonly resolve: (woven: ItemBytes) => void;
  readonly reject: (reason: unknown) => void;
}

interface Member {
  readonly thread: Thread;
  /** What it is working on, if anything, and what it goes on with by itself. */
  readonly jobs: Job[];
}

/** Large enough that messages cost nothing, small enough for a few of them to be no burden. */
export const PIECE_BYTES = 4 * 2 ** 20;

/** How long idle threads stay where they would keep the process from ending by itself, in milliseconds. */
const LINGER = 200;

/**
 * A weaver of up to `width` worker threads. A run of items goes to one thread as a whole and comes back by transfer, so
 * the calling thread copies nothing. Threads start when there is work for them and do not keep a process alive.
 */
export class Pool implements Weaver {
  readonly width: number;
  readonly pieceBytes = PIECE_BYTES;
  readonly #plan: Plan;
  readonly #examples: Examples;
  readonly #members = new Set<Member>();
  readonly #queue: Job[] = [];
  readonly #spares: ItemBytes[] = [];
  #disposed = false;
  #lingering: ReturnType<typeof setTimeout> | undefined;

  constructor(width: number, plan: Plan, examples: Examples) {
    this.width = width;
    this.#plan = plan;
    this.#examples = shareExamples(examples);
  }

  weave(first: number, count: number, signal: AbortSignal | undefined): Promise<ItemBytes> {
    if (this.#disposed) return Promise.reject(new DisposedError("augmentor"));
    if (signal?.aborted) return Promise.reject(signal.reason);
    return new Promise((resolve, reject) => {
      const onAbort = () => {
        // A job that waits is withdrawn; one under way is short, and its result is dropped.
        const waiting = this.#queue.indexOf(job);
        if (waiting >= 0) this.#queue.splice(waiting, 1);
        reject(signal?.reason);
      };
      const settle =
        <T>(how: (value: T) => void) =>
        (value: T) => {
          signal?.removeEventListener("abort", onAbort);
          how(value);
        };
      const job: Job = { first, count, resolve: settle(resolve), reject: settle(reject) };
      signal?.addEventListener("abort", onAbort, { once: true });
      this.#queue.push(job);
      this.#assign();
    });
  }

  recycle(woven: ItemBytes): void {
    // Results that were handed on by transfer have no bytes left to reuse.
    if (this.#spares.length <= this.width && woven.inputs.byteLength > 0) this.#spares.push(woven);
  }

  dispose(): void {
    this.#disposed = true;
    clearTimeout(this.#lingering);
    this.#spares.length = 0;
    const unfinished = [...this.#queue.splice(0), ...[...this.#members].flatMap(({ jobs }) => jobs)];
    for (const member of this.#members) member.thread.terminate();
    this.#members.clear();
    for (const job of unfinished) job.reject(new DisposedError("augmentor"));
  }

  /** Gives waiting jobs to threads. */
  #assign(): void {
    clearTimeout(this.#lingering);
    if (this.#isIdle()) this.#lingering = setTimeout(() => this.#retire(), LINGER);
    while (this.#queue.length > 0) {
      const member = this.#free();
      if (!member) return;
      const job = this.#queue.shift() as Job;
      member.jobs.push(job);
      member.thread.keepAlive(true);
      const { first, count } = job;
      const spare = this.#spares.pop();
      const transfer = spare ? buffersOf(spare) : [];
      member.thread.post({ kind: "weave", first, count, spare } satisfies Weave, transfer);
    }
  }

  /**
   * A thread for the next job: an idle one, a new one while there are fewer than `width`, or, where every thread has more
   * to do than it can have now, one that will go on with the job while the calling thread is busy with something else.
   */
  #free(): Member | undefined {
    const members = [...this.#members];
    const idle = members.find(({ jobs }) => jobs.length === 0) ?? this.#start();
    if (idle || this.#queue.length < this.width) return idle;
    return members.find(({ jobs }) => jobs.length === 1);
  }

  /** Whether there is nothing to do, and threads that should not wait for ever. */
  #isIdle(): boolean {
    const members = [...this.#members];
    return (
      this.#queue.length === 0 &&
      members.every(({ jobs }) => jobs.length === 0) &&
      members.some(({ thread }) => thread.holdsProcess)
    );
  }

  #retire(): void {
    for (const { thread } of this.#members) thread.terminate();
    this.#members.clear();
  }

  #start(): Member | undefined {
    if (this.#members.size >= this.width) return undefined;
    const member: Member = {
      thread: startThread(
        (message) => this.#receive(member, message as Reply),
        (cause) => this.#lose(member, cause),
      ),
      jobs: [],
    };
    this.#members.add(member);
    member.thread.post({ kind: "set up", plan: this.#plan, examples: this.#examples } satisfies SetUp);
    return member;
  }

  #receive(member: Member, reply: Reply): void {
    const job = member.jobs.shift();
    member.thread.keepAlive(member.jobs.length > 0);
    if (reply.kind === "woven") job?.resolve(reply.woven);
    else job?.reject(this.#failure(job, "a worker thread reports an error", reply.cause));
    this.#assign();
  }

  /** A thread that ended by itself: its job fails, and the next one starts a new thread. */
  #lose(member: Member, cause: unknown): void {
    if (!this.#members.delete(member)) return;
    member.thread.terminate();
    const [job, ...untouched] = member.jobs;
    job?.reject(this.#failure(job, "a worker thread was lost", cause));
    this.#queue.unshift(...untouched);
    this.#assign();
  }

  #failure(job: Job, what: string, cause: unknown): BackendError {
    const reason = cause instanceof Error ? cause.message : String(cause);
    return new BackendError("wasm", `${what}: ${reason}`, { cause, nextTask: taskOf(this.#plan, job.first) });
  }
}

/** The same examples where all threads can read them, so that each does not hold a copy; as they are where that is not to be had. */
function shareExamples({ images, targets }: Examples): Examples {
  // Browsers hand shared memory only to pages that are isolated from other origins; there each worker gets a copy.
  const isolated = (globalThis as { crossOriginIsolated?: boolean }).crossOriginIsolated ?? true;
  if (typeof SharedArrayBuffer === "undefined" || !isolated) return { images, targets };
  return { images: share(images), targets: share(targets) };
}

function share<T extends Uint8Array | Uint16Array | Float32Array>(data: T): T {
  if (data.buffer instanceof SharedArrayBuffer) return data;
  const View = data.constructor as new (buffer: SharedArrayBuffer) => T;
  const copy = new View(new SharedArrayBuffer(data.byteLength));
  copy.set(data as never);
  return copy;
}
