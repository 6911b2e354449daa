"""How the unfinished last word of a query may go on: `mod` to `model:`, `model:so` to `model:sora-2`.

What is read does not grow with the library: values come from an index, one step for each, or from the newest videos.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from catalog.organising import BEST, VERDICTS
from catalog.reading.names import list_beginning
from catalog.search.facets import EFFECTIVE
from catalog.search.fields import FIELDS, Fields
from catalog.search.query import Value

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from catalog.database import Reader
    from catalog.search.fields import Field

_NEWEST = 5000  # videos whose values stand for those of a column without an index
_END = "\U0010ffff"
_NAME = r"[A-Za-z][A-Za-z0-9_-]*"
_WORD = re.compile(rf"(?P<minus>-?)(?:(?P<name>{_NAME}(?:\.{_NAME})?):)?(?P<text>.*)", re.DOTALL)
_BARE = re.compile(r"[\w./@+%][\w./@+%:=-]*")

_INDEXED = frozenset({"model", "status", "source"})


def complete_word(connection: Reader, word: str, limit: int) -> list[str]:
    """The words that the last word of a query may become; values are at most `limit`.

    Where there are more, the last of them is among the answers, so that what all answers begin with is common to all.
    """
    match = _WORD.match(word)
    if match is None or '"' in word:
        return []
    minus, name, text = match.group("minus", "name", "text")
    fields = Fields(connection)
    if name is None:
        return sorted(f"{minus}{known}:" for known in fields.list_names() if known.startswith(text))
    field = fields.find(name)
    if field is None:
        return []
    value = text.rpartition(",")[2]
    before = word[: len(word) - len(value)]
    return [before + _write(found) for found in _bound(list_values(connection, field, value, limit), limit)]


def list_values(connection: Reader, field: Field, beginning: str, limit: int) -> Iterable[str]:
    """Values of the field that begin so: the first `limit` of an index and its last, or those of the newest videos."""
    if field.kind in {"presence", "absence"}:
        effective = [name for name in Fields(connection).list_names() if name.startswith(EFFECTIVE)]
        names = [*(name for name, known in FIELDS.items() if known.has_value), *effective]
        return (name for name in names if name.startswith(beginning))
    if field.kind == "claim":
        from catalog.search.claims import CLAIMS

        return (name for name in CLAIMS if name.startswith(beginning))
    if lister := _LISTERS.get(field.name, _LISTERS.get(field.kind)):
        return lister(connection, beginning, limit)
    if field.kind in {"credentials", "mark"}:
        return _list_present(connection, field, beginning)
    if field.is_prompt_facet:
        return _walk(connection, "value", "facet_values WHERE facet = :facet", beginning, limit, {"facet": field.plain})
    if field.name in _INDEXED:
        return _walk(connection, field.name, "videos WHERE 1", beginning, limit)
    return _list_newest(connection, field, beginning)


def _list_present(connection: Reader, field: Field, beginning: str) -> Iterable[str]:
    from catalog.bitmaps import read_field

    return [value for value, ids in read_field(connection, field.name).items() if ids and value.startswith(beginning)]


def _list_paths(connection: Reader, beginning: str, limit: int) -> Iterator[str]:
    return _walk(connection, "path", "collections WHERE 1", beginning, limit)


def _list_saved(connection: Reader, beginning: str, limit: int) -> Iterator[str]:
    return _walk(connection, "name", "saved_searches WHERE 1", beginning, limit)


def _list_ratings(_: Reader, beginning: str, __: int) -> Iterator[str]:
    return (str(rating) for rating in range(1, BEST + 1) if str(rating).startswith(beginning))


def _list_verdicts(_: Reader, beginning: str, __: int) -> Iterator[str]:
    return (verdict for verdict in VERDICTS if verdict.startswith(beginning))


def _list_tags(connection: Reader, beginning: str, limit: int) -> Iterator[str]:
    """Keys, also with the `=` before a value; behind a `=`, values of that key."""
    key, equals, value = beginning.partition("=")
    if equals:
        for known in _walk(connection, "value", "tags WHERE key = :key", value, limit, {"key": key}):
            yield f"{key}={known}"
        return
    for known in _walk(connection, "key", "tags WHERE 1", key, limit):
        yield known
        if next(_walk(connection, "value", "tags WHERE key = :key", "", 1, {"key": known}), None):
            yield f"{known}="


def _walk(
    connection: Reader, column: str, rows: str, beginning: str, limit: int, values: Mapping[str, str] | None = None
) -> Iterator[str]:
    """The values of an indexed column that begin so, from one to the next: the first ones, and the last of all."""
    known = {**(values or {}), "after": beginning, "last": beginning + _END}
    within = f"FROM {rows} AND {column} {{}} :after AND {column} <= :last"
    found = connection.execute(f"SELECT min({column}) {within.format('>=')}", known).fetchone()[0]
    for _ in range(limit):
        if found is None:
            return
        yield found
        known["after"] = found
        found = connection.execute(f"SELECT min({column}) {within.format('>')}", known).fetchone()[0]
    if found is not None:
        yield connection.execute(f"SELECT max({column}) {within.format('>')}", known).fetchone()[0]


def _list_newest(connection: Reader, field: Field, beginning: str) -> Iterator[str]:
    if not field.facet:
        return
    newest = f"(SELECT * FROM videos ORDER BY id DESC LIMIT {_NEWEST:d}) AS videos"
    for (value,) in connection.execute(f"SELECT DISTINCT {field.facet} FROM {newest}"):
        if value is not None and str(value).startswith(beginning):
            yield str(value)


# By the name of a field, or its kind.
_LISTERS: dict[str, Callable[[Reader, str, int], Iterable[str]]] = {
    "collection": _list_paths,
    "saved": _list_saved,
    "rating": _list_ratings,
    "verdict": _list_verdicts,
    "name": list_beginning,
    "kin": list_beginning,
    "tag": _list_tags,
}


def _bound(names: Iterable[str], limit: int) -> list[str]:
    ordered = sorted(set(names))
    return ordered if len(ordered) <= limit else [*ordered[: limit - 1], ordered[-1]]


def _write(value: str) -> str:
    """The value as a query writes it, in quotes where it needs them."""
    return value if _BARE.fullmatch(value) else str(Value(value, is_quoted=True))
