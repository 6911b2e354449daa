"""The full-text index: FTS5 over five columns of `videos`, kept a batch at a time by the store.

The index holds no text of its own (external content), so every removal must repeat the words that were indexed. It
uses no triggers: FTS5 flushes at every trigger savepoint, which halves the ingest rate. None of FTS5's tokenizers finds
东京 inside a sentence, so `grams` holds the two-character pieces of every Chinese, Japanese and Korean run, and the
words that touch one without a space; `error_grams` does so for error messages.
"""

from __future__ import annotations

import re
from functools import cache
from itertools import chain
from typing import TYPE_CHECKING

from catalog.database import DatabaseError
from catalog.errors import CatalogError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from catalog.database import Writer

COLUMNS = ("prompt", "error_message", "labels", "grams", "error_grams")
TOKENS = 'tokenize="unicode61 remove_diacritics 2"'  # as the migration says
Entry = tuple[int, str | None, str | None, str | None, str | None, str | None]  # a video's id and its COLUMNS

CJK = "\u3005-\u3007\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff"
CJK_RUN = f"[{CJK}]+"
_NAMES = ", ".join(COLUMNS)
_ADD = f"INSERT INTO videos_fts(rowid, {_NAMES}) VALUES (?, ?, ?, ?, ?, ?)"
_REMOVE = f"INSERT INTO videos_fts(videos_fts, rowid, {_NAMES}) VALUES ('delete', ?, ?, ?, ?, ?, ?)"


def cjk_grams(text: str | None) -> str | None:
    """The pieces of every CJK run, `東京塔` as `東京 京塔 塔`, and of its word: `Tower` in `東京Tower`.

    The last character of a run is a piece too, so that a search for one character is a prefix search. None if the text
    has no such run.
    """
    if text is None or text.isascii():
        return None
    run, word, part = _patterns()
    parts = (match for mixed in word.findall(text) if run.search(mixed) for match in part.findall(mixed))
    grams = (pieces(text_part) if run.match(text_part) else [text_part] for text_part in parts)
    return " ".join(chain.from_iterable(grams)) or None


def cjk_runs(text: str) -> list[str]:
    """The maximal runs of Chinese, Japanese and Korean characters in the text, in order."""
    return [] if text.isascii() else _patterns()[0].findall(text)


def pieces(run: str) -> list[str]:
    """The indexed pieces of one CJK run: every two neighbours, and the last character alone."""
    return [run[index : index + 2] for index in range(len(run))]


@cache
def _patterns() -> tuple[re.Pattern[str], re.Pattern[str], re.Pattern[str]]:
    """A run, a word that may contain runs, a part of such a word: compiled when first needed, for a fast start."""
    return (
        re.compile(CJK_RUN),
        re.compile(rf"(?:[{CJK}]|[^\W_])+"),
        re.compile(f"{CJK_RUN}|[^{CJK}]+"),
    )


def add(connection: Writer, entries: Sequence[Entry]) -> None:
    """Index new videos."""
    if entries:
        connection.executemany(_ADD, entries)


def remove(connection: Writer, entries: Sequence[Entry]) -> None:
    """Remove videos from the index; the entries must repeat exactly what was indexed."""
    if entries:
        connection.executemany(_REMOVE, entries)


def rebuild(connection: Writer) -> None:
    """Rebuild the index from the rows of `videos`."""
    connection.execute("INSERT INTO videos_fts(videos_fts) VALUES ('rebuild')")


def check(connection: Writer) -> None:
    """Raise CatalogError unless the index agrees with the rows."""
    try:
        connection.execute("INSERT INTO videos_fts(videos_fts, rank) VALUES ('integrity-check', 1)")
    except DatabaseError as error:
        raise CatalogError("the full-text index differs from the rows: run `catalog reindex --fts`") from error
