"""Reads JSON: jobs in any server's format, recorded calls, the shapes of other programs, and their wrappings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from catalog.ingest import batch, calls, vault
from catalog.ingest.formats import Reader
from catalog.ingest.items import Item, PassedOver, refuse
from catalog.ingest.jobs import read_answer
from catalog.ingest.sequences import Value, read_values
from catalog.ingest.wrappings import unwrap
from catalog.reports import Refusal
from catalog.wire.documents import MAX_KEYS, has_wide_object

if TYPE_CHECKING:
    from collections.abc import Iterator
    from io import BufferedReader
    from pathlib import Path

    from catalog.ingest.formats import File, Shape

SHAPES: tuple[Shape, ...] = (  # the first that fits a value reads it
    vault.CHAINS,
    vault.EXPORT,
    calls.RECORDING,
    calls.PAIR,
    batch.LINE,
)

_LINES = frozenset({".jsonl", ".ndjson"})  # suffixes that promise one value per line
_DEEPEST = 8  # wrappings around a value
_WORTH_A_LOOK = 4 * MAX_KEYS  # bytes of a value that may hold an object of too many keys


def _read(stream: BufferedReader, file: File) -> Iterator[Item]:
    for value in read_values(stream, is_lines=file.suffix in _LINES, is_log=file.is_log):
        if not isinstance(value, Value):
            yield value
            continue
        if value.line is not None and file.form == READER.name:
            file.form = "log" if value.is_embedded else "jsonl"
        file.size += value.size
        if value.size > _WORTH_A_LOOK and has_wide_object(value.content):
            yield refuse(value.line, f"an object of more than {MAX_KEYS:,} keys")
            continue
        items = read_value(value.content, value.line, path=file.path)
        yield from _pass_over_others(items) if value.is_embedded else items


def _pass_over_others(items: Iterator[Item]) -> Iterator[Item]:
    """The items of a value among others: it need not have a job."""
    for item in items:
        yield PassedOver() if isinstance(item, Refusal) else item


READER = Reader("json", _LINES | {".json", ".har", ".log"}, lambda *_: True, _read)


def read_value(
    value: Any, line: int | None = None, *, path: Path, channel: str = "import", depth: int = _DEEPEST
) -> Iterator[Item]:
    """The items of a value in that file; those of a list at the top are numbered if the value has no line."""
    shape = find_shape(value, path)
    if shape is not None:
        yield from shape.read(value, line, channel)
    elif depth and isinstance(value, list):
        for number, item in enumerate(value, 1):
            yield from read_value(item, line or number, path=path, channel=channel, depth=depth - 1)
    elif _is_bare_page(value):
        yield from read_value(value["items"], line, path=path, channel=channel, depth=depth)
    elif depth and (inners := unwrap(value, path)) is not None:
        for inner in inners:
            items = read_value(inner.value, line, path=path, channel=channel, depth=depth - 1)
            yield from _pass_over_others(items) if inner.is_among_others else items
        if not inners:
            yield PassedOver()
    else:
        yield from read_answer(value, line, channel)


def find_shape(value: object, path: Path) -> Shape | None:
    """The shape that fits the value, None for one that may be a server's answer."""
    return next((shape for shape in SHAPES if shape.fits(value, path)), None)


def _is_bare_page(value: Any) -> bool:
    return (
        isinstance(value, dict) and isinstance(value.get("items"), list) and "id" not in value and "status" not in value
    )
