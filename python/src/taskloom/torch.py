"""Task sets in PyTorch: a map-style dataset, a sampler for it, a stream of batches, and tasks made on a GPU.

>>> stream = taskloom.torch.TaskStream(tasks, batch_size=64, shuffle=True, epochs=math.inf)  # doctest: +SKIP
>>> for inputs, targets in stream:  # float32 [64, 100, 794], int64 [64, 100]  # doctest: +SKIP
...     ...
"""

from __future__ import annotations

import math
from collections import deque
from typing import Any, Iterator, Mapping, Sequence

import numpy as np
import torch
from torch.utils.data import Dataset, IterableDataset, Sampler, default_collate, get_worker_info

from ._device import DeviceTasks, weave
from ._state import state_of
from ._tasks import Arrays, TaskSet
from ._walk import Walk
from ._walk_options import resolve_walk
from .errors import InvalidOptionError

__all__ = [
    "DeviceTasks",
    "TaskDataset",
    "TaskSampler",
    "TaskStream",
    "Tensors",
    "collate",
    "loader_state",
    "weave",
]

#: (inputs, targets), or (inputs, targets, labels): inputs of the set's type, the others int64.
Tensors = tuple[torch.Tensor, ...]


def _tensors(arrays: Arrays, pin_memory: bool = False) -> Tensors:
    inputs, *labels = arrays
    made = (torch.from_numpy(inputs), *(torch.from_numpy(np.asarray(array, np.int64)) for array in labels))
    return tuple(tensor.pin_memory() for tensor in made) if pin_memory else made


class _Rows(list[Tensors]):
    """Sequences that were made together, with the tensors that they are views of."""

    def __init__(self, whole: Tensors) -> None:
        super().__init__(zip(*whole))
        self.whole = whole


def collate(samples: Sequence[Tensors]) -> Any:
    """A `collate_fn` for DataLoader: batches of TaskDataset as they were made, without a copy."""
    return samples.whole if isinstance(samples, _Rows) else default_collate(list(samples))


class TaskDataset(Dataset[Tensors]):
    """A map-style dataset: `dataset[n]` is `(inputs, targets)`; targets and labels are int64.

    A DataLoader asks for whole batches, which are made in one call. Give it `batch_sampler=TaskSampler(...)` for shuffled
    orders: its own sampler keeps a list of all numbers, 34 GB of them for 2^32 tasks. With `collate_fn=collate` batches
    are not copied once more.

    >>> loader = DataLoader(TaskDataset(tasks), batch_sampler=TaskSampler(tasks, 64, shuffle=True))  # doctest: +SKIP
    """

    def __init__(self, tasks: TaskSet) -> None:
        self.tasks = tasks

    def __len__(self) -> int:
        return len(self.tasks)

    def __getitem__(self, index: int) -> Tensors:
        return _tensors(self.tasks[index])

    def __getitems__(self, indices: Sequence[int]) -> list[Tensors]:
        numbers = self.tasks._numbers(list(indices))
        # Worker processes share the machine already.
        threads = None if get_worker_info() is None else 1
        return _Rows(_tensors(self.tasks.items(numbers, threads)))


def _ranks(shard: tuple[int, int] | None) -> tuple[int, int] | None:
    """The shard that was given, else that of torch.distributed where it is initialized."""
    distributed = torch.distributed
    if shard is None and distributed.is_available() and distributed.is_initialized():
        return distributed.get_rank(), distributed.get_world_size()
    return shard


class _Walker:
    """The options of a walk, the epoch that it begins with, and a state that it goes on from."""

    def __init__(self, tasks: TaskSet, batch_size: int, shard: tuple[int, int] | None, options: dict[str, Any]) -> None:
        self.tasks = tasks
        self._options = {"batch_size": batch_size, "shard": _ranks(shard), **options}
        self._resumed: Any = None
        self._now: dict[str, Any] | None = None
        # An error in an option is one here, not in a worker.
        self._plain = self._walk({})

    def _walk(self, change: Mapping[str, Any]) -> Walk:
        chunks = getattr(self.tasks._weaver, "chunk_items", None)
        return resolve_walk({**self._options, **change}, self.tasks._key, self.tasks._order, chunks)

    def __len__(self) -> int:
        epochs = self._plain.end
        if epochs is None:
            raise TypeError("a walk without an end has no length")
        return self._plain.share(len(self.tasks)) * (epochs - self._plain.start.epoch)

    def set_epoch(self, epoch: int) -> None:
        """The epoch that the next iteration begins with, as for DistributedSampler. Call it before each."""
        self._options["epoch"] = epoch
        self._plain = self._walk({})

    def _begin(self) -> Walk:
        """The walk of an iteration that begins. A state that was loaded serves once."""
        state, self._resumed = self._resumed, None
        if state is None:
            return self._plain
        # The order and the epochs are the state's; the readers and the size of their batches are those of now.
        order = ("shuffle", "chunk_items", "block_chunks", "reshuffle", "drop_last", "epoch", "epochs")
        return self._walk({**{name: None for name in order}, "state": state})

    def _state(self, walk: Walk, place: Any) -> dict[str, Any]:
        return state_of(walk, place, self.tasks._key, self.tasks._order.seed)

    def state_dict(self) -> dict[str, Any]:
        """What comes next, as small JSON: a state of docs/loader.md, which resumes in JavaScript as well."""
        if self._now is not None:
            return self._now
        return dict(self._resumed) if self._resumed else self._state(self._plain, self._plain.start)

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """The next iteration goes on from a state. World sizes may differ: see docs/loader.md."""
        self._resumed, self._now = dict(state), None


