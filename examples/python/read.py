"""python examples/python/read.py [tasks]

Opens what `taskloom generate` wrote, in any format and with any options, by NumPy alone. Files are mapped into memory when
they are first touched, so that only what is read is loaded.

    tasks = Tasks("tasks")
    inputs, targets, *labels = tasks[-1]  # of a sequence: [100, 794] and [100]
"""

import json
import sys
from functools import lru_cache
from pathlib import Path

import numpy as np

# Mapped files kept open at a time, in each process: each is a file descriptor.
OPEN_FILES = 128
SAFETENSORS_TYPES = {"F32": "<f4", "F16": "<f2", "U8": "|u1", "U16": "<u2", "I32": "<i4", "I64": "<i8"}


class StoreError(Exception):
    """A folder is missing, unfinished, foreign or damaged; the message says which, and what to do."""


class Tasks:
    """The sequences of a folder: `tasks[i]` is `(inputs, targets)`, and `labels` behind them where the set has some.

    inputs: float32 or float16, `[length, values]`, the one-hot of the given label (by default the previous one) behind the
    projected values; targets: integers, `[length]`. Without sequences `[values]` and `[]`. All are copies, which can be
    written to. `tasks.recipe` says what they were made from.
    """

    def __init__(self, path):
        path = Path(path)
        self.onehot = True
        if (path / "zarr.json").exists():
            self.recipe, self.onehot, self.arrays = _open_zarr(path)
        elif (path / "tasks.safetensors").exists():
            self.recipe, self.arrays = _open_safetensors(path / "tasks.safetensors")
        elif (path / "recipe.json").exists():
            self.recipe, self.arrays = _open_npy(path)
        else:
            raise StoreError(f"{path}: none of zarr.json, tasks.safetensors and recipe.json is there: what is the folder of a set?")

    def __len__(self):
        return self.arrays["inputs"].items

    def __getitem__(self, item):
        item = int(item)
        if item < 0:
            item += len(self)
        if not 0 <= item < len(self):
            raise IndexError(f"sequence {item} of {len(self)}")
        inputs, targets, *labels = (np.array(array[item]) for array in self.arrays.values())
        if not self.onehot:
            inputs = with_one_hots(self.recipe, inputs, targets)
        return (inputs, targets, *labels)


def given_labels(recipe, targets):
    """The label that each position of a sequence is given, [length]; -1 where none is."""
    length, episode = len(targets), recipe.get("episode")
    given = np.full(length, -1)
    layout = recipe.get("labelLayout", "shifted")
    if layout == "shifted":
        given[1:] = targets[:-1]
        if recipe.get("startToken") is not None:
            given[0] = recipe["startToken"]
    elif layout == "query-last":
        hidden = episode["ways"] * episode["shots"] if episode and episode["queries"] else length - 1
        given[:hidden] = targets[:hidden]
    return given


def label_values(recipe):
    """The values that targets can have: 0 to this number, exclusive."""
    classes = len(recipe.get("classSubset") or range(recipe["dataset"]["classes"]))
    if recipe.get("episode") and recipe["episode"]["relabel"]:
        classes = recipe["episode"]["ways"]
    return classes + recipe.get("specialTokens", 0)


def with_one_hots(recipe, values, targets):
    """Projected values [length, width] with the one-hot of the given label behind each."""
    length, width = values.shape
    given = given_labels(recipe, targets)
    inputs = np.zeros((length, width + label_values(recipe)), values.dtype)
    inputs[:, :width] = values
    positions = np.flatnonzero(given >= 0)
    inputs[positions, width + given[positions]] = 1
    return inputs


def check_labels(recipe, inputs, targets, labels=None):
    """Compares the given labels of a sequence with its targets. Returns what was compared, in words."""
    if not recipe["drawSequence"] or recipe.get("labelLayout", "shifted") == "none":
        assert inputs.shape[-1] == recipe["outFeatures"] and labels is None
        return "no labels are given"
    if recipe.get("labelFormat", "one-hot") == "integer":
        given = given_labels(recipe, targets)
        assert (np.where(given < 0, label_values(recipe), given) == labels).all()
        return "labels are those of the targets"
    if recipe.get("outputScaling") == "notebook" and recipe["samplesPerTask"] > 1:
        return "label cells are standardized"
    expected = with_one_hots(recipe, inputs[:, : recipe["outFeatures"]], targets)
    assert (expected == inputs).all()
    return "label cells are those of the targets"


