import { setWasmPaths } from "@tensorflow/tfjs-backend-wasm";
import * as tf from "@tensorflow/tfjs-core";
import type { Engine } from "./messages.js";

const opened = new Map<string, Promise<Engine>>();

/** Opens an engine, once. @throws Error where it is not to be had */
export function openEngine(name: Engine["name"]): Promise<Engine> {
  let engine = opened.get(name);
  if (!engine) {
    engine = name === "wasm" ? openWasm() : import("./gpu-engine.js").then(({ openGpu }) => openGpu());
    engine.catch(() => opened.delete(name));
    opened.set(name, engine);
  }
  return engine;
}

/** Makes an engine the one that tensors are made on. */
export async function use({ name }: Engine): Promise<void> {
  if (!(await tf.setBackend(name))) throw new Error(`TensorFlow.js could not start its backend ${name}`);
  await tf.ready();
}

async function openWasm(): Promise<Engine> {
  // Beside this script. Shared memory, and with it threads, is not offered: see scripts/build-site.mjs.
  setWasmPaths(new URL("./", import.meta.url).href);
  tf.env().set("WASM_HAS_MULTITHREAD_SUPPORT", false);
  const simd = await tf.env().getAsync("WASM_HAS_SIMD_SUPPORT");
  const words = `TensorFlow.js ${tf.version_core}, WebAssembly ${simd ? "with SIMD" : "without SIMD"}, one thread`;
  return { name: "wasm", words };
}
