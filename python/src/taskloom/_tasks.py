"""Task sets: opened, indexed, and walked over in batches."""

from __future__ import annotations

import dataclasses
import operator
import os
from pathlib import Path
from typing import Any, Iterator, Mapping, Protocol, Union

import numpy as np
import numpy.typing as npt

from ._batches import Batches
from ._layout import Layout
from ._plan import plan_of
from ._read import read_folder, read_npz
from ._recipe import Recipe
from ._scaling import ScaledWeaver, scaling_of
from ._store import Store, open_store
from ._targets import checked_target_dtype, in_type
from ._walk import TaskOrder
from ._walk_options import resolve_walk
from ._weaver import Items, Weaver
from .dataset import Dataset
from .errors import InvalidOptionError, OutOfRangeError, RecipeError, show

__all__ = ["Arrays", "TaskSet", "open_tasks"]

Arrays = tuple[npt.NDArray[Any], ...]
Source = Union[str, "os.PathLike[str]", Mapping[str, Any], "TaskSet"]
Data = Union[Dataset, str, "os.PathLike[str]", None]


class _Weaves(Protocol):
    def weave(self, numbers: npt.NDArray[np.int64], threads: int | None = None) -> Items: ...


class TaskSet:
    """A task set: an indexed collection of sequences, or of examples where no sequences are drawn.

    `tasks[n]` is `(inputs, targets)`: inputs `[length, values]`, float32 or float16; targets `[length]`, uint8 or uint16,
    or of the `target_dtype`. `tasks[a:b]` and `tasks[[3, 1, 2]]` make many in one call: `[n, length, values]` and `[n, length]`. Where labels are
    integers in an array of their own, there are three arrays, `(inputs, targets, labels)`.

    Every call makes arrays of its own. Threads may share a set, and a set can be pickled.
    """

    def __init__(
        self, recipe: Recipe, weaver: _Weaves, shuffle_seed: int | None = None, target_dtype: str | None = None
    ) -> None:
        self.recipe = recipe
        self.layout: Layout = dataclasses.replace(recipe.layout, integers=target_dtype)
        self._weaver = weaver
        self._key = recipe.key
        seed = int(recipe["seed"]) if shuffle_seed is None else shuffle_seed
        self._order = TaskOrder(self.layout.items, self.layout.items_per_task, seed)

    def __len__(self) -> int:
        return self.layout.items

    def __repr__(self) -> str:
        layout = self.layout
        return f"<TaskSet of {layout.items}: {layout.dtype} {list(layout.input_shape)}, seed {self.recipe['seed']}>"

    @property
    def engine(self) -> str:
        """What makes the tasks: "compiled" or "wasmtime"; "store" where they are read."""
        return getattr(self._weaver, "engine", "store")

    def __getitem__(self, index: Any) -> Arrays:
        if not isinstance(index, (slice, list, tuple, range, np.ndarray)):
            return tuple(array[0] for array in self.items(np.array([self._number(index)])))
        return self.items(self._numbers(index))

    def __iter__(self) -> Iterator[Arrays]:
        return (self[n] for n in range(len(self)))

    def items(self, numbers: npt.NDArray[np.int64], threads: int | None = None) -> Arrays:
        """The sequences of these numbers, int64 `[n]`, each from 0 to len - 1: `(inputs, targets)`, or with labels.

        threads: how many work on it at most; by default as many as the set was opened with.
        """
        return tuple(array for array in self._weave(numbers, threads) if array is not None)

    def _weave(self, numbers: npt.NDArray[np.int64], threads: int | None = None) -> Items:
        return in_type(self._weaver.weave(numbers, threads), self.layout)

    def _number(self, index: Any) -> int:
        try:
            number = operator.index(index)
        except TypeError:
            raise InvalidOptionError("index", index, "an integer, a slice, or a list or array of integers") from None
        if not -len(self) <= number < len(self):
            raise OutOfRangeError(f"index {number}; allowed: -{len(self)} to {len(self) - 1}")
        return number % len(self)

    def _numbers(self, index: Any) -> npt.NDArray[np.int64]:
        if isinstance(index, slice):
            return np.arange(*index.indices(len(self)), dtype=np.int64)
        numbers = np.asarray(index)
        if numbers.size == 0:
            return np.empty(0, np.int64)
        if numbers.ndim != 1 or numbers.dtype.kind not in "iu":
            raise InvalidOptionError("index", index, "an integer, a slice, or a list or array of integers")
        low, high = int(numbers.min()), int(numbers.max())
        if low < -len(self) or high >= len(self):
            raise OutOfRangeError(f"indices from {low} to {high}; allowed: -{len(self)} to {len(self) - 1}")
        numbers = numbers.astype(np.int64)
        return np.where(numbers < 0, numbers + len(self), numbers)

    def batches(self, *, prefetch: int = 2, threads: int | None = None, **options: Any) -> Batches:
        """The batches of epochs, in the order of docs/loader.md: the same as those of the JavaScript loader.

        batch_size:   sequences of a batch. Default 64.
        shuffle:      True: sequences in an order of their own each epoch; "tasks": tasks, the sequences of one together;
                      "chunks": sequences within blocks of chunks. Default False.
        chunk_items, block_chunks: with "chunks": sequences of a chunk (the store's), chunks of a block (8).
        epoch, epochs: the first epoch, and how many; `math.inf` is a number. Defaults 0, 1.
        reshuffle:    False gives every epoch the order of epoch 0. Default True.
        shard:        `(index, count)`, this reader and the number of readers. Default: one reader.
        even:         "drop" or "pad": all readers have the same number of batches; False: each sequence once. Default:
                      "drop" with `shard`, else False.
        drop_last:    with `even=False`: leaves out a last batch of fewer sequences. Default False.
        state:        goes on where another iteration stood; the options above then come from it.
        prefetch:     batches made ahead while one is used; 0 for none.
        threads:      how many work on a batch.

        Raises InvalidOptionError for an option that is unknown, out of bounds, or not the state's.

        >>> for inputs, targets in tasks.batches(batch_size=64, shuffle=True):  # doctest: +SKIP
        ...     ...
        """
        if isinstance(prefetch, bool) or not isinstance(prefetch, int) or not 0 <= prefetch <= 1024:
            raise InvalidOptionError("prefetch", prefetch, "an integer from 0 to 1024")
        walk = resolve_walk(options, self._key, self._order, getattr(self._weaver, "chunk_items", None))
        return Batches(walk, self._order, self._key, lambda numbers: self._weave(numbers, threads), prefetch)


