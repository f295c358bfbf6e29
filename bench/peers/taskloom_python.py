"""Taskloom in Python, speaking the peers' protocol: batches of tasks, on --threads threads.

  PYTHONPATH=build/python-package/path python taskloom_python.py --data DIR --engine compiled|wasmtime|numpy [--shape small]

"numpy" is examples/python/taskloom_stream.py, the independent reader. --shape small: sequences of 32, 16 values each.
"""
import argparse
import json
import os
import sys
import time

parser = argparse.ArgumentParser()
parser.add_argument("--data", required=True)
parser.add_argument("--engine", required=True)
parser.add_argument("--shape", default="mnist")
parser.add_argument("--threads", type=int, default=1)
parser.add_argument("--tasks", type=int, default=50)
parser.add_argument("--repeats", type=int, default=5)
args = parser.parse_args()
for name in ("OMP", "OPENBLAS", "MKL"):
    os.environ[f"{name}_NUM_THREADS"] = str(args.threads)

import numpy as np  # noqa: E402
import taskloom  # noqa: E402

data = taskloom.read_folder(args.data, classes=10)
shape = {} if args.shape == "mnist" else {"sequence_length": 32, "out_features": 16}
recipe = taskloom.recipe(data, task_count=2**32, seed=42, **shape)
width, length = recipe["outFeatures"] + 10, recipe["sequenceLength"]
if args.engine == "numpy":
    sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "..", "examples", "python"))
    from taskloom_stream import Recipe

    reader = Recipe(json.loads(recipe.to_json()), data.images, data.targets)
    make, name, version = reader.sequences, "NumPy reader", np.__version__
else:
    tasks = taskloom.open_tasks(recipe, data, engine=args.engine, threads=args.threads)
    make, name, version = (lambda start, stop: tasks[start:stop]), f"Python, {args.engine}", taskloom.__version__

batch = max(1, min(16, args.tasks // args.threads // 2)) * args.threads
done, ok = 0, True


def round_(count):
    global done, ok
    for start in range(done, done + count, batch):
        inputs, targets = make(start, min(start + batch, done + count))
        ok = ok and inputs.shape[1:] == (length, width) and targets.shape[1:] == (length,)
    done += count


round_(max(3, args.tasks // 5))
seconds = []
for _ in range(args.repeats):
    start = time.perf_counter()
    round_(args.tasks)
    seconds.append(time.perf_counter() - start)
line = {"peer": name, "version": version, "threads": args.threads, "batch": batch, "tasks": args.tasks, "seconds": seconds, "ok": ok}
print(json.dumps(line))
