"""The state of a walk, as JSON: docs/loader.md, "State". One of JavaScript resumes here, and the other way round."""

from __future__ import annotations

import json
import re
from typing import Any, Mapping

from ._json import plain
from ._walk import Place, TaskOrder, Walk
from .errors import InvalidOptionError, RecipeError, show

__all__ = ["parse_state", "state_of"]

_VERSION = 2
_MAX = 2**53 - 1


def state_of(walk: Walk, place: Place, recipe: str, seed: int) -> dict[str, Any]:
    """The state of a whole training after a round: of all readers, not of one."""
    chunks = {"chunkItems": walk.chunk_items, "blockChunks": walk.block_chunks} if walk.shuffle == "chunks" else {}
    return {
        "format": "taskloom-loader",
        "version": _VERSION,
        "recipe": recipe,
        "shuffleSeed": str(seed),
        "shuffle": walk.shuffle,
        **chunks,
        "reshuffle": walk.reshuffle,
        "even": walk.even,
        "dropLast": walk.drop_last,
        "batchSize": walk.batch_size,
        "ranks": walk.count,
        "epoch": place.epoch,
        "epochs": None if walk.end is None else max(0, walk.end - place.epoch),
        "consumed": place.consumed,
    }


def _integer(low: int, high: int = _MAX) -> Any:
    def is_allowed(value: Any) -> bool:
        return isinstance(value, int) and not isinstance(value, bool) and low <= value <= high

    return is_allowed, f"an integer from {low} to {high}"


_FLAG = (lambda v: isinstance(v, bool), "true or false")
_DIGEST = (lambda v: isinstance(v, str) and re.fullmatch("[0-9a-f]{64}", v) is not None, "64 hexadecimal digits")
_SEED = (
    lambda v: isinstance(v, str) and re.fullmatch("0|[1-9][0-9]{0,19}", v) is not None and int(v) < 2**64,
    "the decimal digits of an integer from 0 to 2**64 - 1",
)
_EPOCHS = (lambda v: v is None or _integer(0)[0](v), "an integer from 0, or null")
_COMMON = {
    "recipe": _DIGEST,
    "shuffleSeed": _SEED,
    "reshuffle": _FLAG,
    "batchSize": _integer(1, 2**32),
    "dropLast": _FLAG,
    "epoch": _integer(0),
    "epochs": _EPOCHS,
}
_FIELDS: dict[int, dict[str, Any]] = {
    1: {
        **_COMMON,
        "shuffle": (lambda v: isinstance(v, bool) or v == "tasks", 'true, false or "tasks"'),
        "shard": (lambda v: isinstance(v, dict) and set(v) == {"index", "count"}, "{ index, count }"),
        "batch": _integer(0),
    },
    2: {
        **_COMMON,
        "shuffle": (lambda v: isinstance(v, bool) or v in ("tasks", "chunks"), 'true, false, "tasks" or "chunks"'),
        "chunkItems": _integer(1),
        "blockChunks": _integer(1),
        "even": (lambda v: v is False or v in ("drop", "pad"), '"drop", "pad" or false'),
        "ranks": _integer(1, 2**32),
        "consumed": _integer(0),
    },
}


def parse_state(value: Any, recipe: str, order: TaskOrder) -> dict[str, Any]:
    """Reads a state, a mapping or its JSON text.

    Returns the fields of version 2. One of version 1, which is of a single reader, has its `shard` besides.
    Raises InvalidOptionError when it is none or does not fit, and RecipeError when it belongs to another task set.
    """
    state = _mapping(value)
    if state.get("format") != "taskloom-loader":
        raise InvalidOptionError("state", value, 'what state() gave, with "format": "taskloom-loader"')
    version = state.get("version")
    fields = _FIELDS.get(version) if isinstance(version, int) and not isinstance(version, bool) else None
    if fields is None:
        raise InvalidOptionError("state.version", version, f"1 or {_VERSION}, which this version of taskloom reads")
    chunks = {"chunkItems", "blockChunks"} if state.get("shuffle") != "chunks" else set()
    for name, (is_allowed, allowed) in fields.items():
        if name in chunks:
            continue
        if name not in state or not is_allowed(state[name]):
            raise InvalidOptionError(f"state.{name}", state.get(name), allowed)
    unknown = sorted(set(state) - (set(fields) - chunks) - {"format", "version"})
    if unknown:
        raise InvalidOptionError(f"state.{unknown[0]}", state[unknown[0]], "no field of this name")
    if state["recipe"] != recipe:
        raise RecipeError("state", f"belongs to the task set {state['recipe']}; this one is {recipe}")
    if state["shuffle"] is not False and int(state["shuffleSeed"]) != order.seed:
        raise InvalidOptionError("shuffle_seed", order.seed, f"{state['shuffleSeed']}, as in the state")
    state = _of_version_1(state, order.items) if version == 1 else state
    if state["consumed"] >= order.items:
        raise InvalidOptionError("state.consumed", state["consumed"], f"below {order.items}, the sequences of the set")
    return state


def _mapping(value: Any) -> dict[str, Any]:
    try:
        state = plain(json.loads(value) if isinstance(value, (str, bytes)) else value)
    except (ValueError, RecursionError):
        state = None
    if not isinstance(state, dict):
        raise InvalidOptionError("state", value, "what state() gave, or its JSON text")
    return state


def _of_version_1(state: Mapping[str, Any], items: int) -> dict[str, Any]:
    shard = state["shard"]
    index, count = shard["index"], shard["count"]
    if not (_integer(0)[0](index) and _integer(1)[0](count) and index < count):
        raise InvalidOptionError("state.shard", show(shard), "{ index, count }, index below count")
    batch, epoch, epochs = state["batch"], state["epoch"], state["epochs"]
    if batch % count != index:
        raise InvalidOptionError("state.batch", batch, f"a batch of shard {index} of {count}")
    consumed = (batch - index) * state["batchSize"]
    if consumed >= items:
        epoch, consumed = epoch + 1, 0
        epochs = None if epochs is None else max(0, epochs - 1)
    kept = {name: value for name, value in state.items() if name != "batch"}
    return {**kept, "even": False, "ranks": count, "epoch": epoch, "epochs": epochs, "consumed": consumed}
