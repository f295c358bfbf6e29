"""JSON as JavaScript reads and writes it: a recipe has the same text, and so the same digest, in both languages."""

from __future__ import annotations

import json
import math
from typing import Any

__all__ = ["parse", "plain", "write"]

#: Levels of nesting that a document may have. The deepest that taskloom writes has about ten.
_MAX_DEPTH = 64


def parse(data: str | bytes) -> Any:
    """Parses JSON that somebody else may have written. Raises ValueError for anything else, and for deep nesting."""

    def refuse(name: str) -> Any:
        raise ValueError(f"{name} is not JSON")

    text = data.decode("utf-8", "replace") if isinstance(data, bytes) else data
    try:
        value = json.loads(text.removeprefix("\ufeff"), parse_constant=refuse)
    except RecursionError:
        raise ValueError(f"nested deeper than {_MAX_DEPTH} levels") from None
    level = [value]
    depth = 0
    while level:
        if depth > _MAX_DEPTH:
            raise ValueError(f"nested deeper than {_MAX_DEPTH} levels")
        parents = [part for part in level if isinstance(part, (dict, list))]
        children = [child for part in parents for child in (part.values() if isinstance(part, dict) else part)]
        level = [child for child in children if isinstance(child, (dict, list))]
        depth += 1
    return _numbers(value)


def plain(value: Any) -> Any:
    """A value as JSON has it: tuples and mappings become lists and dicts, NumPy's numbers those of Python.

    Raises ValueError for what JSON does not hold.
    """
    if value is None or isinstance(value, (bool, str)):
        return value
    if hasattr(value, "item") and getattr(value, "ndim", 0) == 0:
        value = value.item()
    if isinstance(value, (bool, int)):
        return value
    if isinstance(value, float):
        if not math.isfinite(value):
            raise ValueError(f"{value} is not JSON")
        return _number(value)
    if hasattr(value, "keys"):
        return {str(key): plain(value[key]) for key in value.keys()}
    if isinstance(value, (list, tuple)) or hasattr(value, "tolist"):
        return [plain(part) for part in (value.tolist() if hasattr(value, "tolist") else value)]
    raise ValueError(f"{type(value).__name__} is not JSON")


def write(value: Any, indent: int | None = None, _level: int = 0) -> str:
    """The text that JSON.stringify makes of a value, with this indentation."""
    if isinstance(value, bool) or value is None or isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, (int, float)):
        return _digits(value)
    inner, outer = ("", "") if indent is None else ("\n" + " " * indent * (_level + 1), "\n" + " " * indent * _level)
    colon = ":" if indent is None else ": "
    if isinstance(value, dict):
        parts = [f"{inner}{write(str(key))}{colon}{write(part, indent, _level + 1)}" for key, part in value.items()]
        return "{" + ",".join(parts) + outer + "}" if parts else "{}"
    parts = [inner + write(part, indent, _level + 1) for part in value]
    return "[" + ",".join(parts) + outer + "]" if parts else "[]"


def _numbers(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _numbers(part) for key, part in value.items()}
    if isinstance(value, list):
        return [_numbers(part) for part in value]
    return _number(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else value


def _number(value: int | float) -> int | float:
    """A number as a float64 has it. Integers of up to 53 bits are ints, -0 is 0."""
    if isinstance(value, int) and abs(value) < 2**53:
        return value
    try:
        as_float = float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf
    return int(as_float) if as_float.is_integer() and abs(as_float) < 2**53 else as_float


def _digits(value: int | float) -> str:
    """A number as JavaScript writes it: the shortest digits, exponents below 1e-6 and from 1e21 on."""
    if isinstance(value, int) and abs(value) < 2**53:
        return str(value)
    text = repr(float(value))
    sign = "-" if text.startswith("-") else ""
    mantissa, _, exponent = text.removeprefix("-").partition("e")
    whole, _, fraction = mantissa.partition(".")
    fraction = "" if fraction == "0" else fraction
    digits = (whole + fraction).lstrip("0")
    if not digits:
        return "0"
    # The number is 0.digits * 10^point.
    point = len(whole) + int(exponent or 0) - (len(whole + fraction) - len(digits))
    digits = digits.rstrip("0")
    if 0 < point <= 21:
        body = digits.ljust(point, "0") if len(digits) <= point else f"{digits[:point]}.{digits[point:]}"
    elif -6 < point <= 0:
        body = f"0.{'0' * -point}{digits}"
    else:
        rest = f".{digits[1:]}" if len(digits) > 1 else ""
        body = f"{digits[0]}{rest}e{'+' if point > 0 else '-'}{abs(point - 1)}"
    return sign + body
