// Reads a store through a cache in a folder, as one of several processes: node cache-reader.mjs URL FOLDER
import { createHash } from "node:crypto";
import { openTasks } from "../../dist/index.js";

const [url, folder] = process.argv.slice(2);
const tasks = await openTasks(url, { cache: { folder } });
const hash = createHash("sha256");
const walk = { batchSize: 3, shuffle: "chunks", blockChunks: 2, epochs: 1 };
for await (const { inputs, targets } of tasks.batches(walk)) hash.update(inputs.data).update(targets.data);
await tasks.dispose();
console.log(hash.digest("hex"));
