"""Words and phrases as expressions of FTS5, and which texts the index can find at all.

A query is folded as the index is (`catalog.letters`). A word is looked up among the words of the texts and in their
grams, a run of a script without spaces in the grams alone, as a phrase of its pieces. A bare word such as `close-up`
is the phrase of its two words; `Tokyo東京` is a word and a run, each of them anywhere. Every phrase goes to FTS5 in
quotes, so nothing in it is syntax.
"""

from __future__ import annotations

import re
import unicodedata
from itertools import islice
from typing import TYPE_CHECKING

from catalog import fulltext, letters
from catalog.fulltext import GRAMS, MISLEADING, PHRASE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from catalog.letters import Part

MAX_WORDS = 100  # of a phrase: the time of FTS5 grows with its words times those of the text

_FOLDED = ("grams", "error_grams", "labels")  # columns that hold nothing but what was folded
_UNSURE = "иу"  # letters of words that `unicode61` may make of another word, and so are all from Armenian on


def has_word(text: str) -> bool:
    """Whether the text has a letter or a digit, which the index can find."""
    return next(letters.read(text), None) is not None


def has_symbol(text: str) -> bool:
    """Whether the text has a pictograph, which is not in the index but which a reader may search for: `🎬`."""
    return not text.isascii() and any(unicodedata.category(char) in {"So", "Co"} for char in text)


def first_words(text: str) -> str:
    """The beginning of a text with at most MAX_WORDS words, each letter of an unspaced script counted as one."""
    if len(text) <= MAX_WORDS:
        return text
    unspaced = letters.UNSPACED
    words = islice(re.finditer(rf"[{unspaced}]|(?:(?![{unspaced}])(?:\w|[^\s\x00-\x7f]))+", text), MAX_WORDS, None)
    beyond = next(words, None)
    return text if beyond is None else text[: beyond.start()].rstrip()


def split(text: str, *, is_phrase: bool) -> list[list[Part]]:
    """What must stand side by side: all parts of a phrase; of a bare text the words between two runs, and each run."""
    groups: list[list[Part]] = []
    for part in islice(letters.read(text), 2 * MAX_WORDS):  # a single letter may become eighteen, in four words: ﷺ
        if groups and (is_phrase or not (part.is_run or groups[-1][-1].is_run)):
            groups[-1].append(part)
        else:
            groups.append([part])
    return groups


def expression(text: str, *, is_prefix: bool = False, is_phrase: bool = False, column: str | None = None) -> str:
    """The FTS5 expression that finds a word or phrase that `has_word`, anywhere or in a column of GRAMS."""
    groups = split(text, is_phrase=is_phrase)
    found = [_side_by_side(group, column, is_prefix=is_prefix and group is groups[-1]) for group in groups]
    return found[0] if len(found) == 1 else f"({' AND '.join(found)})"


def _side_by_side(parts: Sequence[Part], column: str | None, *, is_prefix: bool) -> str:
    whole = _phrase(parts, is_prefix=is_prefix)
    runs = [index for index, part in enumerate(parts) if part.is_run]
    if runs and all(any(abs(index - run) < PHRASE for run in runs) for index in range(len(parts))):
        return f"{{{' '.join(_FOLDED)}}} : {whole}" if column is None else f"{GRAMS[column]} : {whole}"
    is_unsure = any(map(_is_unsure, (letter for part in parts if not part.is_run for letter in part.letters)))
    if len(parts) <= PHRASE and not is_unsure:
        return whole if column is None else f"{{{column} {GRAMS[column]}}} : {whole}"
    columns = GRAMS if column is None else (column,)
    found = [_in_column(parts, name, is_prefix=is_prefix, is_unsure=is_unsure) for name in columns]
    return f"({' OR '.join([*found, f'labels : {whole}'] if column is None else found)})"


def _is_unsure(letter: str) -> bool:
    return letter in _UNSURE or letter >= "\u0530"


def _in_column(parts: Sequence[Part], column: str, *, is_prefix: bool, is_unsure: bool) -> str:
    """The expression for parts of which only some may stand in the grams, or whose words may be those of others.

    In a text that misleads all stands in the grams. In others, every PHRASE stands in one column or the other: of what
    is longer each is looked up, and where none is in the grams, it stands whole in the text.
    """
    grams = GRAMS[column]
    whole = _phrase(parts, is_prefix=is_prefix)
    has_run = any(part.is_run for part in parts)
    found = [] if has_run else [f"{{{column} {grams}}} : {whole}"]
    if len(parts) > PHRASE:
        phrases, among = [], []
        for start in (*range(0, len(parts) - PHRASE, PHRASE - 1), len(parts) - PHRASE):
            near = parts[start : start + PHRASE]
            is_last = start + PHRASE == len(parts)
            phrases.append(_phrase(near, is_prefix=is_prefix and is_last, is_whole=not is_last))
            scope = grams if any(part.is_run for part in near) else f"{{{column} {grams}}}"
            among.append(f"{scope} : {phrases[-1]}")
        among += [] if has_run else [f"{grams} : ({' OR '.join(phrases)})"]
        found.append(f"({' AND '.join(among)})")
    either = found[0] if len(found) == 1 else f"({' OR '.join(found)})"
    return f"({grams} : {whole} OR ({either} NOT {grams} : {_quoted(MISLEADING)}))" if is_unsure else either


def _phrase(parts: Sequence[Part], *, is_prefix: bool = False, is_whole: bool = False) -> str:
    """The phrase of the parts; the last of them may go on in the text if it is a run, unless it `is_whole`.

    A run of one letter then matches the beginning of any piece.
    """
    *first, last = parts
    pieces = fulltext.pieces(last)
    if last.is_run and not is_whole:
        is_prefix = len(pieces) == 1
        pieces = pieces[:1] if is_prefix else pieces[:-1]
    elif is_whole:
        is_prefix = False
    words = [piece for part in first for piece in fulltext.pieces(part)] + pieces
    return f"{_quoted(' '.join(words))}{' *' if is_prefix else ''}"


def _quoted(text: str) -> str:
    return f'"{text}"'
