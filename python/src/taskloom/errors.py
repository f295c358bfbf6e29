"""The errors of this package. Each message says what was given, what is allowed and what to do."""

from __future__ import annotations

from typing import Any

__all__ = [
    "DatasetError",
    "EngineError",
    "InvalidOptionError",
    "OutOfRangeError",
    "RecipeError",
    "StoreError",
    "TaskloomError",
    "show",
]


def show(value: Any, most: int = 80) -> str:
    """A value in a message: its repr, cut to a length."""
    text = repr(value)
    return text if len(text) <= most else text[: most - 3] + "..."


class TaskloomError(Exception):
    """The base of every error that this package raises on purpose. `code` is the same in every version."""

    code = "TASKLOOM"


class InvalidOptionError(TaskloomError, ValueError):
    """An argument is outside what is allowed."""

    code = "INVALID_OPTION"

    def __init__(self, option: str, given: Any, allowed: str) -> None:
        super().__init__(f"{option} is {show(given)}; allowed: {allowed}")
        self.option, self.given, self.allowed = option, given, allowed

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.option, self.given, self.allowed)


class OutOfRangeError(TaskloomError, IndexError):
    """An index is beyond the set."""

    code = "INVALID_OPTION"


class _SourceError(TaskloomError, ValueError):
    def __init__(self, source: str, problem: str) -> None:
        super().__init__(f"{source}: {problem}")
        self.source, self.problem = source, problem

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.source, self.problem)


class DatasetError(_SourceError):
    """A file or array of a dataset is missing, malformed, or contradicts another one."""

    code = "DATASET"


class RecipeError(_SourceError):
    """A recipe cannot be read: foreign, damaged, newer than this version, or made from another dataset."""

    code = "RECIPE"


class StoreError(_SourceError):
    """A store, or a part of one, cannot be read: missing, damaged, foreign or newer."""

    code = "STORE"


class EngineError(TaskloomError, RuntimeError):
    """The module cannot be loaded, lacks memory, or fails."""

    code = "BACKEND"
