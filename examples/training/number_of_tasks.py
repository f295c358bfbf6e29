"""The paper's main effect: with few tasks a model remembers them, with many it learns to learn.

    python number_of_tasks.py --mnist FOLDER --out number_of_tasks.json

The same model is trained for the same number of steps on 16, 256 and 4,096 tasks and on new tasks in every step, and is
measured on tasks and images that no training takes. With `--sequences one` a task always shows the same sequence, as in
the paper; with `new` it shows another sequence of images each time. `draw.py` makes the figure.
"""

from __future__ import annotations

import argparse
import json
import math
import time
from pathlib import Path
from typing import Any

import taskloom
import torch
from taskloom.torch import TaskStream

from digits import Digits, load
from learn_in_context import BATCH, CLASSES, FEATURES, LENGTH, OPTIONS
from model import Learner
from training import Batch, accuracy, nearest_neighbor, train, unseen

COUNTS = (16, 256, 4096, 2**31)
SEQUENCES = {"one": 1, "new": 2**20}


def run(digits: Digits, measured: Batch, count: int, sequences: str, steps: int, seed: int) -> dict[str, Any]:
    """Trains one model and returns its last loss, and its accuracy by position."""
    torch.manual_seed(seed)
    model = Learner(FEATURES, CLASSES, LENGTH, layers=2, heads=2, mlp=True)
    samples = SEQUENCES[sequences] if count < 2**31 else 1
    recipe = taskloom.recipe(digits.train, task_count=count, samples_per_task=samples, seed=seed, **OPTIONS)
    tasks = taskloom.open_tasks(recipe, digits.train, threads=1)
    # An epoch of 16 sequences is less than a batch, so the batch is the epoch.
    size = min(BATCH, len(tasks))
    batches = TaskStream(tasks, size, shuffle=True, epochs=math.inf, prefetch=0)
    began, losses = time.process_time(), []
    for progress in train(model, batches, steps, warm_up=100, every=10):
        losses.append(progress.loss)
    curve = accuracy(model, *measured)
    return {
        "tasks": count,
        "sequences": sequences,
        "steps": steps,
        "loss": sum(losses[-5:]) / 5,
        "lastQuarter": curve.last_quarter,
        "standardError": curve.standard_error,
        "accuracy": curve.accuracy.tolist(),
        "cpuSeconds": time.process_time() - began,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mnist", required=True, type=Path, metavar="FOLDER")
    parser.add_argument("--sequences", choices=SEQUENCES, default="one")
    parser.add_argument("--steps", type=int, default=450)
    parser.add_argument("--counts", type=int, nargs="+", default=COUNTS)
    parser.add_argument("--seed", type=int, default=42)
    parser.add_argument("--out", type=Path, metavar="FILE.json")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    digits = load(arguments.mnist, CLASSES)
    measured = unseen(digits, 2048, seed=arguments.seed, **OPTIONS)
    neighbor = nearest_neighbor(*measured, FEATURES)
    print(f"chance {100 / CLASSES:.1f} %, nearest neighbor {neighbor}")
    runs = []
    for count in arguments.counts:
        runs.append(run(digits, measured, count, arguments.sequences, arguments.steps, arguments.seed))
        last = runs[-1]
        print(
            f"{'new' if count == 2**31 else count:>5} tasks: loss {last['loss']:.3f}, unseen tasks "
            f"{100 * last['lastQuarter']:.1f} % (± {100 * last['standardError']:.1f}), {last['cpuSeconds']:.0f} s of CPU",
            flush=True,
        )
    if arguments.out:
        report = {"chance": 1 / CLASSES, "nearestNeighbor": neighbor.accuracy.tolist(), "runs": runs}
        arguments.out.write_text(json.dumps(report, indent=1) + "\n")


if __name__ == "__main__":
    main()
