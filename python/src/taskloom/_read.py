"""Readers of datasets: IDX files, .npz files, and folders of the four files of MNIST."""

from __future__ import annotations

import gzip
import math
import os
import zipfile
import zlib
from pathlib import Path
from typing import Any, Union

import numpy as np
import numpy.typing as npt

from .dataset import Classes, Dataset
from .errors import DatasetError, InvalidOptionError

__all__ = ["FilePath", "read_folder", "read_idx", "read_npz"]

FilePath = Union[str, "os.PathLike[str]"]

_IDX_DTYPES = {8: ">u1", 9: ">i1", 11: ">i2", 12: ">i4", 13: ">f4", 14: ">f8"}
_PREFIXES = {"train": "train", "test": "t10k"}


def read_idx(
    images: FilePath,
    labels: FilePath,
    *,
    classes: Classes = None,
    limit: int | None = None,
    name: str | None = None,
) -> Dataset:
    """Reads a pair of IDX files, plain or gzip, as MNIST and its relatives come.

    classes: the number of classes, "compact", or None for the largest label plus one.
    limit:   keeps the first examples only.
    name:    what messages and recipes call it; by default the images' file name without .gz.

    Raises DatasetError where a file is missing or malformed, or the two do not belong together.

    >>> mnist = read_idx("train-images-idx3-ubyte.gz", "train-labels-idx1-ubyte.gz", name="mnist")  # doctest: +SKIP
    """
    pixels, numbers = _idx(images), _idx(labels)
    if pixels.ndim < 2 or numbers.ndim != 1:
        shapes = f"has shape {list(pixels.shape)}, and {os.fspath(labels)} {list(numbers.shape)}"
        raise DatasetError(os.fspath(images), f"{shapes}; allowed: [n, ...] and [n]. Are images and labels exchanged?")
    file = Path(images).name
    return Dataset.of(pixels, numbers, classes, name or file.removesuffix(".gz") or "dataset", limit)


def read_folder(
    path: FilePath,
    split: str = "train",
    *,
    classes: Classes = None,
    limit: int | None = None,
    name: str | None = None,
) -> Dataset:
    """Reads a split, "train" or "test", from a folder of the four files that MNIST and its relatives come in."""
    if split not in _PREFIXES:
        raise InvalidOptionError("split", split, '"train" or "test"')
    folder = Path(path)
    files = []
    for kind in ("images", "labels"):
        stem, ending = f"{_PREFIXES[split]}-{kind}", "idx3-ubyte" if kind == "images" else "idx1-ubyte"
        names = [f"{stem}{mark}{ending}{gz}" for gz in ("", ".gz") for mark in ("-", ".")]
        found = next((folder / one for one in names if (folder / one).is_file()), None)
        if found is None:
            raise DatasetError(os.fspath(path), f"has none of {', '.join(names)}; give the folder that holds them")
        files.append(found)
    name = name or folder.resolve().name + ("-test" if split == "test" else "")
    return read_idx(files[0], files[1], classes=classes, limit=limit, name=name)


#: Names that the two arrays of an .npz file have: NumPy's default, Keras' MNIST, MedMNIST, scikit-learn.
_PAIRS = (
    ("images", "labels"),
    ("images", "targets"),
    ("x_train", "y_train"),
    ("train_images", "train_labels"),
    ("x", "y"),
    ("X", "y"),
    ("data", "target"),
    ("arr_0", "arr_1"),
)


def read_npz(
    path: FilePath,
    *,
    images: str | None = None,
    labels: str | None = None,
    classes: Classes = None,
    limit: int | None = None,
    name: str | None = None,
) -> Dataset:
    """Reads an .npz file, such as Keras' or MedMNIST's.

    images, labels: the names of the arrays; by default a usual pair: images and labels, x_train and y_train,
    train_images and train_labels, ...

    Raises DatasetError where the file is missing or malformed, or has no such arrays.
    """
    source = os.fspath(path)
    try:
        # NumPy leaves a path's file open where it is damaged.
        with open(path, "rb") as opened, np.load(opened, allow_pickle=False) as file:
            names = file.files
            pair = (images, labels) if images and labels else next((p for p in _PAIRS if set(p) <= set(names)), None)
            if pair is None or not set(pair) <= set(names):
                has = f"has the arrays {', '.join(names) or 'of none'}"
                raise DatasetError(source, f"{has}; name two of them: images=..., labels=...")
            arrays = file[pair[0]], file[pair[1]]
    except DatasetError:
        raise
    except (OSError, EOFError, ValueError, KeyError, zipfile.BadZipFile, zlib.error) as error:
        raise DatasetError(source, f"cannot be read as .npz: {error}") from error
    return Dataset.of(*arrays, classes, name or Path(path).stem, limit)


def _idx(path: FilePath) -> npt.NDArray[Any]:
    source = os.fspath(path)
    try:
        data = Path(path).read_bytes()
        if data[:2] == b"\x1f\x8b":
            data = gzip.decompress(data)
    except (OSError, EOFError, zlib.error) as error:
        raise DatasetError(source, f"cannot be read: {error}") from error
    if len(data) < 4 or data[:2] != b"\0\0" or data[2] not in _IDX_DTYPES or data[3] == 0:
        raise DatasetError(source, f"is no IDX file: it begins with {data[:4].hex(' ') or 'nothing'}")
    dimensions = data[3]
    start = 4 + 4 * dimensions
    shape = [int.from_bytes(data[at : at + 4], "big") for at in range(4, start, 4)]
    dtype = np.dtype(_IDX_DTYPES[data[2]])
    expected = start + dtype.itemsize * math.prod(shape)
    if len(data) != expected:
        raise DatasetError(source, f"has {len(data)} bytes, where its header says {expected}: it is cut short or damaged")
    return np.frombuffer(data, dtype, offset=start).reshape(shape).astype(dtype.newbyteorder("="), copy=False)
