"""Open facets: what is seen (`subject`), what it does (`action`) and where (`setting`), as short phrases of the prompt.

A small tagger and chunker of its own. Each word gets a class from closed lists, a list of verbs and word endings;
neighbours settle what is left open; noun phrases and verbs fall out of the classes. Statistical taggers were measured
and set aside: those whose data ship with the package take 0.4 ms for 400 characters before any chunking, read the verbs
of captions ("airplanes flutters") as nouns, and bring along several heavy packages.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from typing import TYPE_CHECKING, NamedTuple

from catalog.prompts.inflection import singular
from catalog.prompts.lexicon import Lexicon, load_lexicon
from catalog.records import Facet

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from catalog.prompts.segments import Segment
    from catalog.prompts.terms import Hit, Reading

MOST = {"subject": 3, "action": 3, "setting": 2}
_MAX_WORDS = 1200
_SHORT = 4
_ENDS = ".;\n-"
_PAUSES = ',:("/'


class Word(NamedTuple):
    """One word of a sentence: its text, its class, and its place among the tokens.

    Classes: D determiner, R pronoun, P preposition, C conjunction, X auxiliary, B adverb, A adjective, N noun, V verb,
    G participle in -ing, T past participle, M number, and the marks themselves.
    """

    text: str
    kind: str
    place: int


class Noun(NamedTuple):
    """A noun phrase: its words from `start` up to `end` in the sentence, without determiners and adjectives."""

    start: int
    end: int
    first: int


def find_phrases(reading: Reading, hits: Sequence[Hit]) -> list[Facet]:
    """The open facets of a sheet: from fields about them where there are any, else from its prose."""
    lexicon = load_lexicon()
    found: list[Facet] = []
    budget = _MAX_WORDS
    sentences: list[tuple[Segment, list[Word]]] = []
    camera_words = _camera_words(reading.tokens.words, hits, lexicon)
    for segment in reading.segments:
        if segment.field.role not in ("", "shots") or segment.field.name in _SILENT_FIELDS or budget <= 0:
            continue
        for sentence in _sentences(reading, segment, lexicon, camera_words):
            budget -= len(sentence)
            sentences.append((segment, sentence))
    for facet in ("subject", "action", "setting"):
        own = [pair for pair in sentences if facet in pair[0].field.opens]
        phrases = list(_read_field(facet, own, reading, lexicon)) or _read_verbatim(facet, reading)
        found += phrases or _read_prose(
            facet, [pair for pair in sentences if not pair[0].field.bare or pair[0].field.opens], reading, lexicon
        )
    return found


_SILENT_FIELDS = frozenset(
    {"camera", "lens", "focus", "lighting", "palette", "mood", "audio", "sounds", "music", "style", "weather"}
    | {"time", "season", "speed", "topic", "use", "wardrobe", "textures", "rig"}
)
_TECHNICAL = frozenset({"shot_size", "camera_angle", "camera_movement", "lens", "focus", "speed", "style", "palette"})
_QUALIFYING = frozenset({"time_of_day", "season", "color", "mood"})


def _camera_words(words: Sequence[str], hits: Sequence[Hit], lexicon: Lexicon) -> dict[int, str]:
    """Places of the words that speak of the camera or the picture's making (K), or only qualify a thing (A)."""
    kinds = {}
    for hit in hits:
        kind = "K" if hit.facet in _TECHNICAL else "A" if hit.facet in _QUALIFYING else ""
        for place in range(hit.start, hit.end + 1) if kind else ():
            if kind == "K" or words[place] not in lexicon.places:
                kinds[place] = kind
    return kinds


def _sentences(reading: Reading, segment: Segment, lexicon: Lexicon, skip: dict[int, str]) -> Iterator[list[Word]]:
    tokens = reading.tokens
    first, last = bisect_left(tokens.starts, segment.start), bisect_left(tokens.starts, segment.end)
    start = first
    for place in range(first, last + 1):
        if place == last or tokens.codes[place] in _ENDS:
            if place > start and _is_english(tokens.words[start:place], reading, lexicon):
                yield _tag(reading, start, place, lexicon, skip)
            start = place + 1


