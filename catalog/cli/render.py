"""Output for people and programs: lines, tables, trees and JSON.

Prompts and error messages come from strangers, so the characters that a terminal obeys or that reverse text never get
through: text loses them, JSON escapes them and means the same. Answers go to standard output, remarks to standard
error. On a terminal, lines, tables and trees fit its width, and styles are colours unless NO_COLOR or TERM=dumb forbids
them; a pipe gets every cell whole and no colour. Rich is loaded only when a terminal shows a bar, JSON only when it is
asked for: every command pays for what this module loads.
"""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

from catalog import controls
from catalog.cli.fitting import cut, fit, flow, measure, pad
from catalog.cli.streams import OutputLost, drop_output

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from datetime import datetime

    from catalog.cli.fitting import Part
    from catalog.reports import ImportReport, Progress, SyncReport
    from catalog.upkeep_reports import Reindexed

_STYLES: dict[str, dict[str, Any]] = {
    "name": {"bold": True},
    "faint": {"dim": True},
    "completed": {"fg": "green"},
    "failed": {"fg": "red"},
    "ok": {"fg": "green"},
    "failing": {"fg": "red"},
    "suspect": {"fg": "yellow"},
    "interrupted": {"fg": "yellow"},
}
_NARROWEST, _PIPE = 20, 120  # columns of a line on the smallest terminal, and of a label where there is none
_LABEL = 22  # columns of the name of a field
GAP = "  "  # between what stands side by side
_GUIDES = ("├── ", "└── ", "│   ", "    ")
_PLAIN_GUIDES = ("|-- ", "`-- ", "|   ", "    ")
NO_VALUE = "(none)"  # stands for the value of videos that have none
_NOTABLE = 0.05  # seconds from which a phase is named
NOTHING = "nothing fits: leave a term out or end a word with *; `catalog sync` and `catalog import` bring videos in"
_COMPLAINED = "catalog.cli.complained"


class Interrupted(click.ClickException):
    """The command was told to end, with this exit status."""

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.exit_code = status  # type: ignore[misc]  # click reads it from the instance

    def show(self, file: Any = None) -> None:
        if sys.stderr.isatty():
            click.echo(file=file, err=True)  # ends the line on which the terminal shows ^C
        click.echo(self.message, file=file, err=True)


# Text

plain = controls.plain  # the text on one line, without anything that a terminal obeys


def clip(text: str, width: int) -> str:
    """The text on one line of at most `width` columns, cut off with `…` where it is too long."""
    return cut(" ".join(plain(text).split()), width)


def moment(value: datetime | None) -> str:
    """The moment in UTC, to the second, for a column that says UTC; empty for None."""
    return "" if value is None else f"{value:%Y-%m-%d %H:%M:%S}"


def amount(count: int, singular: str) -> str:
    """`1 video`, `2,000 videos`."""
    return f"{count:,} {singular}" if count == 1 else f"{count:,} {singular}s"


def number(value: float | None) -> str:
    """The number without needless zeros; empty for None."""
    return "" if value is None else f"{value:,.10g}"


def volume(size: float) -> str:
    """A number of bytes for a person: `812 bytes`, `2.1 MB`, a MB being a million."""
    for unit in ("bytes", "kB", "MB", "GB"):
        if size < (1000 if unit == "bytes" else 999.95):
            return f"{size:,.0f} bytes" if unit == "bytes" else f"{size:.1f} {unit}"
        size /= 1000
    return f"{size:,.1f} TB"


def dollars(value: float) -> str:
    """`$0.80`, `$0.0125`: at least two decimals, at most six."""
    whole, _, decimals = f"{value:,.6f}".partition(".")
    return f"${whole}.{decimals.rstrip('0').ljust(2, '0')}"


def describe_time(report: SyncReport | ImportReport | Reindexed) -> str:
    """`5.2 s`, with its phases where they took their time: `5.2 s (pages 1.1 s, prompts 4.0 s)`."""
    phases = ", ".join(f"{name} {seconds:.1f} s" for name, seconds in report.phases.items() if seconds >= _NOTABLE)
    return f"{report.seconds:.1f} s" + (f" ({phases})" if phases else "")


def is_terminal() -> bool:
    """Whether a person looks at standard output, so that it is fitted to a width."""
    return sys.stdout.isatty()


def line_width() -> int:
    """How many columns a line may have: those of the terminal; in a pipe, what a label is cut to."""
    import shutil

    return max(shutil.get_terminal_size((80 if is_terminal() else _PIPE, 24)).columns, _NARROWEST)


def join(parts: Iterable[Part], gap: str = GAP) -> list[Part]:
    """The parts with `gap` between them."""
    return [piece for part in parts for piece in (gap, part)][1:]