def open_tasks(
    source: Source,
    dataset: Data = None,
    *,
    engine: str | None = None,
    threads: int | None = None,
    shuffle_seed: int | None = None,
    target_dtype: Any = None,
    verify: bool = False,
) -> TaskSet:
    """Opens a task set: a recipe, whose tasks are made when they are asked for, or a store, whose tasks are read.

    source:       a recipe (from `taskloom.recipe`, a mapping, JSON text or a path that ends in .json), or the folder of a
                  store.
    dataset:      the dataset of a recipe: a Dataset, a folder with the four files of MNIST, or a path of an .npz file.
                  Examples beyond the recipe's are left out, and the digest is compared. A store does without.
    engine:       "compiled" or "wasmtime"; by default the first that is there, or that of TASKLOOM_ENGINE.
    threads:      how many make tasks; by default one for each processor.
    shuffle_seed: the seed of shuffled orders; by default the recipe's.
    target_dtype: the type of targets and labels: "uint8", "uint16", "int32" or "int64". By default uint8 up to 256 values,
                  else uint16. A store may have another one in its files.
    verify:       compares each chunk of a Zarr store with its digest when it is first read.

    Raises RecipeError, StoreError, DatasetError, InvalidOptionError or EngineError, all of them TaskloomErrors.

    >>> tasks = open_tasks("tasks/recipe.json", read_folder("mnist"))  # doctest: +SKIP
    """
    if shuffle_seed is not None and (isinstance(shuffle_seed, bool) or not 0 <= shuffle_seed < 2**64):
        raise InvalidOptionError("shuffle_seed", shuffle_seed, "an integer from 0 to 2**64 - 1")
    if threads is not None and (isinstance(threads, bool) or not isinstance(threads, int) or not 1 <= threads <= 1024):
        raise InvalidOptionError("threads", threads, "an integer from 1 to 1024, or None")
    found = _find(source, verify)
    kept = found.recipe if isinstance(found, Store) else found
    integers = checked_target_dtype(target_dtype, kept.layout)
    data = None if dataset is None else _dataset(dataset, kept)
    if isinstance(found, Store):
        if data is not None:
            _fitting(found.recipe, data, str(found.path))
        return TaskSet(kept, found, shuffle_seed, integers)
    if data is None:
        names = found["dataset"]
        wanted = f"{names['name']}, digest {names['digest']}, from which the recipe makes its tasks"
        raise InvalidOptionError("dataset", None, wanted)
    return TaskSet(found, _weaver(found, _fitting(found, data, found.source), engine, threads), shuffle_seed, integers)


