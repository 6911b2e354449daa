"""Reads tables: a row is a video, and each column a field of it, by its name or by the user's map.

A row becomes a job object of the reference format, so sizes, lengths, times and status words are read as from any
server.
"""

from __future__ import annotations

import csv
import io
import json
from difflib import get_close_matches
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from catalog.errors import ConfigError
from catalog.fields import TABLE
from catalog.ingest.formats import Reader
from catalog.ingest.items import FACETS, Item, admit, refuse
from catalog.ingest.texts import MAX_LINE, NOT_UTF16, UTF16_MARKS
from catalog.prompts.given import is_facet_name
from catalog.wire.parse import parse_videos

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from io import BufferedReader

    from catalog.ingest.formats import File

# `metadata.KEY` and `facet.NAME`: a column for one key of an object of the job.
GROUPS = {"metadata": "metadata", "facet": FACETS}
BETWEEN_VALUES = ";"  # in a cell of `facet.NAME`
LEFT_OUT = ""
REPORTED = "reported"  # the basis of a cost that the provider named; estimates are computed, not imported

# A field of a video, and its key in a job object.
FIELDS = {column.name: column.key for column in TABLE if column.key} | {
    "size": "size",
    "cost_basis": LEFT_OUT,
    "facets": FACETS,
    "extra": "extra",
}
# Other headings that can only mean one field.
SYNONYMS = {heading: column.name for column in TABLE for heading in column.headings}
# Columns that an export of a library has besides, and that a library works out for itself.
DERIVED = frozenset({column.name for column in TABLE if column.recorded} - FIELDS.keys()) | {
    "ref",
    "flaws",
    "tags",
    "links",
}
_JSON = {FIELDS[column.name] for column in TABLE if column.type in {list, dict} and column.name in FIELDS} | {FACETS}
_DELIMITERS = ",;\t"
_SUFFIXES = frozenset({".csv", ".tsv"})


class _NoColumn(ValueError):
    """A header cannot be used; the message says what to do."""


def check_columns(columns: Mapping[str, str]) -> None:
    """Raise ConfigError for a map with a target that is not a field."""
    for header, target in columns.items():
        if target not in FIELDS and target != LEFT_OUT and not _is_member(target):
            raise ConfigError(f"column {header!r} cannot go to {target!r}: no such field{_suggest(target)}")


def _read(stream: BufferedReader, file: File) -> Iterator[Item]:
    """The videos of a table, by line; a column that is not a field refuses the whole table."""
    csv.field_size_limit(MAX_LINE)
    is_utf16 = stream.read(2) in UTF16_MARKS
    stream.seek(0)
    encoding, errors = ("utf-16", "strict") if is_utf16 else ("utf-8-sig", "surrogateescape")
    with io.TextIOWrapper(stream, encoding, errors=errors, newline="") as text:
        try:
            yield from _read_table(text, file.columns)
        except UnicodeError:
            yield refuse(None, NOT_UTF16)


READER = Reader("csv", _SUFFIXES, lambda file, _: file.suffix in _SUFFIXES, _read)


def _read_table(text: io.TextIOWrapper, columns: Mapping[str, str]) -> Iterator[Item]:
    first = text.readline(MAX_LINE)
    if not first:
        yield refuse(None, "the file is empty")
        return
    text.seek(0)
    rows = csv.reader(text, delimiter=max(_DELIMITERS, key=first.count))
    try:
        targets = _read_header(next(rows, []), columns)
    except (csv.Error, _NoColumn) as error:
        yield refuse(None, str(error))
        return
    while True:
        try:
            row = next(rows, None)
        except csv.Error as error:
            yield refuse(rows.line_num, f"not CSV: {error}")
            continue
        if row is None:
            return
        if any(cell.strip() for cell in row):
            yield _read_row(row, targets, rows.line_num)


