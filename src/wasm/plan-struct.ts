import { BackendError } from "../base/errors.js";
import type { Schedule } from "../plan/curriculum.js";
import type { Plan } from "../plan/plan.js";
import type { KernelExports } from "./module.js";
import { growTo, outOfMemory } from "./regions.js";

/** The version of the struct that this file writes; see docs/module.md and assembly/plan.ts. */
export const ABI_VERSION = 2;

const STRUCT_BYTES = 288;
const POINT_BYTES = 16;
const NONE = 0xffffffff;

const MODE = { sequence: 0, dataset: 1, samples: 2 } as const;
const LABEL_LAYOUT = { none: 0, shifted: 1, "query-last": 2 } as const;
const LABEL_FORMAT = { "one-hot": 0, integer: 1 } as const;
const GENERATOR = { chacha8: 0, torch: 1 } as const;
const EXAMPLE_DTYPE = { uint8: 0, float32: 1, int16: 2 } as const;
const DTYPE = { float32: 1, float16: 2 } as const;
const FIXED = { present: 1, permutation: 2, projection: 4, byStep: 8 } as const;
const STATUS = { ready: 0, wrongVersion: 1, outOfBounds: 2, outOfMemory: 3 } as const;

/** The choices of a host besides the plan. */
export interface HostChoices {
  /** Positions drawn and projected at a time at most; 0 leaves it to the module. */
  readonly mostPositions?: number;
  /** True if the module only draws and makes no values. */
  readonly drawsOnly?: boolean;
}

/** The regions of a plan: their offsets in the module's memory, in bytes, and their capacities. */
export interface PlanRegions {
  /** Items of one `draw` at most. */
  readonly maxItems: number;
  /** Positions of one `weave` at most. */
  readonly maxPositions: number;
  /** Values of a gathered example: the features, and zeros up to whole key-stream blocks. */
  readonly gatheredStride: number;
  readonly exampleLabels: number;
  readonly gathered: number;
  readonly inputs: number;
  readonly targets: number;
  readonly labels: number;
  readonly runs: number;
  readonly indices: number;
  readonly drawnLabels: number;
  readonly givenLabels: number;
  /** The offset of the number of runs of the last draw. */
  readonly runCount: number;
}

/**
 * Writes a plan into the module's memory and starts it. Examples stay with the host: see `gathered` in docs/module.md.
 *
 * @throws BackendError where the memory that the plan needs cannot be had
 */
export function startPlan(kernel: KernelExports, plan: Plan, choices: HostChoices = {}): PlanRegions {
  const start = Math.ceil(kernel.heapBase() / 64) * 64;
  const { identityProjection, identityPermutation, fixed } = plan;
  const schedules = [identityProjection, identityPermutation, fixed?.share ?? []];
  const points = schedules.reduce((count, schedule) => count + schedule.length, 0);
  const heap = start + STRUCT_BYTES + points * POINT_BYTES;
  growTo(kernel, heap);
  const struct = new Struct(new DataView(kernel.memory.buffer, start, heap - start), start);
  writeChoices(struct, plan);
  struct.schedule(152, identityProjection);
  struct.schedule(160, identityPermutation);
  struct.schedule(168, fixed?.share ?? []);
  struct.u32(176, choices.mostPositions ?? 0);
  struct.u32(180, 0);
  struct.u32(184, choices.drawsOnly ? 1 : 0);
  struct.u32(188, heap);

  const status = kernel.plan(start);
  const view = new DataView(kernel.memory.buffer, start, STRUCT_BYTES);
  const field = (offset: number) => view.getUint32(offset, true);
  if (status === STATUS.outOfMemory) {
    throw outOfMemory(Number(view.getBigUint64(232, true)));
  }
  if (status !== STATUS.ready) {
    const detail =
      status === STATUS.outOfBounds ? `field ${field(192)} of the plan is out of bounds` : "another version";
    throw new BackendError("wasm", `the module refuses the plan (${detail}): a defect in Taskloom; please report it`);
  }
  return {
    maxItems: field(196),
    maxPositions: field(200),
    gatheredStride: field(252),
    exampleLabels: field(240),
    gathered: field(248),
    inputs: field(256),
    targets: field(260),
    labels: field(264),
    runs: field(268),
    indices: field(276),
    drawnLabels: field(280),
    givenLabels: field(284),
    runCount: start + 272,
  };
}

function writeChoices(struct: Struct, plan: Plan): void {
  const { episode, fixed } = plan;
  struct.u32(0, ABI_VERSION);
  struct.u32(4, MODE[plan.mode]);
  struct.u64(8, plan.seed);
  struct.u64(16, BigInt(plan.taskCount));
  struct.u32(24, plan.taskOffset);
  struct.u32(28, plan.replacement ? 1 : 0);
  struct.u64(32, BigInt(plan.itemsPerTask));
  struct.u64(40, BigInt(plan.itemCount));
  struct.u32(48, plan.length);
  struct.u32(52, plan.examples);
  struct.u32(56, plan.features);
  struct.u32(60, plan.outFeatures);
  struct.u32(64, plan.exampleClasses);
  struct.u32(68, plan.classes);
  struct.u32(72, plan.specialTokens);
  struct.u32(76, plan.startToken ?? NONE);
  struct.u32(80, LABEL_LAYOUT[plan.labelLayout]);
  struct.u32(84, LABEL_FORMAT[plan.labelFormat]);
  struct.u32(88, GENERATOR[plan.generator]);
  struct.u32(92, EXAMPLE_DTYPE[plan.exampleDtype]);
  struct.i32(96, plan.grayOffset);
  struct.f32(100, plan.scale);
  struct.f32(104, plan.identityScale);
  struct.f32(108, plan.matrixScale);
  struct.u32(112, DTYPE[plan.dtype]);
  struct.u32(116, episode?.ways ?? 0);
  struct.u32(120, episode?.shots ?? 0);
  struct.u32(124, episode?.queries ?? 0);
  struct.u32(128, episode?.relabel ? 1 : 0);
  struct.u32(132, fixed ? fixedFlags(fixed) : 0);
  struct.u32(136, typeof fixed?.task === "number" ? fixed.task : 0);
  struct.u32(140, fixed?.pool ?? 0);
  struct.u64(144, BigInt(plan.tasksPerStep));
}

function fixedFlags({ permutation, projection, task }: NonNullable<Plan["fixed"]>): number {
  return (
    FIXED.present |
    (permutation ? FIXED.permutation : 0) |
    (projection ? FIXED.projection : 0) |
    (task === "step" ? FIXED.byStep : 0)
  );
}

/** Little-endian fields, with the points of schedules behind them. */
class Struct {
  readonly #view: DataView;
  readonly #start: number;
  #end = STRUCT_BYTES;

  constructor(view: DataView, start: number) {
    this.#view = view;
    this.#start = start;
  }

  u32(offset: number, value: number): void {
    this.#view.setUint32(offset, value, true);
  }

  i32(offset: number, value: number): void {
    this.#view.setInt32(offset, value, true);
  }

  u64(offset: number, value: bigint): void {
    this.#view.setBigUint64(offset, value, true);
  }

  f32(offset: number, value: number): void {
    this.#view.setFloat32(offset, value, true);
  }

  /** The number of points and where they are. */
  schedule(offset: number, schedule: Schedule): void {
    this.u32(offset, schedule.length);
    this.u32(offset + 4, this.#start + this.#end);
    for (const [step, share] of schedule) {
      this.#view.setFloat64(this.#end, step, true);
      this.#view.setFloat64(this.#end + 8, share, true);
      this.#end += POINT_BYTES;
    }
  }
}