class _Array:
    """One array, `[items, ...shape]`, in files of whole items, which `place(number)` says the path and the offset of."""

    def __init__(self, items, shape, dtype, file_items, place, remedy):
        self.items, self.shape, self.dtype, self.file_items = items, tuple(shape), np.dtype(dtype), file_items
        self.place, self.remedy = place, remedy
        self.file = lru_cache(OPEN_FILES)(self._open)

    def _open(self, number):
        path, offset, whole = self.place[number] if isinstance(self.place, dict) else self._chunk(number)
        shape = (self.file_items, *self.shape)
        expected = offset + int(np.prod(shape)) * self.dtype.itemsize if whole is None else whole
        if not path.exists():
            raise StoreError(f"{path} is missing: {self.remedy}")
        if path.stat().st_size != expected:
            raise StoreError(f"{path} has {path.stat().st_size} bytes, not {expected}: taskloom verify lists what is bad")
        return np.memmap(path, dtype=self.dtype, mode="r", shape=shape, offset=offset)

    def _chunk(self, number):
        return self.place / "c" / "/".join(str(n) for n in [number] + [0] * len(self.shape)), 0, None

    def __getitem__(self, item):
        return self.file(item // self.file_items)[item % self.file_items]

    # Processes that are started by spawning get the description and map the files for themselves.
    def __getstate__(self):
        return {key: value for key, value in self.__dict__.items() if key != "file"}

    def __setstate__(self, state):
        self.__dict__.update(state)
        self.file = lru_cache(OPEN_FILES)(self._open)


def _open_zarr(path):
    attributes = _read_json(path / "zarr.json").get("attributes", {})
    layout = attributes.get("taskloom_store")
    if layout is None:
        raise StoreError(f"{path}: not a store of taskloom")
    if layout["version"] != 1:
        raise StoreError(f"{path}: a store of version {layout['version']}; this reader knows version 1")
    if not (path / "manifest.json").exists():
        raise StoreError(f"{path}: unfinished, as it has no manifest.json; run taskloom generate again")
    remedy = "finish the store (run taskloom generate again) or copy all of it"
    arrays = {}
    for name in layout["arrays"]:
        document = _read_json(path / name / "zarr.json")
        items, *shape = document["shape"]
        chunk_items, *rest = document["chunk_grid"]["configuration"]["chunk_shape"]
        if [codec["name"] for codec in document["codecs"]] != ["bytes"] or rest != shape:
            raise StoreError(f"{path / name}: compressed or cut in another way than taskloom does; open it with zarr")
        dtype = np.dtype(document["data_type"]).newbyteorder("<")
        arrays[name] = _Array(items, shape, dtype, chunk_items, path / name, remedy)
    return attributes["taskloom"], layout["onehot"], arrays


def _open_npy(path):
    arrays = {}
    for name in ["inputs", "targets", "labels"]:
        file = path / f"{name}.npy"
        if not file.exists():
            if name == "labels":
                continue
            raise StoreError(f"{file} is missing: generate the folder again")
        try:
            mapped = np.load(file, mmap_mode="r")
        except ValueError as error:
            raise StoreError(f"{file}: {error}; generate the folder again") from None
        items, *shape = mapped.shape
        place = {0: (file, mapped.offset, None)}
        arrays[name] = _Array(items, shape, mapped.dtype, items, place, "generate the folder again")
    return _read_json(path / "recipe.json"), arrays


def _open_safetensors(path):
    with path.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
        try:
            header = json.loads(file.read(min(length, 2**20)))
            recipe = json.loads(header["__metadata__"]["taskloom"])
        except (ValueError, KeyError):
            raise StoreError(f"{path}: not a file of taskloom") from None
    arrays = {}
    whole = 8 + length + max(header[name]["data_offsets"][1] for name in header if name != "__metadata__")
    for name in [name for name in ["inputs", "targets", "labels"] if name in header]:
        (items, *shape), (start, _) = header[name]["shape"], header[name]["data_offsets"]
        place = {0: (path, 8 + length + start, whole)}
        dtype = SAFETENSORS_TYPES[header[name]["dtype"]]
        arrays[name] = _Array(items, shape, dtype, items, place, "generate the folder again")
    return recipe, arrays


def _read_json(path):
    try:
        return json.loads(path.read_text())
    except FileNotFoundError:
        raise StoreError(f"{path} is missing: is this the folder of a store?") from None
    except ValueError as error:
        raise StoreError(f"{path}: not JSON ({error})") from None


def main():
    tasks = Tasks(sys.argv[1] if len(sys.argv) > 1 else "tasks")
    recipe = tasks.recipe
    shapes = ", ".join(f"{name} {(a.items, *a.shape)} {a.dtype.name}" for name, a in tasks.arrays.items())
    print(f"seed {recipe['seed']}, tasks from {recipe['taskOffset']}: {shapes}")
    inputs, targets, *labels = tasks[-1]
    deviation = inputs[..., : recipe["outFeatures"]].astype(np.float64).std()
    compared = check_labels(recipe, inputs, targets, *labels)
    print(f"the last of {len(tasks)}: projected deviation {deviation:.4f}, targets {targets.ravel()[:10]}; {compared}")


if __name__ == "__main__":
    main()
