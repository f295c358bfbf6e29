import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, symlinkSync, utimesSync } from "node:fs";
import { join } from "node:path";
import { InvalidOptionError, openStore, openTasks, StoreError } from "taskloom";
import { finish, generate, verify } from "taskloom/node";
import { describe, expect, test } from "vitest";
import { taskloom, temporaryFolder } from "../support/cli.js";
import { KEY, type S3ServerOptions, startS3 } from "../support/s3-server.js";
import { fewDigits, small } from "./support.js";

/** Where shards, object stores, caches, recipes and the command meet. */

const zarr = { ...small, format: "zarr", chunkTasks: 4 } as const;
const flags = [
  ..."generate --dataset mnist-test --limit-examples 100 --sequence-length 5 --workers 0".split(" "),
  ..."--format zarr --tasks 8 --chunk-tasks 2".split(" "),
];

async function server(options: S3ServerOptions = {}) {
  const { endpoint, env, requests } = await startS3(options);
  return { env, requests, way: { endpoint, region: "eu-test-1", credentials: KEY, retryPauses: [] } };
}

describe("addresses", () => {
  test("a URL of a prefix with spaces and other letters is the place that its text is", async () => {
    const { way } = await server();
    const out = "s3://bucket/a b/é+(x)'!*";
    await generate(await fewDigits(), { ...zarr, ...way, out });
    for (const place of [out, new URL(out), `${out}//`]) {
      expect((await openStore(place, way)).items).toBe(46);
      await using tasks = await openTasks(place, way);
      expect(tasks.length).toBe(46);
    }
  });

  test("an address in the place of a folder is refused, a slip in it included", async () => {
    const { way } = await server();
    const dataset = await fewDigits();
    await generate(dataset, { ...zarr, ...way, out: "s3://bucket/one" });
    for (const folder of ["s3://bucket/cache", "s3:/bucket/cache", "file:///tmp/cache"]) {
      const opening = openTasks("s3://bucket/one", { ...way, cache: { folder } });
      await expect(opening).rejects.toThrow(InvalidOptionError);
    }
    await expect(generate(dataset, { ...zarr, out: "s3:/bucket/one" })).rejects.toThrow(InvalidOptionError);
    expect(existsSync("s3:")).toBe(false);
  });

  test("inspect takes a store's address; a picture is refused before the work where it has no place", async () => {
    const { env, requests } = await server();
    const options = { env: { ...process.env, ...env } };
    const refused = await taskloom([...flags, "--out", "s3://bucket/one", "--preview"], options);
    expect(refused.code).toBe(2);
    expect(refused.stderr).toMatch(/--preview .* s3:\/\/bucket\/one; draw a picture with taskloom preview --out/);
    expect(requests).toEqual([]);
    expect((await taskloom([...flags, "--out", "s3://bucket/one"], options)).code).toBe(0);
    const inspected = await taskloom(["inspect", "s3://bucket/one"], options);
    expect(inspected.stdout).toContain("tasks 0..7");
    expect(inspected.code).toBe(0);
  });
});

describe("a server that fails says nothing about chunks", () => {
  /** A server whose files of a name answer 503 once it is switched off, from the second read on, or the first. */
  async function failing(path: RegExp, first: number) {
    let left = Number.POSITIVE_INFINITY;
    const answer: S3ServerOptions["answer"] = (request, response, name) => {
      if (request.method !== "GET" || !path.test(name) || left-- > 0) return false;
      response.writeHead(503).end();
      return true;
    };
    const off = () => {
      left = first;
    };
    return { ...(await server({ answer })), off };
  }
  const out = "s3://bucket/one";

  test("a journal that cannot be read is an error, and its chunks are not missing", async () => {
    const { way, off } = await failing(/journal-/, 0);
    await generate(await fewDigits(), { ...zarr, ...way, out, shard: { index: 0, count: 2 } });
    off();
    await expect(finish(out, way)).rejects.toThrow(/journal-.* 503/);
    await expect(verify(out, way)).rejects.toThrow(/journal-.* 503/);
  });

  test("neither is a manifest that cannot be read a damaged one, whose chunks would be made again", async () => {
    // The first read tells whose it is.
    const { way, off } = await failing(/manifest\.json$/, 1);
    const dataset = await fewDigits();
    await generate(dataset, { ...zarr, ...way, out });
    off();
    await expect(generate(dataset, { ...zarr, ...way, out })).rejects.toThrow(
      /manifest\.json cannot be fetched: .* 503/,
    );
  });
});

