"""JSON from bytes that somebody else wrote: what exactly is wrong with it, and how deep it nests. Pure.

What people saved is read strictly: nobody can know which of two values under one key counts. What a server answers is
read leniently, as servers really write it: the last value of a repeated key counts, NaN and Infinity are unknown
values, half a surrogate pair is U+FFFD.
"""

from __future__ import annotations

import json
import math
from typing import Any

MAX_DEPTH = 100  # levels of nesting; a server's deepest answer has 8


class Unreadable(ValueError):
    """Bytes that are not JSON, or not even text; the message says why, in a few words."""


def read_json(data: bytes, *, is_lenient: bool = False) -> Any:
    """The JSON value of UTF-8 bytes; raises Unreadable, with the line and column of the fault.

    A lenient reading also accepts a byte order mark and refuses what nests deeper than MAX_DEPTH. A strict one is for
    files of many values, whose depth the caller judges one by one.
    """
    try:
        if is_lenient:
            return _read_leniently(data.decode("utf-8-sig"))
        return _decode_strictly(data.decode())
    except Unreadable:
        raise
    except UnicodeDecodeError as error:
        raise Unreadable(f"not UTF-8: byte {error.start + 1} is {data[error.start]:#04x}") from error
    except json.JSONDecodeError as error:
        if not error.doc.strip():
            raise Unreadable("empty") from error
        where = f"line {error.lineno}, column {error.colno}" if error.lineno > 1 else f"column {error.colno}"
        raise Unreadable(f"not JSON: {error.msg} at {where}") from error
    except RecursionError as error:
        raise Unreadable("nested too deeply") from error
    except ValueError as error:
        raise Unreadable("not JSON: a number has too many digits") from error


class Unfinished(Unreadable):
    """A text that ends inside a JSON value."""


def read_next(text: str, start: int = 0, cut: int = 0) -> tuple[Any, int]:
    """The JSON value that begins at `start`, and where it ends: one value of several in a text, read strictly.

    Raises Unfinished where the text ends inside the value, else Unreadable. `cut` is how many of the last characters of
    the text may belong to a word or an escape that goes on after it.
    """
    try:
        return _decode_next(text, start)
    except Unreadable:
        raise
    except json.JSONDecodeError as error:
        is_unfinished = error.msg.startswith("Unterminated string") or error.pos >= len(text.rstrip()) - cut
        kind = Unfinished if is_unfinished else Unreadable
        raise kind(f"not JSON: {error.msg} at column {error.colno}") from error
    except RecursionError as error:
        raise Unreadable("nested too deeply") from error
    except ValueError as error:
        raise Unreadable("not JSON: a number has too many digits") from error


def is_too_deep(value: object) -> bool:
    """Whether JSON nests deeper than MAX_DEPTH; goes level by level, as recursion could overflow the stack."""
    level = [value] if isinstance(value, dict | list) else []
    for _ in range(MAX_DEPTH):
        level = [
            child
            for node in level
            for child in (node.values() if isinstance(node, dict) else node)
            if isinstance(child, dict | list)
        ]
        if not level:
            return False
    return True


def _read_leniently(text: str) -> Any:
    value = _decode_leniently(text)
    if is_too_deep(value):
        raise Unreadable("nested too deeply")
    return _mend(value) if "\\ud" in text or "\\uD" in text else value


def _mend(value: object) -> object:
    """The value with every half of a surrogate pair replaced."""
    if isinstance(value, str):
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, dict):
        return {_mend(key): _mend(child) for key, child in value.items()}
    if isinstance(value, list):
        return [_mend(child) for child in value]
    return value


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """The object, unless it says two things under one key."""
    members = dict(pairs)
    if len(members) < len(pairs):
        for key, value in pairs:
            if value != members[key]:
                raise Unreadable(f"the key {key[:40]!a} stands twice, with different values")
    return members


def _finite(text: str) -> float | None:
    number = float(text)
    return number if math.isfinite(number) else None


_strict = json.JSONDecoder(object_pairs_hook=_unique)
_decode_strictly, _decode_next = _strict.decode, _strict.raw_decode
_decode_leniently = json.JSONDecoder(parse_constant=lambda _: None, parse_float=_finite).decode
