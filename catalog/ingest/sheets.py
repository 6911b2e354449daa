"""Reads tables: a row is a video, and each column a field of it, by its name or by the user's map.

A row becomes a job object of the reference format, so sizes, times and status words are read as from any server;
`cells` reads what people write around numbers and dates first. The header is the first row that names the column of
the id: lines above it are titles, and a line `sep=;` names the separator.
"""

from __future__ import annotations

import csv
import io
import re
from difflib import get_close_matches
from functools import lru_cache
from itertools import chain
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from catalog.errors import ConfigError
from catalog.fields import TABLE
from catalog.ingest.cells import ORDERS, read_cell
from catalog.ingest.formats import Reader
from catalog.ingest.items import FACETS, Item, PassedOver, admit, refuse, refuse_value, unread_of
from catalog.ingest.rows import DELIMITERS, RowSize, find_fault, read_lines, take_sample
from catalog.ingest.texts import MAX_LINE, NOT_UTF16, encoding_of
from catalog.prompts.given import is_facet_name
from catalog.wire.documents import Unreadable, read_json
from catalog.wire.parse import parse_videos

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence
    from io import BufferedReader

    from catalog.ingest.formats import File
    from catalog.reports import Refusal

# `metadata.KEY`, `facet.NAME` and `extra.KEY`: a column for one key of an object of the job.
GROUPS = {"metadata": "metadata", "facet": FACETS, "extra": "extra"}
BETWEEN_VALUES = ";"  # in a cell of `facet.NAME`
LEFT_OUT, _UNKNOWN = "", "?"
REST, AUTO = "*", "auto"  # in a map: all columns that are neither in it nor known; and that they go to `extra`
REPORTED = "reported"  # the basis of a cost that the provider named; estimates are computed, not imported

# A field of a video, and its key in a job object.
FIELDS = {column.name: column.key for column in TABLE if column.key} | {
    "size": "size",
    "cost_basis": LEFT_OUT,
    "facets": FACETS,
    "extra": "extra",
}
# Other headings that can only mean one field: those that are listed, and the keys that servers use.
SYNONYMS = {
    **{key.lower(): column.name for column in TABLE for key in column.wire.split() if key.isidentifier()},
    **{heading: column.name for column in TABLE for heading in column.headings},
    "job_id": "remote_id",
}
# Columns that an export of a library has besides, and that a library works out for itself.
DERIVED = frozenset({column.name for column in TABLE if column.recorded} - FIELDS.keys()) | {
    "ref",
    "flaws",
    "tags",
    "links",
}
_JSON = {FIELDS[column.name] for column in TABLE if column.type in {list, dict} and column.name in FIELDS} | {FACETS}
_SUFFIXES = frozenset({".csv", ".tsv"})
_SEPARATOR_LINE = re.compile(r'"?sep=(.)"?\s*', re.IGNORECASE)
# A unit in a heading, `Cost ($)`, and the fields that have it anyway.
_UNIT = re.compile(r"(.*\S)\s*[(\[]\s*([^()\[\]]+?)\s*[)\]]")
_UNITS_OF = {
    "s sec secs seconds": ("seconds",),
    "$ usd us$": ("cost_usd",),
    "px pixels": ("width", "height", "size"),
    "%": ("progress",),
    "utc": ("created_at", "completed_at", "expires_at"),
}
_UNITS = {unit: fields for units, fields in _UNITS_OF.items() for unit in units.split()}
_LONGEST_ADVICE = 1000  # characters
MAX_COLUMNS = 2000


class _NoColumn(ValueError):
    """A header cannot be used; the message says what to do."""


class _Column(NamedTuple):
    """A column of a table: what it is called, and the field that it goes to; `number` counts from 1."""

    name: str
    target: str
    number: int

    @property
    def label(self) -> str:
        """The field, and the name of the column where that is another."""
        return self.target if _word_of(self.name) == self.target else f"{self.target} (column {self.name!r})"


def check_columns(columns: Mapping[str, str] | Literal["auto"] | None) -> Mapping[str, str]:
    """The map of columns; raises ConfigError for one with a target that is not a field."""
    if columns == AUTO:
        return {REST: "extra"}
    if isinstance(columns, str):
        raise ConfigError(f"columns are a map of header to field, or {AUTO!r}, not {columns!r}")
    for header, target in (columns or {}).items():
        if header == REST and target not in {"extra", LEFT_OUT}:
            raise ConfigError(
                f"all other columns ({REST}) can only go to 'extra', or be left out, not go to {target!r}"
            )
        if target not in FIELDS and target != LEFT_OUT and not _is_member(target):
            raise ConfigError(f"column {header!r} cannot go to {target!r}: no such field{_suggest(target)}")
    return columns or {}


def check_dates(dates: str | None) -> None:
    """Raise ConfigError for what is not an order of day, month and year."""
    if dates is not None and dates not in ORDERS:
        raise ConfigError(f"dates are in one of the orders {', '.join(ORDERS)}, not {dates!r}")