def _is_modifier(reading: Reading, place: int, lexicon: Lexicon) -> bool:
    """Whether the noun is the first part of an adjective, as in `hand-painted`."""
    tokens = reading.tokens
    end = tokens.end(place)
    is_joined = place + 1 < len(tokens) and tokens.starts[place + 1] == end + 1 and reading.text[end] == "-"
    return is_joined and lexicon.kind(tokens.words[place + 1]) in "TGA"


def _is_english(words: Sequence[str], reading: Reading, lexicon: Lexicon) -> bool:
    """Whether the lexicon can read the words: no Spanish article or preposition without an English one beside it."""
    if reading.vocabulary.grammar.spanish.isdisjoint(words):
        return True
    return any(lexicon.kind(word) in "DPX" for word in words)


def _tag(reading: Reading, start: int, end: int, lexicon: Lexicon, skip: dict[int, str]) -> list[Word]:
    tokens = reading.tokens
    words: list[Word] = []
    for place in range(start, end):
        text = tokens.words[place]
        kind = tokens.codes[place]
        if kind not in _PAUSES:
            if reading.blocked[place] or text[0] >= "\u2e80":
                kind = ","
            elif place in skip:
                kind = skip[place]
            else:
                kind = lexicon.kind(text)
                if kind == "N" and _is_modifier(reading, place, lexicon):
                    kind = "A"
        words.append(Word(text, kind, place))
    for at, word in enumerate(words):
        words[at] = word._replace(kind=_settle(words, at, lexicon))
    return words


def _settle(words: Sequence[Word], at: int, lexicon: Lexicon) -> str:
    """The class of a word, settled by its neighbours."""
    word = words[at]
    before = words[at - 1].kind if at else "^"
    after = words[at + 1].kind if at + 1 < len(words) else "$"
    kind = word.kind
    if kind == "v":
        return _settle_verb(words, at, before, after, lexicon)
    if kind == "G" and before in "DA" and after in "NnAv":
        return "A"
    if kind == "G" and before in "DA":
        return "N"
    if kind == "G" and after in "Nv" and (before in ",P" or (before == "^" and not lexicon.takes_object(word.text))):
        return "A"
    if kind == "T" and before in "DA" and after in "NnAv":
        return "A"
    if kind == "B" and before == "D" and after in "Nn":
        return "A"
    return kind


def _settle_verb(words: Sequence[Word], at: int, before: str, after: str, lexicon: Lexicon) -> str:
    """Whether a word that may be a verb is one."""
    text = words[at].text
    if before in "DA" or (before == "P" and words[at - 1].text != "to"):
        return "N"
    if before in "XR" or (before == "P" and words[at - 1].text == "to"):
        return "V"
    if before == "B":
        return "V"
    third = lexicon.is_third_person(text)
    if before in "NnM":
        joined = any(word.kind == "C" for word in words[max(0, at - 4) : at - 1])
        plural = joined or words[at - 1].text.endswith("s")
        if lexicon.is_noun_first(text):
            return "V" if (third or plural) and after in "PDB$,CR" and third != plural else "N"
        return "V" if third != plural or after in "PDBR" else "N"
    if before in "vT":
        return "N" if lexicon.is_noun_first(text) else "V"
    if before == "C" and not lexicon.is_noun_first(text):
        return "V"
    if before in "^,K(:" and not third and after in "DPR" and not lexicon.is_noun_first(text):
        return "V"
    if before in ',"C' and third and after in "DPRB" and at > 1:
        return "V"
    return "N"


def _read_field(
    facet: str, pairs: Iterable[tuple[Segment, list[Word]]], reading: Reading, lexicon: Lexicon
) -> Iterator[Facet]:
    """Phrases of fields that are about the facet: their nouns, or their verbs."""
    seen: set[str] = set()
    shown = 0
    for segment, words in pairs:
        if facet == "action":
            ranges = _verbs(words, lexicon, loose=True)[: MOST[facet]]
        else:
            nouns = _nouns(words, lexicon)
            ranges = [(noun.start, noun.end) for noun in _leading(words, nouns, facet)]
        for start, end in ranges:
            value = _value(facet, words, start, end, lexicon)
            if value and value not in seen and shown < MOST[facet] + 1:
                seen.add(value)
                shown += 1
                yield _facet(facet, value, words, start, end, segment, reading)


