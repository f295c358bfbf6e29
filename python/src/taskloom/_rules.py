"""The rules between the fields of a recipe, and between a recipe and its examples: docs/recipe.md."""

from __future__ import annotations

from typing import Any, Mapping

import numpy as np
import numpy.typing as npt

from ._layout import classes_of, layout_of
from .errors import InvalidOptionError

__all__ = ["check_examples", "check_fields"]

Fields = Mapping[str, Any]
_MAX_TORCH_SAMPLES = 2**24


def check_fields(recipe: Fields) -> None:
    """Raises InvalidOptionError for the first field that does not fit the others."""

    def refuse(field: str, allowed: str) -> None:
        raise InvalidOptionError(field, recipe.get(field), allowed)

    end = recipe["taskOffset"] + recipe["taskCount"]
    if end > 2**32:
        raise InvalidOptionError("taskOffset + taskCount", end, "at most 2**32, as task indices have 32 bits")
    for name, share in _shares(recipe).items():
        steps = [step for step, _ in share] if isinstance(share, list) else []
        if any(a >= b for a, b in zip(steps, steps[1:])):
            raise InvalidOptionError(name, share, "schedules whose steps rise")
    if recipe["exampleRange"] and recipe["exampleRange"][0] >= recipe["exampleRange"][1]:
        refuse("exampleRange", "[start, stop] with start below stop")
    _check_sequences(recipe, refuse)
    token, layout = recipe["startToken"], recipe["labelLayout"]
    if token is not None and token >= recipe["specialTokens"]:
        refuse("startToken", f"an integer below specialTokens, which is {recipe['specialTokens']}, or null")
    if token is not None and layout != "shifted":
        refuse("startToken", f'null with labelLayout "{layout}"; only shifted labels have a first position')
    if recipe["generator"] == "torch":
        why = 'with generator "torch", whose notebook has no other way; use "chacha8"'
        if recipe["drawSequence"] and not recipe["replacement"]:
            refuse("replacement", f"true {why}")
        if recipe["episode"]:
            refuse("episode", f"null {why}")
        if recipe.get("samples", 0) > _MAX_TORCH_SAMPLES:
            refuse("samples", 'at most 2**24 with generator "torch", which draws them all before the first')
    originals = recipe["dataset"].get("originalLabels")
    if originals and len(originals) != recipe["dataset"]["classes"]:
        raise InvalidOptionError("dataset.originalLabels", originals, f"{recipe['dataset']['classes']} labels")


def _shares(recipe: Fields) -> dict[str, Any]:
    identity = {f"identity.{name}": share for name, share in recipe["identity"].items()}
    return {**identity, **({"fixed.share": recipe["fixed"]["share"]} if recipe["fixed"] else {})}


def _check_sequences(recipe: Fields, refuse: Any) -> None:
    episode = recipe["episode"]
    if not recipe["drawSequence"]:
        for field, value in (("labelLayout", "shifted"), ("labelFormat", "one-hot"), ("episode", None)):
            if recipe[field] != value:
                refuse(field, f"{value!r} where no sequences are drawn")
        return
    if "samples" in recipe:
        refuse("samples", "only with drawSequence false; sequences have samplesPerTask")
    if "sequenceLength" not in recipe:
        refuse("sequenceLength", "the number of positions of a sequence, as drawSequence is true")
    if episode:
        length = episode["ways"] * (episode["shots"] + episode["queries"])
        if recipe["sequenceLength"] != length:
            refuse("sequenceLength", f"{length} with this episode, ways * (shots + queries)")


def check_examples(recipe: Fields, labels: npt.NDArray[np.uint16], features: int, classes: int, name: str) -> None:
    """Raises InvalidOptionError where the selected examples do not fit.

    labels: those of the selected examples, below `classes`.
    """
    count = len(labels)
    layout = layout_of({**recipe, "examples": count})
    if recipe.get("examples") not in (None, count):
        raise InvalidOptionError("examples", recipe["examples"], f"{count}, which its selection leaves")
    episode = recipe["episode"]
    if layout.mode == "sequence" and not episode and not recipe["replacement"] and layout.length > count:
        raise InvalidOptionError("sequenceLength", layout.length, f"at most {count}, the examples, as replacement is false")
    if layout.items * layout.length >= 2**53:
        raise InvalidOptionError("taskCount * samplesPerTask", layout.items, "at most 2**53 positions in all")
    blocks = -(-features // 16)
    most = 2**28 // features if recipe["generator"] == "torch" else 2**32 // blocks
    if layout.out_features > most:
        raise InvalidOptionError("outFeatures", layout.out_features, f"at most {most} for {features} input features")
    if episode:
        if episode["ways"] > classes:
            raise InvalidOptionError("episode.ways", episode["ways"], f"at most {classes}, the classes of {name}")
        counts = np.bincount(labels, minlength=classes)
        fewest = int(counts.argmin())
        if episode["shots"] + episode["queries"] > counts[fewest]:
            raise InvalidOptionError(
                "episode.shots + episode.queries",
                episode["shots"] + episode["queries"],
                f"at most {counts[fewest]}, the examples of class {fewest} of {name}; leave it out with classSubset",
            )
    most = 65535 if recipe["labelFormat"] == "integer" else 65536
    values = classes_of(recipe) + recipe["specialTokens"]
    if values > most:
        raise InvalidOptionError("specialTokens", recipe["specialTokens"], f"at most {most - classes_of(recipe)}")
