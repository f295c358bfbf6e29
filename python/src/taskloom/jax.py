"""Task sets in JAX: each process has its part of every round of batches, as NumPy arrays or as parts of global ones.

>>> for inputs, targets in taskloom.jax.batches(tasks, batch_size=64, shuffle=True):  # doctest: +SKIP
...     ...
"""

from __future__ import annotations

from typing import Any, Iterator

import jax
import numpy as np

from ._batches import Batches
from ._tasks import Arrays, TaskSet

__all__ = ["ProcessBatches", "batches"]


class ProcessBatches(Iterator[Any]):
    """The batches of this process: `(inputs, targets)`, or `(inputs, targets, labels)`; targets and labels are int32."""

    def __init__(self, walk: Batches, sharding: Any) -> None:
        self._walk, self._sharding = walk, sharding

    def __iter__(self) -> ProcessBatches:
        return self

    def __next__(self) -> Any:
        inputs, *labels = next(self._walk)
        arrays: Arrays = (inputs, *(array.astype(np.int32) for array in labels))
        if self._sharding is None:
            return arrays
        return tuple(jax.make_array_from_process_local_data(self._sharding, array) for array in arrays)

    @property
    def batches_per_epoch(self) -> int:
        """Batches of an epoch for this process."""
        return self._walk.batches_per_epoch

    def state(self) -> dict[str, Any]:
        """What comes next, for `batches(state=...)`, with any number of processes: see docs/loader.md."""
        return self._walk.state()

    def close(self) -> None:
        """Ends the iteration."""
        self._walk.close()


def batches(
    tasks: TaskSet, batch_size: int | None = None, *, shard: tuple[int, int] | None = None, sharding: Any = None, **options: Any
) -> ProcessBatches:
    """The batches of `tasks.batches` for this process.

    batch_size: sequences of a batch of one process. Default 64, or with a state what it says.
    shard:      `(process, number of processes)`; by default those of JAX. All processes have the same number of batches.
    sharding:   a `jax.sharding.Sharding`: batches are then global arrays, of which this process puts its part.
    options:    those of `TaskSet.batches`: shuffle, epochs, even, state, ...
    """
    part = shard or (jax.process_index(), jax.process_count())
    return ProcessBatches(tasks.batches(batch_size=batch_size, shard=part, **options), sharding)
