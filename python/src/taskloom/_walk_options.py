"""Options of a walk: checked, with defaults filled in, or taken from a state."""

from __future__ import annotations

import math
import operator
from typing import Any, Mapping

from ._state import parse_state
from ._walk import Place, TaskOrder, Walk
from .errors import InvalidOptionError

__all__ = ["resolve_walk"]

_MAX = 2**32
_OPTIONS = (
    "batch_size", "shuffle", "chunk_items", "block_chunks", "epoch", "epochs", "reshuffle", "shard", "even", "drop_last",
    "state",
)  # fmt: skip
#: Options that must be the state's, and their fields in a state.
_SAME = {
    "shuffle": "shuffle",
    "chunk_items": "chunkItems",
    "block_chunks": "blockChunks",
    "reshuffle": "reshuffle",
    "drop_last": "dropLast",
    "epoch": "epoch",
}


def resolve_walk(options: Mapping[str, Any], recipe: str, order: TaskOrder, chunk_items: int | None) -> Walk:
    """The walk that options and a state name.

    chunk_items: sequences of a chunk of the store that is read; None for a recipe.
    Raises InvalidOptionError, or RecipeError for the state of another task set.
    """
    for name in options:
        if name not in _OPTIONS:
            raise InvalidOptionError(name, options[name], f"no option of this name; there are {', '.join(_OPTIONS)}")
    given = {name: value for name, value in options.items() if value is not None}
    _check(given)
    shard = _shard(given.get("shard"))
    if "state" in given:
        walk = _resumed(given, parse_state(given["state"], recipe, order), shard)
    else:
        index, count = shard or (0, 1)
        shuffle = given.get("shuffle", False)
        chunks = shuffle == "chunks"
        epoch = given.get("epoch", 0)
        walk = Walk(
            batch_size=given.get("batch_size", 64),
            shuffle=shuffle,
            chunk_items=given.get("chunk_items", chunk_items) if chunks else None,
            block_chunks=given.get("block_chunks", 8) if chunks else None,
            reshuffle=given.get("reshuffle", True),
            drop_last=given.get("drop_last", False),
            even=given.get("even", "drop" if shard else False),
            index=index,
            count=count,
            start=Place(epoch, 0),
            end=_end(epoch, given.get("epochs", 1)),
        )
        for name in ("chunk_items", "block_chunks"):
            if name in given and not chunks:
                raise InvalidOptionError(name, given[name], 'only with shuffle="chunks"')
    if walk.shuffle == "chunks" and walk.chunk_items is None:
        raise InvalidOptionError("chunk_items", None, "the number of sequences of a chunk, as only a Zarr store has chunks of its own")
    if walk.shuffle == "tasks" and order.items_per_task == 0:
        raise InvalidOptionError("shuffle", "tasks", "True or False, as each sample has a task of its own")
    walk.check(order.items)
    return walk


def _resumed(given: Mapping[str, Any], state: Mapping[str, Any], shard: tuple[int, int] | None) -> Walk:
    for name, field in _SAME.items():
        if name in given and (given[name] != state.get(field) or type(given[name]) is not type(state.get(field))):
            allowed = f"{state.get(field)!r}, as in the state; or leave it to the state"
            raise InvalidOptionError(name, given[name], allowed)
    ranks, consumed = state["ranks"], state["consumed"]
    if "shard" in state:
        # Version 1 is of a single reader.
        own = (state["shard"]["index"], state["shard"]["count"])
        if shard not in (None, own):
            raise InvalidOptionError("shard", shard, f"{own}, as in the state, which is of that reader alone")
        if given.get("batch_size", state["batchSize"]) != state["batchSize"]:
            raise InvalidOptionError("batch_size", given["batch_size"], f"{state['batchSize']}, as in the state")
        shard = own
    elif shard is None and ranks > 1:
        raise InvalidOptionError("shard", None, f"(index, count), as the state is of {ranks} readers and names none")
    index, count = shard or (0, 1)
    if "even" not in given and "shard" not in state and ranks == 1 and state["even"] is False and count > 1:
        raise InvalidOptionError("even", None, '"drop", "pad" or False, as the state is of one reader and says False')
    size = given.get("batch_size")
    if size is None:
        size, rest = divmod(state["batchSize"] * ranks, count)
        if rest or size > _MAX:
            whole = f"the global batch of {ranks} x {state['batchSize']}"
            raise InvalidOptionError("batch_size", None, f"a number to be given: {count} readers cannot share {whole}")
    if consumed % count:
        allowed = f"a number that divides {consumed}, the sequences consumed in this epoch; or finish it with {ranks}"
        raise InvalidOptionError("shard.count", count, allowed)
    if consumed % (size * count):
        allowed = f"a number whose product with the {count} readers divides {consumed}, the sequences consumed in this epoch"
        raise InvalidOptionError("batch_size", size, allowed)
    epochs = given.get("epochs", math.inf if state["epochs"] is None else state["epochs"])
    return Walk(
        batch_size=size,
        shuffle=state["shuffle"],
        chunk_items=state.get("chunkItems"),
        block_chunks=state.get("blockChunks"),
        reshuffle=state["reshuffle"],
        drop_last=state["dropLast"],
        even=given.get("even", state["even"]),
        index=index,
        count=count,
        start=Place(state["epoch"], consumed),
        end=_end(state["epoch"], epochs),
    )


def _end(epoch: int, epochs: float) -> int | None:
    if epochs == math.inf:
        return None
    end = epoch + int(epochs)
    if end > _MAX:
        raise InvalidOptionError("epoch + epochs", end, "at most 2**32, as epochs have 32 bits; or epochs=math.inf")
    return end


def _integer(given: dict[str, Any], name: str, low: int, high: int) -> None:
    if name not in given:
        return
    try:
        value = operator.index(given[name])
    except TypeError:
        value = low - 1
    if isinstance(given[name], bool) or not low <= value <= high:
        raise InvalidOptionError(name, given[name], f"an integer from {low} to {high}")
    given[name] = value


def _check(given: dict[str, Any]) -> None:
    _integer(given, "batch_size", 1, _MAX)
    _integer(given, "epoch", 0, _MAX - 1)
    _integer(given, "chunk_items", 1, 2**53 - 1)
    _integer(given, "block_chunks", 1, _MAX)
    if given.get("epochs") != math.inf:
        _integer(given, "epochs", 1, _MAX)
    for name in ("reshuffle", "drop_last"):
        if name in given and not isinstance(given[name], bool):
            raise InvalidOptionError(name, given[name], "True or False")
    for name, allowed in (("shuffle", (True, False, "tasks", "chunks")), ("even", ("drop", "pad", False))):
        # By type as well, as 1 == True.
        if name in given and not any(type(given[name]) is type(one) and given[name] == one for one in allowed):
            raise InvalidOptionError(name, given[name], " or ".join(map(repr, allowed)))


def _shard(given: Any) -> tuple[int, int] | None:
    if given is None:
        return None
    try:
        index, count = (given["index"], given["count"]) if isinstance(given, Mapping) else given
        index, count = operator.index(index), operator.index(count)
    except (TypeError, ValueError, KeyError):
        raise InvalidOptionError("shard", given, "(index, count): this reader and the number of readers") from None
    if not 0 <= index < count <= _MAX:
        raise InvalidOptionError("shard", given, "(index, count) with index from 0 to count - 1, and count to 2**32")
    return index, count
