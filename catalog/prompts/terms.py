"""Controlled facets: finds the vocabulary's phrases on a sheet and decides which of them ask for something.

One pass of the automaton finds every phrase; then each is judged by where it stands: its field, its neighbours, its
clause. What is negated, quoted or part of a look-alike gives nothing.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from typing import TYPE_CHECKING, NamedTuple

from catalog.prompts.tokens import SENTENCE_ENDS, Tokens, lower, spell
from catalog.prompts.vocabulary import (
    ALONE,
    ANYWHERE,
    HYPHENATED,
    LOOKALIKE,
    NEAR,
    NEGATOR,
    NO_CONTEXT,
    NO_NEGATOR,
    UPPER,
    Entry,
    Field,
    Vocabulary,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from catalog.prompts.segments import Segment

_GAUGES = {"8": "film_8mm", "16": "film_16mm", "65": "film_70mm", "70": "film_70mm"}
_MILLIMETRES = re.compile(r"(?<![\w.])([0-9]{1,4})(?:\.[0-9])?[ -]?mm\b")
_LENS_WORDS = re.compile(
    r"\W{0,3}(?:[a-z-]{0,14}\s)?(?:lens|lenses|prime|macro|f/|focal|fisheye|telephoto|wide|anamorphic)"
)
_LENS_FIELDS = {"lens", "camera_movement"}
_MARKS = '.,;:\n("-/'
_READ_ROLES = ("", "shots", "dialogue")
_REACH_OF_NEGATION = 12
_MANY = 8


class Hit(NamedTuple):
    """A value found at the words `start` to `end` (both included) of the sheet."""

    start: int
    end: int
    facet: str
    value: str
    segment: int


class Reading:
    """One sheet under the reader's eye: its words, which segment owns each, and which of them count for nothing."""

    def __init__(self, text: str, segments: Sequence[Segment], vocabulary: Vocabulary) -> None:
        self.text = text
        self.segments = segments
        self.vocabulary = vocabulary
        self.lower = lower(text)
        self.tokens = Tokens(self.lower, vocabulary.alphabet)
        self.blocked = bytearray(len(self.tokens))
        self.owner = self._owners()
        self.negations: list[tuple[int, int]] = []
        self._phrases: list[tuple[int, int, Entry]] = []
        self._contexts: list[tuple[int, int, tuple[str, ...]]] = []
        self._disowned: set[tuple[str, int]] = set()
        self._places_of: dict[str, list[int]] = {}
        self._lookalikes: list[Hit] = []
        self._breaks: list[int] | None = None

    def _owners(self) -> list[int]:
        owner = [-1] * len(self.tokens)
        starts = self.tokens.starts
        for index, segment in enumerate(self.segments):
            first, last = bisect_left(starts, segment.start), bisect_left(starts, segment.end)
            owner[first:last] = [index] * (last - first)
        return owner

    def block(self, start: int, end: int) -> None:
        """Let the words in this stretch of text count for nothing."""
        first, last = bisect_left(self.tokens.starts, start), bisect_left(self.tokens.starts, end)
        self.blocked[first:last] = b"\x01" * (last - first)

    def find_terms(self) -> list[Hit]:
        """The controlled values of the sheet, by place; a longer phrase hides what it contains."""
        negators = self._sort_phrases()
        hits = []
        for start, end, entry in self._phrases:
            index = self.owner[start]
            if index == self.owner[end] and index >= 0 and self._asks(start, end, entry, self.segments[index].field):
                hits.append(Hit(start, end, entry.facet, entry.value, index))
        if "mm" in self.lower:
            hits += self._find_lenses(hits)
        hits = _drop_hidden(hits, self._lookalikes, self.vocabulary)
        self._negate(negators, hits)
        return [hit for hit in hits if not self.blocked[hit.start] and not self.blocked[hit.end]]

    def _sort_phrases(self) -> list[tuple[int, int, str]]:
        """Reads the sheet once; gives the words that negate."""
        negators: list[tuple[int, int, str]] = []
        false_negators: set[int] = set()
        for letter, (length, values, contexts, effects) in self.vocabulary.automaton.iter(spell(self.tokens.codes)):
            end = letter // 2
            start = end - length + 1
            for entry in values:
                self._phrases.append((start, end, entry))
            if contexts:
                self._contexts.append((start, end, contexts))
            for entry in effects:
                if entry.kind == LOOKALIKE and (entry.mode != HYPHENATED or self._is_hyphenated(start, end)):
                    self._lookalikes.append(Hit(start, end, entry.facet, "", -1))
                elif entry.kind == NEGATOR:
                    negators.append((start, end, entry.language))
                elif entry.kind == NO_NEGATOR:
                    false_negators.update(range(start, end + 1))
                elif entry.kind == NO_CONTEXT:
                    self._disowned.update((entry.facet, place) for place in range(start, end + 1))
        return [negator for negator in negators if negator[0] not in false_negators]

    def _asks(self, start: int, end: int, entry: Entry, field: Field) -> bool:
        """Whether a phrase asks for its value where it stands."""
        facet, mode = entry.facet, entry.mode
        if field.role not in _READ_ROLES or not field.allows(facet):
            return False
        if mode != ANYWHERE:
            bare = facet in field.bare
            if mode == UPPER:
                return self._is_abbreviation(start, end, bare)
            if bare and mode == NEAR and facet in self.vocabulary.contexts and self._has_other_subject(start, facet):
                return False
            if not bare and not (
                (mode == NEAR and self._is_near(start, end, facet)) or (mode == ALONE and self._stands_alone(end))
            ):
                return False
        return not (facet == "color" and start == end and self._is_name(start))

    @property
    def breaks(self) -> list[int]:
        """Where a clause ends or takes a new subject."""
        if self._breaks is None:
            self._breaks = [match.start() for match in self.vocabulary.grammar.breaks.finditer(self.tokens.codes)]
        return self._breaks

    def _places(self, facet: str) -> list[int]:
        """Where the context words of a facet stand."""
        places = self._places_of.get(facet)
        if places is None:
            places = self._places_of[facet] = [
                end for start, end, facets in self._contexts if facet in facets and (facet, start) not in self._disowned
            ]
        return places

    def _is_near(self, start: int, end: int, facet: str) -> bool:
        context = self.vocabulary.contexts.get(facet)
        places = self._places(facet)
        if context is None or not places:
            return False
        return (
            (context.after > 0 and self._follows(end, context.after, places))
            or (context.before > 0 and self._precedes(start, context.before, places))
            or (context.clause and self._governs(start, places))
            or (bool(context.topic) and self._opens_sentence(start, context.topic))
        )

    def _follows(self, end: int, reach: int, places: list[int]) -> bool:
        """Whether a context word comes after, with nothing in between that starts another phrase."""
        codes, stops = self.tokens.codes, self.vocabulary.grammar.stops
        place = end + 1
        while reach and place < len(codes):
            code = codes[place]
            if code == ",":
                place += 1
                continue
            if _has(places, place):
                return True
            if code in _MARKS or code in stops:
                return False
            reach -= 1
            place += 1
        return False

    def _precedes(self, start: int, reach: int, places: list[int]) -> bool:
        """Whether a context word stands before, right there or with a copula in between."""
        codes, copulas = self.tokens.codes, self.vocabulary.grammar.copulas
        place, linked = start - 1, True
        for _ in range(reach):
            if place < 0 or codes[place] in '.\n;("':
                return False
            if linked and _has(places, place):
                return True
            linked = codes[place] in copulas or codes[place] == ":" or (linked and place < start - 1)
            place -= 1
        return False

    def _is_hyphenated(self, start: int, end: int) -> bool:
        return "-" in self.text[self.tokens.starts[start] : self.tokens.end(end)]

    def _governs(self, start: int, places: list[int]) -> bool:
        """Whether a context word is what the clause is about: before, with no new subject since."""
        before = bisect_left(places, start)
        broken = bisect_left(self.breaks, start)
        opened = self.breaks[broken - 1] if broken else -1
        return any(self._is_subject(place) for place in places[max(0, before - 4) : before] if place > opened)

    def _has_other_subject(self, start: int, facet: str) -> bool:
        """Whether, in a field about the camera, the clause has turned to something else ("as he pushes through")."""
        broken = bisect_left(self.breaks, start)
        if not broken or not self.vocabulary.contexts[facet].clause:
            return False
        opened = self.breaks[broken - 1]
        is_new = self.vocabulary.grammar.turn.match(self.tokens.codes, opened) is not None
        return is_new and not self._governs(start, self._places(facet))

    def _is_subject(self, place: int) -> bool:
        codes, grammar = self.tokens.codes, self.vocabulary.grammar
        if codes[place + 1 : place + 2] == grammar.of:
            return False
        before = place - 1
        if before >= 0 and codes[before] in grammar.determiners:
            before -= 1
        return before < 0 or codes[before] not in grammar.camera_objects

    def _opens_sentence(self, start: int, topic: frozenset[str]) -> bool:
        codes = self.tokens.codes
        first = max(codes.rfind(mark, max(0, start - 40), start) for mark in SENTENCE_ENDS) + 1
        return any(code in topic for code in codes[first : min(first + 3, start)])

    def _is_abbreviation(self, start: int, end: int, bare: bool) -> bool:
        tokens = self.tokens
        written = self.text[tokens.starts[start] : tokens.end(end)]
        if not written.isupper():
            return False
        after = tokens.words[end + 1] if end + 1 < len(tokens) else "."
        before = tokens.codes[start - 1] if start else "."
        return bare or after in ("of", "on", "shot", "style", "-", "–", "—", ":") or before in ".\n:("

    def _stands_alone(self, end: int) -> bool:
        codes = self.tokens.codes
        if end + 1 >= len(codes):
            return True
        following, grammar = codes[end + 1], self.vocabulary.grammar
        return following in _MARKS or following in grammar.stops or following in grammar.copulas

    def _is_name(self, place: int) -> bool:
        """Whether a colour is part of a name (`Blue Lagoon`): two capitalised words where not every word is."""
        tokens, text = self.tokens, self.text
        if not text[tokens.starts[place]].isupper() or place + 1 >= len(tokens):
            return False
        following = text[tokens.starts[place + 1]]
        if not following.isupper() or tokens.starts[place + 1] != tokens.end(place) + 1:
            return False
        segment = self.segments[self.owner[place]]
        rest = text[max(segment.start, tokens.starts[place] - 30) : min(segment.end, tokens.end(place) + 50)]
        return not rest.istitle() and not rest.isupper() and segment.field.name not in ("palette", "lighting")

    def _find_lenses(self, hits: list[Hit]) -> list[Hit]:
        """Focal lengths: a number of millimetres, unless it is the gauge of a film."""
        found = []
        films = {hit.start for hit in hits if hit.value.startswith("film_")} | {
            hit.start + offset for hit in hits if hit.value.startswith("film_") for offset in (1, 2)
        }
        for match in _MILLIMETRES.finditer(self.lower):
            place = bisect_right(self.tokens.starts, match.start()) - 1
            index = self.owner[place] if place >= 0 else -1
            if index < 0 or place + 1 >= len(self.tokens):
                continue
            field = self.segments[index].field
            number = match[1].lstrip("0")
            before_lens = bool(_LENS_WORDS.match(self.lower, match.end()))
            is_lens = before_lens or bool(field.bare & _LENS_FIELDS)
            if place in films and not before_lens:
                continue
            if place in films:
                hits[:] = [hit for hit in hits if not (hit.value.startswith("film_") and hit.start <= place <= hit.end)]
            gauge = None if is_lens else _GAUGES.get(number)
            facet, value = ("style", gauge) if gauge else ("lens", f"{number}mm")
            if number and field.allows(facet) and not field.role:
                found.append(Hit(place, place + 1, facet, value, index))
        return found

    def _negate(self, negators: list[tuple[int, int, str]], hits: list[Hit]) -> None:
        if not negators:
            return
        inside = {place for hit in hits for place in range(hit.start, hit.end + 1) if hit.end > hit.start}
        for start, end, language in negators:
            if start in inside and end in inside:
                continue
            if self.blocked[start] or self.owner[start] < 0 or self.segments[self.owner[start]].field.role:
                continue
            if language == "es" and not self.vocabulary.grammar.spanish.intersection(self.tokens.words):
                continue
            first, last = self._scope_before(start) if language == "ja_after" else (start, self._scope(end))
            self.blocked[first : last + 1] = b"\x01" * (last + 1 - first)
            self.negations.append((self.tokens.starts[first], self.tokens.end(max(last, end))))

    def _scope(self, end: int) -> int:
        """The last word that a negation reaches: the end of its clause, or of its list when an `or` closes it."""
        codes = self.tokens.codes
        ends = self.vocabulary.grammar.negation_ends
        limit = min(len(codes), end + 1 + _REACH_OF_NEGATION)
        stop = ends.search(codes, end + 1, limit)
        last = stop.start() if stop else limit
        place = last
        while place < limit and codes[place] == ",":
            following = ends.search(codes, place + 1, limit)
            next_place = following.start() if following else limit
            piece = self.tokens.words[place + 1 : next_place]
            if "or" in piece or "nor" in piece:
                last = next_place
            elif len(piece) > 3:
                break
            place = next_place
        return last - 1

    def _scope_before(self, start: int) -> tuple[int, int]:
        codes = self.tokens.codes
        first = start
        while first > 0 and codes[first - 1] not in _MARKS and start - first < _REACH_OF_NEGATION:
            first -= 1
        return first, start


