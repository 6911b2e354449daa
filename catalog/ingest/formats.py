"""What a format of saved files is: a reader of files, or, among JSON, a shape of values. The formats stand elsewhere.

A reader's module and the list in `readers` are all that a new format needs; for a JSON export of another program it is
the shape's module and the list in `answers`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from io import BufferedReader
    from pathlib import Path

    from catalog.ingest.items import Item


@dataclass(slots=True)
class File:
    """A file while it is read, the clip that it lies beside, and the user's map of columns.

    `form` is the name of its reader, or the better one that the reader finds on the way; `size` counts the bytes of
    what was read as one piece and is held in memory.
    """

    path: Path
    media: Path | None = None
    columns: Mapping[str, str] = field(default_factory=dict)
    form: str = ""
    size: int = 0

    @property
    def suffix(self) -> str:
        """The end of its name, in lower case, with the dot."""
        return self.path.suffix.lower()


@dataclass(frozen=True, slots=True)
class Reader:
    """One format of files; `suffixes` are those whose files are worth opening when a folder is read.

    `sniff(file, head)` says whether a file, by its name and its first bytes, is of the format; `read(stream, file)`
    gives its items in order, and raises nothing but OSError.
    """

    name: str
    suffixes: frozenset[str]
    sniff: Callable[[File, bytes], bool]
    read: Callable[[BufferedReader, File], Iterator[Item]]


@dataclass(frozen=True, slots=True)
class Shape:
    """One shape of JSON values that are not a server's answer.

    `fits(value, path)` says whether a value of that file has the shape; `read(value, line, channel)` gives its items.
    """

    fits: Callable[[Any, Path], bool]
    read: Callable[[Any, int | None, str], Iterator[Item]]
