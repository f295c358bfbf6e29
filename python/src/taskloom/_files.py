"""The documents of a store, and its arrays as they say."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

from ._json import parse
from .errors import StoreError

__all__ = ["Found", "read_document", "read_json"]

#: Bytes that a document has at most.
_LIMIT = 64 * 2**20
MANIFEST_LIMIT = 2**29


class Found(NamedTuple):
    """An array as a file describes it."""

    name: str
    dtype: str
    shape: tuple[int, ...]


def read_document(path: Path, limit: int = _LIMIT) -> bytes:
    """Reads a file of text. Pipes and devices are refused, as opening one might not end."""
    try:
        if not path.is_file():
            raise StoreError(str(path), "is no file" if path.exists() else "is missing: finish the store, or copy all of it")
        if path.stat().st_size > limit:
            raise StoreError(str(path), f"has {path.stat().st_size} bytes; allowed: {limit}")
        return path.read_bytes()
    except OSError as error:
        raise StoreError(str(path), f"cannot be read: {error.strerror or error}") from error


def read_json(path: Path, limit: int = _LIMIT) -> tuple[dict[str, Any], bytes]:
    """Reads a JSON object and its bytes."""
    data = read_document(path, limit)
    try:
        value = parse(data)
    except ValueError as error:
        raise StoreError(str(path), f"is not JSON: {error}") from error
    if not isinstance(value, dict):
        raise StoreError(str(path), "is no JSON object")
    return value, data
