"""Datasets: examples with labels, in memory."""

from __future__ import annotations

import hashlib
from typing import Any, Literal, Union

import numpy as np
import numpy.typing as npt

from ._dtypes import EXAMPLES
from ._json import write
from ._moments import moments_of
from .errors import DatasetError, InvalidOptionError

__all__ = ["Classes", "Dataset"]

#: The number of classes; "compact" renumbers the labels that occur; None is the largest label plus one.
Classes = Union[int, Literal["compact"], None]

_MAX_CLASSES = 65536


class Dataset:
    """Examples of one shape with their labels. Make one by `Dataset.of`, `read_idx` or `read_npz`.

    images:          uint8 or float32, `[n, ...]`, C-contiguous. They are not copied: do not write into them.
    targets:         uint16, `[n]`, each below `classes`.
    classes:         the number of labels, 1 to 65536.
    name:            what messages and recipes call it.
    original_labels: the label that each class had before `classes="compact"` renumbered them, else None.

    >>> Dataset.of(np.zeros((4, 2, 2), np.uint8), [0, 1, 2, 0]).classes
    3
    """

    def __init__(
        self,
        images: npt.NDArray[Any],
        targets: npt.NDArray[np.uint16],
        classes: int,
        name: str,
        original_labels: tuple[int, ...] | None = None,
    ) -> None:
        self.images, self.targets, self.classes, self.name = images, targets, classes, name
        self.original_labels = original_labels
        self._digest: str | None = None
        self._moments: tuple[float, float] | None = None

    @staticmethod
    def of(
        images: npt.ArrayLike,
        targets: npt.ArrayLike,
        classes: Classes = None,
        name: str = "dataset",
        limit: int | None = None,
    ) -> Dataset:
        """Checks arrays and puts them together.

        images:  `[n, ...]`, uint8 or float32; float64 becomes float32.
        targets: `[n]` or `[n, 1]`, integers from 0; with `classes="compact"` any integers.
        classes: see `Classes`.
        limit:   keeps the first examples only; the number of classes is that of all labels.

        Raises DatasetError where they do not fit, or an example holds NaN or infinity.
        """
        pixels = np.asarray(images)
        if pixels.dtype == np.float64:
            with np.errstate(over="ignore"):
                pixels = pixels.astype(np.float32)
        pixels = pixels.astype(pixels.dtype.newbyteorder("="), copy=False)
        if str(pixels.dtype) not in EXAMPLES:
            allowed = ", ".join(EXAMPLES)
            raise DatasetError(name, f"images are {pixels.dtype}; allowed: {allowed}; use images.astype")
        if pixels.ndim < 2 or 0 in pixels.shape:
            raise DatasetError(name, f"images have shape {list(pixels.shape)}; allowed: [n, ...] with at least one value")
        labels = np.asarray(targets)
        if labels.ndim == 2 and labels.shape[1] == 1:
            labels = labels[:, 0]
        if labels.shape != pixels.shape[:1]:
            shape = list(labels.shape)
            raise DatasetError(name, f"labels have shape {shape}; allowed: [{len(pixels)}], one for each image")
        numbers, count, originals = _labels(labels, classes, name)
        if limit is not None:
            if limit < 1:
                raise InvalidOptionError("limit", limit, "an integer from 1, or None")
            pixels, numbers = pixels[:limit], numbers[:limit]
        _check_finite(pixels, name)
        return Dataset(np.ascontiguousarray(pixels), numbers, count, name, originals)

    def __len__(self) -> int:
        return len(self.images)

    def __repr__(self) -> str:
        return f"Dataset({self.name!r}: {self.images.dtype} {list(self.images.shape)}, {self.classes} classes)"

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of one example."""
        return tuple(self.images.shape[1:])

    @property
    def features(self) -> int:
        """Values of one example."""
        return int(np.prod(self.shape, dtype=np.int64))

    def head(self, count: int) -> Dataset:
        """The first examples, with as many classes. No array is copied."""
        if count < 1:
            raise InvalidOptionError("count", count, "an integer from 1")
        return Dataset(self.images[:count], self.targets[:count], self.classes, self.name, self.original_labels)

    def moments(self) -> tuple[float, float]:
        """The mean and population deviation over all values, in the unit of the values. Computed once."""
        if self._moments is None:
            self._moments = moments_of(self.images)
        return self._moments

    def digest(self) -> str:
        """The SHA-256 of examples, labels and shape, by which a recipe names its dataset (docs/stream.md). Computed once."""
        if self._digest is None:
            little = np.ascontiguousarray(self.images, self.images.dtype.newbyteorder("<"))
            fields = {
                "classes": self.classes,
                "dtype": str(self.images.dtype),
                "images": hashlib.sha256(little.data).hexdigest(),
                "shape": list(self.images.shape),
                "targets": hashlib.sha256(self.targets.astype("<u2").data).hexdigest(),
            }
            self._digest = hashlib.sha256(write(fields).encode()).hexdigest()
        return self._digest


def _labels(
    labels: npt.NDArray[Any], classes: Classes, name: str
) -> tuple[npt.NDArray[np.uint16], int, tuple[int, ...] | None]:
    if not (np.issubdtype(labels.dtype, np.integer) or labels.dtype == bool):
        raise DatasetError(name, f"labels are {labels.dtype}; allowed: integers; use labels.astype(int)")
    if classes == "compact":
        occurring, places = np.unique(labels, return_inverse=True)
        if len(occurring) > _MAX_CLASSES:
            raise DatasetError(name, f"has {len(occurring)} different labels; allowed: at most {_MAX_CLASSES}")
        return places.reshape(-1).astype(np.uint16), len(occurring), tuple(int(label) for label in occurring)
    if classes is not None and (isinstance(classes, bool) or not isinstance(classes, (int, np.integer))):
        raise InvalidOptionError("classes", classes, f'an integer from 1 to {_MAX_CLASSES}, "compact" or None')
    if classes is not None and not 1 <= classes <= _MAX_CLASSES:
        raise InvalidOptionError("classes", classes, f'an integer from 1 to {_MAX_CLASSES}, "compact" or None')
    low, high, limit = int(labels.min()), int(labels.max()), int(classes or _MAX_CLASSES)
    if low < 0 or high >= limit:
        advice = 'classes="compact" renumbers the labels that occur, from 0 on'
        raise DatasetError(name, f"labels are from {low} to {high}; allowed: 0 to {limit - 1}; {advice}")
    return labels.astype(np.uint16), int(classes or high + 1), None


def _check_finite(pixels: npt.NDArray[Any], name: str) -> None:
    if pixels.dtype.kind != "f":
        return
    finite = np.isfinite(pixels)
    if finite.all():
        return
    first = int(np.flatnonzero(~finite.reshape(len(pixels), -1).all(1))[0])
    count = int(finite.size - finite.sum())
    raise DatasetError(name, f"{count} values are NaN or infinite, the first in example {first}; replace them or drop these")
