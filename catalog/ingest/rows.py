"""The lines of a table, and how much of one row they may be: a row goes on after its line where a cell in quotes does.

A quote that is missing makes one row of all the rest, so what is too long ends the reading, with a reason.
"""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

from catalog.ingest.texts import MAX_LINE

if TYPE_CHECKING:
    import io
    from collections.abc import Iterator

MAX_CELLS = 1_000_000  # of one row
MAX_ROW = 4 * 1024 * 1024  # characters of a row of several lines
DELIMITERS = ",;\t|"

_NOT_READ = "the lines from there were not read"
_SAMPLE_LINES, _SAMPLE_SIZE = 50, 1024 * 1024  # of the beginning of a table, in which the header must stand


class RowSize:
    """How much of one row has been read."""

    def __init__(self) -> None:
        self.delimiter = DELIMITERS[0]
        self.start()

    def start(self) -> None:
        """Begin another row."""
        self.lines = self.characters = self.cells = 0

    def add(self, line: str) -> None:
        """Add a line; raises csv.Error where the row is too long."""
        self.lines += 1
        self.characters += len(line)
        if self.characters > MAX_CELLS:
            self.cells += line.count(self.delimiter)
        if len(line) > MAX_LINE:
            raise csv.Error(f"a line of more than {MAX_LINE // 1024**2} MiB; {_NOT_READ}")
        if self.lines > 1 and self.characters > MAX_ROW:
            raise csv.Error(f"a row of more than {MAX_ROW // 1024**2} MiB, is a quote missing? {_NOT_READ}")
        if self.cells > MAX_CELLS:
            raise csv.Error(f"a row of more than {MAX_CELLS:,} cells; {_NOT_READ}")


def read_lines(text: io.TextIOWrapper, size: RowSize) -> Iterator[str]:
    """The lines of the text; raises csv.Error for a row that is too long."""
    while line := text.readline(MAX_LINE + 1):
        size.add(line)
        yield line


def take_sample(lines: Iterator[str], size: RowSize) -> tuple[list[str], Iterator[str]]:
    """The first lines, and the others; what is wrong with a line comes up again with the others."""
    sample: list[str] = []
    try:
        while len(sample) < _SAMPLE_LINES and sum(map(len, sample)) < _SAMPLE_SIZE:
            size.start()
            sample.append(next(lines))
    except StopIteration:
        pass
    except csv.Error as error:
        return sample, _raise(error)
    return sample, lines


def _raise(error: csv.Error) -> Iterator[str]:
    """An iterator that fails at once."""
    yield from ()
    raise error


def find_fault(lines: Iterator[str]) -> str | None:
    """What is wrong with the next line; None where nothing is."""
    try:
        next(lines, None)
    except csv.Error as error:
        return f"not CSV: {error}"
    return None
