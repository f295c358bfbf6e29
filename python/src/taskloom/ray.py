"""Task sets in Ray Data: blocks of tasks are made on the workers, in the order of the loader.

>>> data = taskloom.ray.read_tasks(tasks, batch_size=64, shuffle=True)  # doctest: +SKIP
>>> for batch in data.iter_batches(batch_size=64):  # {"inputs": [64, 100, 794], "targets": [64, 100], "index": [64]}  # doctest: +SKIP
...     ...
"""

from __future__ import annotations

import dataclasses
import functools
from typing import Any, Iterator

import numpy as np
import ray
from ray.data import DataContext
from ray.data.block import BlockAccessor, BlockMetadata
from ray.data.datasource import Datasource, ReadTask

from ._tasks import TaskSet
from ._walk import Walk
from ._walk_options import resolve_walk
from .errors import InvalidOptionError

__all__ = ["TaskSource", "read_tasks"]

#: Bytes of a read task, where Ray does not ask for more of them.
_READ_BYTES = 2**27


class TaskSource(Datasource):
    """A Ray Data source: a block for each batch of `tasks.batches(**options)`, in its order.

    A row has `inputs`, `targets`, `labels` where the set has them, and `index`, the number of the sequence. The workers make
    the blocks; a block that is lost with its node is made again, with the same bits. The dataset of a recipe goes into the
    object store once.

    Raises InvalidOptionError for options that `TaskSet.batches` refuses, and for a walk without an end.
    """

    def __init__(self, tasks: TaskSet, **options: Any) -> None:
        chunks = getattr(tasks._weaver, "chunk_items", None)
        self._walk: Walk = resolve_walk(options, tasks._key, tasks._order, chunks)
        steps = self._walk.count_steps(len(tasks))
        if steps is None:
            raise InvalidOptionError("epochs", options.get("epochs"), "a number: a dataset has an end")
        self._steps, self._tasks, self._shared = steps, tasks, ray.put(tasks)

    def get_name(self) -> str:
        return "Taskloom"

    def _row_bytes(self) -> int:
        layout = self._tasks.layout
        labels = layout.target_dtype.itemsize + (layout.label_dtype.itemsize if layout.has_labels else 0)
        return layout.length * (layout.row * layout.numpy_dtype.itemsize + labels) + 8

    def estimate_inmemory_data_size(self) -> int:
        return self._steps * self._walk.batch_size * self._row_bytes()

    def get_read_tasks(self, parallelism: int, per_task_row_limit: int | None = None, data_context: Any = None) -> list[ReadTask]:
        least = -(-self.estimate_inmemory_data_size() // _READ_BYTES)
        count = max(1, min(self._steps, max(parallelism, least)))
        cuts = [self._steps * i // count for i in range(count + 1)]
        reads = []
        for first, stop in zip(cuts, cuts[1:]):
            rows = (stop - first) * self._walk.batch_size
            told = {"num_rows": None, "size_bytes": rows * self._row_bytes(), "input_files": None, "exec_stats": None, "schema": None}
            # The fields of a block's metadata differ between versions of Ray.
            known = {field.name for field in dataclasses.fields(BlockMetadata)}
            metadata = BlockMetadata(**{name: value for name, value in told.items() if name in known})
            reads.append(ReadTask(functools.partial(_blocks, self._shared, self._walk, first, stop), metadata))
        return reads


def _blocks(shared: Any, walk: Walk, first: int, stop: int) -> Iterator[Any]:
    """The blocks of batches first to stop - 1."""
    tasks: TaskSet = ray.get(shared)
    for _, step in zip(range(stop - first), walk.steps(tasks._order, first)):
        # Ray counts a processor for each read.
        arrays = tasks.items(step.items, threads=1)
        names = ("inputs", "targets", "labels")
        columns = {**dict(zip(names, arrays)), "index": np.asarray(step.items)}
        yield BlockAccessor.batch_to_block(columns)


def read_tasks(tasks: TaskSet, *, blocks: int | None = None, ordered: bool = True, **options: Any) -> Any:
    """A `ray.data.Dataset` of the batches of `tasks.batches(**options)`.

    blocks:  read tasks that Ray makes of it; by default what Ray decides.
    ordered: sets `preserve_order` of the current DataContext, without which Ray gives blocks as they are done.
    options: those of `TaskSet.batches`: batch_size, shuffle, epochs, state, shard, ...
    """
    if ordered:
        DataContext.get_current().execution_options.preserve_order = True
    return ray.data.read_datasource(TaskSource(tasks, **options), override_num_blocks=blocks)