test("a function of credentials that fails, or gives none, is named, and nothing is asked again", async () => {
  const { way, requests } = await server();
  const broken = [
    () => Promise.reject(new Error("the role has ended")),
    () => undefined as never,
    () => ({ accessKeyId: "A" }) as never,
  ];
  for (const credentials of broken) {
    let asked = 0;
    const counted = () => {
      asked++;
      return credentials();
    };
    const opening = openStore("s3://bucket/one", { ...way, retryPauses: [1, 1], credentials: counted });
    const error = await opening.catch((cause: unknown) => cause);
    expect(error).toBeInstanceOf(StoreError);
    expect((error as StoreError).message).toMatch(
      /the function credentials (failed \(the role has ended\)|gave no key)/,
    );
    expect(asked).toBe(1);
  }
  expect(requests).toEqual([]);
});

test("a finished store is not written to, as it may be where nobody may write any more", async () => {
  const out = join(temporaryFolder(), "store");
  const dataset = await fewDigits();
  await generate(dataset, { ...zarr, out });
  utimesSync(out, 1000, 1000);
  expect(await finish(out)).toMatchObject({ complete: true });
  expect(await generate(dataset, { ...zarr, out })).toMatchObject({ resumed: 46, complete: true });
  expect(statSync(out).mtimeMs).toBe(1_000_000);
  // What it lacks is written, though.
  rmSync(join(out, "targets", "zarr.json"));
  await finish(out);
  expect((await verify(out)).faults).toEqual([]);
});

test("a file that cannot be looked at is not missing", async () => {
  const out = join(temporaryFolder(), "store");
  const dataset = await fewDigits();
  await generate(dataset, { ...zarr, out, shard: { index: 0, count: 2 } });
  const file = join(out, "inputs", "c.0.0.0");
  rmSync(file);
  symlinkSync(file, file);
  await expect(finish(out)).rejects.toThrow(/c\.0\.0\.0: cannot be read: ELOOP/);
});

test("a picture of a store is drawn by the shard that finishes it, and none ends in an error", async () => {
  const out = join(temporaryFolder(), "store");
  const first = await taskloom([...flags, "--out", out, "--shard", "1/2", "--preview"]);
  expect(first.code, first.stderr).toBe(0);
  expect(first.stdout).toContain("preview.png is drawn by the run that finishes the store");
  const last = await taskloom([...flags, "--out", out, "--shard", "0/2", "--preview"]);
  expect(last.code, last.stderr).toBe(0);
  expect(existsSync(join(out, "preview.png"))).toBe(true);
});

test("a recipe is read as any file is: no pipe is waited for, and an address will do", async () => {
  const { env, way } = await server();
  const folder = temporaryFolder();
  const pipe = join(folder, "recipe.json");
  expect(spawnSync("mkfifo", [pipe]).status).toBe(0);
  const waited = await taskloom(["generate", "--recipe", pipe, "--out", join(folder, "out")]);
  expect(waited).toMatchObject({ code: 3, stdout: "" });
  expect(waited.stderr).toMatch(/recipe\.json: is not a regular file but a pipe/);
  const { recipe } = await generate(await fewDigits(), { ...zarr, ...way, out: "s3://bucket/one" });
  const address = `data:application/json,${encodeURIComponent(JSON.stringify(recipe))}`;
  const made = await taskloom(
    ["generate", "--recipe", address, "--dataset", "mnist", "--out", join(folder, "out"), "--workers", "0"],
    { env: { ...process.env, ...env } },
  );
  expect(made.code, made.stderr).toBe(0);
  expect(JSON.parse(readFileSync(join(folder, "out", "recipe.json"), "utf8")).taskCount).toBe(23);
});

test("a folder with the name of a store's document ends every command with 3", async () => {
  const folder = temporaryFolder();
  mkdirSync(join(folder, "zarr.json"));
  for (const args of [
    ["verify", folder],
    ["inspect", folder],
    ["preview", folder],
    ["finish", folder],
    [...flags, "--out", folder],
  ]) {
    const { code, stderr } = await taskloom(args);
    expect(stderr).toMatch(/zarr\.json:? is .*a folder/);
    expect([args[0], code]).toEqual([args[0], 3]);
  }
});
