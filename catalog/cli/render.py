"""Output for people and programs: lines, tables, trees and JSON.

Prompts and error messages come from strangers, so the characters that a terminal obeys or that reverse text never get
through: text loses them, JSON escapes them and means the same. Answers go to standard output, remarks to standard
error. Rich is loaded only when a terminal shows a table or a bar, JSON only when it is asked for: every command pays
for what this module loads.
"""

from __future__ import annotations

import re
import sys
from contextlib import contextmanager
from itertools import accumulate, takewhile
from typing import TYPE_CHECKING, Any
from unicodedata import combining, east_asian_width

import click

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from datetime import datetime

    from catalog.reports import Progress

    Part = str | tuple[str, str]

# Controls of the second set, marks and overrides of direction, separators of lines, halves of surrogate pairs.
_OBEYED = "\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff"
_IN_JSON = re.compile(f"[{_OBEYED}]")
_IN_TEXT = re.compile(f"[\x00-\x1f{_OBEYED}]")
_BLANKS = "\t\n\r\u2028\u2029"

_STYLES: dict[str, dict[str, Any]] = {
    "name": {"bold": True},
    "faint": {"dim": True},
    "completed": {"fg": "green"},
    "failed": {"fg": "red"},
    "ok": {"fg": "green"},
    "failing": {"fg": "red"},
    "suspect": {"fg": "yellow"},
}
_GUIDES = ("├── ", "└── ", "│   ", "    ")
_PLAIN_GUIDES = ("|-- ", "`-- ", "|   ", "    ")
NO_VALUE = "(none)"  # stands for the value of videos that have none
_COMPLAINED = "catalog.cli.complained"


class Interrupted(click.ClickException):
    """The user stopped the command."""

    exit_code = 130

    def show(self, file: Any = None) -> None:
        click.echo(f"\n{self.message}", file=file, err=True)


# Text


def plain(text: object) -> str:
    """The text on one line, without anything that a terminal obeys: blanks for line ends, `\\x1b` for an escape."""
    return _IN_TEXT.sub(lambda match: " " if match[0] in _BLANKS else _escape(match[0]), str(text))


def clip(text: str, width: int) -> str:
    """The text on one line of at most `width` columns, cut off with `…` where it is too long."""
    joined = " ".join(plain(text).split())
    if _columns(joined) <= width:
        return joined
    fitting = takewhile(lambda end: end < width, accumulate(map(_columns, joined)))
    return joined[: len(list(fitting))] + "…"


def moment(value: datetime | None) -> str:
    """The moment in UTC, to the second; empty for None."""
    return "" if value is None else f"{value:%Y-%m-%d %H:%M:%S}"


def amount(count: int, singular: str) -> str:
    """`1 video`, `2,000 videos`."""
    return f"{count:,} {singular}" if count == 1 else f"{count:,} {singular}s"


def number(value: float | None) -> str:
    """The number without needless zeros; empty for None."""
    return "" if value is None else f"{value:,.10g}"


def line_width() -> int:
    """How many columns a line of the listing may have."""
    import shutil

    return min(shutil.get_terminal_size((120, 24)).columns, 160)


# Standard output


def line(*parts: Part) -> None:
    """Print a line; a part is a text, or a text and the name of its style."""
    click.echo("".join(_styled(part) for part in parts))


def field(name: str, value: str) -> None:
    """Print a name and its value; the lines of a long value are aligned below each other."""
    lines = value.splitlines() or [""]
    for position, text in enumerate(lines):
        line((f"  {'' if position else name:<19} ", "faint"), text)


def gap() -> None:
    """Print an empty line."""
    click.echo()


def table(headings: Sequence[str], rows: Iterable[Sequence[object]], *, right: Iterable[str] = ()) -> None:
    """Print a table, fitted to the terminal where there is one; the columns named in `right` are aligned right."""
    cells = [[plain("" if value is None else value) for value in row] for row in rows]
    numeric = [heading in right for heading in headings]
    show = _show_rich_table if sys.stdout.isatty() else _show_text_table
    show(headings, cells, numeric)