def _read_verbatim(facet: str, reading: Reading) -> list[Facet]:
    """The words of a field in a script without blanks, up to the first mark."""
    found: list[Facet] = []
    for segment in reading.segments:
        words = _UNSPACED.search(reading.text, segment.start, segment.end) if facet in segment.field.opens else None
        if words and len(found) < MOST[facet]:
            found.append(Facet(facet, words[0], segment.origin, words.start(), words.end(), segment.shot))
    return found


_UNSPACED = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]{1,24}")


def _leading(words: Sequence[Word], nouns: Sequence[Noun], facet: str) -> list[Noun]:
    """The first noun phrase and those joined to it."""
    if not nouns:
        return []
    taken = [nouns[0]]
    for noun in nouns[1:]:
        between = [word.kind for word in words[taken[-1].end : noun.first]]
        if (facet == "subject" and between and all(kind in ",C" for kind in between)) or (
            facet == "setting" and any(kind == "P" for kind in between) and len(taken) < 2
        ):
            taken.append(noun)
        else:
            break
    return taken[: MOST[facet]]


def _read_prose(
    facet: str, pairs: Sequence[tuple[Segment, list[Word]]], reading: Reading, lexicon: Lexicon
) -> Iterator[Facet]:
    seen: set[str] = set()
    for number, (segment, words) in enumerate(pairs):
        if len(seen) >= MOST[facet]:
            return
        nouns = _nouns(words, lexicon)
        if facet == "subject":
            ranges = _subjects(words, nouns, lexicon, first=number == 0 or not seen)
        elif facet == "action":
            ranges = _verbs(words, lexicon)
        else:
            ranges = _settings(words, nouns, lexicon, first=not seen) if number == 0 or not seen else []
        for start, end in ranges:
            value = _value(facet, words, start, end, lexicon)
            if value and value not in seen and len(seen) < MOST[facet]:
                seen.add(value)
                yield _facet(facet, value, words, start, end, segment, reading)


def _nouns(words: Sequence[Word], lexicon: Lexicon) -> list[Noun]:
    """The noun phrases of a sentence; words about the picture itself are passed over."""
    found = []
    at = 0
    while at < len(words):
        first = at
        while (
            at < len(words) and words[at].kind in "DAMT" and not (words[at].kind == "T" and at == first and first > 0)
        ):
            at += 1
        start = at
        while at < len(words) and words[at].kind == "N":
            at += 1
        if at > start:
            found.append(Noun(start, at, first))
        elif at == first:
            at += 1
    return [noun for noun in (_trim(noun, words, lexicon) for noun in found) if noun.start < noun.end]


def _trim(noun: Noun, words: Sequence[Word], lexicon: Lexicon) -> Noun:
    start, end = noun.start, noun.end
    while start < end and words[start].text in lexicon.frames:
        start += 1
    while end > start and words[end - 1].text in lexicon.frames:
        end -= 1
    return Noun(max(start, end - 3), end, noun.first)


def _subjects(words: Sequence[Word], nouns: Sequence[Noun], lexicon: Lexicon, *, first: bool) -> list[tuple[int, int]]:
    """What a sentence is about: its first noun phrase and those joined to it; later ones add only living things."""
    if not nouns:
        return []
    free = [noun for noun in nouns if not noun.first or words[noun.first - 1].text not in lexicon.locative]
    lead = next((noun for noun in free if not _is_place(words, noun, lexicon)), None)
    lead = lead or (next(iter(free or nouns), None) if first else None)
    if lead is None or (lead not in free and _is_place(words, lead, lexicon)):
        return []
    chosen = [lead]
    index = nouns.index(lead)
    related = _relation(words, nouns)
    if related:
        return related
    measured = words[lead.end - 1].text.rstrip("s") in lexicon.measures
    if measured and lead.end < len(words) and words[lead.end].text == "of" and index + 1 < len(nouns):
        chosen = [nouns[index + 1]]
        index += 1
    for noun in nouns[index + 1 :]:
        between = [word.kind for word in words[chosen[-1].end : noun.first]]
        if between and all(kind in ",C" for kind in between) and "C" in between:
            chosen.append(noun)
        else:
            break
    if not first:
        chosen = [noun for noun in chosen if words[noun.end - 1].text in lexicon.animate and noun.first <= 2]
    chosen += [noun for noun in nouns if noun not in chosen and _is_agent(words, noun, lexicon)]
    return [(noun.start, noun.end) for noun in chosen]


