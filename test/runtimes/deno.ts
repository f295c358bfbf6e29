// Run by Deno: the function named by the first argument, on the golden tasks or small sets given as JSON in a file.
import { readFileSync } from "node:fs";
import * as taskloom from "../../dist/index.js";
import { mnist } from "../../dist/node.js";
import { digests, smallDigests } from "./digests.mjs";

declare const Deno: { args: [what: string, file: string, options: string] };
const [what, file, options] = Deno.args;
const given = JSON.parse(readFileSync(file, "utf8"));
const found =
  what === "digests"
    ? await digests(taskloom, await mnist(), given, JSON.parse(options))
    : await smallDigests(taskloom, given, JSON.parse(options));
console.log(JSON.stringify(found));