def tree(root: Any, label: Callable[[Any], Sequence[Part]]) -> None:
    """Print a node and its `children` as a tree, each with its label."""
    guides = _GUIDES if _can_print("".join(_GUIDES)) else _PLAIN_GUIDES
    line(*label(root))
    for guide, node in _branches(root, guides):
        line((guide, "faint"), *label(node))


def document(value: Any, *, indent: int | None = 2) -> None:
    """Print records, or lists and mappings of them, as one JSON document."""
    import json

    from catalog.records import to_json

    text = json.dumps(to_json(value), ensure_ascii=not _can_print("東"), indent=indent)
    click.echo(_IN_JSON.sub(lambda match: f"\\u{ord(match[0]):04x}", text))


# Standard error


def note(message: str) -> None:
    """Print a remark."""
    click.echo(plain(message), err=True)


def complain(message: object) -> None:
    """Print an error that does not end the command; its exit status will be 1."""
    click.echo(f"Error: {plain(message)}", err=True)
    click.get_current_context().meta[_COMPLAINED] = True


def has_complained(ctx: click.Context) -> bool:
    """Whether `complain` was called."""
    return _COMPLAINED in ctx.meta


@contextmanager
def progress() -> Iterator[Progress | None]:
    """A callback that shows how far a journey is, with a bar per source; None unless a terminal shows it."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (
        TextColumn("{task.fields[source]}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.description}", markup=False),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bars:
        tasks: dict[str, Any] = {}

        def show(source: str, done: int, total: int | None, phase: str) -> None:
            if source not in tasks:
                tasks[source] = bars.add_task(phase, total=total, source=source)
            bars.update(tasks[source], completed=done, total=total, description=phase)

        yield show


def _escape(char: str) -> str:
    return f"\\x{ord(char):02x}" if ord(char) < 0x100 else f"\\u{ord(char):04x}"


def _styled(part: Part) -> str:
    text, style = (part, "") if isinstance(part, str) else part
    return click.style(plain(text), **_STYLES[style]) if style in _STYLES else plain(text)


def _columns(text: str) -> int:
    """How many columns of a terminal the text takes: two for each wide character, none for a combining one."""
    if text.isascii():
        return len(text)
    return sum(0 if combining(char) else 2 if east_asian_width(char) in "WF" else 1 for char in text)


def _can_print(text: str) -> bool:
    try:
        text.encode(sys.stdout.encoding or "utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _show_rich_table(headings: Sequence[str], rows: Sequence[Sequence[str]], numeric: Sequence[bool]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    drawn = Table(box=None, pad_edge=False, header_style="bold")
    for heading, is_numeric in zip(headings, numeric, strict=True):
        drawn.add_column(heading, justify="right" if is_numeric else "left", overflow="fold")
    for row in rows:
        drawn.add_row(*(Text(cell, style=_STYLES.get(cell, {}).get("fg", "")) for cell in row))
    Console().print(drawn)


def _show_text_table(headings: Sequence[str], rows: Sequence[Sequence[str]], numeric: Sequence[bool]) -> None:
    lines = [list(headings), *rows]
    widths = [max(map(_columns, column)) for column in zip(*lines, strict=True)]
    for cells in lines:
        padded = (
            " " * (width - _columns(cell)) + cell if is_numeric else cell + " " * (width - _columns(cell))
            for cell, width, is_numeric in zip(cells, widths, numeric, strict=True)
        )
        click.echo("  ".join(padded).rstrip())


def _branches(node: Any, guides: Sequence[str], before: str = "") -> Iterator[tuple[str, Any]]:
    """Every node below this one, with the lines that lead to it."""
    middle, last, passing, empty = guides
    for position, child in enumerate(node.children, 1):
        is_last = position == len(node.children)
        yield before + (last if is_last else middle), child
        yield from _branches(child, guides, before + (empty if is_last else passing))
