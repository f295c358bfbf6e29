"""Zarr v3 stores of task arrays: a group whose attributes hold the recipe, and chunks of whole items."""

from __future__ import annotations

import hashlib
import math
import threading
from collections import OrderedDict
from pathlib import Path
from typing import Any, Sequence

import numpy as np
import numpy.typing as npt

from ._dtypes import STORED, TARGETS
from ._files import MANIFEST_LIMIT, Found, read_json
from ._recipe import Recipe
from .errors import StoreError, show

__all__ = ["check_arrays", "expected_arrays", "open_zarr"]

_VERSION = 1
_NAMES = ("inputs", "targets", "labels")
#: Mapped chunks that an array keeps open: each is a file descriptor.
_OPEN_CHUNKS = 128


def expected_arrays(recipe: Recipe, onehot: bool) -> list[Found]:
    """The arrays that a recipe makes."""
    layout = recipe.layout
    names = {stored.numpy: name for name, stored in STORED.items()}
    inputs = layout.input_shape if onehot else (*layout.input_shape[:-1], layout.out_features)
    arrays = [
        Found("inputs", layout.dtype, (layout.items, *inputs)),
        Found("targets", names[layout.target_dtype], (layout.items, *layout.target_shape)),
    ]
    if layout.has_labels:
        arrays.append(Found("labels", names[layout.label_dtype], (layout.items, *layout.target_shape)))
    return arrays


def check_arrays(recipe: Recipe, onehot: bool, found: Sequence[Found], source: str) -> None:
    """Raises StoreError for the first difference between the arrays of a folder and those that its recipe makes.

    Targets and labels may have any type that holds them.
    """
    expected = expected_arrays(recipe, onehot)
    values = recipe.layout.label_values
    for array in expected:
        given = next((one for one in found if one.name == array.name), None)
        made = f"{array.dtype} {list(array.shape)}"
        if given is None:
            raise StoreError(source, f"has no array {array.name}; its recipe makes {made}")
        needed = values + (array.name == "labels")
        if array.name != "inputs" and TARGETS.get(given.dtype, 0) >= needed:
            array = array._replace(dtype=given.dtype)
        if given != array:
            raise StoreError(source, f"has {array.name} of {given.dtype} {list(given.shape)}; its recipe makes {made}")
    extra = next((one.name for one in found if one.name not in [array.name for array in expected]), None)
    if extra:
        raise StoreError(source, f"has {extra}, which its recipe does not make")


def open_zarr(folder: Path, verify: bool) -> tuple[Recipe, bool, dict[str, Any]]:
    """Opens a store. Returns the recipe, whether label cells are in the inputs, and the arrays."""
    path = folder / "zarr.json"
    document, data = read_json(path)
    attributes = document.get("attributes")
    if not isinstance(attributes, dict) or "taskloom" not in attributes:
        raise StoreError(str(path), "is not of a store of taskloom: it has no attribute taskloom")
    store = attributes.get("taskloom_store")
    version = store.get("version") if isinstance(store, dict) else None
    if version != _VERSION or not isinstance(store, dict):
        raise StoreError(str(path), f"is of a store of version {show(version)}; this version of taskloom reads {_VERSION}")
    if not (folder / "manifest.json").exists():
        raise StoreError(str(folder), "is unfinished, as it has no manifest.json; run taskloom generate again, or copy all")
    recipe = Recipe(attributes["taskloom"], f"{folder}: the recipe in zarr.json")
    onehot, names = store.get("onehot"), store.get("arrays")
    if not isinstance(onehot, bool) or not isinstance(names, list) or not set(map(str, names)) <= set(_NAMES):
        raise StoreError(str(path), f"is not as taskloom writes it: taskloom_store is {show(store)}")
    kept = document.get("consolidated_metadata") or {}
    metadata = kept.get("metadata") if isinstance(kept, dict) else None
    arrays: dict[str, _Array] = {}
    for name in names:
        own = metadata.get(name) if isinstance(metadata, dict) else None
        arrays[name] = _Array(folder / name, own or read_json(folder / name / "zarr.json")[0])
    check_arrays(recipe, onehot, [Found(name, array.dtype, array.shape) for name, array in arrays.items()], str(folder))
    if verify:
        _take_digests(folder, data, arrays)
    return recipe, onehot, arrays


