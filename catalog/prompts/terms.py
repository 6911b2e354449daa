"""Controlled facets: finds the vocabulary's phrases on a sheet and decides which of them ask for something.

One pass of the automaton finds every phrase; then each is judged by where it stands: its field, its neighbours, its
clause. What is negated, quoted or part of a look-alike gives nothing.
"""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING, NamedTuple

from catalog.prompts.beside import has_companion
from catalog.prompts.fragments import is_lone
from catalog.prompts.languages import Languages, find_whole_words
from catalog.prompts.matcher import (
    ALONE,
    ANYWHERE,
    BESIDE,
    COMPOUND,
    HYPHENATED,
    LOOKALIKE,
    NEAR,
    NEGATOR,
    NO_CONTEXT,
    NO_NEGATOR,
    OUTSIDE,
    UPPER,
    Entry,
)
from catalog.prompts.measures import add_measures
from catalog.prompts.names import is_name
from catalog.prompts.negation import negate
from catalog.prompts.tokens import SENTENCE_ENDS, UNKNOWN, Tokens, lower

if TYPE_CHECKING:
    from collections.abc import Sequence

    from catalog.prompts.segments import Segment
    from catalog.prompts.vocabulary import Field, Vocabulary

_MARKS = '.,;:\n("-/'
_BEFORE_COMMAND = ".\n:;(-"
_READ_ROLES = ("", "shots", "dialogue")
_MANY = 8
_COLOR_JOINTS = frozenset({"and", ",", "/", "y", "&"})


class Hit(NamedTuple):
    """A value found at the words `start` to `end` (both included) of the sheet."""

    start: int
    end: int
    facet: str
    value: str
    segment: int


