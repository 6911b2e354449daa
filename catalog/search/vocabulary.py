"""The words that a library's own prompts, messages and labels are made of: the nearest to one that is nowhere."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from catalog.database import Reader

_LISTED = "CREATE VIRTUAL TABLE IF NOT EXISTS temp.index_words USING fts5vocab(main, videos_fts, row)"
_END = "\U0010ffff"
_FEWEST = 3  # characters of a word that is looked for, and of what is left of one without its ending
_ENDINGS = ("s", "es", "ed", "d", "ing", "er", "ly", "y")
_LIKENESS = 0.75
_MOST = 5000  # words with one beginning among which the nearest is looked for


def find_nearest_word(connection: Reader, word: str) -> str | None:
    """What to search for instead of a word that is nowhere: `lighthouse*` for `lighthouses`, `neon` for `noen`.

    None where no word of the library is near.
    """
    folded = word.lower()
    if len(folded) < _FEWEST or not folded.isalnum():
        return None
    connection.execute(_LISTED)
    for ending in _ENDINGS:
        beginning = folded.removesuffix(ending)
        if _FEWEST <= len(beginning) < len(folded) and _list_words(connection, beginning, 1):
            return f"{beginning}*"
    beginnings = (folded[:2], folded[1] + folded[0], folded[0])
    known = {other for beginning in beginnings for other in _list_words(connection, beginning)}
    near = get_close_matches(folded, sorted(known), n=5, cutoff=_LIKENESS)
    return next((other for other in near if sorted(other) == sorted(folded)), near[0] if near else None)


def _list_words(connection: Reader, beginning: str, limit: int = _MOST) -> list[str]:
    sql = "SELECT term FROM temp.index_words WHERE term >= :first AND term <= :last LIMIT :limit"
    parameters = {"first": beginning, "last": beginning + _END, "limit": limit}
    return [row[0] for row in connection.execute(sql, parameters)]
