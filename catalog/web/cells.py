"""Cells of CSV that a spreadsheet would run: those are written as text."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

# https://owasp.org/www-community/attacks/CSV_Injection, and what spreadsheets skip or fold before they look.
_FORMULA = re.compile(r"[\t\r\n]|[\s\x00-\x20\ufeff\u200b]*+[=+\-@\uff1d\uff0b\uff0d\uff20]")
_QUOTED = ('"', ",", "\r", "\n")
_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?")


def safe_cell(value: Any) -> Any:
    """The value; a text that a spreadsheet would run, with an apostrophe before it. Numbers stay numbers."""
    if isinstance(value, str) and _FORMULA.match(value) and not _NUMBER.fullmatch(value):
        return f"'{value}"
    return value


class SafeWriter:
    """What `csv.writer` returns, with safe cells.

    That one looks at each character by itself, and holds up the whole program for a second over one cell of 30 MB.
    """

    def __init__(self, target: Any) -> None:
        self._target = target

    def writerow(self, row: Iterable[Any]) -> Any:
        """Write one row, and return what the target's `write` returns."""
        cells = [_quoted("" if value is None else str(safe_cell(value))) for value in row]
        return self._target.write((",".join(cells) if cells != [""] else '""') + "\r\n")


def _quoted(cell: str) -> str:
    is_plain = not any(mark in cell for mark in _QUOTED)
    return cell if is_plain else '"' + cell.replace('"', '""') + '"'