class Reading:
    """One sheet under the reader's eye: its words, which segment owns each, and which of them count for nothing."""

    def __init__(
        self, text: str, segments: Sequence[Segment], vocabulary: Vocabulary, prompt: str | None = None
    ) -> None:
        self.text = text
        self.prompt = prompt or text
        self.segments = segments
        self.vocabulary = vocabulary
        self.lower = lower(text)
        self.tokens = Tokens(self.lower, vocabulary.alphabet)
        self.blocked = bytearray(len(self.tokens))
        self.owner = self._owners()
        self.languages = Languages(self.lower, self.prompt, self.tokens, vocabulary.grammar)
        self.negations: list[tuple[int, int]] = []
        self.phrases: list[tuple[int, int, Entry]] = []
        self._contexts: list[tuple[int, int, tuple[str, ...]]] = []
        self._disowned: set[tuple[str, int]] = set()
        self.speakers: tuple[str, ...] = ()
        self.names: dict[str, bool] = {}
        self._context_tokens: dict[str, list[int]] = {}
        self._lookalikes: list[Hit] = []
        self._negators: list[tuple[int, int, Entry]] = []
        self._compounds: set[tuple[int, int]] = set()
        self.false_negators: set[int] = set()
        self._spans: set[tuple[int, int]] = set()
        self._open_words: list[tuple[int, int, str, str]] | None = None
        self.english_lead: int | None = None
        self._breaks: list[int] | None = None
        self._colors: tuple[set[int], set[int]] | None = None

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

    def is_blocked(self, start: int) -> bool:
        """Whether the first word from there on counts for nothing, as in what somebody says."""
        first = bisect_left(self.tokens.starts, start)
        return first >= len(self.tokens) or bool(self.blocked[first])

    def find_terms(self) -> list[Hit]:
        """The controlled values of the sheet in its order; a longer phrase hides what it contains."""
        self._match_phrases()
        self._drop_parts_of_words()
        hits = []
        for start, end, entry in self.phrases:
            owner = self.owner[start]
            if owner == self.owner[end] and owner >= 0 and self._asks(start, end, entry, self.segments[owner].field):
                hits.append(Hit(start, end, entry.facet, entry.value, owner))
        hits = add_measures(self, hits)
        hits = _drop_hidden(hits, self._lookalikes, self.vocabulary)
        self.negations += negate(self, hits, self._negators)
        return [hit for hit in hits if not self.blocked[hit.start] and not self.blocked[hit.end]]

    def _match_phrases(self) -> None:
        """Read the sheet once and sort what every phrase of the vocabulary does in it."""
        speaks = self.languages.speaks
        for letter, (length, values, contexts, effects) in self.vocabulary.phrases.find(self.tokens.codes):
            end = letter // 2
            start = end - length + 1
            for entry in values:
                if entry.language == "en" or speaks(entry.language, start):
                    self.phrases.append((start, end, entry))
            if contexts:
                self._contexts.append((start, end, contexts))
            for entry in effects:
                if entry.language == "en" or speaks(entry.language, start):
                    self._note_effect(start, end, entry)

    @property
    def open_words(self) -> list[tuple[int, int, str, str]]:
        """The words for open facets of the languages that no grammar is read of: where, for which facet, their base."""
        if self._open_words is None:
            is_spanish = self.languages.is_spanish and self.languages.is_plainly_spanish
            self._open_words = self._find_open_words(is_spanish) if is_spanish or self.languages.has_unspaced else []
        return self._open_words

    def _find_open_words(self, is_spanish: bool) -> list[tuple[int, int, str, str]]:
        found = [
            (letter // 2 - length + 1, letter // 2, entry.facet, entry.value)
            for letter, (length, _, _, effects) in self.vocabulary.open_words.find(self.tokens.codes)
            for entry in effects
            if (is_spanish if entry.language == "es" else self.languages.speaks(entry.language, letter // 2))
        ]
        if not self.languages.has_unspaced:
            return found
        spans = self._spans.union(self._compounds, (word[:2] for word in found))
        whole = find_whole_words(spans, self.tokens, self.vocabulary.grammar.katakana)
        return [word for word in found if word[:2] in whole]

    def _drop_parts_of_words(self) -> None:
        """Leave out what is only a part of a longer word, where words are written without blanks between them."""
        if not self.languages.has_unspaced:
            return
        is_unspaced = self.languages.is_unspaced
        self._spans = {found[:2] for found in (*self.phrases, *self._negators) if is_unspaced(*found[:2])}
        whole = find_whole_words(self._spans | self._compounds, self.tokens, self.vocabulary.grammar.katakana)
        self.phrases = [found for found in self.phrases if found[:2] in whole or not is_unspaced(*found[:2])]
        self._negators = [found for found in self._negators if found[:2] in whole or not is_unspaced(*found[:2])]

    def _note_effect(self, start: int, end: int, entry: Entry) -> None:
        if entry.kind == LOOKALIKE:
            if self._looks_alike(start, end, entry):
                self._lookalikes.append(Hit(start, end, entry.facet, "", -1))
        elif entry.kind == NEGATOR:
            self._negators.append((start, end, entry))
        elif entry.kind == NO_NEGATOR:
            self.false_negators.update(range(start, end + 1))
        elif entry.kind == COMPOUND:
            self._compounds.add((start, end))
        elif entry.kind == NO_CONTEXT:
            self._disowned.update((entry.facet, token) for token in range(start, end + 1))

    def _looks_alike(self, start: int, end: int, entry: Entry) -> bool:
        """Whether a look-alike is one here: some only with their hyphen, some only outside fields about the facet."""
        if entry.mode == HYPHENATED:
            return self._is_hyphenated(start, end)
        owner = self.owner[start]
        return entry.mode != OUTSIDE or owner < 0 or entry.facet not in self.segments[owner].field.bare

    def _asks(self, start: int, end: int, entry: Entry, field: Field) -> bool:
        """Whether a phrase asks for its value where it stands."""
        facet, mode = entry.facet, entry.mode
        if field.role not in _READ_ROLES or not field.allows(facet):
            return False
        if mode != ANYWHERE:
            is_about_facet = facet in field.bare
            if mode == UPPER:
                return self._is_abbreviation(start, end, is_about_facet=is_about_facet)
            if is_about_facet and mode == NEAR and self._has_other_subject(start, facet):
                return False
            if not is_about_facet and not self._has_company(start, end, entry):
                return False
        return start != end or not is_name(self, start, facet)

    def _has_company(self, start: int, end: int, entry: Entry) -> bool:
        """Whether the words around a phrase let it count in text that is about something else."""
        facet, mode = entry.facet, entry.mode
        if mode == NEAR:
            if facet == "camera_movement" and self._is_command(start):
                return True
            is_beside = facet == "color" and self._is_beside_color(start, end)
            return is_beside or self._is_near(start, end, facet) or is_lone(self, start, end, facet)
        if mode == BESIDE:
            return has_companion(self, start, end, f"{facet}.{entry.value}")
        return mode == ALONE and self._stands_alone(end)

    @property
    def breaks(self) -> list[int]:
        """Where a clause ends or takes a new subject."""
        if self._breaks is None:
            self._breaks = [match.start() for match in self.vocabulary.grammar.breaks.finditer(self.tokens.codes)]
        return self._breaks

    def context_of(self, facet: str) -> list[int]:
        """The tokens that end a context word of a facet."""
        tokens = self._context_tokens.get(facet)
        if tokens is None:
            tokens = self._context_tokens[facet] = [
                end for start, end, facets in self._contexts if facet in facets and (facet, start) not in self._disowned
            ]
        return tokens

    def _is_near(self, start: int, end: int, facet: str) -> bool:
        reach = self.vocabulary.contexts.get(facet)
        context = self.context_of(facet)
        if reach is None or not context or (reach.clause and self._describes_thing(start, end)):
            return False
        return (
            (reach.after > 0 and self._follows(end, reach.after, context))
            or (reach.before > 0 and self._precedes(start, reach.before, context))
            or (reach.clause and self._governs(start, context))
            or (bool(reach.topic) and self._opens_sentence(start, reach.topic))
        )

    def _is_beside_color(self, start: int, end: int) -> bool:
        """Whether a conjunction or a comma joins the words to a color: "rust and mustard", "sand, olive"."""
        if self._colors is None:
            colors = [phrase[:2] for phrase in self.phrases if phrase[2].facet == "color" and not phrase[2].mode]
            self._colors = {first for first, _ in colors}, {last for _, last in colors}
        words, (starts, ends) = self.tokens.words, self._colors
        return (end + 2 in starts and words[end + 1] in _COLOR_JOINTS) or (
            start > 1 and start - 2 in ends and words[start - 1] in _COLOR_JOINTS
        )

    def _is_command(self, start: int) -> bool:
        """Whether a move of the camera opens a sentence as a command: "Pull out as the door opens"."""
        codes = self.tokens.codes
        return codes[start] in self.vocabulary.grammar.commands and (start == 0 or codes[start - 1] in _BEFORE_COMMAND)

    def _describes_thing(self, start: int, end: int) -> bool:
        """Whether an -ing form only describes the thing that follows, as in "a sinking ferry"."""
        words, codes, grammar = self.tokens.words, self.tokens.codes, self.vocabulary.grammar
        if (
            start != end
            or start == 0
            or not words[start].endswith("ing")
            or codes[start - 1] not in grammar.determiners
        ):
            return False
        return codes[end + 1 : end + 2] == UNKNOWN

    def _follows(self, end: int, reach: int, context: list[int]) -> bool:
        """Whether a context word comes after, with nothing in between that starts another phrase."""
        codes, stops = self.tokens.codes, self.vocabulary.grammar.stops
        token = end + 1
        if self.languages.is_unspaced(end, end):
            reach *= 2  # characters, not words
        while reach and token < len(codes):
            code = codes[token]
            if code == ",":
                token += 1
                continue
            if _has(context, token):
                return True
            if code in _MARKS or code in stops:
                return False
            reach -= 1
            token += 1
        return False

    def _precedes(self, start: int, reach: int, context: list[int]) -> bool:
        """Whether a context word stands before, right there or with a copula in between."""
        codes, copulas = self.tokens.codes, self.vocabulary.grammar.copulas
        token, linked = start - 1, True
        for _ in range(reach):
            if token < 0 or codes[token] in '.\n;("':
                return False
            if linked and _has(context, token):
                return True
            linked = codes[token] in copulas or codes[token] == ":" or (linked and token < start - 1)
            token -= 1
        return False

    def _is_hyphenated(self, start: int, end: int) -> bool:
        return "-" in self.text[self.tokens.starts[start] : self.tokens.end(end)]

    def _clause_start(self, start: int) -> int:
        """The last break before a token, -1 where there is none."""
        index = bisect_left(self.breaks, start)
        return self.breaks[index - 1] if index else -1

    def _governs(self, start: int, context: list[int]) -> bool:
        """Whether a context word is what the clause is about: before, with no new subject since."""
        before = bisect_left(context, start)
        opened = max(self._clause_start(start), self.languages.clause_start(start))
        return any(self._is_subject(token) for token in context[max(0, before - 4) : before] if token > opened)

    def _has_other_subject(self, start: int, facet: str) -> bool:
        """Whether, in a field about the camera, the clause has turned to something else ("as he pushes through")."""
        reach = self.vocabulary.contexts.get(facet)
        opened = self._clause_start(start)
        if opened < 0 or reach is None or not reach.clause:
            return False
        is_noun = start == opened + 2 and self.tokens.words[start - 1] in ("a", "an", "the")  # "then a tilt"
        is_new = not is_noun and self.vocabulary.grammar.turn.match(self.tokens.codes, opened) is not None
        return is_new and not self._governs(start, self.context_of(facet))

    def _is_subject(self, token: int) -> bool:
        codes, grammar = self.tokens.codes, self.vocabulary.grammar
        if codes[token + 1 : token + 2] == grammar.of:
            return False
        before = token - 1
        if before >= 0 and codes[before] in grammar.determiners:
            before -= 1
        return before < 0 or codes[before] not in grammar.camera_objects

    def _opens_sentence(self, start: int, topic: frozenset[str]) -> bool:
        codes = self.tokens.codes
        first = max(codes.rfind(mark, max(0, start - 40), start) for mark in SENTENCE_ENDS) + 1
        return any(code in topic for code in codes[first : min(first + 3, start)])

    def _is_abbreviation(self, start: int, end: int, *, is_about_facet: bool) -> bool:
        tokens = self.tokens
        written = self.text[tokens.starts[start] : tokens.end(end)]
        if not written.isupper():
            return False
        after = tokens.words[end + 1] if end + 1 < len(tokens) else "."
        before = tokens.codes[start - 1] if start else "."
        return (
            is_about_facet
            or after in ("of", "on", "shot", "style", "-", "–", "—", ":")
            or before in ".\n:(-;"
            or after in ";|"
        )

    def _stands_alone(self, end: int) -> bool:
        codes = self.tokens.codes
        if end + 1 >= len(codes):
            return True
        following, grammar = codes[end + 1], self.vocabulary.grammar
        return following in _MARKS or following in grammar.stops or following in grammar.copulas


def _has(tokens: list[int], token: int) -> bool:
    index = bisect_left(tokens, token)
    return index < len(tokens) and tokens[index] == token


def _drop_hidden(hits: list[Hit], lookalikes: list[Hit], vocabulary: Vocabulary) -> list[Hit]:
    """The hits that no look-alike and no longer phrase of their kind contains."""
    visible: list[Hit] = []
    opened: list[Hit] = []
    reach = -1
    for hit in sorted([*hits, *lookalikes], key=lambda hit: (hit.start, -hit.end, hit.value)):
        if hit.start > reach:
            opened.clear()
        elif len(opened) > _MANY:
            opened = [outer for outer in opened if outer.end >= hit.start]
        reach = max(reach, hit.end)
        if not hit.value:
            opened.append(hit)
        elif not any(outer.end >= hit.end and _hides(outer, hit, vocabulary) for outer in opened):
            visible.append(hit)
            opened.append(hit)
    return visible


def _hides(outer: Hit, inner: Hit, vocabulary: Vocabulary) -> bool:
    if not outer.value:
        return outer.facet == inner.facet
    if (outer.start, outer.end) == (inner.start, inner.end):
        return False
    if outer.facet == inner.facet and outer.value in vocabulary.broader.get(inner.value, ()):
        return True
    name = f"{inner.facet}.{inner.value}"
    for hider in (outer.facet, f"{outer.facet}.{outer.value}"):
        hidden = vocabulary.hides.get(hider, ())
        if inner.facet in hidden or name in hidden:
            return True
    return False
