"""The full-text index: FTS5 over five columns of `videos`, kept a batch at a time by the store.

The index holds no text of its own (external content), so every removal must repeat the words that were indexed. It
uses no triggers: FTS5 flushes at every trigger savepoint, which halves the ingest rate.

FTS5's `unicode61` tokenizer makes the words of `prompt` and `error_message`. What the fold of `catalog.letters` makes
of them otherwise stands in `grams` and `error_grams`: runs of scripts without spaces in pieces of two letters, because
no tokenizer of FTS5 finds 东京 inside a sentence, and words that it would cut or fold differently. A few words around
these stand there too, so that every phrase of up to PHRASE words is in one of the two columns. `labels` is derived as a
whole and needs no second column.
"""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING

from catalog import letters
from catalog.database import DatabaseError
from catalog.database.integrity import Differs

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from catalog.database import Writer
    from catalog.letters import Part

COLUMNS = ("prompt", "error_message", "labels", "grams", "error_grams")
GRAMS = {"prompt": "grams", "error_message": "error_grams"}  # what folding adds to a column
TOKENS = 'tokenize="unicode61 remove_diacritics 2"'  # as the migration says
Entry = tuple[int, str | None, str | None, str | None, str | None, str | None]  # a video's id and its COLUMNS

PHRASE = 3
GAP = "\uf8ff"  # between words that do not stand side by side in the text; folded texts lack it
MISLEADING = "\uf8fe"  # `unicode61` makes words of the text that it lacks: all that it has stand in the grams

_NAMES = ", ".join(COLUMNS)
_ADD = f"INSERT INTO videos_fts(rowid, {_NAMES}) VALUES (?, ?, ?, ?, ?, ?)"
_REMOVE = f"INSERT INTO videos_fts(videos_fts, rowid, {_NAMES}) VALUES ('delete', ?, ?, ?, ?, ?, ?)"


def grams(text: str | None) -> str | None:
    """What folding adds to the words that FTS5 makes of the text; None if nothing."""
    if text is None or letters.is_alike(text):
        return None
    parts = list(letters.read(text))
    if any(part.misleads for part in parts):
        return " ".join((MISLEADING, GAP, *_tokens(parts)))
    kept = _around([part.differs for part in parts])
    found: list[str] = []
    for index, part in enumerate(parts):
        if kept[index]:
            found += [GAP] if found and not kept[index - 1] else []
            found += pieces(part)
    return " ".join(found) or None


def folded(text: str) -> str:
    """The text as it is if FTS5 makes the same words of it as the fold, else all words and pieces of the fold."""
    return text if letters.is_alike(text) else " ".join(_tokens(letters.read(text)))


def pieces(part: Part) -> list[str]:
    """The indexed pieces of a word or run: `東京塔` as `東京 京塔 塔`, a word as it is.

    The last letter of a run is a piece too, so that a search for one letter is a prefix search.
    """
    if not part.is_run:
        return [part.letters]
    return [part.letters[index : index + 2] for index in range(len(part.letters))]


def _tokens(parts: Iterable[Part]) -> Iterable[str]:
    return chain.from_iterable(map(pieces, parts))


def _around(marked: list[bool]) -> list[bool]:
    """What is marked, and what is so near that a phrase of PHRASE may contain both."""
    near = [False] * len(marked)
    for index, is_marked in enumerate(marked):
        if is_marked:
            begin, end = max(0, index - PHRASE + 1), index + PHRASE
            near[begin:end] = [True] * len(near[begin:end])
    return near


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
    """Raise Differs unless the index agrees with the rows."""
    try:
        connection.execute("INSERT INTO videos_fts(videos_fts, rank) VALUES ('integrity-check', 1)")
    except DatabaseError as error:
        raise Differs("the full-text index differs from the rows: run `catalog reindex --fts`") from error
