"""The shapes of a task set, as its recipe alone tells them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Mapping, cast

import numpy as np

from ._dtypes import STORED, label_dtype, target_dtype

__all__ = ["Layout", "classes_of", "layout_of"]


@dataclass(frozen=True)
class Layout:
    """Sizes of a task set. Its results are counted in items: a sequence, or one example where no sequences are drawn."""

    mode: str
    items: int
    #: Sequences or examples of a task; 0 where each sample draws its own task.
    items_per_task: int
    #: Positions of an item.
    length: int
    out_features: int
    label_values: int
    #: Cells of the one-hots behind the inputs.
    cells: int
    #: True if given labels are an array of their own.
    has_labels: bool
    #: The type of the inputs.
    dtype: str
    #: The type of targets and labels; None for the smallest that holds them.
    integers: str | None = None

    @property
    def row(self) -> int:
        """Values of a position."""
        return self.out_features + self.cells

    @property
    def input_shape(self) -> tuple[int, ...]:
        return (self.length, self.row) if self.mode == "sequence" else (self.row,)

    @property
    def target_shape(self) -> tuple[int, ...]:
        return (self.length,) if self.mode == "sequence" else ()

    @property
    def numpy_dtype(self) -> np.dtype[Any]:
        return STORED[self.dtype].numpy

    @property
    def target_dtype(self) -> np.dtype[Any]:
        return STORED[self.integers or target_dtype(self.label_values)].numpy

    @property
    def label_dtype(self) -> np.dtype[Any]:
        return STORED[self.integers or label_dtype(self.label_values)].numpy


def layout_of(recipe: Mapping[str, Any]) -> Layout:
    sequences = recipe["drawSequence"]
    samples = recipe.get("samples")
    mode = "sequence" if sequences else "dataset" if samples is None else "samples"
    examples = recipe.get("examples") or recipe["dataset"]["shape"][0]
    per_task = {"sequence": recipe.get("samplesPerTask", 1), "dataset": examples, "samples": 0}[mode]
    values = classes_of(recipe) + recipe["specialTokens"]
    given = sequences and recipe["labelLayout"] != "none"
    return Layout(
        mode=mode,
        items=cast(int, samples if mode == "samples" else recipe["taskCount"] * per_task),
        items_per_task=per_task,
        length=recipe.get("sequenceLength", 1) if sequences else 1,
        out_features=recipe["outFeatures"],
        label_values=values,
        cells=values if given and recipe["labelFormat"] == "one-hot" else 0,
        has_labels=given and recipe["labelFormat"] == "integer",
        dtype=recipe["dtype"],
    )


def classes_of(recipe: Mapping[str, Any]) -> int:
    """Labels of a task before they are raised by the special tokens."""
    episode, subset = recipe["episode"], recipe["classSubset"]
    if episode and episode["relabel"]:
        return int(episode["ways"])
    return len(subset) if subset is not None else int(recipe["dataset"]["classes"])
