"""Trains a small transformer to learn in context, on one core, in seconds.

    python learn_in_context.py --mnist FOLDER

The folder holds MNIST's four IDX files, plain or gzip. Every step takes new tasks: each projects 8 x 8 digits to 16
values by its own random matrix and gives the five labels new names. The printed accuracy is that on tasks and images
that training never took, over the last quarter of a sequence, beside the nearest earlier neighbor and chance.

    --model plain      two layers that see plain sequences, without the previous input; half of the training tasks share
                       one label map, which leads out of the plateau (about a minute)
    --curve FILE.json  writes accuracy by position
"""

from __future__ import annotations

import argparse
import json
import math
import time
from pathlib import Path

import taskloom
import torch
from taskloom.torch import TaskStream

from digits import load
from model import Learner
from training import accuracy, nearest_neighbor, train, unseen

CLASSES, FEATURES, LENGTH, BATCH = 5, 16, 32, 64
OPTIONS = {"preset": "paper", "out_features": FEATURES, "sequence_length": LENGTH, "replacement": True}
MODELS = {
    "previous-input": {"layers": 1, "heads": 2, "mlp": False, "previous_input": True},
    "plain": {"layers": 2, "heads": 2, "mlp": True, "previous_input": False},
}
#: Half of the tasks take the label map of one task; their matrices stay their own.
HALF_ONE_MAP = {"share": 0.5, "permutation": True, "projection": False, "task": 2**31 - 1, "pool": 1}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mnist", required=True, type=Path, metavar="FOLDER")
    parser.add_argument("--model", choices=MODELS, default="previous-input")
    parser.add_argument("--steps", type=int, help="default: 400, or 1500 for the plain model")
    parser.add_argument("--seed", type=int, default=42)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--curve", type=Path, metavar="FILE.json")
    arguments = parser.parse_args()
    steps = arguments.steps or {"previous-input": 400, "plain": 1500}[arguments.model]
    torch.set_num_threads(arguments.threads)
    torch.manual_seed(arguments.seed)

    digits = load(arguments.mnist, CLASSES)
    fixed = HALF_ONE_MAP if arguments.model == "plain" else None
    recipe = taskloom.recipe(digits.train, task_count=2**31, seed=arguments.seed, fixed=fixed, **OPTIONS)
    tasks = taskloom.open_tasks(recipe, digits.train, threads=1)
    inputs, targets = unseen(digits, 512, seed=arguments.seed, **OPTIONS)
    print(f"chance            {100 / CLASSES:.1f} %")
    print(f"nearest neighbor  {nearest_neighbor(inputs, targets, FEATURES)}")

    model = Learner(FEATURES, CLASSES, LENGTH, **MODELS[arguments.model])
    print(f"{sum(p.numel() for p in model.parameters())} parameters, {steps} steps of {BATCH} new tasks")
    # Batches are made in this thread, so that their share of its time can be told.
    batches = TaskStream(tasks, BATCH, epochs=math.inf, prefetch=0)
    curve, began = accuracy(model, inputs, targets), time.process_time()
    for progress in train(model, batches, steps, every=max(1, steps // 8)):
        curve = accuracy(model, inputs, targets)
        print(
            f"step {progress.step:5}  {progress.cpu_seconds:5.1f} s of CPU, {100 * progress.share_of_tasks:.0f} % of it tasks"
            f"  loss {progress.loss:.3f}  {curve}"
        )
    if arguments.curve:
        report = {"model": arguments.model, "steps": steps, "cpuSeconds": time.process_time() - began, "accuracy": curve.accuracy.tolist()}
        arguments.curve.write_text(json.dumps(report) + "\n")


if __name__ == "__main__":
    main()
