"""The label that each position is given, and its one-hot: for stores that were written without label cells."""

from __future__ import annotations

from typing import Any, Mapping

import numpy as np
import numpy.typing as npt

from ._layout import Layout

__all__ = ["with_labels"]


def with_labels(recipe: Mapping[str, Any], layout: Layout, values: npt.NDArray[Any], targets: npt.NDArray[Any]) -> Any:
    """Puts the one-hot of the given labels behind projected values.

    values:  `[n, length, out_features]`
    targets: `[n, length]`
    Returns  `[n, length, out_features + cells]`, of the type of the values.
    """
    given = _given(recipe, layout.length, targets.astype(np.int64))
    inputs = np.zeros((*values.shape[:-1], layout.row), values.dtype)
    inputs[..., : layout.out_features] = values
    item, position = np.nonzero(given >= 0)
    inputs[item, position, layout.out_features + given[item, position]] = 1
    return inputs


def _given(recipe: Mapping[str, Any], length: int, targets: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    given = np.full_like(targets, -1)
    if recipe["labelLayout"] == "shifted":
        given[:, 1:] = targets[:, :-1]
        token = recipe["startToken"]
        given[:, 0] = -1 if token is None else token
        return given
    episode = recipe["episode"]
    shown = episode["ways"] * episode["shots"] if episode and episode["queries"] else length - 1
    given[:, :shown] = targets[:, :shown]
    return given
