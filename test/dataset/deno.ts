// Prints the digests of files, each read by Deno: forms.test.ts compares them with Node's.
import { readDataset } from "../../dist/index.js";

declare const Deno: { readonly args: readonly string[] };

for (const path of Deno.args) console.log(await (await readDataset(path, { classes: 10 })).digest());
