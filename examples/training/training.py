"""Meta-training and its measure: accuracy by position on unseen tasks of unseen images."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from typing import Any, Iterable, Iterator

import numpy as np
import taskloom
import torch
from taskloom.torch import TaskStream
from torch import Tensor
from torch.nn import functional as F

from digits import Digits
from model import Learner, learning_rate

# Tasks from here on are for the measure alone; training takes those below.
FIRST_UNSEEN_TASK = 2**31

Batch = tuple[Tensor, Tensor]


@dataclass
class Curve:
    """Accuracy by position over some sequences."""

    accuracy: np.ndarray
    sequences: int

    @property
    def last_quarter(self) -> float:
        """The mean over the last quarter of the positions."""
        return float(self.accuracy[-(len(self.accuracy) // 4) :].mean())

    @property
    def standard_error(self) -> float:
        """The standard error of `last_quarter`, where positions of a sequence count as one: an upper bound."""
        p = self.last_quarter
        return math.sqrt(p * (1 - p) / self.sequences)

    def __str__(self) -> str:
        places = [p for p in (1, 2, 5, 10, 20, 50, 100) if p <= len(self.accuracy)]
        by_position = "  ".join(f"{p}: {100 * self.accuracy[p - 1]:.0f}" for p in places)
        return f"{100 * self.last_quarter:.1f} % (± {100 * self.standard_error:.1f}); by position {by_position}"


@torch.no_grad()
def accuracy(model: Learner, inputs: Tensor, targets: Tensor, batch: int = 256) -> Curve:
    """The model's accuracy at each position."""
    model.eval()
    right = torch.cat(
        [(model(x).argmax(-1) == y).float() for x, y in zip(inputs.split(batch), targets.split(batch))]
    )
    model.train()
    return Curve(right.mean(0).numpy(force=True), len(targets))


def nearest_neighbor(inputs: Tensor, targets: Tensor, features: int) -> Curve:
    """The accuracy of the label of the nearest earlier example; the first position counts as wrong."""
    x = inputs[..., :features].double()
    distance = torch.cdist(x, x)
    later = torch.ones(distance.shape[1:], dtype=torch.bool).triu()
    nearest = distance.masked_fill(later, math.inf).argmin(-1)
    right = (targets.gather(1, nearest) == targets).double()
    right[:, 0] = 0
    return Curve(right.mean(0).numpy(), len(targets))


@dataclass
class Progress:
    step: int
    cpu_seconds: float
    share_of_tasks: float  # CPU time of making the tasks, as a share of all
    loss: float


def train(
    model: Learner, batches: Iterable[Batch], steps: int, rate: float = 3e-3, warm_up: int = 50, every: int = 50
) -> Iterator[Progress]:
    """Trains on cross-entropy at every position, and reports after every few steps."""
    optimizer = torch.optim.AdamW(model.parameters(), lr=rate, betas=(0.9, 0.99), weight_decay=0)
    began, making = time.process_time(), 0.0
    upcoming = iter(batches)
    for step in range(steps):
        before = time.process_time()
        inputs, targets = next(upcoming)
        making += time.process_time() - before
        for group in optimizer.param_groups:
            group["lr"] = learning_rate(step, steps, rate, warm_up)
        loss = F.cross_entropy(model(inputs).flatten(0, 1), targets.flatten())
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        if (step + 1) % every == 0 or step + 1 == steps:
            spent = time.process_time() - began
            yield Progress(step + 1, spent, making / spent, loss.item())


def unseen(digits: Digits, count: int, **options: Any) -> Batch:
    """One sequence of each of some tasks that training never takes, from images that training never takes."""
    recipe = taskloom.recipe(digits.test, task_count=count, task_offset=FIRST_UNSEEN_TASK, **options)
    return next(iter(TaskStream(taskloom.open_tasks(recipe, digits.test), count, shard=(0, 1))))