def _read_header(header: Sequence[str], columns: Mapping[str, str]) -> list[str]:
    """The field that each column goes to; raises _NoColumn with the name of a column that cannot be used."""
    targets: list[str] = []
    for name in (cell.strip() for cell in header):
        word = name.lower().replace(" ", "_")
        target = columns.get(name, SYNONYMS.get(word, LEFT_OUT if word in DERIVED or not name else word))
        if target not in FIELDS and target != LEFT_OUT and not _is_member(target):
            advice = f'map it with --column "{name}=FIELD", or leave it out with --column "{name}="'
            raise _NoColumn(f"column {name!r} is not a field of a video{_suggest(word)}: {advice}")
        targets.append(target)
    twice = next((target for target in targets if target and targets.count(target) > 1), None)
    if twice is not None:
        raise _NoColumn(f'two columns go to {twice}: leave one out with --column "NAME="')
    if "remote_id" not in targets:
        raise _NoColumn('no column has the id of the video: map one with --column "NAME=remote_id"')
    return targets


def _is_member(target: str) -> bool:
    group, _, name = target.partition(".")
    return group in GROUPS and (is_facet_name(name) if GROUPS[group] == FACETS else bool(name))


def _suggest(word: str) -> str:
    close = get_close_matches(word.lower(), [*FIELDS, *SYNONYMS], n=1)
    return f" (did you mean {SYNONYMS.get(close[0], close[0])}?)" if close else ""


def _read_row(row: Sequence[str], targets: Sequence[str], line: int) -> Item:
    if len(row) > len(targets):
        return refuse(line, f"{len(row)} cells, but {len(targets)} columns")
    cells = {target: cell.strip() for target, cell in zip(targets, row, strict=False) if target and cell.strip()}
    if any(not cell.isascii() and not _is_text(cell) for cell in cells.values()):
        return refuse(line, "not UTF-8")
    if "remote_id" not in cells:
        return refuse(line, "the row has no id")
    return admit(parse_videos(_to_job(cells)).videos[0], line, form=READER.name)


def _to_job(cells: Mapping[str, str]) -> dict[str, Any]:
    """The cells of a row, by target, as a job object.

    A column outranks the same key in `extra`, and a column for one key of an object outranks the column for all of it.
    """
    job: dict[str, Any] = {"object": "video"}
    for target in sorted(cells, key=_rank):
        key, member = _path_of(target)
        value = _read_cell(key, member, cells[target])
        if key == "extra" and isinstance(value, dict):
            job = value | job
        elif isinstance(value, dict) and isinstance(job.get(key), dict):
            job[key] = job[key] | value
        else:
            job[key] = value
    job.pop(LEFT_OUT, None)
    if "provider_status" in cells:
        job["status"] = cells["provider_status"]
    if cells.get("cost_basis", REPORTED) != REPORTED:
        job.pop("cost", None)
    return job


@lru_cache
def _rank(target: str) -> int:
    return 0 if target == "extra" else 1 + (_path_of(target)[1] != "")


@lru_cache
def _path_of(target: str) -> tuple[str, str]:
    """The key of the job object, and the key in its object or an empty text."""
    group, _, name = target.partition(".")
    if name:
        return GROUPS[group], name
    key, _, member = FIELDS[target].partition(".")
    return key, member


def _read_cell(key: str, member: str, cell: str) -> Any:
    if member:
        return {member: _split(cell) if key == FACETS else cell}
    return _read_json(cell) if key in _JSON else cell


def _split(cell: str) -> list[str]:
    """The values of a facet in one cell."""
    return [value.strip() for value in cell.split(BETWEEN_VALUES) if value.strip()]


def _read_json(cell: str) -> Any:
    """The value of a cell that may hold JSON, as an export of a library writes it."""
    try:
        return json.loads(cell) if cell[0] in "[{" else cell
    except (ValueError, RecursionError):
        return cell


def _is_text(cell: str) -> bool:
    return not any("\ud800" <= character <= "\udfff" for character in cell)
