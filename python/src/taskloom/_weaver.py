"""Items of a plan as arrays, made by the module. Threads may share a weaver."""

from __future__ import annotations

import os
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from ._engine import engine_name, instantiate
from ._layout import Layout
from ._plan import Plan
from ._struct import Regions, start

__all__ = ["Items", "Weaver", "empty"]

#: Bytes of inputs that are made at a time: they stay in a second-level cache until they are copied out.
_AT_ONCE = 2**18
#: Bytes of inputs that are worth a thread.
_WORTH_A_THREAD = 2**16


class Items(NamedTuple):
    """Arrays of n items; `labels` is None where labels are no array of their own."""

    inputs: npt.NDArray[Any]
    targets: npt.NDArray[Any]
    labels: npt.NDArray[Any] | None


def empty(layout: Layout, count: int) -> Items:
    """Arrays for so many items, not written yet."""
    shape = (count, *layout.target_shape)
    return Items(
        np.empty((count, *layout.input_shape), layout.numpy_dtype),
        np.empty(shape, layout.target_dtype),
        np.empty(shape, layout.label_dtype) if layout.has_labels else None,
    )


def _cut(items: Items, start: int, stop: int) -> Items:
    """Views of some items."""
    labels = items.labels
    part = None if labels is None else labels[start:stop]
    return Items(items.inputs[start:stop], items.targets[start:stop], part)


class Weaver:
    """Makes items. Each thread at work has an instance of the module, which is kept for the next call.

    threads: how many work on one call at most; by default one for each processor that the process may use.
    """

    def __init__(self, plan: Plan, engine: str | None = None, threads: int | None = None) -> None:
        self._plan = plan
        self._engine = engine_name(engine)
        self._threads = threads or _processors()
        self._forget()

    def __getstate__(self) -> dict[str, Any]:
        # A process makes instances and threads of its own. It may have another engine; the bits are the same.
        return {"_plan": self._plan, "_threads": self._threads}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state, _engine=engine_name())
        self._forget()

    def _forget(self) -> None:
        self._idle: deque[_Loom] = deque()
        self._pool: ThreadPoolExecutor | None = None
        self._process = os.getpid()

    @property
    def engine(self) -> str:
        return self._engine

    def weave(self, numbers: npt.NDArray[np.int64], threads: int | None = None) -> Items:
        """The items of these numbers, in this order."""
        layout = self._plan.layout
        count = len(numbers)
        items = empty(layout, count)
        most = min(threads or self._threads, count, max(1, items.inputs.nbytes // _WORTH_A_THREAD))
        if most <= 1:
            self._part(numbers, items)
            return items
        cuts = [count * i // most for i in range(most + 1)]
        parts = [(numbers[a:b], _cut(items, a, b)) for a, b in zip(cuts, cuts[1:])]
        # The calling thread takes the last part.
        others = [self._executor().submit(self._part, *part) for part in parts[:-1]]
        try:
            self._part(*parts[-1])
        finally:
            for other in others:
                other.result()
        return items

    def _executor(self) -> ThreadPoolExecutor:
        # A forked process has the object, but not its threads.
        if self._process != os.getpid():
            self._forget()
        if self._pool is None:
            self._pool = ThreadPoolExecutor(self._threads, thread_name_prefix="taskloom")
        return self._pool

    def _part(self, numbers: npt.NDArray[np.int64], items: Items) -> None:
        try:
            loom = self._idle.pop()
        except IndexError:
            loom = _Loom(self._plan, self._engine)
        loom.weave(numbers, items)
        self._idle.append(loom)


class _Loom:
    """An instance of the module with a plan."""

    def __init__(self, plan: Plan, engine: str) -> None:
        layout = plan.layout
        item = layout.length * layout.row * layout.numpy_dtype.itemsize
        most = max(layout.length, _AT_ONCE // max(1, item // layout.length))
        instance = instantiate(engine)
        at = start(instance, plan, min(4096, most))
        self._plan, self._at = plan, at
        names = ("begin", "add", "drawAdded", "draw", "weave")
        self._begin, self._add, self._draw_added, self._draw, self._weave = map(instance.function, names)
        # The memory does not grow any more, so the views stay good.
        memory = instance.memory()
        positions = at.max_items * layout.length
        examples = plan.examples
        rows = at.max_positions * at.stride
        self._indices = memory[at.indices : at.indices + 4 * positions].view(np.uint32)
        gathered = memory[at.gathered : at.gathered + rows * examples.itemsize].view(examples.dtype)
        self._gathered = gathered.reshape(at.max_positions, at.stride)[:, : examples.shape[1]]
        self._results = [
            memory[region : region + at.max_positions * size]
            for region, size in zip((at.inputs, at.targets, at.labels), _position_bytes(layout, at))
        ]

    def weave(self, numbers: npt.NDArray[np.int64], items: Items) -> None:
        length = self._plan.layout.length
        flat = [None if array is None else array.reshape(-1).view(np.uint8) for array in items]
        whole = self._at.max_positions // length * length or self._at.max_positions
        done = 0
        while done < len(numbers):
            count = self.draw(numbers[done:])
            for first in range(0, count * length, whole):
                self._some(first, min(whole, count * length - first), flat, done * length + first)
            done += count

    def draw(self, numbers: npt.NDArray[np.int64]) -> int:
        """Draws the first of these items. Returns how many."""
        some = numbers[: self._at.max_items]
        ends = (np.flatnonzero(np.diff(some) != 1) + 1).tolist()
        if not ends:
            return self._draw(int(some[0]), len(some))
        # Numbers that follow each other go in one call, unless they belong to several tasks.
        self._begin()
        values = some.tolist()
        first = 0
        for end in (*ends, len(values)):
            while first < end:
                first += self._add(values[first], end - first)
        self._draw_added()
        return len(some)

    def _some(self, first: int, count: int, flat: list[npt.NDArray[np.uint8] | None], to: int) -> None:
        """Makes drawn positions and copies them out, to position `to` of the results."""
        gathered = self._gathered[:count]
        np.take(self._plan.examples, self._indices[first : first + count], axis=0, out=gathered, mode="clip")
        self._weave(first, count)
        for array, region in zip(flat, self._results):
            if array is not None:
                size = len(region) // self._at.max_positions
                array[to * size : (to + count) * size] = region[: count * size]


def _position_bytes(layout: Layout, at: Regions) -> tuple[int, int, int]:
    return tuple(size // layout.length for size in (at.inputs_bytes, at.targets_bytes, at.labels_bytes))  # type: ignore[return-value]


def _processors() -> int:
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:
        return os.cpu_count() or 1
