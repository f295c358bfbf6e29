"""Batches of a task set, made ahead while others are used."""

from __future__ import annotations

from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Callable, Iterator

import numpy as np
import numpy.typing as npt

from ._state import state_of
from ._walk import Place, Step, TaskOrder, Walk
from ._weaver import Items

__all__ = ["Batch", "Batches"]


@dataclass(frozen=True)
class Batch:
    """A batch of n sequences. It unpacks as `inputs, targets`, or `inputs, targets, labels` where there are labels.

    inputs:  `[n, length, values]`, float32 or float16; without sequences `[n, values]`
    targets: `[n, length]`, uint8 or uint16; without sequences `[n]`
    labels:  the given labels as integers, like the targets, or None
    indices: the numbers of the sequences, int64 `[n]`
    epoch:   the epoch
    batch:   the number of the batch in its epoch, counted over all readers
    state:   what `batches(state=...)` goes on from, after this batch
    """

    inputs: npt.NDArray[Any]
    targets: npt.NDArray[Any]
    labels: npt.NDArray[Any] | None
    indices: npt.NDArray[np.int64]
    epoch: int
    batch: int
    state: dict[str, Any]

    def __iter__(self) -> Iterator[npt.NDArray[Any]]:
        yield self.inputs
        yield self.targets
        if self.labels is not None:
            yield self.labels


class Batches(Iterator[Batch]):
    """An iterator over the batches of a walk. Use it in one thread at a time."""

    def __init__(
        self, walk: Walk, order: TaskOrder, recipe: str, weave: Callable[[npt.NDArray[np.int64]], Items], prefetch: int
    ) -> None:
        self._walk, self._order, self._recipe, self._weave = walk, order, recipe, weave
        self._place = walk.start
        self._steps = walk.steps(order)
        self._ahead: deque[tuple[Step, Future[Items] | None]] = deque()
        self._prefetch = prefetch
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="taskloom-ahead") if prefetch else None

    @property
    def batches_per_epoch(self) -> int:
        """Batches of an epoch for this reader."""
        return self._walk.share(self._order.items)

    def state(self) -> dict[str, Any]:
        """What comes next, as small JSON: `batches(state=...)` goes on from there, in Python and in JavaScript.

        It does not count batches that were made ahead. After an error the failed batch is the next one.
        """
        return self._state(self._place)

    def _state(self, place: Place) -> dict[str, Any]:
        return state_of(self._walk, place, self._recipe, self._order.seed)

    def __iter__(self) -> Batches:
        return self

    def __next__(self) -> Batch:
        while len(self._ahead) <= self._prefetch:
            step = next(self._steps, None)
            if step is None:
                break
            self._ahead.append((step, self._pool.submit(self._weave, step.items) if self._pool else None))
        if not self._ahead:
            self.close()
            raise StopIteration
        step, future = self._ahead[0]
        items = future.result() if future else self._weave(step.items)
        self._ahead.popleft()
        self._place = step.after
        return Batch(*items, step.items, step.epoch, step.batch, self._state(step.after))

    def close(self) -> None:
        """Ends the iteration. Leaving a loop early does so by itself, when the iterator is collected."""
        self._steps = iter(())
        self._ahead.clear()
        if self._pool:
            self._pool.shutdown(wait=False, cancel_futures=True)

    def __del__(self) -> None:
        if getattr(self, "_pool", None):
            self.close()
