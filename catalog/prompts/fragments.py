"""Descriptions that stand by themselves: "Tender, unhurried.", "..., fun and fast", "Wide, the gallows at dusk".

A word such as "tender" speaks of the picture where nothing stands beside it that it could describe: it is alone between
two marks, at the start or at the end of its sentence.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from catalog.prompts.terms import Reading

_LONE = frozenset({"mood", "shot_size", "style", "palette", "camera_angle", "camera_movement", "audio", "speed"})
_LONE_UNSPACED = _LONE | {"lighting"}
_IN_LISTS = frozenset({"shot_size", "palette", "camera_movement"})  # a list of terms, or first in a sentence
_OF_PICTURE = frozenset({"shot_size", "camera_angle", "lens", "focus", "lighting", "palette", "style", "speed"})
_BESIDE_SOUND = _OF_PICTURE | {"mood", "audio"}
_SENTENCE_ENDS = ".;\n:"
_MARKS = _SENTENCE_ENDS + ',("-/'
_REACH = 60
_FIRST_WIDE = "\u2e80"
_DEGREES = frozenset(
    {
        "a", "little", "bit", "very", "quite", "rather", "almost", "slightly", "so", "deeply", "and", "but", "yet",
        "then", "or", "always", "mostly", "more", "also", "both", "overall", "of", "kind", "strangely", "softly", "the",
        "y", "e", "muy", "un", "poco", "algo", "más", "pero",
    }
)  # fmt: skip
_JOINTS = frozenset({"and", "but", "yet", "then", "y", "e", "pero"})
_UNSPACED_DEGREES = frozenset("而又且和的与感十足氛围充满很有带着既并更極で、くてしさと")
_SHORT_BEFORE, _SHORT_AFTER = 2, 4  # words of the fragments that may stand before and after


def is_lone(reading: Reading, start: int, end: int, facet: str) -> bool:
    """Whether the words from `start` to `end` stand alone and so describe the whole picture."""
    is_unspaced = reading.languages.is_unspaced(start, end)
    if not _is_open(reading, start, facet, _LONE_UNSPACED if is_unspaced else _LONE):
        return False
    if not _may_stand_alone(reading, start - 1) and not _may_stand_alone(reading, end + 1):
        return False
    first, last = _edge(reading, start, -1, _MARKS), _edge(reading, end, 1, _MARKS)
    if is_unspaced:
        return _UNSPACED_DEGREES.issuperset(_rest(reading, first, last))
    words = reading.tokens.words
    beside = [*words[first:start], *words[end + 1 : last + 1]]
    others = sum(word not in _DEGREES for word in beside)
    if facet == "audio":
        return _ends(reading, end, last) and _is_heard(reading, first, start)
    is_alone = others == 0 or (others == 1 and not _JOINTS.isdisjoint(beside))
    return is_alone and _is_placed(reading, first, last, facet, start)


def _ends(reading: Reading, end: int, last: int) -> bool:
    """Whether nothing follows the words up to the end of their fragment but where they are heard ("far off")."""
    return all(code in reading.vocabulary.grammar.far for code in reading.tokens.codes[end + 1 : last + 1])


def _is_heard(reading: Reading, first: int, start: int) -> bool:
    """Whether words of sound are silence by itself, or what they describe has no article: "slightly menacing cello"."""
    words, codes, grammar = reading.tokens.words, reading.tokens.codes, reading.vocabulary.grammar
    others = sum(word not in _DEGREES for word in words[first:start])
    if words[start] in grammar.none:
        return others == 0
    opens = first == 0 or codes[first - 1] in _SENTENCE_ENDS
    if start == first:  # "Crickets, a truck far away.", "saturated, ukulele"
        return opens or (codes[first - 1] == "," and _follows(reading, first, _BESIDE_SOUND))
    if others > _SHORT_BEFORE or not frozenset(grammar.determiners).isdisjoint(codes[first + 1 : start]):
        return False
    if codes[first] not in grammar.determiners:
        return others > 0
    return first > 0 and opens and all(length <= _SHORT_AFTER for length in _lengths(reading, first, 1))


def _is_open(reading: Reading, token: int, facet: str, facets: frozenset[str]) -> bool:
    """Whether the facet is one of these, and the token stands in prose or in a field that is about it."""
    owner = reading.owner[token]
    if facet not in facets or owner < 0:
        return False
    bare = reading.segments[owner].field.bare
    return not bare or facet in bare


def _may_stand_alone(reading: Reading, token: int) -> bool:
    """Whether what stands at the token does not make a term beside it describe a thing."""
    codes = reading.tokens.codes
    if not 0 <= token < len(codes) or codes[token] in _MARKS:
        return True
    word = reading.tokens.words[token]
    return word in _DEGREES or word[0] >= _FIRST_WIDE


def _is_placed(reading: Reading, first: int, last: int, facet: str, token: int) -> bool:
    """Whether the fragment stands where descriptions do: first in its sentence, at its end, or in a list of terms."""
    if facet == "camera_angle":
        return True
    opens = _opens(reading, first)
    if reading.tokens.codes[token] in reading.vocabulary.grammar.of_people:
        return opens or _follows(reading, first, _OF_PICTURE)
    closes = all(length <= _SHORT_AFTER for length in _lengths(reading, last + 1, 1))
    if facet not in _IN_LISTS:
        return opens or closes
    is_list = closes and all(length <= _SHORT_AFTER for length in _lengths(reading, first - 1, -1))
    if facet == "camera_movement":
        return is_list and reading.tokens.codes[token] in reading.vocabulary.grammar.lone_moves
    return is_list or opens


def _follows(reading: Reading, first: int, facets: frozenset[str]) -> bool:
    """Whether the fragment before is about one of the facets, not about a person: "an old man, wide shot, calm"."""
    last = first - 2
    if last < 0 or reading.owner[last] != reading.owner[first]:
        return False
    before = _edge(reading, last, -1, _MARKS)
    is_short = last - before < _SHORT_AFTER
    return is_short and any(
        before <= start and end <= last and entry.facet in facets for start, end, entry in reading.phrases
    )


def _opens(reading: Reading, first: int) -> bool:
    """Whether nothing stands before the fragment in its sentence but a few words without an article."""
    codes, owner = reading.tokens.codes, reading.owner
    token = first - 1
    while token >= 0 and first - token < _REACH and codes[token] not in _SENTENCE_ENDS and owner[token] == owner[first]:
        if codes[token] in reading.vocabulary.grammar.determiners:
            return False
        token -= 1
    return all(length <= _SHORT_BEFORE for length in _lengths(reading, first - 1, -1))


def _rest(reading: Reading, first: int, last: int) -> Iterator[str]:
    """The characters of a fragment that belong to no term."""
    inside = {token for start, end, _ in reading.phrases if first <= start <= last for token in range(start, end + 1)}
    return (reading.tokens.words[token] for token in range(first, last + 1) if token not in inside)


def _edge(reading: Reading, token: int, step: int, marks: str) -> int:
    """The last token in this direction before a mark or the end of the segment."""
    codes, owner = reading.tokens.codes, reading.owner
    for _ in range(_REACH):
        following = token + step
        if not 0 <= following < len(codes) or codes[following] in marks or owner[following] != owner[token]:
            break
        token = following
    return token


def _lengths(reading: Reading, mark: int, step: int) -> Iterator[int]:
    """How many words each further fragment of the sentence has, from the mark on in this direction."""
    codes, words, owner = reading.tokens.codes, reading.tokens.words, reading.owner
    length = 0
    token = mark
    for _ in range(_REACH):
        if not 0 <= token < len(codes) or codes[token] in _SENTENCE_ENDS or owner[token] != owner[mark - step]:
            break
        if codes[token] in _MARKS:
            yield length
            length = 0
        else:
            length += words[token] not in _DEGREES
        token += step
    yield length
