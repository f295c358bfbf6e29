import { BackendError, DisposedError } from "../../base/errors.js";
import type { Plan } from "../../plan/plan.js";
import { taskOf } from "../../plan/plan.js";
import { kernelBytes } from "../../wasm/module.js";
import { buffersOf, type ItemBytes, type Weaver } from "../backend.js";
import type { Examples } from "./engine.js";
import { errorOf, type Reply, type SetUp, type Weave } from "./messages.js";
import { PATIENCE, silence } from "./probe.js";
import { shareExamples } from "./share.js";
import { type Missed, startFailure } from "./start-failure.js";
import { type CreateWorker, startThread, type Thread } from "./threads.js";

interface Job {
  readonly first: number;
  readonly count: number;
  readonly signal: AbortSignal | undefined;
  readonly resolve: (woven: ItemBytes) => void;
  readonly reject: (reason: unknown) => void;
}

interface Member {
  readonly thread: Thread;
  /** The jobs it has: the one it works on, if any, and what it goes on with by itself. */
  readonly jobs: Job[];
  /** True once the thread has sent a message. */
  here: boolean;
  /** Ends the wait for its first word. */
  readonly patience: ReturnType<typeof setTimeout> | undefined;
}

/** Options of a pool: the source of its threads, and the weaver that works if none starts. */
export interface PoolOptions {
  readonly create?: CreateWorker | undefined;
  /** Makes the weaver that works instead; without it a thread that does not start is a `BackendError`. */
  readonly instead?: ((missed: Missed) => Promise<Weaver>) | undefined;
  /** Called when a thread says that it is there. */
  readonly onStart?: () => void;
}

/** Bytes of a piece: large enough that messages cost nothing, small enough for a few of them to be no burden. */
export const PIECE_BYTES = 4 * 2 ** 20;

/** The time until an idle thread ends, in milliseconds. */
const IDLE = 3000;
/** The same where they would keep the process from ending by itself. */
const IDLE_HOLDING = 200;

/**
 * A weaver of up to `width` worker threads. A run of items goes to one thread as a whole and comes back by transfer, so
 * the calling thread copies nothing. Threads start when there is work for them, end when there has been none for some
 * seconds, and do not keep a process alive.
 */
export class Pool implements Weaver {
  readonly width: number;
  readonly pieceBytes = PIECE_BYTES;
  readonly #plan: Plan;
  readonly #examples: Examples;
  readonly #options: PoolOptions;
  readonly #members = new Set<Member>();
  readonly #queue: Job[] = [];
  readonly #spares: ItemBytes[] = [];
  /** Threads that can be had. */
  #limit: number;
  /** The weaver that works where no thread starts. */
  #instead: Promise<Weaver> | undefined;
  #disposed = false;
  #idle: ReturnType<typeof setTimeout> | undefined;

