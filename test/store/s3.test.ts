import { writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { InvalidOptionError, OutputError, openStore, openTasks, StoreError } from "taskloom";
import * as node from "taskloom/node";
import { finish, generate, inspect, verify } from "taskloom/node";
import { beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { run, taskloom, temporaryFolder } from "../support/cli.js";
import { KEY, objectsIn, type S3Server, type S3ServerOptions, startS3 } from "../support/s3-server.js";
import { fewDigits, filesIn, small } from "./support.js";

const OUT = "s3://bucket/sets/one";
const zarr = { ...small, format: "zarr", chunkTasks: 4, out: OUT } as const;
const quick = [0, 1, 2];

let expected: Record<string, string>;
beforeAll(async () => {
  const out = temporaryFolder(() => undefined);
  await generate(await fewDigits(), { ...zarr, out });
  expected = filesIn(out);
});

/** A server, and the options that lead to it. */
async function store(options: S3ServerOptions = {}) {
  const server = await startS3(options);
  const way = { endpoint: server.endpoint, region: "eu-test-1", credentials: KEY, retryPauses: quick };
  return { server, way };
}

const contents = (server: S3Server) => objectsIn(server, "sets/one");
const busy =
  (status: number, code: string): NonNullable<S3ServerOptions["answer"]> =>
  (_, response) => {
    response.writeHead(status).end(`<Error><Code>${code}</Code></Error>`);
    return true;
  };

describe("a store in an object store", () => {
  test("has the objects that a folder has files, and is read, verified, inspected and finished like one", async () => {
    const { server, way } = await store({ page: 5 });
    const dataset = await fewDigits();
    const result = await generate(dataset, { ...zarr, ...way });
    expect(result).toMatchObject({ items: 46, resumed: 0, complete: true });
    expect(contents(server)).toEqual(expected);
    expect(await verify(OUT, { ...way, recompute: true, dataset, workers: 0 })).toMatchObject({
      faults: [],
      hashed: 15,
    });
    expect(await finish(OUT, { ...way, shards: 2 })).toEqual({ complete: true, chunks: 6, missing: [], shards: [] });
    const local = temporaryFolder();
    await generate(dataset, { ...zarr, out: local });
    expect(await inspect(OUT, way)).toEqual(await inspect(local));
    for (const check of [false, true]) {
      const opened = await openStore(OUT, { ...way, verify: check });
      const there = await node.openStoreFolder(local);
      expect(Buffer.from((await opened.read(3, 9)).inputs)).toEqual(Buffer.from((await there.read(3, 9)).inputs));
      for (const open of [openTasks, node.openTasks]) {
        await using tasks = await open(OUT, { ...way, verify: check });
        expect(tasks.length).toBe(46);
        expect((await tasks.at(45)).inputs.shape).toEqual([5, 22]);
      }
    }
    expect(await generate(dataset, { ...zarr, ...way })).toMatchObject({ resumed: 46, complete: true });
    expect(contents(server)).toEqual(expected);
  });

  test("shards, a lost chunk, doubtful and foreign ones: as on a disk", async () => {
    const { server, way } = await store({ page: 3 });
    const dataset = await fewDigits();
    const shard = (index: number) => generate(dataset, { ...zarr, ...way, shard: { index, count: 3 } });
    expect(await shard(1)).toMatchObject({ complete: false, items: 16 });
    expect(await finish(OUT, { ...way, shards: 3 })).toMatchObject({ complete: false, shards: [0, 2] });
    await shard(0);
    const before = server.requests.length;
    await shard(0);
    // A shard with nothing to do asks for no chunk.
    expect(server.requests.slice(before).filter((name) => /c\.\d|GET bucket\/$/.test(name)).length).toBeLessThan(6);
    expect(server.requests.slice(before).filter((name) => /c\.\d/.test(name))).toEqual([]);
    server.objects.delete("sets/one/targets/c.2.0");
    expect(await shard(2)).toMatchObject({ complete: false });
    expect(await finish(OUT, { ...way, shards: 3 })).toMatchObject({ missing: [{ start: 2, stop: 3 }], shards: [1] });
    // Another object in the place of a chunk, as a request of an older run that came late.
    const key = "sets/one/inputs/c.3.0.0";
    server.objects.set(key, { bytes: Buffer.alloc(3520, 7), etag: '"late"', sha256: undefined });
    await shard(1);
    expect(await shard(1)).toMatchObject({ complete: true });
    expect(contents(server)).toEqual(expected);
    server.objects.set("sets/one/mine.txt", { bytes: Buffer.from("x"), etag: '"x"', sha256: undefined });
    server.objects.set("sets/another/x", { bytes: Buffer.from("x"), etag: '"x"', sha256: undefined });
    expect((await verify(OUT, way)).faults.map(({ path, kind }) => [path, kind])).toEqual([["mine.txt", "foreign"]]);
    await generate(dataset, { ...zarr, ...way, seed: 8, force: true });
    expect(server.objects.has("sets/one/mine.txt") && server.objects.has("sets/another/x")).toBe(true);
    expect((await verify(OUT, { ...way, recompute: true, dataset, workers: 0 })).faults).toHaveLength(1);
  });

  test("documents are made once, and chunks put under a condition and with a checksum", async () => {
    const conditions: [string, string | undefined, boolean][] = [];
    const { way } = await store({
      answer: (request, _, name) => {
        if (request.method === "PUT") {
          conditions.push([name, request.headers["if-none-match"], "x-amz-checksum-sha256" in request.headers]);
        }
        return false;
      },
    });
    await generate(await fewDigits(), { ...zarr, ...way });
    expect(conditions.every(([, , checksum]) => checksum)).toBe(true);
    const once = conditions.filter(([, condition]) => condition === "*").map(([name]) => name);
    expect(once).toContain("sets/one/zarr.json");
    expect(once.filter((name) => /\/c\./.test(name))).toHaveLength(12);
    expect(conditions.filter(([name, condition]) => /\/c\./.test(name) && condition !== "*")).toEqual([]);
  });

  test("by the command, with variables of the environment; a recipe's address, too", async () => {
    const { server } = await store();
    const env = { ...process.env, ...server.env };
    const flags = "generate --dataset mnist-test --limit-examples 50 --sequence-length 5 --workers 0".split(" ");
    const set = ["--tasks", "12", "--chunk-tasks", "2", "--format", "zarr", "--out", "s3://bucket/a b+c/&d"];
    for (const index of [0, 1]) {
      const { code, stderr, stdout } = await taskloom([...flags, ...set, "--shard", `${index}/2`], { env });
      expect(code, stderr).toBe(0);
      expect(stdout).toMatch(/-> s3:\/\/bucket\/a b\+c\/&d\n/);
    }
    const place = set.at(-1) as string;
    for (const command of [
      ["verify", place, "--recompute", "--workers", "0"],
      ["finish", place],
      ["inspect", place],
    ]) {
      const { code, stderr } = await taskloom(command, { env });
      expect(code, stderr).toBe(0);
    }
    const { recipe } = JSON.parse((await taskloom(["inspect", place, "--json"], { env })).stdout);
    server.objects.set("r/recipe.json", { bytes: Buffer.from(JSON.stringify(recipe)), etag: '"r"', sha256: undefined });
    const way = { endpoint: server.endpoint, region: "eu-test-1", credentials: KEY };
    await using tasks = await node.openTasks("s3://bucket/r/recipe.json", { ...way, workers: 0 });
    expect(tasks.length).toBe(12);
    const preview = await taskloom(["preview", place], { env });
    expect([preview.code, preview.stderr]).toEqual([
      2,
      expect.stringMatching(/out is undefined; allowed: the path of a picture/),
    ]);
  });
});

describe("what goes wrong is named with bucket, key, status and the remedy", () => {
  const attempt = async (way: object, out = OUT) =>
    generate(await fewDigits(), { ...zarr, ...way, out }).catch((cause) => cause);

  test("another secret, no key, another bucket, another server", async () => {
    const { server, way } = await store();
    const secret = await attempt({ ...way, credentials: { ...KEY, secretAccessKey: "another" } });
    expect(secret).toBeInstanceOf(OutputError);
    expect(secret.message).toMatch(
      /^s3:\/\/bucket\/sets\/one\/zarr\.json: .*403 SignatureDoesNotMatch.*AWS_ACCESS_KEY_ID/,
    );
    const none = await attempt({ ...way, credentials: () => ({ accessKeyId: "other", secretAccessKey: "x" }) });
    expect(none.message).toMatch(/403 InvalidAccessKeyId/);
    const error = await attempt(way, "s3://no-bucket/x");
    expect(error.message).toMatch(
      /^s3:\/\/no-bucket\/x\/zarr\.json: .*404 NoSuchBucket.*there is no bucket no-bucket at http:\/\/127.*AWS_ENDPOINT_URL/,
    );
    let stop = () => undefined as unknown;
    const gone = await startS3({
      onEnd: (end) => {
        stop = end;
      },
    });
    stop();
    const nobody = await attempt({ ...way, endpoint: gone.endpoint });
    expect(nobody).toBeInstanceOf(OutputError);
    expect(nobody.message).toMatch(/ECONNREFUSED.*is http:\/\/127.*the right server.*\(tried 4 times\)/);
    const read = await openStore(OUT, { ...way, credentials: { ...KEY, secretAccessKey: "x" } }).catch(
      (cause) => cause,
    );
    expect(read).toBeInstanceOf(StoreError);
    expect(read.message).toMatch(
      /^s3:\/\/bucket\/sets\/one: zarr\.json cannot be fetched: the server answered 403 SignatureDoes/,
    );
    await expect(openStore(OUT, way)).rejects.toThrow(/holds no task set/);
    const flags = ["verify", OUT];
    const env: NodeJS.ProcessEnv = { ...process.env, ...server.env };
    delete env.AWS_ACCESS_KEY_ID;
    const { code, stderr } = await taskloom(flags, { env });
    expect([code, stderr]).toEqual([
      1,
      expect.stringMatching(/403 AccessDenied.*no key was given: set AWS_ACCESS_KEY_ID/),
    ]);
  });

  test("another region", async () => {
    const { way } = await store({
      answer: (_, response) => {
        response
          .writeHead(301, { "x-amz-bucket-region": "us-west-2" })
          .end("<Error><Code>PermanentRedirect</Code></Error>");
        return true;
      },
    });
    expect((await attempt(way)).message).toMatch(
      /301 PermanentRedirect; the bucket is in another region, us-west-2: set AWS_REGION/,
    );
  });

  test.each([
    ["s3://", "format", "zarr"],
    ["s3://b", "format", "zarr"],
    ["s3://bucket/a/../b", "format", "zarr"],
    ["s3://bucket/a?b", "format", "zarr"],
    ["https://example.org/x", "format", "zarr"],
    [OUT, "format", "npy"],
    [OUT, "format", "safetensors"],
  ])("%s: %s %s is an InvalidOptionError", async (out, _, format) => {
    const error = await generate(await fewDigits(), { ...small, out, format } as never).catch((cause) => cause);
    expect(error).toBeInstanceOf(InvalidOptionError);
    expect(error.message).toMatch(out === OUT ? /takes whole objects: write the format zarr there/ : /allowed: /);
  });

  test("an endpoint that is none", async () => {
    for (const endpoint of ["minio:9000", "ftp://x", "x"]) {
      await expect(openStore(OUT, { endpoint })).rejects.toThrow(/endpoint is ".*"; allowed: an http\(s\) address/);
    }
    await expect(openTasks(OUT, { credentials: {} as never })).rejects.toThrow(InvalidOptionError);
  });
});

describe("faults that pass", () => {
  /** A fault in each kind of request: the first of each method and kind of name. */
  const once = (fault: NonNullable<S3ServerOptions["answer"]>): NonNullable<S3ServerOptions["answer"]> => {
    const seen = new Map<string, number>();
    return (request, response, name) => {
      const kind = `${request.method} ${name.replace(/\d+/g, "n")}`;
      const times = seen.get(kind) ?? 0;
      seen.set(kind, times + 1);
      return times < 2 && fault(request, response, name);
    };
  };
  const reset: NonNullable<S3ServerOptions["answer"]> = (request) => {
    request.socket.destroy();
    return true;
  };
  test.each([
    ["503 Slow Down", busy(503, "SlowDown")],
    ["500", busy(500, "InternalError")],
    ["429", busy(429, "TooManyRequests")],
    ["409 of two writers", busy(409, "ConditionalRequestConflict")],
    ["a connection that is dropped", reset],
  ])("%s, before anything is written", async (name, fault) => {
    // A conflict is an answer to writing only.
    const only: typeof fault = (request, response, key) =>
      (name.startsWith("409") ? request.method === "PUT" : true) && fault(request, response, key);
    const { server, way } = await store({ answer: once(only) });
    await generate(await fewDigits(), { ...zarr, ...way });
    expect(contents(server)).toEqual(expected);
  });

  test.each([
    ["a connection that is dropped", reset],
    ["500", busy(500, "InternalError")],
  ])("%s, after the object was written: the request that is made again finds it", async (_, fault) => {
    const { server, way } = await store({ written: once(fault) });
    await generate(await fewDigits(), { ...zarr, ...way });
    expect(contents(server)).toEqual(expected);
  });

  test("faults that stay end the run, and the same call goes on later", async () => {
    let broken = false;
    const { server, way } = await store({
      answer: (request, response, name) => {
        if (request.method === "PUT" && /c\.3\./.test(name)) broken = true;
        return broken && busy(503, "SlowDown")(request, response, name);
      },
    });
    const dataset = await fewDigits();
    const error = await generate(dataset, { ...zarr, ...way }).catch((cause) => cause);
    expect(error).toBeInstanceOf(OutputError);
    expect(error.message).toMatch(/^s3:\/\/bucket\/sets\/one\/.*503 SlowDown.*\(tried 4 times\)$/);
    const sound = await startS3();
    for (const [key, object] of server.objects) sound.objects.set(key, object);
    const result = await generate(dataset, { ...zarr, ...way, endpoint: sound.endpoint });
    expect(result).toMatchObject({ resumed: 24, complete: true });
    expect(contents(sound)).toEqual(expected);
  });
});

describe("two writers", () => {
  test.each([true, false])("of other seeds: one set is made, on a server with conditions: %s", async (conditions) => {
    const dataset = await fewDigits();
    for (let round = 0; round < 3; round++) {
      const { way } = await store({ conditions });
      const results = await Promise.allSettled([1, 2].map((seed) => generate(dataset, { ...zarr, ...way, seed })));
      const done = results.filter(({ status }) => status === "fulfilled");
      // Without conditions both may notice the other one, and give up.
      if (conditions) expect(done).toHaveLength(1);
      else expect(done.length).toBeLessThan(2);
      for (const result of results) {
        if (result.status === "rejected")
          expect(result.reason.message).toMatch(/has a store of something else: seed is/);
      }
      if (done.length === 1) {
        const { faults } = await verify(OUT, { ...way, recompute: true, dataset, workers: 0 });
        expect(faults.filter(({ kind }) => kind !== "foreign")).toEqual([]);
      }
    }
  });

  test("of one set: both succeed, and it is the one that a single run makes", async () => {
    const dataset = await fewDigits();
    for (let round = 0; round < 3; round++) {
      const { server, way } = await store();
      const results = await Promise.all([1, 2, 3].map(() => generate(dataset, { ...zarr, ...way })));
      expect(results.some(({ complete }) => complete)).toBe(true);
      expect(await finish(OUT, way)).toMatchObject({ complete: true });
      expect(contents(server)).toEqual(expected);
    }
  });

  test("a request of a run that was started over comes late, and replaces nothing", async () => {
    let late: (() => void) | undefined;
    const { server, way } = await store({
      answer: (request, response, name) => {
        if (late || request.method !== "PUT" || !/inputs\/c\.2\./.test(name)) return false;
        // The answer to it, and its effect, come when the other run has ended.
        late = () => {
          response.writeHead(412).end("<Error><Code>PreconditionFailed</Code></Error>");
        };
        expect(request.headers["if-none-match"]).toBe("*");
        return true;
      },
    });
    const dataset = await fewDigits();
    const first = generate(dataset, { ...zarr, ...way, seed: 9 }).catch((cause) => cause);
    while (!late) await setTimeout(5);
    await generate(dataset, { ...zarr, ...way, force: true });
    late();
    // It finds other bytes in the place, and another recipe.
    const error = await first;
    expect(error).toBeInstanceOf(OutputError);
    expect(error.message).toMatch(/has a store of something else: seed is "7" there and "9" here/);
    expect(contents(server)).toEqual(expected);
  });
});

test("kill -9 at several moments: the same command goes on, and the store equals an undisturbed one", async () => {
  const server = await startS3();
  const env = { ...process.env, ...server.env };
  const flags = [
    ..."generate --dataset mnist-test --limit-examples 100 --sequence-length 10 --workers 0 --seed 9".split(" "),
    ..."--format zarr --tasks 320 --chunk-tasks 16 --out".split(" "),
  ];
  expect((await taskloom([...flags, "s3://bucket/whole"], { env })).code).toBe(0);
  let unfinished = 0;
  for (const moment of [2, 12]) {
    const out = `killed-${moment}`;
    const killed = await taskloom([...flags, `s3://bucket/${out}`], {
      env,
      onStart: (child) => {
        const look = setInterval(() => {
          if (!server.objects.has(`${out}/inputs/c.${moment}.0.0`)) return;
          clearInterval(look);
          child.kill("SIGKILL");
        }, 1);
      },
    });
    if (killed.code === null) unfinished++;
    const { code, stdout, stderr } = await taskloom([...flags, `s3://bucket/${out}`, "--json"], { env });
    expect(code, stderr).toBe(0);
    // A chunk that was in hand, and one on its way, are lost at most.
    expect(JSON.parse(stdout).resumed).toBeGreaterThanOrEqual(16 * (moment - 1));
    expect(objectsIn(server, out)).toEqual(objectsIn(server, "whole"));
  }
  expect(unfinished).toBeGreaterThan(0);
});

test("the key of a container's role is asked for, and again when it ends", async () => {
  const { server } = await store();
  const asked: (string | undefined)[] = [];
  const role = createServer((request, response) => {
    asked.push(request.headers.authorization);
    const ends = new Date(Date.now() + (asked.length === 1 ? 60_000 : 3_600_000)).toISOString();
    const key = { AccessKeyId: KEY.accessKeyId, SecretAccessKey: KEY.secretAccessKey, Token: "t", Expiration: ends };
    response.end(JSON.stringify(key));
  });
  await new Promise<void>((resolve) => role.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void role.close());
  const token = `${temporaryFolder()}/token`;
  writeFileSync(token, "a token\n");
  const { AWS_ACCESS_KEY_ID: _, AWS_SECRET_ACCESS_KEY: __, ...rest } = { ...process.env, ...server.env };
  const env = {
    ...rest,
    AWS_CONTAINER_CREDENTIALS_FULL_URI: `http://127.0.0.1:${(role.address() as AddressInfo).port}/v1`,
    AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: token,
  };
  const flags = "generate --dataset mnist-test --limit-examples 50 --sequence-length 5 --workers 0".split(" ");
  const { code, stderr } = await taskloom([...flags, "--tasks", "4", "--format", "zarr", "--out", OUT], { env });
  expect(code, stderr).toBe(0);
  expect(asked.slice(0, 2)).toEqual(["a token", "a token"]);
  // Several places of the command ask, each keeps its key.
  expect(asked.length).toBeLessThan(8);
  const wrong = { ...env, AWS_CONTAINER_CREDENTIALS_FULL_URI: "http://127.0.0.1:1/" };
  const failed = await taskloom(["verify", OUT], { env: wrong });
  expect([failed.code, failed.stderr]).toEqual([
    1,
    expect.stringMatching(/gives no key .*check AWS_CONTAINER_CREDENTIALS/),
  ]);
});

test("in Deno, with a key that is given", async () => {
  const { server, way } = await store();
  await generate(await fewDigits(), { ...zarr, ...way });
  const script = `${temporaryFolder()}/read.mjs`;
  const index = new URL("../../dist/index.js", import.meta.url).href;
  const options = JSON.stringify({ endpoint: server.endpoint, region: "eu-test-1", credentials: KEY });
  writeFileSync(
    script,
    `import { openTasks } from ${JSON.stringify(index)};
const tasks = await openTasks(${JSON.stringify(OUT)}, ${options});
console.log(JSON.stringify([tasks.length, (await tasks.at(45)).targets.shape]));`,
  );
  const deno = fileURLToPath(new URL("../../node_modules/deno/bin.cjs", import.meta.url));
  const { code, stdout, stderr } = await run(process.execPath, [deno, "run", "--allow-all", "--no-config", script]);
  expect([code, stdout], stderr).toEqual([0, "[46,[5]]\n"]);
});
