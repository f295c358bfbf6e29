import { printable } from "./printable.js";

/**
 * Every error Taskloom throws on purpose. Each message says what was given, what is allowed and what to do; the typed
 * fields say the same for programs. Aborting is not among them: an aborted call rejects with `signal.reason`.
 */

/** The common base: `catch (e) { if (e instanceof TaskloomError) ... }`. */
export abstract class TaskloomError extends Error {
  /** A stable identifier, the same in every version: `"INVALID_OPTION"`, `"DATASET"`, ... */
  abstract readonly code: string;
  /** The name of the class, also where a bundler has shortened that. */
  abstract override readonly name: string;

  constructor(message: string, options?: ErrorOptions) {
    super(printable(message), options);
  }
}

/** An argument or option is outside what is allowed. */
export class InvalidOptionError extends TaskloomError {
  override readonly name: string = "InvalidOptionError";
  readonly code = "INVALID_OPTION";
  /** The option's name, as the caller wrote it. */
  readonly option: string;
  /** The value that was given. */
  readonly given: unknown;
  /** The accepted values, in words. */
  readonly allowed: string;

  constructor(option: string, given: unknown, allowed: string, options?: ErrorOptions) {
    super(`${option} is ${describe(given)}; allowed: ${allowed}`, options);
    this.option = option;
    this.given = given;
    this.allowed = allowed;
  }
}

/** A dataset file or array is missing, malformed or contradicts another one. */
export class DatasetError extends TaskloomError {
  override readonly name: string = "DatasetError";
  readonly code = "DATASET";
  /** The file, URL or array the complaint is about. */
  readonly source: string;

  constructor(source: string, problem: string, options?: ErrorOptions) {
    super(`${source}: ${problem}`, options);
    this.source = source;
  }
}

/** A result could not be written or an existing one is in the way. What was there before is untouched. */
export class OutputError extends TaskloomError {
  override readonly name: string = "OutputError";
  readonly code = "OUTPUT";
  /** The path that could not be written. */
  readonly path: string;
  /** True where trying again cannot help, as something else is in the way. */
  readonly permanent: boolean;

  constructor(path: string, problem: string, options?: ErrorOptions & { permanent?: boolean | undefined }) {
    super(`${path}: ${problem}`, options);
    this.path = path;
    this.permanent = options?.permanent ?? false;
  }
}

/** A recipe or store cannot be read: foreign, damaged, newer than this version, or made from another dataset. */
export class RecipeError extends TaskloomError {
  override readonly name: string = "RecipeError";
  readonly code = "RECIPE";
  /** The source of the recipe. */
  readonly source: string;

  constructor(source: string, problem: string, options?: ErrorOptions) {
    super(`${source}: ${problem}`, options);
    this.source = source;
  }
}

/** A store, or a part of one, cannot be read: missing, damaged, foreign, newer, or served in a way that does not do. */
export class StoreError extends TaskloomError {
  override readonly name: string = "StoreError";
  readonly code = "STORE";
  /** The folder or URL of the store. */
  readonly source: string;
  /** The file within the store that the complaint is about, such as `"inputs/c.7.0.0"`. */
  readonly chunk: string | undefined;

  constructor(source: string, problem: string, options?: ErrorOptions & { chunk?: string | undefined }) {
    super(options?.chunk === undefined ? `${source}: ${problem}` : `${source}: ${options.chunk} ${problem}`, options);
    this.source = source;
    this.chunk = options?.chunk;
  }
}

/** A backend could not be started or failed while working; the augmentor can be used again. */
export class BackendError extends TaskloomError {
  override readonly name: string = "BackendError";
  readonly code = "BACKEND";
  /** The backend: `"wasm"`, `"webgpu"`. */
  readonly backend: string;
  /** The first task without a result, to go on from; `undefined` when nothing had begun. */
  readonly nextTask: number | undefined;

  constructor(backend: string, problem: string, options?: ErrorOptions & { nextTask?: number | undefined }) {
    super(`${backend}: ${problem}`, options);
    this.backend = backend;
    this.nextTask = options?.nextTask;
  }
}

/** The object was used after `dispose()`. */
export class DisposedError extends TaskloomError {
  override readonly name: string = "DisposedError";
  readonly code = "DISPOSED";

  constructor(what: string) {
    super(`this ${what} has been disposed; make a new one`);
  }
}

/**
 * A value as a message shows it: short, told apart from its look-alikes (`"5"` from `5` from `5n`), and without control
 * characters.
 */
export function describe(value: unknown): string {
  if (typeof value === "bigint") return `${value}n`;
  if (typeof value === "function") return "a function";
  if (typeof value === "symbol" || typeof value === "undefined") return printable(String(value));
  if (ArrayBuffer.isView(value)) return `a ${value.constructor.name} of ${value.byteLength} bytes`;
  if (typeof value === "number") return Object.is(value, -0) ? "-0" : String(value);
  let text: string | undefined;
  try {
    text = JSON.stringify(value);
  } catch {
    text = undefined;
  }
  text ??= Object.prototype.toString.call(value);
  return printable(text.length > 80 ? `${text.slice(0, 77)}...` : text);
}

/** Returns the message of an error with that of its cause: Node's `fetch failed` gives the reason only there. */
export function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? `${error.message}: ${messageOf(error.cause)}` : error.message;
}