  constructor(width: number, plan: Plan, examples: Examples, options: PoolOptions = {}) {
    this.width = width;
    this.#limit = width;
    this.#plan = plan;
    this.#examples = examples;
    this.#options = options;
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
      const job: Job = { first, count, signal, resolve: settle(resolve), reject: settle(reject) };
      signal?.addEventListener("abort", onAbort, { once: true });
      this.#queue.push(job);
      this.#assign();
    });
  }

  recycle(woven: ItemBytes): void {
    if (this.#instead) void this.#instead.then((weaver) => weaver.recycle?.(woven)).catch(() => undefined);
    // Results that were handed on by transfer have no bytes left to reuse.
    else if (this.#spares.length <= this.width && woven.inputs.byteLength > 0) this.#spares.push(woven);
  }

  dispose(): void {
    this.#disposed = true;
    clearTimeout(this.#idle);
    this.#spares.length = 0;
    const unfinished = [...this.#queue.splice(0), ...this.#endAll()];
    for (const job of unfinished) job.reject(new DisposedError("augmentor"));
    this.#instead?.then((weaver) => weaver.dispose()).catch(() => undefined);
  }

  /** Gives waiting jobs to threads. */
  #assign(): void {
    clearTimeout(this.#idle);
    while (this.#queue.length > 0) {
      if (this.#instead) {
        void this.#weaveInstead(this.#queue.shift() as Job, this.#instead);
        continue;
      }
      let member: Member | undefined;
      try {
        member = this.#free();
      } catch (cause) {
        this.#cannotStart(cause, false, [this.#queue.shift() as Job]);
        continue;
      }
      if (!member) return;
      this.#give(member, this.#queue.shift() as Job);
    }
    this.#waitIdle();
  }

  #give(member: Member, job: Job): void {
    member.jobs.push(job);
    member.thread.keepAlive(true);
    const { first, count } = job;
    const spare = this.#spares.pop();
    const transfer = spare ? buffersOf(spare) : [];
    member.thread.post({ kind: "weave", first, count, spare } satisfies Weave, transfer);
  }

  async #weaveInstead({ first, count, signal, resolve, reject }: Job, instead: Promise<Weaver>): Promise<void> {
    try {
      const weaver = await instead;
      if (this.#disposed) throw new DisposedError("augmentor");
      resolve(await weaver.weave(first, count, signal));
    } catch (cause) {
      reject(cause);
    }
  }

  /**
   * Gives a thread for the next job: an idle one, a new one while there are fewer than `width`, or, where every thread has
   * more to do than it can have now, one that will go on with the job while the calling thread is busy with something else.
   */
  #free(): Member | undefined {
    const members = [...this.#members];
    const idle = members.find(({ jobs }) => jobs.length === 0) ?? this.#start();
    if (idle || this.#queue.length < this.width) return idle;
    return members.find(({ jobs }) => jobs.length === 1);
  }

  /** Ends threads that have had nothing to do for a while. */
  #waitIdle(): void {
    const members = [...this.#members];
    if (members.length === 0 || members.some(({ jobs }) => jobs.length > 0)) return;
    const holds = members.some(({ thread }) => thread.holdsProcess);
    this.#idle = setTimeout(() => this.#endAll(), holds ? IDLE_HOLDING : IDLE);
    // In Node a timer is an object, and must not keep a process that its threads let go.
    if (!holds) (this.#idle as { unref?: () => void }).unref?.();
  }

  /** Ends all threads, and gives the jobs they had. */
  #endAll(): Job[] {
    const jobs = [...this.#members].flatMap((member) => member.jobs);
    for (const member of this.#members) end(member);
    this.#members.clear();
    return jobs;
  }

  #start(): Member | undefined {
    if (this.#members.size >= this.#limit) return undefined;
    const thread = startThread(
      (message) => this.#receive(member, message as Reply),
      (cause) => this.#lose(member, cause),
      this.#options.create,
    );
    const patience = this.#options.instead ? setTimeout(() => this.#lose(member, silence()), PATIENCE) : undefined;
    const member: Member = { thread, jobs: [], here: false, patience };
    try {
      const examples = shareExamples(this.#examples);
      thread.post({ kind: "set up", kernel: kernelBytes(), plan: this.#plan, examples } satisfies SetUp);
    } catch (cause) {
      end(member);
      throw cause;
    }
    this.#members.add(member);
    return member;
  }

  #receive(member: Member, reply: Reply): void {
    clearTimeout(member.patience);
    if (!member.here) this.#options.onStart?.();
    member.here = true;
    if (reply.kind === "here") return;
    if (reply.kind === "failed" && !reply.began && this.#options.instead) {
      this.#lose(member, errorOf(reply.cause), false);
      return;
    }
    const job = member.jobs.shift();
    member.thread.keepAlive(member.jobs.length > 0);
    if (reply.kind === "woven") job?.resolve(reply.woven);
    else job?.reject(this.#failure(job, "a worker thread reports an error", errorOf(reply.cause)));
    this.#assign();
  }

  /**
   * Takes leave of a thread that ended by itself.
   *
   * @param began whether it had begun to work: its job fails then, and the next one starts a new thread
   */
  #lose(member: Member, cause: unknown, began = member.here): void {
    if (!this.#members.delete(member)) return;
    end(member);
    if (began) {
      const [job, ...untouched] = member.jobs;
      job?.reject(this.#failure(job, "a worker thread was lost", cause));
      this.#queue.unshift(...untouched);
    } else this.#cannotStart(cause, true, member.jobs);
    this.#assign();
  }

  /** A thread did not start: others go on with its jobs, or the calling thread does, or the first of them fails. */
  #cannotStart(cause: unknown, made: boolean, jobs: readonly Job[]): void {
    const { instead, create } = this.#options;
    const missed: Missed = { cause, made, created: create !== undefined };
    if (!instead) {
      const [job, ...untouched] = jobs;
      this.#queue.unshift(...untouched);
      if (!job) return;
      void startFailure(missed, taskOf(this.#plan, job.first)).then(job.reject);
      return;
    }
    this.#queue.unshift(...jobs);
    const started = [...this.#members].filter(({ here }) => here).length;
    if (started > 0) this.#limit = started;
    else if (!this.#instead) {
      this.#queue.push(...this.#endAll());
      this.#instead = instead(missed);
      this.#instead.catch(() => undefined); // reported by the jobs
    }
  }

  #failure(job: Job, what: string, cause: unknown): BackendError {
    const reason = cause instanceof Error ? cause.message : String(cause);
    return new BackendError("wasm", `${what}: ${reason}`, { cause, nextTask: taskOf(this.#plan, job.first) });
  }
}

function end({ thread, patience }: Member): void {
  clearTimeout(patience);
  thread.terminate();
}
