"""The batches of a walk over a task set: docs/loader.md, "The algorithm"."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Callable, Iterator, NamedTuple

import numpy as np

from ._shuffle import Numbers, order_of
from .errors import InvalidOptionError

__all__ = ["Place", "Step", "TaskOrder", "Walk"]

#: Sequences whose numbers are computed at a time: a call of NumPy takes as long for one number as for many.
_AHEAD = 1024


class TaskOrder(NamedTuple):
    """What an order follows from besides the options of a walk."""

    items: int
    #: Sequences of a task; 0 where each sample draws its own task.
    items_per_task: int
    seed: int


class Place(NamedTuple):
    """A place between two rounds: the epoch, and the sequences that all readers together have had of it."""

    epoch: int
    consumed: int


class Step(NamedTuple):
    """A batch of a walk, and the place after it."""

    epoch: int
    #: The number of the batch in its epoch, counted over all readers.
    batch: int
    items: Numbers
    after: Place


@dataclass(frozen=True)
class Walk:
    """All choices of a walk. `end` is the first epoch that is not walked, None for no end."""

    batch_size: int
    shuffle: bool | str
    chunk_items: int | None
    block_chunks: int | None
    reshuffle: bool
    drop_last: bool
    even: str | bool
    index: int
    count: int
    start: Place
    end: int | None

    def batches(self, items: int) -> int:
        """Batches of an epoch, of all readers."""
        whole = self.even == "drop" or (self.even is False and self.drop_last)
        return items // self.batch_size if whole else -(-items // self.batch_size)

    def rounds(self, items: int) -> int:
        """Rounds of an epoch: one batch of each reader."""
        if self.even == "drop":
            return items // (self.batch_size * self.count)
        return -(-self.batches(items) // self.count)

    def share(self, items: int) -> int:
        """Batches of an epoch for this reader."""
        if self.even:
            return self.rounds(items)
        return max(0, -(-(self.batches(items) - self.index) // self.count))

    def check(self, items: int) -> None:
        """Raises InvalidOptionError where an epoch has no batch, or not one for each reader, or too many blocks."""
        batches = self.batches(items)
        if batches == 0 or (self.even == "pad" and self.batch_size > items):
            raise InvalidOptionError("batch_size", self.batch_size, f"at most {items}, the sequences of an epoch")
        if self.even and batches < self.count:
            allowed = f"at most {items // self.count} for {self.count} readers of {items} sequences, or fewer readers"
            raise InvalidOptionError("batch_size", self.batch_size, allowed)
        if self.shuffle == "chunks" and self.chunk_items and self.block_chunks:
            blocks = -(-(-(-items // self.chunk_items)) // self.block_chunks)
            if blocks >= 2**32:
                size = self.chunk_items * self.block_chunks
                raise InvalidOptionError("chunk_items x block_chunks", size, f"more: {blocks} blocks are too many")

    def steps(self, order: TaskOrder, first: int = 0) -> Iterator[Step]:
        """The batches of this reader from the start on, without the first ones. A few are in memory."""
        n = order.items
        share, rounds = self.share(n), self.rounds(n)
        if share == 0:
            return
        # This reader's batches are those of rounds 0 to share - 1 of each epoch.
        passed = min(share, self.start.consumed // (self.batch_size * self.count)) + first
        epoch, number = self.start.epoch + passed // share, passed % share
        ahead = max(1, _AHEAD // self.batch_size)
        while self.end is None or epoch < self.end:
            numbers = self._order(order, epoch)
            for k in range(number, share):
                if (k - number) % ahead == 0:
                    some = self._some(numbers, n, k, min(k + ahead, share))
                j = k * self.count + self.index
                after = Place(epoch, (k + 1) * self.batch_size * self.count) if k + 1 < rounds else Place(epoch + 1, 0)
                yield Step(epoch, j, some[(k - number) % ahead], after)
            epoch, number = epoch + 1, 0

    def _some(self, order: Callable[[Numbers], Numbers], n: int, first: int, stop: int) -> list[Numbers]:
        """The sequences of this reader's batches of some rounds."""
        starts = (np.arange(first, stop, dtype=np.int64) * self.count + self.index) * self.batch_size
        positions = starts[:, None] + np.arange(min(self.batch_size, n))
        if self.even == "pad":
            return list(order(positions.ravel() % n).reshape(positions.shape))
        # Only the last batch of an epoch can be short.
        flat = positions.ravel()
        ordered = order(flat[flat < n])
        return [ordered[at : at + self.batch_size] for at in range(0, len(ordered), self.batch_size)]

    def count_steps(self, items: int) -> int | None:
        """Batches of this reader from the start on; None where they do not end."""
        share = self.share(items)
        if self.end is None:
            return None if share else 0
        passed = min(share, self.start.consumed // (self.batch_size * self.count))
        return max(0, share * (self.end - self.start.epoch) - passed)

    def _order(self, order: TaskOrder, epoch: int) -> Any:
        key = epoch if self.reshuffle else 0
        chunk, block = self.chunk_items or 1, self.block_chunks or 1
        return order_of(self.shuffle, order.seed, key, order.items, order.items_per_task, chunk, block)
