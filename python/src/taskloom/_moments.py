"""The mean and deviation over all values of a dataset, with the same bits as in JavaScript."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["moments_of"]

_CHUNK = 2**20


def moments_of(images: npt.NDArray[Any]) -> tuple[float, float]:
    """The mean and the population deviation, in the unit of the values."""
    values = images.reshape(-1)
    n = values.size
    if values.dtype == np.uint8:
        # Exact up to the last conversion, division and square root.
        counts = [int(count) for count in np.bincount(values, minlength=256)]
        total = sum(value * count for value, count in enumerate(counts))
        squares = sum(value * value * count for value, count in enumerate(counts))
        return total / n, math.sqrt(n * squares - total * total) / n
    mean = _sum(values, lambda part: part) / n
    return mean, math.sqrt(_sum(values, lambda part: (part - mean) * (part - mean)) / n)


def _sum(values: npt.NDArray[Any], of: Any) -> float:
    """A sum in float64, from the first value to the last: NumPy's own adds in another order."""
    total = 0.0
    for start in range(0, values.size, _CHUNK):
        part = of(values[start : start + _CHUNK].astype(np.float64))
        total = float(np.add.accumulate(np.concatenate(([total], part)))[-1])
    return total
