"""MNIST made small: 8 x 8 pixels, the mean image taken off, five classes."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np
import taskloom

NAMES = {"train": ("train-images-idx3-ubyte", "train-labels-idx1-ubyte"),
         "test": ("t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte")}  # fmt: skip


class Digits(NamedTuple):
    """Two datasets that share no image."""

    train: taskloom.Dataset
    test: taskloom.Dataset


def find(folder: Path, name: str) -> Path:
    """The file of this name, plain or gzip, in a folder or in torchvision's MNIST/raw below it."""
    for place in (folder, folder / "MNIST" / "raw", folder / "data"):
        for path in (place / name, place / f"{name}.gz"):
            if path.is_file():
                return path
    raise FileNotFoundError(f"{folder} has no {name}; allowed: the folder of MNIST's four IDX files, plain or gzip")


def small(images: np.ndarray) -> np.ndarray:
    """uint8 [n, 28, 28] to float64 [n, 8, 8]: a border of 2, then the means of 4 x 4 pixels."""
    framed = np.pad(images, ((0, 0), (2, 2), (2, 2)))
    return framed.reshape(-1, 8, 4, 8, 4).mean((2, 4))


def load(folder: str | Path, classes: int = 5, size: int = 8) -> Digits:
    """Reads MNIST. With `size` 8 images are made small and centered; with 28 they stay as they are.

    Centered images are bytes around 128: round((pixel - mean of this pixel) / 2 + 128). The mean image is that of the
    train images, for both parts. Without it all images are alike, and a model needs far longer to find their differences.
    """
    parts = {}
    for part, names in NAMES.items():
        digits = taskloom.read_idx(*(find(Path(folder), name) for name in names))
        chosen = digits.targets < classes
        parts[part] = digits.images[chosen], digits.targets[chosen]
    if size == 8:
        means = small(parts["train"][0]).mean(0)
        parts = {
            part: (np.clip(np.rint((small(images) - means) / 2 + 128), 0, 255).astype(np.uint8), labels)
            for part, (images, labels) in parts.items()
        }
    return Digits(*(taskloom.Dataset.of(images, labels, classes) for images, labels in parts.values()))
