"""Options of a task set, as `taskloom.recipe` takes them, and the recipe that they make with a dataset."""

from __future__ import annotations

import math
from typing import Any, Mapping

from ._json import plain
from ._plan import plan_of
from ._recipe import VERSION, Recipe
from ._schema import filled, problem_of, recipe_schema
from .dataset import Dataset
from .errors import InvalidOptionError

__all__ = ["OPTIONS", "recipe"]

_PRESETS: dict[str, dict[str, Any]] = {
    "notebook": {
        "generator": "chacha8", "standardDeviation": "1/n", "inputScaling": "unit", "replacement": True,
    },
    "paper": {
        "generator": "chacha8", "standardDeviation": "1/sqrt(n)", "inputScaling": "standard", "replacement": False,
    },
    "notebook-torch": {
        "generator": "torch", "standardDeviation": "1/n", "inputScaling": "notebook", "replacement": True,
    },
}  # fmt: skip

#: The name of each option, and of the field of a recipe that it makes.
OPTIONS = {
    "task_count": "taskCount",
    "task_offset": "taskOffset",
    "seed": "seed",
    "preset": "preset",
    "draw_sequence": "drawSequence",
    "sequence_length": "sequenceLength",
    "samples_per_task": "samplesPerTask",
    "samples": "samples",
    "out_features": "outFeatures",
    "replacement": "replacement",
    "generator": "generator",
    "standard_deviation": "standardDeviation",
    "input_scaling": "inputScaling",
    "output_scaling": "outputScaling",
    "identity": "identity",
    "fixed": "fixed",
    "tasks_per_step": "tasksPerStep",
    "label_layout": "labelLayout",
    "label_format": "labelFormat",
    "special_tokens": "specialTokens",
    "start_token": "startToken",
    "example_range": "exampleRange",
    "class_subset": "classSubset",
    "episode": "episode",
    "dtype": "dtype",
}

_DEFAULTS: dict[str, Any] = {
    "taskCount": 1, "taskOffset": 0, "drawSequence": True, "samplesPerTask": 1, "dtype": "float32",
    "identity": {"projection": False, "permutation": False},
}  # fmt: skip

#: Options that may be left out by None where recipes do not have null.
_ABSENT = {"samples", "outFeatures", "sequenceLength"}


def recipe(dataset: Dataset, **options: Any) -> Recipe:
    """The recipe of a task set. The options are those of README.md, in snake case; what is left out has the preset's value.

    Raises InvalidOptionError for an option that is unknown or out of bounds, or does not fit the others or the dataset.

    >>> tasks = taskloom.recipe(mnist, task_count=2**32, seed=42, preset="paper")  # doctest: +SKIP
    """
    if not isinstance(dataset, Dataset):
        raise InvalidOptionError("dataset", dataset, "a taskloom.Dataset; make one by read_idx, read_npz or Dataset.of")
    given = {}
    for name, value in options.items():
        if name == "target_dtype":
            raise InvalidOptionError(name, value, "an option of open_tasks: it changes no value, so that recipes do not hold it")
        if name not in OPTIONS:
            raise InvalidOptionError(name, value, f"no option of this name; there are {', '.join(OPTIONS)}")
        field = OPTIONS[name]
        if value is None and field in _ABSENT:
            continue
        given[field] = _checked(name, field, value)
    preset = given.pop("preset", "notebook")
    episode = given.get("episode")
    length = episode["ways"] * (episode["shots"] + episode["queries"]) if episode else 100
    scaling_is_default = "inputScaling" not in given
    fields: dict[str, Any] = {
        "format": "taskloom-recipe", "version": VERSION, "stream": 1, "preset": preset, "seed": "0",
        "outFeatures": dataset.features, "sequenceLength": length, **_DEFAULTS, **_PRESETS[preset], **given,
    }  # fmt: skip
    if fields["drawSequence"]:
        if "samples" in fields:
            raise InvalidOptionError("samples", fields["samples"], "only with draw_sequence=False; see samples_per_task")
    else:
        del fields["sequenceLength"], fields["samplesPerTask"]
    fields["standardDeviation"] = {
        "1/n": 1 / dataset.features, "1/sqrt(n)": 1 / math.sqrt(dataset.features),
    }.get(fields["standardDeviation"], fields["standardDeviation"])  # fmt: skip
    if fields["inputScaling"] == "standard":
        mean, deviation = dataset.moments()
        if not deviation > 0:
            raise InvalidOptionError("input_scaling", "standard", f"another one: all values of {dataset.name} are equal")
        fields["inputScaling"] = {"mean": mean, "standardDeviation": deviation}
    fields["dataset"] = {
        "name": dataset.name, "shape": list(dataset.images.shape), "dtype": str(dataset.images.dtype),
        **({} if dataset.scale is None else {"scale": dataset.scale}),
        "classes": dataset.classes, **({"originalLabels": list(dataset.original_labels)} if dataset.original_labels else {}),
        "digest": dataset.digest(),
    }  # fmt: skip
    if scaling_is_default and fields["inputScaling"] == "unit":
        _refuse_undivided(dataset, preset)
    plan = plan_of(Recipe(fields), dataset)
    return Recipe({**fields, "examples": len(plan.examples)})