def _take_digests(folder: Path, document: bytes, arrays: dict[str, _Array]) -> None:
    """Compares the store's document with the manifest, and gives each array the digests of its chunks."""
    path = folder / "manifest.json"
    manifest, _ = read_json(path, MANIFEST_LIMIT)
    try:
        recorded = manifest["documents"]["zarr.json"]
        digests = {name: [str(digest) for digest in manifest["arrays"][name]["sha256"]] for name in arrays}
    except (KeyError, TypeError) as error:
        raise StoreError(str(path), f"is not as taskloom writes it: {error!r}") from error
    digest = hashlib.sha256(document).hexdigest()
    if digest != recorded:
        raise StoreError(str(folder / "zarr.json"), f"has SHA-256 {digest}, the manifest {recorded}: it was changed")
    for name, array in arrays.items():
        if len(digests[name]) != array.chunk_count:
            raise StoreError(str(path), f"lists {len(digests[name])} chunks of {name}; the store has {array.chunk_count}")
        array.digests = digests[name]


class _Array:
    """One array of a store: `[items, ...]` in uncompressed chunks of whole items."""

    digests: list[str] | None = None

    def __init__(self, folder: Path, document: Any) -> None:
        self._folder = folder
        path = str(folder / "zarr.json")
        try:
            self.dtype = str(document["data_type"])
            self.shape = tuple(int(size) for size in document["shape"])
            chunk = tuple(int(size) for size in document["chunk_grid"]["configuration"]["chunk_shape"])
            codecs = [codec["name"] if isinstance(codec, dict) else codec for codec in document["codecs"]]
            endian = [(codec.get("configuration") or {}).get("endian") for codec in document["codecs"]]
            self._key = _key_of(document["chunk_key_encoding"], len(self.shape), path)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise StoreError(path, f"is not as taskloom writes it: {error!r}") from error
        if self.dtype not in STORED or document.get("zarr_format") != 3:
            raise StoreError(path, f"is of the type {self.dtype}; allowed: {', '.join(STORED)}, in Zarr's version 3")
        if codecs != ["bytes"] or endian[0] not in (None, "little"):
            raise StoreError(path, f"has the codecs {codecs}; this reader takes uncompressed little-endian values, [bytes]")
        if chunk[1:] != self.shape[1:] or min(chunk, default=0) < 1:
            raise StoreError(path, f"has chunks of shape {list(chunk)}; allowed: whole items, [n, ...{list(self.shape[1:])}]")
        self._chunk_shape, self.chunk_items = chunk, chunk[0]
        self.chunk_count = -(-self.shape[0] // self.chunk_items)
        self._forget()

    def _forget(self) -> None:
        self._open: OrderedDict[int, npt.NDArray[Any]] = OrderedDict()
        self._checked: set[int] = set()
        self._lock = threading.Lock()

    def __getstate__(self) -> dict[str, Any]:
        # Another process maps the chunks for itself.
        return {name: value for name, value in self.__dict__.items() if name not in ("_open", "_checked", "_lock")}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._forget()

    def read(self, numbers: npt.NDArray[np.int64]) -> npt.NDArray[Any]:
        result = np.empty((len(numbers), *self.shape[1:]), STORED[self.dtype].numpy)
        chunks = numbers // self.chunk_items
        for chunk in np.unique(chunks).tolist():
            here = chunks == chunk
            result[here] = self._chunk(chunk)[numbers[here] - chunk * self.chunk_items]
        return result

    def _chunk(self, number: int) -> npt.NDArray[Any]:
        with self._lock:
            chunk = self._open.pop(number, None)
            if chunk is None:
                chunk = self._map(number)
            self._open[number] = chunk
            if len(self._open) > _OPEN_CHUNKS:
                self._open.popitem(last=False)
            return chunk

    def _map(self, number: int) -> npt.NDArray[Any]:
        path = self._folder / self._key.format(number)
        dtype = STORED[self.dtype].numpy
        expected = math.prod(self._chunk_shape) * dtype.itemsize
        if not path.is_file():
            raise StoreError(str(path), "is missing: run taskloom generate again, or copy the whole store")
        size = path.stat().st_size
        if size != expected:
            raise StoreError(str(path), f"has {size} bytes, not {expected}: taskloom verify lists what is damaged")
        if self.digests and number not in self._checked:
            digest = hashlib.sha256(path.read_bytes()).hexdigest()
            if digest != self.digests[number]:
                raise StoreError(str(path), f"has SHA-256 {digest}, the manifest {self.digests[number]}: it is damaged")
            self._checked.add(number)
        return np.memmap(path, dtype, "r", shape=self._chunk_shape)


def _key_of(encoding: Any, dimensions: int, path: str) -> str:
    """Where chunk {} of an array lies in its folder."""
    name = encoding["name"]
    separator: str = (encoding.get("configuration") or {}).get("separator", "/" if name == "default" else ".")
    if name not in ("default", "v2") or separator not in ("/", "."):
        raise StoreError(path, f'has the chunk keys {show(encoding)}; allowed: "default" or "v2", with "/" or "."')
    return separator.join([*(["c"] if name == "default" else []), "{}", *["0"] * (dimensions - 1)])