def _read(stream: BufferedReader, file: File) -> Iterator[Item]:
    """The videos of a table, by line; a column that is not a field refuses the whole table."""
    csv.field_size_limit(2 * MAX_LINE)  # a row that is too long is refused before
    encoding = encoding_of(stream.peek(4))
    errors = "surrogateescape" if encoding == "utf-8-sig" else "strict"
    text = io.TextIOWrapper(stream, encoding, errors=errors, newline="")
    try:
        yield from _read_table(text, file)
    except UnicodeError:
        yield refuse(None, NOT_UTF16)
    finally:
        text.detach()


READER = Reader("csv", _SUFFIXES, lambda file, _: file.suffix in _SUFFIXES, _read)


def _read_table(text: io.TextIOWrapper, file: File) -> Iterator[Item]:
    size = RowSize()
    sample, others = take_sample(read_lines(text, size), size)
    if not any(line.strip() for line in sample):
        yield refuse(None, "the file is empty" if (fault := find_fault(others)) is None else fault)
        return
    delimiter, above = _find_header(sample, file.columns)
    rows = csv.reader(chain(sample, others), delimiter=delimiter)
    size.delimiter = delimiter
    try:
        for _ in range(above):
            row = next(rows, [])
            is_title = any(cell.strip() for cell in row) and not _SEPARATOR_LINE.fullmatch(delimiter.join(row))
            yield from (PassedOver(),) * is_title
        columns = _read_header(next(rows, []), file.columns)
    except (csv.Error, _NoColumn) as error:
        yield refuse(rows.line_num if above else None, str(error), _LONGEST_ADVICE)
        return
    while True:
        size.start()
        try:
            row = next(rows)
        except csv.Error as error:
            yield refuse(rows.line_num, f"not CSV: {error}")
            continue
        except StopIteration:
            return
        if any(cell.strip() for cell in row):
            yield _read_row(row, columns, rows.line_num, file.dates)


def _find_header(sample: Sequence[str], columns: Mapping[str, str]) -> tuple[str, int]:
    """The delimiter, and how many rows stand above the header: the row with an id that has most known names."""
    named = _SEPARATOR_LINE.fullmatch(sample[0].strip("\r\n"))
    delimiters = named[1] if named else DELIMITERS
    best = (0, max(delimiters, key=sample[0].count), int(named is not None))
    for delimiter in delimiters:
        try:
            rows = list(csv.reader(sample, delimiter=delimiter))
        except csv.Error:
            continue
        for number, row in enumerate(rows):
            targets = [_target_of(cell.strip(), columns) for cell in row[:MAX_COLUMNS]]
            known = sum(target not in (None, LEFT_OUT) for target in targets)
            if "remote_id" in targets and known > best[0]:
                best = known, delimiter, number
    return best[1], best[2]


def _target_of(name: str, columns: Mapping[str, str]) -> str | None:
    """The field that a column of this name goes to; None where it is not known."""
    if name in columns:
        return columns[name]
    if (match := _UNIT.fullmatch(name)) and _UNITS.get(match[2].lower()):
        target = _target_of(match[1], {})
        return target if target in _UNITS[match[2].lower()] else None
    word = _word_of(name)
    if word in DERIVED or not name:
        return LEFT_OUT
    target = word if word in FIELDS else SYNONYMS.get(word, word)
    return target if target in FIELDS or _is_member(target) else None


def _word_of(name: str) -> str:
    return re.sub(r"[\s-]+", "_", name.lower())


def _read_header(header: Sequence[str], map_: Mapping[str, str]) -> list[_Column]:
    """The columns; raises _NoColumn that names every column that cannot be used."""
    if len(header) > MAX_COLUMNS:
        raise _NoColumn(f"more than {MAX_COLUMNS:,} columns")
    columns: list[_Column] = []
    for number, name in enumerate((cell.strip() for cell in header), 1):
        columns.append(_place(number, name, map_, {column.target for column in columns} - {LEFT_OUT}))
    unknown = [column.name for column in columns if column.target == _UNKNOWN]
    if unknown:
        raise _NoColumn(_explain_unknown(unknown))
    targets = [column.target for column in columns]
    twice = next((target for target in targets if target and targets.count(target) > 1), None)
    if twice is not None:
        raise _NoColumn(f'two columns go to {twice}: leave one out with --column "NAME="')
    if "remote_id" not in targets:
        raise _NoColumn('no column has the id of the video: map one with --column "NAME=remote_id"')
    return columns


def _place(number: int, name: str, map_: Mapping[str, str], taken: Collection[str]) -> _Column:
    """The column with the field that it goes to; one whose field is `taken` goes where the rest goes."""
    target = _target_of(name, map_)
    is_taken = target in taken
    if REST not in map_ or name in map_ or not (target is None or is_taken):
        return _Column(name, _UNKNOWN if target is None else target, number)
    kept = f"{name} (column {number})" if is_taken else name  # the key of the other one says another thing
    return _Column(name, f"extra.{kept}" if map_[REST] else LEFT_OUT, number)


