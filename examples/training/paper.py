"""The paper's setting: 28 x 28 pixels, ten classes, sequences of 100, a transformer of four layers. For a GPU.

    python paper.py --mnist FOLDER --tasks 65536 --steps 50000

Kirsch et al. 2022, General-Purpose In-Context Learning by Meta-Learning Transformers: tasks are random projections of
MNIST with permuted labels; below some 2^14 tasks a model remembers them, above it learns to learn. Tasks are made on the
GPU by `taskloom.torch.weave`, so that nothing is stored and no worker is needed. `--device cpu --steps 2` shows that it
runs; a curve takes a GPU and hours.
"""

from __future__ import annotations

import argparse
import json
import math
import time
from pathlib import Path

import numpy as np
import taskloom
import torch
from taskloom.torch import weave
from torch.nn import functional as F

from digits import load
from model import Learner, learning_rate
from training import accuracy, nearest_neighbor, unseen

CLASSES, FEATURES, LENGTH = 10, 784, 100
OPTIONS = {"preset": "paper", "sequence_length": LENGTH}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mnist", required=True, type=Path, metavar="FOLDER")
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--tasks", type=int, default=2**16, help="training tasks, each with one sequence; default 65536")
    parser.add_argument("--steps", type=int, default=50_000)
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--rate", type=float, default=3e-4)
    parser.add_argument("--every", type=int, default=500, help="steps between measures")
    parser.add_argument("--measured", type=int, default=512, help="unseen tasks of a measure")
    parser.add_argument("--seed", type=int, default=42)
    parser.add_argument("--log", type=Path, metavar="FILE.jsonl")
    arguments = parser.parse_args()
    device = arguments.device
    torch.manual_seed(arguments.seed)
    torch.set_float32_matmul_precision("high")

    digits = load(arguments.mnist, CLASSES, size=28)
    recipe = taskloom.recipe(digits.train, task_count=arguments.tasks, seed=arguments.seed, **OPTIONS)
    tasks = taskloom.open_tasks(recipe, digits.train)
    on_device = weave(tasks, device)
    inputs, targets = unseen(digits, arguments.measured, seed=arguments.seed, **OPTIONS)
    print(f"chance {100 / CLASSES:.1f} %, nearest neighbor {nearest_neighbor(inputs, targets, FEATURES)}", flush=True)
    inputs, targets = inputs.to(device), targets.to(device)

    model = Learner(
        FEATURES, CLASSES, LENGTH, width=256, layers=4, heads=8, mlp=True, previous_input=False
    ).to(device)  # fmt: skip
    optimizer = torch.optim.AdamW(model.parameters(), lr=arguments.rate, betas=(0.9, 0.99), weight_decay=0)
    order = np.random.default_rng(arguments.seed)
    began = time.perf_counter()
    for step in range(arguments.steps):
        x, y = on_device[order.integers(0, len(tasks), arguments.batch)]
        for group in optimizer.param_groups:
            group["lr"] = learning_rate(step, arguments.steps, arguments.rate, warm_up=min(1000, arguments.steps // 10))
        loss = F.cross_entropy(model(x).flatten(0, 1), y.flatten())
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        if (step + 1) % arguments.every == 0 or step + 1 == arguments.steps:
            curve = accuracy(model, inputs, targets, batch=64)
            seconds = time.perf_counter() - began
            print(f"step {step + 1}: {seconds:.0f} s, loss {loss.item():.3f}, unseen {curve}", flush=True)
            if arguments.log:
                line = {"step": step + 1, "seconds": seconds, "loss": loss.item(), "accuracy": curve.accuracy.tolist()}
                with arguments.log.open("a") as log:
                    log.write(f"{json.dumps(line)}\n")
            if not math.isfinite(loss.item()):
                raise SystemExit("the loss is not finite; take a smaller --rate")


if __name__ == "__main__":
    main()
