"""Recipes: the small JSON that a task set follows from. docs/recipe.md describes every field."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import Any, Iterator, Mapping

from ._json import parse, plain, write
from ._layout import Layout, layout_of
from ._schema import filled, problem_of, recipe_schema
from .errors import RecipeError, show

__all__ = ["Recipe"]

VERSION = 1


class Recipe(Mapping[str, Any]):
    """A checked recipe, with every default filled in: a mapping from the fields of docs/recipe.md to their values.

    fields: the fields, as in JSON.
    source: what messages call it.

    Raises RecipeError for what is no recipe, has unknown fields, or is of a newer version. Rules between fields, and the
    dataset, are checked when the recipe is opened.

    >>> Recipe.load("tasks/recipe.json")["taskCount"]  # doctest: +SKIP
    1024
    """

    def __init__(self, fields: Mapping[str, Any], source: str = "recipe") -> None:
        try:
            value = plain(fields)
        except (ValueError, RecursionError) as error:
            raise RecipeError(source, f"cannot be written as JSON: {error}") from error
        self._fields: dict[str, Any] = _checked(value, source)
        self.source = source

    @staticmethod
    def parse(text: str | bytes, source: str = "recipe") -> Recipe:
        """Reads the JSON text of a recipe."""
        try:
            value = parse(text)
        except ValueError as error:
            raise RecipeError(source, f"is not JSON: {error}") from error
        return Recipe(value if isinstance(value, dict) else {}, source)

    @staticmethod
    def load(path: str | os.PathLike[str]) -> Recipe:
        """Reads a recipe's file."""
        try:
            data = Path(path).read_bytes()
        except OSError as error:
            raise RecipeError(os.fspath(path), f"cannot be read: {error.strerror or error}") from error
        return Recipe.parse(data, os.fspath(path))

    def save(self, path: str | os.PathLike[str]) -> None:
        """Writes the recipe as JSON, for taskloom in any language."""
        Path(path).write_text(self.to_json(indent=2) + "\n", encoding="utf-8")

    def to_json(self, indent: int | None = None) -> str:
        """The text that `JSON.stringify` makes of it."""
        return write(self._fields, indent)

    @property
    def key(self) -> str:
        """The identity of the tasks, 64 hex digits: the same for recipes that differ only in names. States name it."""
        contents = {k: v for k, v in self._fields["dataset"].items() if k not in ("name", "originalLabels")}
        fields = {**{k: v for k, v in self._fields.items() if k != "preset"}, "dataset": contents}
        return hashlib.sha256(write(_sorted(fields)).encode()).hexdigest()

    @property
    def layout(self) -> Layout:
        return layout_of(self)

    def __getitem__(self, field: str) -> Any:
        return self._fields[field]

    def __iter__(self) -> Iterator[str]:
        return iter(self._fields)

    def __len__(self) -> int:
        return len(self._fields)

    def __repr__(self) -> str:
        return f"Recipe({self.to_json()})"

    def __hash__(self) -> int:
        return hash(self.to_json())

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Recipe) and self._fields == other._fields


def _checked(value: Any, source: str) -> dict[str, Any]:
    kind, version = value.get("format"), value.get("version")
    if kind != "taskloom-recipe":
        raise RecipeError(source, f'is not a recipe: "format" is {show(kind)}, not "taskloom-recipe"')
    if version != VERSION or isinstance(version, bool):
        raise RecipeError(source, f"has version {show(version)}; this version of taskloom reads version {VERSION}")
    problem = problem_of(value, recipe_schema())
    if problem is None:
        recipe: dict[str, Any] = filled(value, recipe_schema())
        fixed = recipe["fixed"]
        if fixed and isinstance(fixed["share"], bool):
            fixed["share"] = int(fixed["share"])
        return recipe
    field = f'field "{problem.path}"'
    if problem.allowed == "missing":
        raise RecipeError(source, f"{field} is missing")
    if problem.allowed == "unknown":
        raise RecipeError(source, f"{field} is unknown to this version of taskloom")
    raise RecipeError(source, f"{field} is {show(problem.given)}; allowed: {problem.allowed}")


def _sorted(value: Any) -> Any:
    return {key: _sorted(value[key]) for key in sorted(value)} if isinstance(value, dict) else value