def arrange(parts: Iterable[Part], width: int) -> list[list[Part]]:
    """The parts side by side in as many lines of `width` columns as they need, each part on one line, cut to fit it."""
    fitted = ((part, "") if isinstance(part, str) else part for part in parts)
    return flow([(clip(text, width), style) for text, style in fitted], width, GAP)


# Standard output


def line(*parts: Part) -> None:
    """Print a line; a part is a text, or a text and the name of its style."""
    click.echo("".join(_styled(part) for part in parts))


def announce(text: str) -> None:
    """Print where a server answers; it runs even if standard output cannot take that, and standard error says it."""
    try:
        line(text)
    except OutputLost as error:
        drop_output()
        note(f"{text} ({error})")


def block(parts: Iterable[Part], *, indent: str = "") -> None:
    """Print parts side by side, on a terminal in as many lines as they need; each part stays on its line."""
    if not is_terminal():
        line(indent, *join(parts))
        return
    for row in arrange(parts, line_width() - measure(indent)):
        line(indent, *row)


def words(text: str) -> None:
    """Print a text, on a terminal broken at blanks into lines that fit."""
    for row in flow(plain(text).split(), line_width()) if is_terminal() else [[text]]:
        line(*row)


def field(name: str, value: str, *, style: str = "") -> None:
    """Print a name and its value, in this style; the lines of a long value are aligned below each other.

    On a terminal lines are broken at blanks, and on a narrow one they begin below the name.
    """
    label = f"  {name}".ljust(_LABEL)
    is_narrow = is_terminal() and line_width() < 2 * _LABEL
    indent = " " * (4 if is_narrow else _LABEL)
    if is_narrow:
        line((label.rstrip(), "faint"))
    lines = [plain(text) for text in value.splitlines()] or [""]
    rows = [row for text in lines for row in _wrap(text, line_width() - len(indent))]
    for position, row in enumerate(rows):
        parts = [(part, style) if style and isinstance(part, str) else part for part in row]
        line((indent if position or is_narrow else label, "faint"), *parts)


def gap() -> None:
    """Print an empty line."""
    click.echo()


def table(
    headings: Sequence[str],
    rows: Iterable[Sequence[object]],
    *,
    right: Iterable[str] = (),
    whole: Iterable[str] = (),
) -> None:
    """Print a table; the columns named in `right` are aligned right.

    On a terminal it fits: columns without a value go, then the widest cells are cut, but never those in `right` and
    `whole`. Where that does not do, each row becomes lines of heading and cell. In a pipe every cell is whole.
    """
    cells = [[plain("" if value is None else value) for value in row] for row in rows]
    columns = [[heading, *column] for heading, *column in zip(headings, *cells, strict=True)]
    widths = _measure_columns(columns)
    if is_terminal() and sum(widths) + len(GAP) * (len(widths) - 1) > line_width():
        columns = [column for column in columns if any(column[1:])] or columns[:1]
        stays = [column[0] in right or column[0] in whole for column in columns]
        fitted = fit(_measure_columns(columns), line_width(), stays, len(GAP))
        if fitted is None:
            _stack(columns)
            return
        widths = fitted
    for position, row in enumerate(zip(*columns, strict=True)):
        parts: list[tuple[str, str]] = []
        for column, cell, width in zip(columns, row, widths, strict=True):
            text = pad(cut(cell, width), width, is_right=column[0] in right)
            parts.append((text, _state(cell) if position else "name"))
        last, style = parts.pop()
        line(*join([*parts, (last.rstrip(), style)]))


def tabbed(cells: Iterable[str]) -> None:
    """Print cells with a tab between them, for a program to read."""
    click.echo("\t".join(map(plain, cells)))


def tree(root: Any, describe: Callable[[Any, int], Sequence[Sequence[Part]]]) -> None:
    """Print a node and its `children` as a tree, each with the lines that describe it in so many columns."""
    guides = _GUIDES if _can_print("".join(_GUIDES)) else _PLAIN_GUIDES
    for first, further, node in (("", "", root), *_branches(root, guides)):
        lead = _shorten_guide(first)
        for position, row in enumerate(describe(node, line_width() - measure(lead))):
            line((_shorten_guide(further) if position else lead, "faint"), *row)


def document(value: Any, *, indent: int | None = 2, end: str = "\n") -> None:
    """Print records, or lists and mappings of them, as one JSON document, and the text that ends it."""
    import json

    from catalog.records import to_json

    text = json.dumps(to_json(value), ensure_ascii=not _can_print("東"), indent=indent)
    click.echo(controls.plain_json(text) + end, nl=False)


@contextmanager
def pieces() -> Iterator[Callable[[str], object]]:
    """What writes pieces of a document to standard output, in UTF-8 whatever the terminal speaks; it has no marks."""
    buffer = sys.stdout.buffer
    sys.stdout.flush()
    yield lambda piece: buffer.write(piece.encode())
    buffer.flush()


