"""Words and phrases as expressions of FTS5, and which texts the index can find at all.

The index holds words as `unicode61` cuts them (runs of letters and digits, accents and case dropped) and, in
`grams`, every two neighbours of a Chinese, Japanese or Korean run and the words glued to one. A word such as
`close-up` is the phrase of its two parts. Every phrase goes to FTS5 in quotes, so nothing in it is syntax.
"""

from __future__ import annotations

import re
import unicodedata
from itertools import islice

from catalog import fulltext

MAX_WORDS = 100  # of a phrase: the time of FTS5 grows with its words times those of the text


def has_word(text: str) -> bool:
    """Whether the text has a letter or a digit, which the index can find."""
    return any(char.isalnum() or (char > "\x7f" and unicodedata.category(char) == "Co") for char in text)


def has_symbol(text: str) -> bool:
    """Whether the text has a pictograph, which is not in the index but which a reader may search for: `🎬`."""
    return not text.isascii() and any(unicodedata.category(char) == "So" for char in text)


def first_words(text: str) -> str:
    """The beginning of a text with at most MAX_WORDS words, each character of an unspaced script counted as one."""
    if len(text) <= MAX_WORDS:
        return text
    words = islice(re.finditer(f"[{fulltext.CJK}]|(?:(?![{fulltext.CJK}])\\w)+", text), MAX_WORDS, None)
    beyond = next(words, None)
    return text if beyond is None else text[: beyond.start()].rstrip()


def expression(text: str, *, is_prefix: bool = False, is_phrase: bool = False) -> str:
    """The FTS5 expression that finds a word or phrase that `has_word`; a phrase keeps CJK runs in their order."""
    parts = [part for part in _split(text, is_phrase=is_phrase) if has_word(part)]
    if not any(map(fulltext.cjk_runs, parts)):
        return _phrase(text, is_prefix=is_prefix)
    *first, last = parts
    grams = " AND ".join([*map(_part, first), _part(last, is_prefix=is_prefix)])
    return f"({_phrase(text, is_prefix=True)} OR ({grams}))" if len(parts) > 1 else f"({grams})"


def _split(text: str, *, is_phrase: bool) -> list[str]:
    """The text cut into CJK runs and what is between them; in a phrase, runs parted only by marks stay together."""
    parts, script = [""], -1
    for position, token in enumerate(re.split(f"({fulltext.CJK_RUN})", text)):
        if has_word(token):
            if script >= 0 and not (is_phrase and script == position % 2):
                parts.append("")
            script = position % 2  # runs stand at the odd positions
        parts[-1] += token
    return parts


def _part(text: str, *, is_prefix: bool = False) -> str:
    """A part of one script: a phrase of words, or CJK runs in a row wherever they stand.

    The last run may continue in the text, so its last character need not stand alone; a run of one character matches
    the beginning of a longer run.
    """
    *whole, last = fulltext.cjk_runs(text) or [""]
    if not last:
        return _phrase(text, is_prefix=is_prefix)
    pieces = [piece for run in whole for piece in fulltext.pieces(run)]
    pieces += [last] if len(last) == 1 else fulltext.pieces(last)[:-1]
    return f"{{grams error_grams}} : {_phrase(' '.join(pieces), is_prefix=len(last) == 1)}"


def _phrase(text: str, *, is_prefix: bool = False) -> str:
    quoted = text.replace('"', '""')
    return f'"{quoted}" *' if is_prefix else f'"{quoted}"'
