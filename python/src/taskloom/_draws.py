"""The draws of items without their values: which examples, labels and matrices."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from ._engine import instantiate
from ._plan import Plan
from ._struct import start

__all__ = ["Draws", "Drawer"]

_NO_LABEL = 0xFFFFFFFF
_RUN = 7  # u32 of a run
_COUNT, _KEY, _IDENTITY = 2, 5, 6


class Draws(NamedTuple):
    """What n items of L positions are made of.

    examples: the number of each example, int64 `[n, L]`
    targets:  the label of each position, int64 `[n, L]`
    given:    the label that each position is given, int64 `[n, L]`; -1 for none. None without given labels
    keys:     the task whose matrix an item has, uint32 `[n]`
    identity: True where that is the identity, bool `[n]`
    """

    examples: npt.NDArray[np.int64]
    targets: npt.NDArray[np.int64]
    given: npt.NDArray[np.int64] | None
    keys: npt.NDArray[np.uint32]
    identity: npt.NDArray[np.bool_]


class Drawer:
    """An instance of the module that draws the items of a plan. It serves one thread at a time."""

    def __init__(self, plan: Plan, engine: str | None = None) -> None:
        self._layout = plan.layout
        instance = instantiate(engine)
        self._at = start(instance, plan, max(4096, plan.layout.length), draws_only=True)
        self._memory = instance.memory()
        self._has_given = plan.layout.cells > 0 or plan.layout.has_labels
        self._begin, self._add, self._draw_added = map(instance.function, ("begin", "add", "drawAdded"))

    def draw(self, numbers: npt.NDArray[np.int64]) -> Draws:
        """The draws of the items of these numbers."""
        most = self._at.max_items
        parts = [self._some(numbers[first : first + most].tolist()) for first in range(0, len(numbers), most)]
        return Draws(*(None if part[0] is None else np.concatenate(part) for part in zip(*parts)))  # type: ignore[arg-type]

    def _some(self, numbers: list[int]) -> Draws:
        self._begin()
        first = 0
        while first < len(numbers):
            end = first + 1
            while end < len(numbers) and numbers[end] == numbers[end - 1] + 1:
                end += 1
            while first < end:
                first += self._add(numbers[first], end - first)
        self._draw_added()
        at, shape = self._at, (len(numbers), self._layout.length)
        positions = shape[0] * shape[1]
        count = int(self._array(at.run_count, np.uint32, 1)[0])
        runs = self._array(at.runs, np.uint32, count * _RUN).reshape(count, _RUN)
        given = None
        if self._has_given:
            drawn = self._array(at.given_labels, np.uint32, positions).astype(np.int64)
            given = np.where(drawn == _NO_LABEL, -1, drawn).reshape(shape)
        return Draws(
            self._array(at.indices, np.uint32, positions).astype(np.int64).reshape(shape),
            self._array(at.drawn_labels, np.uint16, positions).astype(np.int64).reshape(shape),
            given,
            np.repeat(runs[:, _KEY], runs[:, _COUNT]),
            np.repeat(runs[:, _IDENTITY] != 0, runs[:, _COUNT]),
        )

    def _array(self, at: int, dtype: type, count: int) -> npt.NDArray[Any]:
        return self._memory[at : at + count * np.dtype(dtype).itemsize].view(dtype)
