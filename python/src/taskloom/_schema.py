"""recipe.schema.json, the JSON Schema of recipes, and as much of JSON Schema (draft-07) as it uses."""

from __future__ import annotations

import json
import math
import re
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

__all__ = ["Problem", "filled", "problem_of", "recipe_schema"]

Schema = dict[str, Any]


class Problem(NamedTuple):
    """The first thing that is wrong with a value."""

    #: The place in the value, such as "fixed.pool"; empty for the value itself.
    path: str
    #: "missing", "unknown", or what is allowed.
    allowed: str
    given: Any


@lru_cache(maxsize=1)
def recipe_schema() -> Schema:
    schema: Schema = json.loads((Path(__file__).parent / "recipe.schema.json").read_text(encoding="utf-8"))
    return schema


def problem_of(value: Any, schema: Schema, path: str = "") -> Problem | None:
    """The first part of a value that a schema does not allow, or None."""
    if "anyOf" in schema:
        problems = [problem_of(value, choice, path) for choice in schema["anyOf"]]
        if None in problems:
            return None
        # A problem further inside says more than that the value is of none of the kinds.
        deeper = [problem for problem in problems if problem and problem.path != path]
        return deeper[0] if deeper else Problem(path, " or ".join(map(_words, schema["anyOf"])), value)
    if not _fits(value, schema):
        return Problem(path, _words(schema), value)
    if isinstance(value, dict):
        return _object_problem(value, schema, path)
    if isinstance(value, list):
        return _list_problem(value, schema, path)
    return None


def _object_problem(value: dict[str, Any], schema: Schema, path: str) -> Problem | None:
    properties = schema.get("properties", {})
    prefix = f"{path}." if path else ""
    for name in schema.get("required", ()):
        if name not in value:
            return Problem(prefix + name, "missing", None)
    for name, part in value.items():
        if name not in properties:
            if schema.get("additionalProperties") is False:
                return Problem(prefix + name, "unknown", part)
            continue
        problem = problem_of(part, properties[name], prefix + name)
        if problem:
            return problem
    return None


def _list_problem(value: list[Any], schema: Schema, path: str) -> Problem | None:
    items = schema.get("items")
    parts = items if isinstance(items, list) else [items] * len(value) if items else []
    return next(filter(None, (problem_of(part, one, f"{path}.{i}") for i, (part, one) in enumerate(zip(value, parts)))), None)


_TYPES: dict[str, Any] = {
    "object": lambda v: isinstance(v, dict),
    "array": lambda v: isinstance(v, list),
    "string": lambda v: isinstance(v, str),
    "boolean": lambda v: isinstance(v, bool),
    "null": lambda v: v is None,
    "integer": lambda v: isinstance(v, int) and not isinstance(v, bool) and abs(v) < 2**53,
    "number": lambda v: isinstance(v, (int, float)) and not isinstance(v, bool) and math.isfinite(v),
}


def _fits(value: Any, schema: Schema) -> bool:
    """True if a value itself is allowed; its parts are checked elsewhere."""
    if "type" in schema and not _TYPES[schema["type"]](value):
        return False
    if "const" in schema and (value != schema["const"] or isinstance(value, bool) != isinstance(schema["const"], bool)):
        return False
    if "enum" in schema and not (isinstance(value, str) and value in schema["enum"]):
        return False
    if isinstance(value, str):
        return "pattern" not in schema or re.search(schema["pattern"].replace("$", r"\Z"), value) is not None
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        low, high, above = (schema.get(name) for name in ("minimum", "maximum", "exclusiveMinimum"))
        return (low is None or value >= low) and (high is None or value <= high) and (above is None or value > above)
    if isinstance(value, list):
        if not schema.get("minItems", 0) <= len(value) <= schema.get("maxItems", len(value)):
            return False
        if schema.get("additionalItems") is False and len(value) > len(schema["items"]):
            return False
        return not schema.get("uniqueItems") or len({json.dumps(part) for part in value}) == len(value)
    return True


def _words(schema: Schema) -> str:
    """What a schema allows, in words."""
    if "anyOf" in schema:
        return " or ".join(map(_words, schema["anyOf"]))
    if "const" in schema:
        return json.dumps(schema["const"])
    if "enum" in schema:
        return " or ".join(map(json.dumps, schema["enum"]))
    kind = schema.get("type", "a value")
    if kind == "object":
        return "{" + ", ".join(schema["properties"]) + "}"
    if kind == "array":
        items = schema.get("items", {})
        if isinstance(items, list):
            return "[" + ", ".join(map(_words, items)) + "]"
        different = "different " if schema.get("uniqueItems") else ""
        most = f" and at most {schema['maxItems']}" if "maxItems" in schema else ""
        return f"a list of {different}values, at least {schema.get('minItems', 0)}{most}, each {_words(items)}"
    if kind == "string":
        return f"text that matches {schema['pattern']}" if "pattern" in schema else "text"
    if kind in ("integer", "number"):
        name = "an integer" if kind == "integer" else "a number"
        if "exclusiveMinimum" in schema:
            return f"{name} above {schema['exclusiveMinimum']}"
        return f"{name} from {schema['minimum']} to {schema['maximum']}" if "minimum" in schema else name
    return {"null": "null", "boolean": "true or false"}.get(kind, str(kind))


def filled(value: Any, schema: Schema) -> Any:
    """An allowed value with its defaults filled in, the fields of objects in the order of the schema."""
    if "anyOf" in schema:
        return filled(value, next(choice for choice in schema["anyOf"] if problem_of(value, choice) is None))
    if not isinstance(value, dict):
        return value
    return {
        name: filled(value[name], part) if name in value else part["default"]
        for name, part in schema.get("properties", {}).items()
        if name in value or "default" in part
    }