def verbatim(text: str) -> None:
    """Print a text of JSON: into a pipe to the byte, on a terminal without what a screen obeys."""
    if is_terminal():
        click.echo(controls.plain_json(controls.plain_lines(text)))
        return
    with pieces() as write:
        write(text)


# Standard error


def note(message: str) -> None:
    """Print a remark, on a terminal broken at blanks into lines that fit."""
    for row in _wrap(plain(message), line_width()):
        click.echo("".join(part if isinstance(part, str) else part[0] for part in row), err=True)


def note_costs(changed: int | None) -> None:
    """Print what changed prices did to costs; None, where they have not changed, prints nothing."""
    if changed is not None:
        note(f"the prices in force have changed: costs estimated again, {changed:,} changed")


def complain(message: object) -> None:
    """Print an error that does not end the command; its exit status will be 1."""
    from catalog.redaction import redact_text

    click.echo(f"Error: {redact_text(plain(message))}", err=True)
    click.get_current_context().meta[_COMPLAINED] = True


def has_complained(ctx: click.Context) -> bool:
    """Whether `complain` was called."""
    return _COMPLAINED in ctx.meta


@contextmanager
def progress() -> Iterator[Progress]:
    """A callback that shows how far a journey is: a bar per source on a terminal, else only what needs a remark."""
    if not sys.stderr.isatty():
        yield _announce(note)
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
        announce = _announce(lambda text: bars.console.print(text, markup=False))

        def show(source: str, done: int, total: int | None, phase: str) -> None:
            announce(source, done, total, phase)
            if source not in tasks:
                tasks[source] = bars.add_task(phase, total=total, source=source)
            bars.update(tasks[source], completed=done, total=total, description=phase)

        yield show


def _announce(say: Callable[[str], None]) -> Progress:
    """A callback that says once that a command also does what an interrupted one left."""
    announced: set[str] = set()

    def announce(_: str, __: int, ___: int | None, phase: str) -> None:
        if phase.startswith("reading ") and phase not in announced:
            announced.add(phase)
            say(phase)

    return announce


def _styled(part: Part) -> str:
    text, style = (part, "") if isinstance(part, str) else part
    is_styled = text and style in _STYLES and _is_coloured()
    return click.style(plain(text), **_STYLES[style]) if is_styled else plain(text)


def _is_coloured() -> bool:
    """Whether standard output takes colours: https://no-color.org"""
    return is_terminal() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def _state(cell: str) -> str:
    """The style of a cell that names a state, such as `failed`."""
    return cell if "fg" in _STYLES.get(cell, {}) else ""


def _can_print(text: str) -> bool:
    try:
        text.encode(sys.stdout.encoding or "utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _measure_columns(columns: Iterable[Sequence[str]]) -> list[int]:
    return [max(map(measure, column)) for column in columns]


def _stack(columns: Sequence[Sequence[str]]) -> None:
    """Print each row as lines of heading and cell, where they do not fit side by side; an empty cell has none."""
    headings, *rows = zip(*columns, strict=True)
    label = max(map(measure, headings))
    for position, row in enumerate(rows):
        if position:
            gap()
        for heading, cell in zip(headings, row, strict=True):
            if cell:
                text = cut(cell, max(line_width() - label - len(GAP), 1))
                line((pad(heading, label), "name"), GAP, (text, _state(cell)))


def _wrap(text: str, width: int) -> list[list[Part]]:
    """The line of a text, on a terminal in lines of that width, indented like the first."""
    if not is_terminal() or measure(text) <= width:
        return [[text]]
    lead = " " * min(len(text) - len(text.lstrip()), width // 2)
    return [[lead, *row] for row in flow(text.split(), width - len(lead), keeps_words=True)]


def _shorten_guide(guide: str) -> str:
    """The guide; where it leaves a label too little of a terminal, its end behind a number that says how deep it is."""
    most = line_width() // 3
    if len(guide) <= most or not is_terminal():
        return guide
    mark = f"{len(guide) // len(_GUIDES[0])}…" if guide.endswith((_GUIDES[0], _GUIDES[1])) else "…"
    return mark + guide[len(mark) - most :]


def _branches(node: Any, guides: Sequence[str], before: str = "") -> Iterator[tuple[str, str, Any]]:
    """Every node below this one, with the lines that lead to its first line and those beside its further ones."""
    middle, last, passing, empty = guides
    for position, child in enumerate(node.children, 1):
        is_last = position == len(node.children)
        beside = before + (empty if is_last else passing)
        yield before + (last if is_last else middle), beside, child
        yield from _branches(child, guides, beside)