def _has(places: list[int], place: int) -> bool:
    index = bisect_left(places, place)
    return index < len(places) and places[index] == place


def _drop_hidden(hits: list[Hit], lookalikes: list[Hit], vocabulary: Vocabulary) -> list[Hit]:
    """The hits that no look-alike and no longer phrase of their kind contains."""
    ordered = sorted([*hits, *lookalikes], key=lambda hit: (hit.start, -hit.end, hit.value))
    kept: list[Hit] = []
    opened: list[Hit] = []
    reach = -1
    for hit in ordered:
        if hit.start > reach:
            opened.clear()
        elif len(opened) > _MANY:
            opened = [outer for outer in opened if outer.end >= hit.start]
        reach = max(reach, hit.end)
        if not hit.value:
            opened.append(hit)
        elif not any(outer.end >= hit.end and _hides(outer, hit, vocabulary) for outer in opened):
            kept.append(hit)
            opened.append(hit)
    return kept


def _hides(outer: Hit, inner: Hit, vocabulary: Vocabulary) -> bool:
    if not outer.value:
        return outer.facet == inner.facet
    if (outer.start, outer.end) == (inner.start, inner.end):
        return False
    if outer.facet == inner.facet and outer.value in vocabulary.broader.get(inner.value, ()):
        return True
    hidden = vocabulary.hides.get(outer.facet, frozenset()) | vocabulary.hides.get(
        f"{outer.facet}.{outer.value}", frozenset()
    )
    return inner.facet in hidden or f"{inner.facet}.{inner.value}" in hidden
