"""Folders that `taskloom generate` wrote, in any of its formats: docs/store.md."""

from __future__ import annotations

import json
import math
import os
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from . import _zarr
from ._dtypes import STORED
from ._files import Found, read_document
from ._layout import Layout
from ._one_hot import with_labels
from ._recipe import Recipe
from ._targets import narrowed
from ._weaver import Items
from .errors import StoreError

__all__ = ["Store", "open_store"]

_SAFETENSORS = "tasks.safetensors"
_HEADER_LIMIT = 2**20


class Store:
    """An open folder of task arrays. Its files are mapped into memory: only the items that are read come from the disk."""

    def __init__(self, path: Path, format: str, recipe: Recipe, arrays: dict[str, Any], onehot: bool) -> None:
        self.path, self.format, self.recipe = path, format, recipe
        self._arrays, self._onehot = arrays, onehot
        self._layout: Layout = recipe.layout
        chunk = getattr(arrays["inputs"], "chunk_items", None)
        #: Items of a chunk, where there are several chunks.
        self.chunk_items: int | None = chunk if chunk and chunk < self._layout.items else None

    def read(self, numbers: npt.NDArray[np.int64]) -> Items:
        """The items of these numbers, in this order, as arrays of their own. Targets and labels have the smallest types."""
        layout, source = self._layout, str(self.path)
        arrays = {name: array.read(numbers) for name, array in self._arrays.items()}
        inputs, values = arrays["inputs"], layout.label_values
        targets = narrowed(arrays["targets"], layout.target_dtype, values, "targets", source)
        if not self._onehot:
            inputs = with_labels(self.recipe, layout, inputs, targets)
        labels = arrays.get("labels")
        if labels is not None:
            labels = narrowed(labels, layout.label_dtype, values + 1, "labels", source)
        return Items(inputs, targets, labels)

    def weave(self, numbers: npt.NDArray[np.int64], threads: int | None = None) -> Items:
        return self.read(numbers)


class _Whole:
    """An array in a single file."""

    def __init__(self, path: Path, dtype: np.dtype[Any], shape: tuple[int, ...], offset: int) -> None:
        self._path, self._dtype, self._shape, self._offset = path, dtype, shape, offset
        self._map: npt.NDArray[Any] | None = None

    def __getstate__(self) -> dict[str, Any]:
        # Another process maps the file for itself.
        return {**self.__dict__, "_map": None}

    def read(self, numbers: npt.NDArray[np.int64]) -> npt.NDArray[Any]:
        if self._map is None:
            self._map = np.memmap(self._path, self._dtype, "r", self._offset, self._shape)
        return np.asarray(self._map[numbers])


def open_store(path: str | os.PathLike[str], verify: bool = False) -> Store:
    """Opens a folder that `taskloom generate` wrote: a Zarr store, a safetensors file or .npy files.

    verify: compares each chunk with its digest when it is first read. For Zarr stores; the other formats keep no digests.

    Raises StoreError when something is missing, foreign, damaged or newer, RecipeError when the recipe in it is.
    """
    folder = Path(path)
    if not folder.is_dir():
        raise StoreError(os.fspath(path), "there is no such folder")
    if (folder / "zarr.json").exists():
        recipe, onehot, arrays = _zarr.open_zarr(folder, verify)
        return Store(folder, "zarr", recipe, arrays, onehot)
    if (folder / _SAFETENSORS).exists():
        opened = _open_safetensors(folder)
    elif (folder / "recipe.json").exists():
        opened = _open_npy(folder)
    else:
        names = f"none of zarr.json, {_SAFETENSORS} and recipe.json is there"
        raise StoreError(os.fspath(path), f"holds no task set: {names}; is this the folder that taskloom generate wrote?")
    if verify:
        raise StoreError(os.fspath(path), f"is of the format {opened.format}, which keeps no digests; open it without verify")
    return opened


def _open_npy(folder: Path) -> Store:
    recipe = Recipe.parse(read_document(folder / "recipe.json"), str(folder / "recipe.json"))
    found, arrays = [], {}
    for name, _, _ in _zarr.expected_arrays(recipe, True):
        path = folder / f"{name}.npy"
        if not path.exists():
            raise StoreError(str(path), "is missing; generate the folder again")
        try:
            with path.open("rb") as file:
                if np.lib.format.read_magic(file) != (1, 0):
                    raise ValueError("another version than 1.0")
                shape, fortran, dtype = np.lib.format.read_array_header_1_0(file)
                offset = file.tell()
            if fortran:
                raise ValueError("in Fortran's order")
        except (OSError, ValueError) as error:
            raise StoreError(str(path), f"is not a .npy file that taskloom writes: {error}") from error
        _check_size(path, offset + math.prod(shape) * dtype.itemsize)
        found.append(Found(name, _name_of(dtype), tuple(shape)))
        arrays[name] = _Whole(path, dtype, tuple(shape), offset)
    _zarr.check_arrays(recipe, True, found, str(folder))
    return Store(folder, "npy", recipe, arrays, True)


def _name_of(dtype: np.dtype[Any]) -> str:
    return next((name for name, stored in STORED.items() if stored.numpy == dtype), str(dtype))


def _open_safetensors(folder: Path) -> Store:
    path = folder / _SAFETENSORS
    with path.open("rb") as file:
        head = file.read(8)
        length = int.from_bytes(head, "little")
        if len(head) < 8 or not 2 <= length <= _HEADER_LIMIT:
            raise StoreError(str(path), "is not a safetensors file that taskloom wrote: bad header length")
        text = file.read(length)
    try:
        header = json.loads(text.decode("utf-8"))
        recipe_text = header.pop("__metadata__")["taskloom"]
        tensors = {
            name: (tensor["dtype"], tuple(map(int, tensor["shape"])), *map(int, tensor["data_offsets"]))
            for name, tensor in header.items()
        }
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise StoreError(str(path), f"is not a safetensors file that taskloom wrote: {error!r}") from error
    recipe = Recipe.parse(recipe_text, f"{folder}: the recipe in {_SAFETENSORS}")
    names = {stored.safetensors: name for name, stored in STORED.items()}
    found = [Found(name, names.get(dtype, dtype), shape) for name, (dtype, shape, _, _) in tensors.items()]
    _zarr.check_arrays(recipe, True, found, str(folder))
    end = 0
    for name, (dtype, shape, start, stop) in sorted(tensors.items(), key=lambda one: one[1][2]):
        size = math.prod(shape) * STORED[names[dtype]].numpy.itemsize
        if start != end or stop - start != size:
            raise StoreError(str(path), f"tensor {name} is at bytes {start} to {stop}; allowed: {end} to {end + size}")
        end = stop
    base = 8 + length
    _check_size(path, base + end)
    arrays = {
        name: _Whole(path, STORED[names[dtype]].numpy, shape, base + start)
        for name, (dtype, shape, start, _) in tensors.items()
    }
    return Store(folder, "safetensors", recipe, arrays, True)


def _check_size(path: Path, expected: int) -> None:
    size = path.stat().st_size
    if size != expected:
        what = "it is truncated" if size < expected else "it is another file"
        raise StoreError(str(path), f"has {size} bytes, not {expected}: {what}")


