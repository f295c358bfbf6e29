"""Standardized results: the option output_scaling, with the same bits as in JavaScript."""

from __future__ import annotations

import threading
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from ._layout import Layout
from ._weaver import Items, Weaver

__all__ = ["ScaledWeaver", "scaling_of"]

_PASS_BYTES = 2**24


class _Statistics(NamedTuple):
    """Statistics of a task set, for the first `width` values of each position."""

    width: int
    mean: npt.NDArray[np.float64]
    divisor: npt.NDArray[np.float64]


def scaling_of(scaling: str, layout: Layout) -> str:
    """The scaling of a set: "notebook" is "none" where a single sample of each task is drawn, as in the notebook."""
    single = layout.items_per_task == 1 if layout.mode == "sequence" else layout.mode == "samples" and layout.items == 1
    return "none" if scaling == "notebook" and single else scaling


class ScaledWeaver:
    """A weaver whose results are standardized.

    weaver:  makes the same items in float32.
    layout:  that of the results; its dtype is that of the standardized values.
    scaling: "example", "set" or "notebook".
    """

    def __init__(self, weaver: Weaver, layout: Layout, scaling: str) -> None:
        self._weaver, self._layout, self._scaling = weaver, layout, scaling
        self._statistics: _Statistics | None = None
        self._lock = threading.Lock()

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in self.__dict__.items() if name != "_lock"}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state, _lock=threading.Lock())

    @property
    def engine(self) -> str:
        return self._weaver.engine

    def weave(self, numbers: npt.NDArray[np.int64], threads: int | None = None) -> Items:
        statistics = None if self._scaling == "example" else self._of_set()
        items = self._weaver.weave(numbers, threads)
        rows = items.inputs.reshape(-1, self._layout.row)
        if statistics is None:
            _standardize_rows(rows[:, : self._layout.out_features])
        else:
            _standardize(rows[:, : statistics.width], statistics)
        with np.errstate(over="ignore"):
            return items._replace(inputs=items.inputs.astype(self._layout.numpy_dtype, copy=False))

    def _of_set(self) -> _Statistics:
        """The statistics of the whole set, which is made once for them, at the first call."""
        with self._lock:
            if self._statistics is None:
                self._statistics = self._pass()
            return self._statistics

    def _pass(self) -> _Statistics:
        layout = self._layout
        notebook = self._scaling == "notebook"
        width = layout.row if notebook else layout.out_features
        mean, squares, count = np.zeros(width), np.zeros(width), 0
        size = max(1, _PASS_BYTES // (4 * layout.length * layout.row))
        for start in range(0, layout.items, size):
            numbers = np.arange(start, min(start + size, layout.items))
            rows = self._weaver.weave(numbers).inputs.reshape(-1, layout.row)[:, :width]
            # Welford's recurrence, row after row: the bits are a function of the rows alone.
            for row in rows.astype(np.float64):
                count += 1
                apart = row - mean
                mean += apart * (1 / count)
                squares += apart * (row - mean)
        ddof = 1 if notebook and count > 1 else 0
        deviation = np.sqrt(squares / (count - ddof))
        return _Statistics(width, mean, deviation + (1e-12 if notebook else 0))


def _standardize(rows: npt.NDArray[np.float32], statistics: _Statistics) -> None:
    """Standardizes each feature in place: float64 with one rounding to float32. Where the divisor is 0 the result is 0."""
    with np.errstate(all="ignore"):
        values = (rows.astype(np.float64) - statistics.mean) / statistics.divisor
        rows[...] = np.where(statistics.divisor == 0, 0, values)


def _standardize_rows(rows: npt.NDArray[np.float32]) -> None:
    """Standardizes each row by itself, in place. Sums go from the first value to the last."""
    features = rows.shape[1]
    with np.errstate(all="ignore"):
        values = rows.astype(np.float64)
        mean = _sums(values)[:, None] / features
        values -= mean
        squares = _sums(values * values)[:, None]
        rows[...] = np.where(squares == 0, 0, values / np.sqrt(squares / features))


def _sums(values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    total = np.zeros(len(values))
    for column in np.ascontiguousarray(values.T):
        total += column
    return total
