"""JSON from bytes that somebody else wrote: what exactly is wrong with it, and how much it may become. Pure.

What people saved is read strictly: nobody can know which of two values under one key counts. What a server answers is
read leniently, as servers really write it: the last value of a repeated key counts, NaN and Infinity are unknown
values, half a surrogate pair is U+FFFD.

Bytes alone do not bound what JSON becomes: 30 MB of `{}` are ten million objects, and a gigabyte of memory. So the
values of a text are counted before it is read, and the depth and width of what it holds after.
"""

from __future__ import annotations

import json
import math
import re
from typing import Any

MAX_DEPTH = 100  # levels of nesting; a server's deepest answer has 8
MAX_VALUES = 1_000_000  # of one answer; a page of a thousand jobs has some 30,000
MOST_SAVED = 2_000_000  # values of one saved document, such as a list of a hundred thousand jobs
MAX_KEYS = 10_000  # keys of one object; a job has some 30
MAX_ITEMS = 100_000  # values of one list; a page has at most a thousand jobs

_STRING = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+"?', re.DOTALL)


class Unreadable(ValueError):
    """Bytes that are not JSON, or not even text; the message says why, in a few words."""


def read_json(data: bytes, *, is_lenient: bool = False) -> Any:
    """The JSON value of UTF-8 bytes; raises Unreadable, with the line and column of the fault.

    A lenient reading takes MAX_VALUES, accepts a byte order mark, and refuses what `find_excess` names. A strict one
    takes MOST_SAVED, for it is for files of many jobs, which the caller judges one by one.
    """
    try:
        if is_lenient:
            return _read_leniently(data.decode("utf-8-sig"))
        text = data.decode()
        require_few_values(text, MOST_SAVED)
        return _decode_strictly(text)
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


def require_few_values(text: str, most: int) -> None:
    """Raise Unreadable for JSON of more values than that, before it is read.

    They are counted by the commas and opening brackets outside strings; the time is linear, and no text is copied.
    """
    if len(text) <= most or text.count(",") + text.count("[") + text.count("{") < most:
        return
    count = position = 0
    while position < len(text) and count < most:
        start = text.find('"', position)
        end = len(text) if start < 0 else start
        count += text.count(",", position, end) + text.count("[", position, end) + text.count("{", position, end)
        string = _STRING.match(text, end)
        position = string.end() if string else end
    if count >= most:
        raise Unreadable(f"JSON of more than {most:,} values")


def find_excess(value: object) -> str | None:
    """What of a JSON value is too much, in words; None where nothing is: its depth, the keys of an object, a list.

    Goes level by level, as recursion could overflow the stack.
    """
    level = [value] if isinstance(value, dict | list) else []
    for _ in range(MAX_DEPTH):
        for node in level:
            if isinstance(node, dict):
                if len(node) > MAX_KEYS:
                    return f"an object of more than {MAX_KEYS:,} keys"
            elif len(node) > MAX_ITEMS:
                return f"a list of more than {MAX_ITEMS:,} values"
        level = [
            child
            for node in level
            for child in (node.values() if isinstance(node, dict) else node)
            if isinstance(child, dict | list)
        ]
        if not level:
            return None
    return f"nested too deeply, more than {MAX_DEPTH} levels"


def has_wide_object(value: object) -> bool:
    """Whether an object in a JSON value has more than MAX_KEYS keys; a map, which holds only objects, may have more."""
    waiting = [value]
    while waiting:
        node = waiting.pop()
        children = node.values() if isinstance(node, dict) else node if isinstance(node, list) else ()
        if isinstance(node, dict) and len(node) > MAX_KEYS and not all(isinstance(child, dict) for child in children):
            return True
        waiting += (child for child in children if isinstance(child, dict | list))
    return False


def _read_leniently(text: str) -> Any:
    require_few_values(text, MAX_VALUES)
    value = _decode_leniently(text)
    excess = find_excess(value)
    if excess:
        raise Unreadable(excess)
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