class TaskSampler(_Walker, Sampler[list[int]]):
    """A batch sampler in the order of docs/loader.md: no table of numbers, for sets of 2^32 tasks and more.

    batch_size: sequences of a batch of this rank.
    shard:      `(rank, number of ranks)`; by default that of torch.distributed where it is initialized.
    options:    those of `TaskSet.batches`: shuffle, epoch, epochs, even, ...
    """

    def __init__(self, tasks: TaskSet, batch_size: int = 64, *, shard: tuple[int, int] | None = None, **options: Any) -> None:
        _Walker.__init__(self, tasks, batch_size, shard, options)

    def __iter__(self) -> Iterator[list[int]]:
        walk = self._begin()
        self._now = self._state(walk, walk.start)
        for step in walk.steps(self.tasks._order):
            self._now = self._state(walk, step.after)
            yield step.items.tolist()


class TaskStream(_Walker, IterableDataset[Tensors]):
    """Batches in the order of docs/loader.md, as tensors: inputs `[n, length, values]`, targets int64 `[n, length]`.

    It makes batches ahead on threads, so no DataLoader is needed; iterate over it. `state_dict` and `load_state_dict` are of
    the next batch. In a DataLoader give `batch_size=None`; its workers share the batches of the rank out, and their order
    stays. torchdata's StatefulDataLoader takes it, too; `loader_state` finds the loader's state in its own.

    batch_size: sequences of a batch of this rank.
    shard:      `(rank, number of ranks)`; by default that of torch.distributed where it is initialized.
    pin_memory: batches in pinned memory.
    prefetch:   batches made ahead while one is used, outside of workers.
    options:    those of `TaskSet.batches`: shuffle, epoch, epochs, even, ...
    """

    def __init__(
        self,
        tasks: TaskSet,
        batch_size: int = 64,
        *,
        shard: tuple[int, int] | None = None,
        pin_memory: bool = False,
        prefetch: int = 2,
        **options: Any,
    ) -> None:
        _Walker.__init__(self, tasks, batch_size, shard, options)
        if isinstance(prefetch, bool) or not isinstance(prefetch, int) or not 0 <= prefetch <= 1024:
            raise InvalidOptionError("prefetch", prefetch, "an integer from 0 to 1024")
        self._pin_memory, self._prefetch = pin_memory, prefetch
        self._skip: int | None = None

    def __iter__(self) -> Iterator[Tensors]:
        info = get_worker_info()
        walk = self._begin()
        if info is None:
            self._now = self._state(walk, walk.start)
            yield from self._in_main(walk)
            return
        # Batch i of the rank is worker i's, modulo their number: a DataLoader asks them in turn.
        skip = info.id if self._skip is None else self._skip
        self._skip = None
        self._now = {"loader": self._state(walk, walk.start), "skip": skip, "workers": info.num_workers}
        for step in walk.steps(self.tasks._order):
            if skip > 0:
                skip -= 1
                continue
            tensors = _tensors(self.tasks.items(step.items, 1))
            skip = info.num_workers - 1
            self._now = {"loader": self._state(walk, step.after), "skip": skip, "workers": info.num_workers}
            yield tensors

    def _in_main(self, walk: Walk) -> Iterator[Tensors]:
        from ._batches import Batches

        tasks = self.tasks
        batches = Batches(walk, tasks._order, tasks._key, tasks._weave, self._prefetch)
        try:
            for batch in batches:
                self._now = batch.state
                yield _tensors(tuple(batch), self._pin_memory)
        finally:
            batches.close()

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """The next iteration goes on from a state: of `state_dict`, of `batches().state()`, or of JavaScript."""
        if "loader" in state:
            info = get_worker_info()
            workers = 0 if info is None else info.num_workers
            if state["workers"] != workers:
                allowed = f"{state['workers']}, as when it was saved; or load_state_dict(taskloom.torch.loader_state(state))"
                raise InvalidOptionError("num_workers", workers, allowed)
            self._skip = state["skip"]
            state = state["loader"]
        _Walker.load_state_dict(self, state)


def loader_state(state: Any) -> dict[str, Any]:
    """The furthest loader's state within the state of a StatefulDataLoader: `load_state_dict` of a stream takes it, with any
    number of workers and ranks.

    Raises InvalidOptionError where there is none.
    """
    found = []
    waiting = deque([state])
    while waiting:
        value = waiting.popleft()
        if isinstance(value, Mapping):
            if value.get("format") == "taskloom-loader":
                found.append(dict(value))
            waiting.extend(value.values())
        elif isinstance(value, (list, tuple)):
            waiting.extend(value)
    if not found:
        raise InvalidOptionError("state", state, "the state of a loader over a TaskStream")
    return max(found, key=lambda one: (one["epoch"], one.get("consumed", math.inf)))