def _explain_unknown(names: Sequence[str]) -> str:
    """What to do with the columns that are not fields."""
    listed = ", ".join(f"{name!r}{_suggest(_word_of(name)) if len(names) > 1 else ''}" for name in names)
    are = f"columns {listed} are not fields of a video"
    if len(names) == 1:
        are = f"column {listed} is not a field of a video{_suggest(_word_of(names[0]))}"
    name, which = (names[0], "it") if len(names) == 1 else ("NAME", "each")
    fields = ", ".join(sorted(field for field in FIELDS if field not in {"cost_basis", "extra"}))
    return (
        f'{are}: map {which} with --column "{name}=FIELD", leave it out with --column "{name}=", or keep all '
        f"such columns in extra with --columns auto. Fields: {fields}, metadata.KEY, facet.NAME, extra.KEY"
    )


def _is_member(target: str) -> bool:
    group, _, name = target.partition(".")
    return group in GROUPS and (is_facet_name(name) if GROUPS[group] == FACETS else bool(name))


def _suggest(word: str) -> str:
    close = get_close_matches(word.lower(), [*FIELDS, *SYNONYMS], n=1)
    return f" (did you mean {SYNONYMS.get(close[0], close[0])}?)" if close else ""


def _read_row(row: Sequence[str], columns: Sequence[_Column], line: int, dates: str | None) -> Item:
    if any(cell.strip() for cell in row[len(columns) :]):
        return refuse(line, f"{len(row)} cells, but {len(columns)} columns")
    filled = [(column, cell.strip()) for column, cell in zip(columns, row, strict=False) if cell.strip()]
    if any(not cell.isascii() and not _is_text(cell) for _, cell in filled):
        return refuse(line, "not UTF-8")
    cells: dict[str, Any] = {}
    unread: dict[str, Refusal] = {}  # by the key of the job object
    for column, cell in filled:
        if not column.name:
            name = f"column {column.number}"
            cells[f"extra.{name}"] = cell
            unread[name] = refuse_value(line, name, cell, ": the column has no name")
        elif column.target:
            try:
                value = read_cell(column.target, cell, dates)
            except ValueError as error:
                value = None
                cells |= _set_aside(column.target, cell)
                unread[FIELDS[column.target]] = _refuse_cell(line, column, cell, error)
            cells |= {} if value is None else {column.target: value}
    if "remote_id" not in cells:
        return refuse(line, "the row has no id")
    video = parse_videos(_to_job(cells)).videos[0]
    others = (refusal for refusal in unread_of(video, line) if refusal.field not in unread)
    return admit(video, line, form=READER.name, unread=[*unread.values(), *others])


def _set_aside(target: str, cell: str) -> dict[str, Any]:
    """An unread cell as it is kept: under its key, or under another where the parser would take it for something."""
    try:
        float(cell)
    except ValueError:
        return {target: cell}
    return {"extra.unread": {target: cell}}


def _refuse_cell(line: int, column: _Column, cell: str, error: ValueError) -> Refusal:
    """A refusal of one cell, with the field and the column that it stands in."""
    advice = str(error) if str(error).startswith(":") else ""
    return refuse_value(line, column.target, cell, advice, label=column.label)


def _to_job(cells: Mapping[str, Any]) -> dict[str, Any]:
    """The cells of a row, by target, as a job object.

    A column outranks the same key in `extra`, and a column for one key of an object outranks the column for all of it.
    """
    job: dict[str, Any] = {"object": "video"}
    for target in sorted(cells, key=_rank):
        key, member = _path_of(target)
        value = _read_value(key, member, cells[target])
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
    key, member = _path_of(target)
    return 0 if key == "extra" else 1 + (member != "")


@lru_cache
def _path_of(target: str) -> tuple[str, str]:
    """The key of the job object, and the key in its object or an empty text."""
    group, _, name = target.partition(".")
    if name:
        return GROUPS[group], name
    key, _, member = FIELDS[target].partition(".")
    return key, member


def _read_value(key: str, member: str, cell: Any) -> Any:
    if member:
        return {member: _split(cell) if key == FACETS else cell}
    return _read_json(cell) if key in _JSON and isinstance(cell, str) else cell


def _split(cell: str) -> list[str]:
    """The values of a facet in one cell."""
    return [value.strip() for value in cell.split(BETWEEN_VALUES) if value.strip()]


def _read_json(cell: str) -> Any:
    """The value of a cell that may hold JSON, as an export of a library writes it."""
    try:
        return read_json(cell.encode(), is_lenient=True) if cell[0] in "[{" else cell
    except Unreadable:
        return cell


def _is_text(cell: str) -> bool:
    return not any("\ud800" <= character <= "\udfff" for character in cell)
