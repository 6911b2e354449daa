"""What a format of saved files is: a reader of files, or, among JSON, a shape of values. It knows no format itself.

A new format needs its reader's module and a line in `readers`; a JSON export of another program needs its shape's
module and a line in `answers`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from io import BufferedReader
    from pathlib import Path

    from catalog.ingest.folders import ReadBeside
    from catalog.ingest.items import Item

_LOGS = frozenset({".log", ".txt", ".out", ".err"})


@dataclass(slots=True)
class File:
    """A file while it is read, the clip that it lies beside, and what the user says of tables.

    `path` tells its format. `columns` maps the headers of tables, `dates` is the order of day, month and year in them.
    `is_named` says that the user named it, not a folder that it lies in, `is_among_clips` that clips lie around it.
    `read_beside(path)` returns the bytes of a
    small file beside the clip. `form` is the name of its reader, or a more exact one that the reader sets; `size` is
    the number of bytes that the reader holds in memory.
    """

    path: Path
    media: Path | None = None
    columns: Mapping[str, str] = field(default_factory=dict)
    dates: str | None = None
    is_named: bool = False
    is_among_clips: bool = False
    read_beside: ReadBeside = lambda _path: None
    form: str = ""
    size: int = 0

    @property
    def suffix(self) -> str:
        """The suffix of its name, in lower case, with the dot."""
        return self.path.suffix.lower()

    @property
    def is_log(self) -> bool:
        """Whether its name says that lines without JSON are to be expected."""
        return not _LOGS.isdisjoint(suffix.lower() for suffix in self.path.suffixes)


@dataclass(frozen=True, slots=True)
class Reader:
    """A format of files; `suffixes` are those of files that are worth opening when a folder is read.

    `sniff(file, head)` decides by name and first bytes whether a file has the format. `read(stream, file)` yields its
    items in order, and raises only OSError.
    """

    name: str
    suffixes: frozenset[str]
    sniff: Callable[[File, bytes], bool]
    read: Callable[[BufferedReader, File], Iterator[Item]]


@dataclass(frozen=True, slots=True)
class Shape:
    """A shape of JSON values that are not a server's answer.

    `fits(value, path)` decides whether a value in that file has the shape; `read(value, line, channel)` yields its
    items.
    """

    fits: Callable[[Any, Path], bool]
    read: Callable[[Any, int | None, str], Iterator[Item]]
