"use client";

import { useEffect } from "react";
import { Dataset, TaskAugmentor } from "taskloom";
import { report, WAYS } from "../weave.js";

/** Rendered on the server too, where the import must not fail; weaves in the browser. */
export function Client() {
  useEffect(() => {
    globalThis.woven ??= report({ Dataset, TaskAugmentor }, WAYS);
  }, []);
  return null;
}
