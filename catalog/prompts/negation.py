"""What a prompt asks to leave out: which words each negation reaches, in the four languages of the vocabulary.

English, Spanish and Chinese negate what follows; Japanese negates what stands before, and so does whatever says that
something is over ("the rain has stopped").
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from catalog.prompts.matcher import Entry
    from catalog.prompts.terms import Hit, Reading

_FREE = re.compile(r"\b[\w]+-free\b")
_REACH = 12
_MARKS = '.,;:\n("-/'
_LIST_COMMA = "、"
_LIST_ITEM = 3  # words of an item after which a list is taken to have ended
_ZH_ENDS = frozenset("但只仅却而然就才还并则")
_ZH_PARTICLE = "的"
_JA_CASES = frozenset("はがを")
_JA_PLACES = frozenset("でにへ")
_LAST_OF_LIST = frozenset({"or", "nor", "ni", "o", "u"})
_JOINTS = _LAST_OF_LIST | {"and", "y", "和", "と"}


def negate(reading: Reading, hits: Sequence[Hit], negators: Sequence[tuple[int, int, Entry]]) -> list[tuple[int, int]]:
    """Block the words that each negation reaches; the stretches of text that they are, negation included."""
    stretches: list[tuple[int, int]] = []
    if "-free" in reading.lower:
        for match in _FREE.finditer(reading.lower):
            reading.block(*match.span())
    if not negators:
        return stretches
    inside = {token for hit in hits for token in range(hit.start, hit.end + 1) if hit.end > hit.start}
    tokens = reading.tokens
    for start, end, entry in sorted(negators, key=lambda negator: negator[2].language not in _OVER):
        if (start in inside and end in inside) or not _negates(reading, start):
            continue
        scope = _SCOPES.get(entry.language, _scope)(reading, start, end, hits)
        if scope is None:
            continue
        first, last = scope
        last = max(last, end)
        reading.blocked[first : last + 1] = b"\x01" * (last + 1 - first)
        if entry.language not in _OVER:
            stretches.append((tokens.starts[first], tokens.end(last)))
    return stretches


def _negates(reading: Reading, start: int) -> bool:
    """Whether a word that can negate does so where it stands."""
    if start in reading.false_negators or reading.blocked[start] or reading.owner[start] < 0:
        return False
    return not reading.segments[reading.owner[start]].field.role


def _scope(reading: Reading, start: int, end: int, _: Sequence[Hit]) -> tuple[int, int] | None:
    """Up to the end of the clause, or of its list when a conjunction leads to the last item."""
    codes, ends = reading.tokens.codes, reading.vocabulary.grammar.negation_ends
    limit = min(len(codes), end + 1 + _REACH)
    stop = ends.search(codes, end + 1, limit)
    last = token = stop.start() if stop else limit
    while token < limit and codes[token] == ",":
        stop = ends.search(codes, token + 1, limit)
        item_end = stop.start() if stop else limit
        item = reading.tokens.words[token + 1 : item_end]
        if not _LAST_OF_LIST.isdisjoint(item):
            last = item_end
        elif len(item) > _LIST_ITEM:
            break
        token = item_end
    return start, last - 1


def _scope_zh(reading: Reading, start: int, end: int, hits: Sequence[Hit]) -> tuple[int, int] | None:
    """Up to the clause's end, over a list of 、, and no further than a term that only describes what follows (…的)."""
    words, codes = reading.tokens.words, reading.tokens.codes
    term_ends = {hit.end for hit in hits if hit.start > end}
    token = end + 1
    limit = min(len(codes), end + 1 + _REACH)
    while token < limit:
        word = words[token]
        if codes[token] in _MARKS and word != _LIST_COMMA:
            break
        if word in _ZH_ENDS or (word == _ZH_PARTICLE and token - 1 in term_ends):
            break
        token += 1
    return start, token - 1


def _scope_ja(reading: Reading, start: int, _: int, hits: Sequence[Hit]) -> tuple[int, int] | None:
    """Back to what is negated: over its own particle to the place or the clause before, and over a list of its kind."""
    words, codes = reading.tokens.words, reading.tokens.codes
    first = start
    cases = 0
    while first > 0 and start - first < _REACH:
        word = words[first - 1]
        cases += word in _JA_CASES
        if cases > 1 or codes[first - 1] in _MARKS or (word in _JA_PLACES and start - first > 1):
            break
        first -= 1
    return _list_start(reading, first, start, hits), start


def _list_start(reading: Reading, first: int, last: int, hits: Sequence[Hit]) -> int:
    """Where the list starts whose last item stands from `first` to `last`: what 、 joins of the same facet."""
    words, codes = reading.tokens.words, reading.tokens.codes
    facets = {hit.facet for hit in hits if first <= hit.start and hit.end < last}
    for hit in reversed([hit for hit in hits if hit.end < first and hit.facet in facets]):
        is_item = hit.start == 0 or codes[hit.start - 1] in _MARKS
        if not is_item or hit.end + 2 != first or words[hit.end + 1] != _LIST_COMMA:
            break
        first = hit.start
    return first


def _scope_over(reading: Reading, start: int, _: int, hits: Sequence[Hit]) -> tuple[int, int] | None:
    """The weather that is over: the term right before, and those that a conjunction joins to it."""
    words, codes = reading.tokens.words, reading.tokens.codes
    over = [hit for hit in hits if hit.facet == "weather" and hit.end < start and start - hit.end <= _LIST_ITEM]
    if not over:
        return None
    first = min(hit.start for hit in over)
    if any(code in _MARKS for code in codes[first:start]):
        return None
    while first > 1 and words[first - 1] in _JOINTS:
        first -= 2
    return first, start


_OVER = frozenset({"en_over", "es_over", "zh_over", "ja_over"})
_SCOPES = {"zh": _scope_zh, "ja_after": _scope_ja, **dict.fromkeys(_OVER, _scope_over)}
