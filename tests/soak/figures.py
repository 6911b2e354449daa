"""What a part of the soak tried and what came of it, and the table that all of them make."""

from __future__ import annotations

import os
import platform
import re
import sys
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from catalog.database import sqlite_version

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path
    from random import Random

BEGIN, END = "<!-- soak -->", "<!-- /soak -->"  # between these, a page holds the table of a run


@dataclass
class Figures:
    """What was tried, in words; each thing that went wrong, in a line; the longest that anything had to wait."""

    tried: str = ""
    wrong: list[str] = field(default_factory=list)
    worst_wait: float | None = None
    seconds: float = 0.0

    def waited(self, seconds: float) -> None:
        """Remember the longest wait."""
        self.worst_wait = max(seconds, self.worst_wait or 0.0)


@dataclass(frozen=True)
class Part:
    """A part of the soak: its name, what it does, how, and how much of it in `make test` and in a full run.

    `run` gets an empty folder, a source of chance and a size.
    """

    name: str
    what: str
    run: Callable[[Path, Random, int], Figures]
    sample: int
    full: int


def make_table(figures: Iterable[tuple[str, Figures]]) -> str:
    """The figures of a run as a table of Markdown."""
    lines = ["| what | tried | wrong | worst wait | seconds |", "| --- | --- | --- | --- | --- |"]
    for what, each in figures:
        wait = "" if each.worst_wait is None else f"{each.worst_wait:.2f} s"
        lines.append(f"| {what} | {each.tried} | {len(each.wrong)} | {wait} | {each.seconds:.0f} |")
    return "\n".join(lines)


def describe_run(command: str) -> str:
    """When, on what and by which command a run was made."""
    memory = (
        f"{os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 2**30:.0f} GiB" if sys.platform != "win32" else ""
    )
    machine = ", ".join(filter(None, (f"{platform.system()} {platform.machine()}", f"{os.cpu_count()} cores", memory)))
    versions = f"Python {platform.python_version()}, SQLite {sqlite_version}"
    return f"{datetime.now(UTC):%Y-%m-%d}, {machine}, {versions}: `{command}`"


def write_table(page: Path, text: str) -> None:
    """Put the table into the page, in the place of the one before; raises ValueError where the page has no place."""
    content = page.read_text(encoding="utf-8")
    pattern = re.compile(rf"(?<={re.escape(BEGIN)}\n).*?(?={re.escape(END)})", re.DOTALL)
    if not pattern.search(content):
        raise ValueError(f"{page} has no lines {BEGIN} and {END}")
    page.write_text(pattern.sub(lambda _: f"\n{text}\n\n", content), encoding="utf-8")
