// Run by Deno: digests of the golden tasks given as JSON in the first argument, with the options in the second.
import * as taskloom from "../../dist/index.js";
import { mnist } from "../../dist/node.js";
import { digests } from "./digests.mjs";

declare const Deno: { args: string[] };
const [cases, options] = Deno.args.map((text) => JSON.parse(text));
console.log(JSON.stringify(await digests(taskloom, await mnist(), cases, options)));