def _find(source: Source, verify: bool) -> Recipe | Store:
    if isinstance(source, Recipe):
        return source
    if isinstance(source, Mapping):
        return Recipe(source)
    if isinstance(source, str) and source.lstrip().startswith("{"):
        return Recipe.parse(source)
    if not isinstance(source, (str, os.PathLike)):
        raise InvalidOptionError("source", source, "a recipe, its JSON text, or a path of a recipe or of a store")
    return Recipe.load(source) if os.fspath(source).lower().endswith(".json") else open_store(source, verify)


def _dataset(given: Data, recipe: Recipe) -> Dataset:
    if isinstance(given, Dataset):
        return given
    if not isinstance(given, (str, os.PathLike)):
        raise InvalidOptionError("dataset", given, "a taskloom.Dataset, or a path of a folder or an .npz file")
    kept = recipe["dataset"]
    classes = "compact" if kept.get("originalLabels") else kept["classes"]
    reader: Any = read_npz if Path(given).suffix == ".npz" else read_folder
    options = {"classes": classes, "limit": kept["shape"][0], "name": kept["name"]}
    scale = kept.get("scale")
    read: Dataset
    try:
        read = reader(given, **options, scale=scale)
    except InvalidOptionError as error:
        # float32 files are quantized as the recipe says.
        if error.option != "scale" or scale is None:
            raise
        read = reader(given, **options).quantized_by(16 if kept["dtype"] == "int16" else 8, scale)
    return read


def _fitting(recipe: Recipe, dataset: Dataset, source: str) -> Dataset:
    """The dataset without what it has beyond the recipe's. Raises RecipeError where it is another one."""
    kept = recipe["dataset"]
    if len(dataset) > kept["shape"][0]:
        dataset = dataset.head(kept["shape"][0])
    made = f"was made from {kept['name']}; the dataset given, {dataset.name},"
    for what, own, expected in (
        ("shape", list(dataset.images.shape), kept["shape"]),
        ("dtype", str(dataset.images.dtype), kept["dtype"]),
        ("scale", dataset.scale, kept.get("scale")),
        ("classes", dataset.classes, kept["classes"]),
        ("digest", dataset.digest(), kept["digest"]),
    ):
        if own != expected:
            raise RecipeError(source, f"{made} has {what} {show(own)}, not {show(expected)}")
    return dataset


def _weaver(recipe: Recipe, dataset: Dataset, engine: str | None, threads: int | None) -> _Weaves:
    try:
        scaling = scaling_of(recipe["outputScaling"], recipe.layout)
        plan = plan_of(recipe, dataset, None if scaling == "none" else "float32")
    except InvalidOptionError as error:
        raise RecipeError(recipe.source, f"asks for what cannot be: {error}") from error
    weaver = Weaver(plan, engine, threads)
    return weaver if scaling == "none" else ScaledWeaver(weaver, recipe.layout, scaling)
