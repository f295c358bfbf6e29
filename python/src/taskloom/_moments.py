"""The mean and deviation over all values of a dataset, with the same bits as in JavaScript."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["moments_of"]

_CHUNK = 2**20


def moments_of(images: npt.NDArray[Any], scale: float | None = None) -> tuple[float, float]:
    """The mean and the population deviation, in the unit of the values; of quantized values in that of `scale`."""
    values = images.reshape(-1)
    n = values.size
    if values.dtype.kind in "ui":
        # Exact up to the last conversion, division, square root and multiplication.
        lowest = 0 if values.dtype == np.uint8 else -32768
        counts = np.bincount(values.astype(np.int32) - lowest)
        zero = 128 if scale is not None and values.dtype == np.uint8 else 0
        places = [(int(place) + lowest - zero, int(counts[place])) for place in np.flatnonzero(counts)]
        total = sum(value * count for value, count in places)
        squares = sum(value * value * count for value, count in places)
        step = 1.0 if scale is None else scale
        return total / n * step, math.sqrt(n * squares - total * total) / n * step
    mean = _sum(values, lambda part: part) / n
    return mean, math.sqrt(_sum(values, lambda part: (part - mean) * (part - mean)) / n)


def _sum(values: npt.NDArray[Any], of: Any) -> float:
    """A sum in float64, from the first value to the last: NumPy's own adds in another order."""
    total = 0.0
    for start in range(0, values.size, _CHUNK):
        part = of(values[start : start + _CHUNK].astype(np.float64))
        total = float(np.add.accumulate(np.concatenate(([total], part)))[-1])
    return total