def _refuse_undivided(dataset: Dataset, preset: str) -> None:
    if dataset.images.dtype.kind != "f" or dataset.images.min() < 0 or dataset.images.max() <= 1:
        return
    raise InvalidOptionError(
        "input_scaling",
        "unit",
        f'"unit" by name for {dataset.name}, whose float values reach {dataset.images.max()} where the preset "{preset}" '
        'expects pixels from 0 to 1. Divide them by 255, or give input_scaling="standard", {"mean", "standard_deviation"}, '
        'or "unit" to take them as they are',
    )


def _checked(name: str, field: str, value: Any) -> Any:
    """The value of an option as recipes have it."""
    try:
        value = plain(value)
    except ValueError as error:
        raise InvalidOptionError(name, value, f"what JSON holds; {error}") from error
    if field == "seed":
        if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 2**64:
            raise InvalidOptionError(name, value, "an integer from 0 to 2**64 - 1")
        return str(value)
    if field == "identity":
        return _identity(name, value)
    if field == "standardDeviation" and value in ("1/n", "1/sqrt(n)"):
        return value
    if field == "inputScaling":
        if value == "standard":
            return value
        if isinstance(value, Mapping) and "standard_deviation" in value:
            value = {("standardDeviation" if key == "standard_deviation" else key): part for key, part in value.items()}
    schema = recipe_schema()["properties"][field]
    problem = problem_of(value, schema)
    if problem is None:
        result = filled(value, schema)
        if field == "fixed" and result and isinstance(result["share"], bool):
            result["share"] = int(result["share"])
        return result
    rest = {"standardDeviation": ', "1/n" or "1/sqrt(n)"', "inputScaling": ' or "standard"'}.get(field, "")
    path = ".".join(filter(None, (name, problem.path)))
    allowed = {"missing": "given", "unknown": "no field of this name"}.get(problem.allowed, problem.allowed + rest)
    raise InvalidOptionError(path, problem.given, allowed)


def _identity(name: str, value: Any) -> dict[str, Any]:
    schema = recipe_schema()["properties"]["identity"]["properties"]["projection"]
    shares = value if isinstance(value, dict) else {"projection": value, "permutation": value}
    result: dict[str, Any] = {"projection": False, "permutation": False}
    for part, share in shares.items():
        if part not in result:
            raise InvalidOptionError(f"{name}.{part}", share, "no field of this name; there are projection, permutation")
        problem = problem_of(share, schema)
        if problem:
            raise InvalidOptionError(f"{name}.{part}", share, problem.allowed)
        # All and none are written as booleans.
        result[part] = share if isinstance(share, (bool, list)) or share not in (0, 1) else bool(share)
    return result
