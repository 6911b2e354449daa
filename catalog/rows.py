"""Rows, both ways: a record's values as the library stores them, and the columns of `videos` as a Video."""

from __future__ import annotations

import json
import os
from datetime import datetime
from typing import TYPE_CHECKING, Any

from catalog.errors import SchemaError
from catalog.fields import TABLE
from catalog.records import FrozenDict, Video, freeze, read_utc, utc_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

COLUMNS = tuple(column.name for column in TABLE if column.recorded)
NEGATIVE_PROMPT = "coalesce(videos.negative_prompt, videos.avoided)"  # else what the prompt itself asks to avoid
SIZE = (  # as `Video.size`
    "CASE WHEN videos.width > 0 AND videos.height > 0 THEN videos.width || 'x' || videos.height "
    "ELSE videos.size_text END"
)
_COMPUTED = {"negative_prompt": f"{NEGATIVE_PROMPT} AS negative_prompt"}
SELECT_VIDEO = ", ".join(_COMPUTED.get(name, f"videos.{name}") for name in COLUMNS)
_BRIEF = {column.name: f"NULL AS {column.name}" for column in TABLE if column.type in {list, dict}}
SELECT_BRIEF = ", ".join((_COMPUTED | _BRIEF).get(name, f"videos.{name}") for name in COLUMNS)  # without lists and maps
_NOTHING = FrozenDict()
_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode


def read_video(row: Sequence[Any], annotation: Mapping[str, Any] | None = None, **attached: Iterable[Any]) -> Video:
    """The record of a row of SELECT_VIDEO or SELECT_BRIEF, with what other tables hold of it.

    `annotation` has what a person thinks of it: `rating verdict note`; the others are `tags links facets files inputs
    inherited collections`.

    Raises SchemaError for a row that the library cannot have written.
    """
    try:
        values = {name: read(value) if read else value for (name, read), value in zip(_READERS, row, strict=True)}
    except (TypeError, ValueError) as error:
        ref = f"{row[0]}:{row[1]}"
        raise SchemaError(f"the row of {ref} is damaged: run `catalog restore BACKUP`") from error
    records = {name: tuple(items) for name, items in attached.items()}
    return Video(**values, **(annotation or {}), **records)  # type: ignore[arg-type]  # as their names say


def _read_list(text: str | None) -> tuple[Any, ...]:
    return () if text is None else tuple(json.loads(text))


def _read_map(text: str | None) -> FrozenDict:
    return _NOTHING if text is None else freeze(dict(json.loads(text)))


_READER_OF: dict[type, Callable[[Any], Any]] = {datetime: read_utc, list: _read_list, dict: _read_map}
_READERS = tuple((column.name, _READER_OF.get(column.type)) for column in TABLE if column.recorded)


def stored(value: Any) -> Any:
    """The value as the library stores it: times and JSON as text, all text as UTF-8, empty containers as NULL."""
    convert = _STORED.get(type(value))
    return value if convert is None else convert(value)


def encodable(text: str) -> str:
    """The text with `?` in place of lone surrogates: UTF-8, and so SQLite, cannot hold them."""
    if text.isascii():
        return text
    return text.encode("utf-8", "replace").decode()


def stored_path(path: str) -> str | bytes:
    """A path, or a part of one, as the library stores it: text, and its bytes where these are not UTF-8."""
    return path if path.isascii() or _fits(path) else os.fsencode(path)


def read_path(value: str | bytes) -> str:
    """A path as the system takes it; bytes that are not UTF-8 are surrogates in it."""
    return value if isinstance(value, str) else os.fsdecode(value)


def json_text(value: Any) -> str:
    """The value as compact, valid JSON text; NaN and infinities, which JSON lacks, become null."""
    try:
        text = _encode(value)
    except ValueError:
        text = _encode(json.loads(json.dumps(value), parse_constant=lambda _: None))
    return text if text.isascii() or _fits(text) else json.dumps(value, separators=(",", ":"))


def _fits(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _json_or_null(value: Any) -> str | None:
    return json_text(value) if value else None


_STORED: dict[type, Callable[[Any], Any]] = {
    str: encodable,
    datetime: utc_text,
    dict: _json_or_null,
    list: _json_or_null,
    tuple: _json_or_null,
}
