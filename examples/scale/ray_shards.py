#!/usr/bin/env python3
"""Makes a Zarr store in tasks of Ray, one shard each, on all nodes that see one folder:

    python ray_shards.py 8 generate --dataset mnist --tasks 65536 --seed 0 --format zarr --workers 4 --out /scratch/tasks

A shard whose node or process is lost runs again, and goes on from the chunks that are there.
"""

import os
import shlex
import subprocess
import sys

import ray

TASKLOOM = shlex.split(os.environ.get("TASKLOOM", "npx taskloom"))


class TryAgain(Exception):
    """The command failed in a way that may be gone: a full disk, a server, a signal."""


# max_retries is for nodes and processes that are lost, and for the exceptions named.
@ray.remote(num_cpus=float(os.environ.get("SHARD_CPUS", "4")), max_retries=3, retry_exceptions=[TryAgain])
def make(arguments, shard, shards):
    done = subprocess.run([*TASKLOOM, *arguments, "--shard", f"{shard}/{shards}"], capture_output=True, text=True)
    if done.returncode in (2, 3):
        # Wrong usage, another store: trying again does not help.
        raise SystemError(f"shard {shard}: {done.stderr}")
    if done.returncode != 0:
        raise TryAgain(f"shard {shard}: exit code {done.returncode}: {done.stderr}")
    return done.stdout.strip().splitlines()[0]


if __name__ == "__main__":
    ray.init()
    count = int(sys.argv[1])
    for line in ray.get([make.remote(sys.argv[2:], shard, count) for shard in range(count)]):
        print(line)