def _is_agent(words: Sequence[Word], noun: Noun, lexicon: Lexicon) -> bool:
    """Whether the phrase is a living thing that does something: a verb follows, and no preposition governs it."""
    head = words[noun.end - 1].text
    before = words[noun.first - 1].kind if noun.first else "^"
    after = words[noun.end].kind if noun.end < len(words) else "$"
    return after in "VGX" and before != "P" and (head in lexicon.animate or singular(head) in lexicon.animate)


def _relation(words: Sequence[Word], nouns: Sequence[Noun]) -> list[tuple[int, int]]:
    """Both things of "a banana on the left of an apple"."""
    for at in range(2, len(words) - 1):
        if words[at].text == "of" and words[at - 1].text in _SIDES and words[at - 2].text in ("the", "top"):
            before = [noun for noun in nouns if noun.end <= at - 2]
            after = [noun for noun in nouns if noun.start > at]
            if before and after and before[-1].first == 0:
                return [(before[-1].start, before[-1].end), (after[0].start, after[0].end)]
    return []


_SIDES = frozenset({"left", "right", "top", "bottom", "front", "back"})


def _verbs(words: Sequence[Word], lexicon: Lexicon, *, loose: bool = False) -> list[tuple[int, int]]:
    """The verbs that tell what is done, each with a short object right after it."""
    found = []
    for at, word in enumerate(words):
        is_verb = word.kind in "VG" or (word.kind == "T" and at and words[at - 1].kind == "X")
        if loose and not is_verb and (at == 0 or words[at - 1].kind in ",C" or words[at - 1].text == "then"):
            is_verb = bool(lexicon.base(word.text))
        if not is_verb or lexicon.base(word.text) in lexicon.pointing or _is_of_camera(words, at):
            continue
        if word.kind == "G" and at == 0 and len(words) > 1 and words[1].kind == "P" and not loose:
            continue
        found.append((at, _object_end(words, at)))
    return found


def _is_of_camera(words: Sequence[Word], at: int) -> bool:
    """Whether the nearest subject before the verb is the camera."""
    for word in reversed(words[max(0, at - 12) : at]):
        if word.text in ("camera", "shot", "lens", "drone", "view", "footage") or word.kind == "K":
            return True
        if word.kind in "NR":
            return False
    return False


def _object_end(words: Sequence[Word], at: int) -> int:
    """Where the verb's phrase ends: after a short object or a short predicate ("is tying a red ribbon")."""
    rest = words[at + 1 :]
    if at and words[at - 1].kind == "X" and len(rest) <= _SHORT and all(word.kind in "NADGv" for word in rest):
        return len(words)
    end = at + 1
    if end < len(words) and words[end].text in ("a", "an", "the"):
        end += 1
    start = end
    while end < len(words) and words[end].kind == "N" and end - start < 2:
        end += 1
    return end if end > start and (end == len(words) or words[end].kind in "P,C$.") and end - at <= 3 else at + 1


def _settings(words: Sequence[Word], nouns: Sequence[Noun], lexicon: Lexicon, *, first: bool) -> list[tuple[int, int]]:
    """Places after a word of place; in the first sentence also a place that opens it."""
    found = []
    for noun in nouns:
        if not _is_place(words, noun, lexicon):
            continue
        before = words[noun.first - 1] if noun.first else None
        if before is not None and before.text in lexicon.locative:
            found.append((noun.start, noun.end))
    if not found and first:
        found = [(noun.start, noun.end) for noun in nouns if _is_place(words, noun, lexicon)][:1]
    return found


def _is_place(words: Sequence[Word], noun: Noun, lexicon: Lexicon) -> bool:
    head = words[noun.end - 1].text
    return head in lexicon.places or (head.endswith("s") and head[:-1] in lexicon.places)


def _value(facet: str, words: Sequence[Word], start: int, end: int, lexicon: Lexicon) -> str:
    texts = [word.text for word in words[start:end]]
    if facet == "action":
        return " ".join([lexicon.base(texts[0]) or texts[0], *texts[1:]])
    return " ".join([*texts[:-1], singular(texts[-1])])


def _facet(
    facet: str, value: str, words: Sequence[Word], start: int, end: int, segment: Segment, reading: Reading
) -> Facet:
    tokens = reading.tokens
    return Facet(
        facet, value, segment.origin, tokens.starts[words[start].place], tokens.end(words[end - 1].place), segment.shot
    )
