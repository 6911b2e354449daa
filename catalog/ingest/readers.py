"""The formats of files that an import reads, in the order in which they are tried; the last takes any file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from catalog.ingest import answers, sheets, sidecars, vault

if TYPE_CHECKING:
    from catalog.ingest.formats import File, Reader

READERS: tuple[Reader, ...] = (sheets.READER, vault.READER, sidecars.READER, sidecars.TEXT_READER, answers.READER)
SUFFIXES = frozenset[str]().union(*(reader.suffixes for reader in READERS))


def find_reader(file: File, head: bytes) -> Reader:
    """The reader for a file that begins with these bytes."""
    return next(reader for reader in READERS if reader.sniff(file, head))


def is_other(file: File, reader: Reader) -> bool:
    """Whether the file is a text that is not about a clip, such as a readme: in a named folder, or among clips."""
    return reader is sidecars.TEXT_READER and (file.is_among_clips or not file.is_named)
