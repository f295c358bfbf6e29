import { expect } from "vitest";
import { golden, sha256 } from "../../support/support.js";

/** What shared/weave.js says of one way of weaving. */
export interface Woven {
  readonly digest?: string;
  readonly mnist?: string;
  readonly backend?: string;
  readonly reason?: string;
  readonly workers: number;
  readonly error?: { name: string; code: string; message: string; cause?: string };
}

export type Report = Record<string, Woven>;

/** The digest of the rectangular golden case: its committed accumulators, scaled as docs/stream.md says. */
export const RECTANGULAR = (() => {
  const { accumulators, columns } = golden.rectangular;
  const scale = Math.fround(1 / columns / (4096 * 255));
  return sha256(Float32Array.from(accumulators, (sum) => Math.fround(sum) * scale));
})();

/** The committed digest of the first golden case of MNIST. */
const MNIST = golden.cases[0]?.inputs_sha256_f32le_position_column_794;

/** The golden digest, of MNIST too if that was woven. */
export function expectGolden(woven: Woven | undefined): asserts woven is Woven {
  expect(woven?.error).toBeUndefined();
  expect(woven?.digest).toBe(RECTANGULAR);
  if (woven?.mnist !== undefined) expect(woven.mnist).toBe(MNIST);
}

/** The golden digest, made by worker threads. */
export function expectThreads(woven: Woven | undefined): void {
  expectGolden(woven);
  expect(woven.backend).toBe("wasm");
  expect(woven.workers).toBeGreaterThan(0);
}

/** A BackendError that says what to do. */
export function expectTyped(woven: Woven | undefined, why: RegExp): void {
  expect(woven?.digest).toBeUndefined();
  expect(woven?.error?.code).toBe("BACKEND");
  expect(woven?.error?.message).toMatch(why);
}

/** All ways wove: `"auto"` with worker threads, if not with a GPU. */
export function expectAllWithThreads(report: Report): void {
  expectWithoutChoice(report);
  expectGolden(report.auto);
  if (report.auto.backend !== "webgpu") expectThreads(report.auto);
  expectThreads(report.workers);
}

/**
 * All ways wove where no thread can start: `"auto"` in the calling thread, if not with a GPU, with a reason that says why;
 * but threads that were asked for are an error that says what to do.
 */
export function expectAllWithoutThreads(report: Report, remedy = /workers: 0/): void {
  expectWithoutChoice(report);
  expectFallback(report.auto);
  expectTyped(report.workers, remedy);
}

/** The golden digest, made in the calling thread, and a reason that says why; on a machine with a GPU, made by that. */
export function expectFallback(woven: Woven | undefined): void {
  expectGolden(woven);
  if (woven.backend === "webgpu") return;
  expect(woven.workers).toBe(0);
  expect(woven.reason).toMatch(/thread|worker/i);
}

function expectWithoutChoice({ inline, webgpu }: Report): void {
  expectGolden(inline);
  expect(inline.workers).toBe(0);
  // See vitest.config.ts of the root.
  if (!process.env.TASKLOOM_NO_WEBGPU && !/\bwebgpu\b/.test(process.env.TASKLOOM_WITHOUT ?? "")) {
    expectGolden(webgpu);
    expect(webgpu.backend).toBe("webgpu");
  }
}
