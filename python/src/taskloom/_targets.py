"""The element type of targets and labels: the smallest that holds them, or one that is asked for. No value depends on it."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from ._dtypes import TARGETS
from ._layout import Layout
from ._weaver import Items
from .errors import InvalidOptionError, StoreError

__all__ = ["checked_target_dtype", "in_type", "narrowed"]


def checked_target_dtype(given: Any, layout: Layout) -> str | None:
    """The name of the type of the option `target_dtype`, which takes the name or a type of NumPy; None for the smallest.

    Raises InvalidOptionError for another type, and for one that does not hold all targets and labels.
    """
    if given is None:
        return None
    try:
        name = str(np.dtype(given).name)
    except TypeError:
        name = ""
    if name not in TARGETS:
        raise InvalidOptionError("target_dtype", given, '"uint8", "uint16", "int32" or "int64"')
    values = layout.label_values + layout.has_labels
    if TARGETS[name] < values:
        names = ", ".join(f'"{one}"' for one, held in TARGETS.items() if held >= values)
        raise InvalidOptionError("target_dtype", given, f"{names}, or None, for {values} values")
    return name


def in_type(items: Items, layout: Layout) -> Items:
    """Items whose targets and labels have the layout's types."""
    labels = items.labels
    return items._replace(
        targets=items.targets.astype(layout.target_dtype, copy=False),
        labels=None if labels is None else labels.astype(layout.label_dtype, copy=False),
    )


def narrowed(array: npt.NDArray[Any], dtype: np.dtype[Any], values: int, name: str, source: str) -> npt.NDArray[Any]:
    """Integers of a file in the smallest type.

    values: the values that there can be, 0 to values - 1.
    Raises StoreError for a value that is none of these, where the file has a wider type.
    """
    if array.dtype == dtype:
        return array
    wrong = array[(array < 0) | (array >= values)]
    if wrong.size:
        problem = f"gives {wrong[0]} in {name}; its recipe has 0 to {values - 1}"
        raise StoreError(source, f"{problem}: it is damaged, or the recipe is another store's")
    return array.astype(dtype)
