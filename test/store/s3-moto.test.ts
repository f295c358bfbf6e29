import { type ChildProcess, spawn } from "node:child_process";
import { AwsClient } from "aws4fetch";
import { openStore, openTasks } from "taskloom";
import { finish, generate, verify } from "taskloom/node";
import { onTestFinished, type TestContext, test } from "vitest";
import { taskloom, temporaryFolder } from "../support/cli.js";
import { pythonWith } from "../support/python-libraries.js";
import { fewDigits, filesIn, small } from "./support.js";

// @module-tag python

/** Starts moto, a server of the registry of Python packages that answers as Amazon's does, and makes a bucket. */
async function startMoto(context: TestContext): Promise<string> {
  const python = pythonWith(context, "moto", "flask");
  const child: ChildProcess = spawn(python, ["-m", "moto.server", "-H", "127.0.0.1", "-p", "0"], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  onTestFinished(() => {
    child.kill("SIGKILL");
  });
  const endpoint = await new Promise<string>((resolve, reject) => {
    let text = "";
    const look = (piece: string) => {
      text += piece;
      const found = /Running on (http:\/\/127\.0\.0\.1:\d+)/.exec(text)?.[1];
      if (found) resolve(found);
    };
    child.stdout?.setEncoding("utf8").on("data", look);
    child.stderr?.setEncoding("utf8").on("data", look);
    child.on("close", () => reject(new Error(`moto ended: ${text}`)));
  });
  const made = await fetch(`${endpoint}/bucket`, { method: "PUT", headers: { host: "s3.amazonaws.com" } });
  context.expect(made.status).toBe(200);
  return endpoint;
}

test("moto: written by shards, read, verified, finished, killed and gone on with, by two writers", async (context) => {
  const { expect } = context;
  const endpoint = await startMoto(context);
  const dataset = await fewDigits();
  const way = { endpoint, region: "us-east-1", credentials: { accessKeyId: "key", secretAccessKey: "secret" } };
  const set = { ...small, format: "zarr", chunkTasks: 4, ...way } as const;
  const local = temporaryFolder();
  await generate(dataset, { ...set, out: local });
  const digests = filesIn(local);
  /** Compares the objects with the files of a store that was made on a disk. */
  const expectEqual = async (out: string) => {
    const { faults, hashed } = await verify(out, { ...way, recompute: true, dataset, workers: 0 });
    expect([faults, hashed]).toEqual([[], 15]);
    const there = await (await openStore(out, { ...way, verify: true })).read(0, 46);
    const here = await (await import("taskloom/node")).openStoreFolder(local).then((store) => store.read(0, 46));
    expect(Buffer.compare(Buffer.from(there.inputs), Buffer.from(here.inputs))).toBe(0);
    await using tasks = await openTasks(`${out}`, way);
    expect(tasks.length).toBe(46);
  };
  expect(Object.keys(digests)).toHaveLength(16);

  const shards = "s3://bucket/shards";
  for (const index of [2, 0]) await generate(dataset, { ...set, out: shards, shard: { index, count: 3 } });
  expect(await finish(shards, { ...way, shards: 3 })).toMatchObject({ complete: false, shards: [1] });
  expect(await generate(dataset, { ...set, out: shards, shard: { index: 1, count: 3 } })).toMatchObject({
    complete: true,
  });
  await expectEqual(shards);

  // This server knows If-None-Match.
  const two = await Promise.allSettled(
    [7, 8].map((seed) => generate(dataset, { ...set, seed, out: "s3://bucket/two" })),
  );
  expect(two.filter(({ status }) => status === "fulfilled")).toHaveLength(1);

  const client = new AwsClient({ ...way.credentials, service: "s3", region: way.region });
  const env = {
    ...process.env,
    AWS_ENDPOINT_URL_S3: endpoint,
    AWS_ACCESS_KEY_ID: "key",
    AWS_SECRET_ACCESS_KEY: "secret",
  };
  const flags = [
    ..."generate --dataset mnist-test --limit-examples 100 --sequence-length 10 --workers 0 --seed 9".split(" "),
    ..."--format zarr --tasks 320 --chunk-tasks 16 --json --out s3://bucket/killed".split(" "),
  ];
  const killed = await taskloom(flags, {
    env,
    onStart: (child) => {
      const look = setInterval(async () => {
        const { status } = await client.fetch(`${endpoint}/bucket/killed/inputs/c.3.0.0`, { method: "HEAD" });
        if (status !== 200) return;
        clearInterval(look);
        child.kill("SIGKILL");
      }, 5);
    },
  });
  expect(killed.code).toBe(null);
  const again = await taskloom(flags, { env });
  expect(again.code, again.stderr).toBe(0);
  expect(JSON.parse(again.stdout).resumed).toBeGreaterThanOrEqual(32);
  const verified = await taskloom(["verify", "s3://bucket/killed", "--recompute", "--workers", "0"], { env });
  expect([verified.code, verified.stdout]).toEqual([0, "43 files hashed, 320 sequences recomputed: all is well\n"]);
});
