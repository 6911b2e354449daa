"""The bitmaps of common words: which videos the full-text index finds by them, so that a search need not walk it.

A word that every second prompt has takes the index as long as 100,000 rare ones. Nobody keeps these sets true: every
change of a text marks the chunk that the video is in, and a reader asks the index again about the chunks that have been
marked since the sets were made. So a writer pays one mark, and the answers are those of the index.
"""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING

from pyroaring import BitMap

from catalog import letters
from catalog.bitmaps.reading import read_all, read_texts
from catalog.bitmaps.sets import CHUNK_BITS, join, serialized, split
from catalog.bitmaps.values import CHANGE, REBUILT, WORD
from catalog.database.integrity import Differs

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from catalog.database import Reader, Writer

MANY, LEAST, SHARE = 10_000, 0.01, 0.08  # a word that so many videos have is kept, by a sample, or such a share has
FEW_CHUNKS = 2  # that any word is looked up in within milliseconds

_SAMPLED = 2_000  # videos
_TEXTS = "SELECT prompt FROM videos WHERE id IN :ids"
_MATCHES = "SELECT json_group_array(rowid) FROM videos_fts WHERE videos_fts MATCH ?"
_WITHIN = f"{_MATCHES} AND rowid BETWEEN ? AND ?"
_ADD = "INSERT INTO bitmaps (field, value, chunk, ids, revision) VALUES (?, ?, ?, ?, ?)"
_KEPT = "SELECT ids, revision FROM bitmaps WHERE field = ? AND value = ?"
_REBUILT = "SELECT coalesce(max(revision), 0) FROM bitmaps WHERE field = ? AND value = ?"
_NAMES = "SELECT DISTINCT value FROM bitmaps WHERE field = ?"


def read_word(connection: Reader, expression: str) -> tuple[int, BitMap] | None:
    """What the index found by an expression, and the revision of that time; None where it is not kept."""
    rows = connection.execute(_KEPT, (WORD, expression)).fetchall()
    return (rows[0][1], join([row[0] for row in rows])) if rows else None


def match_chunk(connection: Reader, expression: str, chunk: int) -> str:
    """The ids of a chunk that the index finds by an expression, as JSON."""
    first, last = chunk << CHUNK_BITS, ((chunk + 1) << CHUNK_BITS) - 1
    ids: str = connection.execute(_WITHIN, (expression, first, last)).fetchone()[0]
    return ids


def look_up_words(connection: Reader) -> Iterator[tuple[str, BitMap]]:
    """The expressions of the words that are common in a sample of the prompts, in order, and what the index finds."""
    for word in _list_common(connection):
        expression = f'"{word}"'
        yield expression, BitMap(json.loads(connection.execute(_MATCHES, (expression,)).fetchone()[0]))


def save_words(connection: Writer, found: Mapping[str, BitMap], number: int) -> None:
    """Keep what was found at a revision in the place of all that is kept, unless the bitmaps were made again since."""
    if connection.execute(_REBUILT, (CHANGE, REBUILT)).fetchone()[0] > number:
        return
    connection.execute("DELETE FROM bitmaps WHERE field = ?", (WORD,))
    for expression, ids in found.items():
        rows = [(WORD, expression, chunk, serialized(part), number) for chunk, part in split(ids)]
        connection.executemany(_ADD, rows)


def are_words_due(connection: Reader) -> bool:
    """Whether texts have changed all over the library since common words were looked up, so that each takes long."""
    number = connection.execute("SELECT max(revision) FROM bitmaps WHERE field = ?", (WORD,)).fetchone()[0] or 0
    changed = sum(1 for revision in read_texts(connection).values() if revision > number)
    return changed > FEW_CHUNKS and 4 * changed > read_all(connection).max() >> CHUNK_BITS


def check_words(connection: Reader, changed: dict[int, int]) -> None:
    """Raise Differs unless the bitmaps of words agree with the index, but for chunks that `changed` since."""
    for (expression,) in connection.execute(_NAMES, (WORD,)).fetchall():
        known = read_word(connection, expression)
        if known is None:
            continue
        number, ids = known
        differing = ids ^ BitMap(json.loads(connection.execute(_MATCHES, (expression,)).fetchone()[0]))
        if any(changed.get(video_id >> CHUNK_BITS, 0) <= number for video_id in differing):
            raise Differs(
                f"the bitmaps differ from the full-text index at {expression}: run `catalog reindex --bitmaps`"
            )


def _list_common(connection: Reader) -> list[str]:
    """The words that are common in a sample of the prompts, in order."""
    videos = read_all(connection)
    step = max(1, len(videos) // _SAMPLED)
    ids = videos[::step].to_array().tolist() if videos else []
    counts: Counter[str] = Counter()
    for (prompt,) in connection.execute(_TEXTS, {"ids": ids}):
        counts.update({part.letters for part in letters.read(prompt or "") if not part.is_run})
    share = min(SHARE, max(LEAST, MANY / max(1, len(videos))))
    return sorted(word for word, count in counts.items() if count >= share * len(ids))
