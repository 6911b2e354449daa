"""Reads one prompt, all of it: JSON by key path, then labelled blocks, then the rest as prose."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from catalog.prompts import LONGEST_READ
from catalog.prompts.instructions import find_commands, find_removals, may_command
from catalog.prompts.labels import read_labels
from catalog.prompts.quotes import find_quotes
from catalog.prompts.segments import Segment, Sheet
from catalog.prompts.sound import find_sound
from catalog.prompts.speech import Line, find_lines
from catalog.prompts.structured import Document, Text, find_documents, unescape
from catalog.prompts.terms import Hit, Reading
from catalog.prompts.vocabulary import PROSE, Vocabulary, load
from catalog.prompts.wrapping import unwrap
from catalog.records import Facet

if TYPE_CHECKING:
    from collections.abc import Iterable


@dataclass(frozen=True, slots=True)
class Extraction:
    """What a prompt asks for (`facets`, in its order), what it asks to leave out, and who says what in it."""

    facets: tuple[Facet, ...] = ()
    negative_prompt: str | None = None
    dialogue: tuple[Line, ...] = ()


NOTHING = Extraction()
_MAY_BE_JSON = re.compile(r"""[{\[]|\A\s*["“']""")
_DOCUMENT = re.compile(r"""\s*(?:\{|\[\s*["'{\[])""")


def extract(prompt: str | None, vocabulary: Vocabulary | None = None, *, open_facets: bool = True) -> Extraction:
    """Everything a prompt asks for in its first LONGEST_READ characters.

    The time is linear in their number, and no text raises an error.
    Without `open_facets` only the vocabulary's facets are read, which is several times faster.
    """
    if not prompt or prompt.isspace():
        return NOTHING
    vocabulary = vocabulary or load()
    prompt = unwrap(prompt[:LONGEST_READ])
    sheet = _lay_out(prompt, vocabulary)
    text = sheet.text()
    reading = Reading(text, sheet.segments, vocabulary, prompt)
    quotes = [] if _looks_broken(prompt, sheet) else find_quotes(text)
    for quote in quotes:
        reading.block(quote.start - 1, quote.end + 1)
    lines = find_lines(prompt, text, sheet, quotes, vocabulary)
    for line in lines:
        reading.block(line.start, line.end)
    reading.speakers = tuple(line.speaker for line in lines if line.speaker)
    _follow_commands(text, reading)
    hits = reading.find_terms()
    facets = [_facet(hit, reading) for hit in hits]
    facets += find_sound(reading, hits, lines)
    facets = _most_specific(facets, vocabulary)
    if open_facets:
        from catalog.prompts.phrases import find_phrases

        facets += find_phrases(reading, hits)
        facets += [Facet("dialogue", line.text, line.origin, line.start, line.end, line.shot) for line in lines]
    return Extraction(_in_order(facets), _negative_prompt(text, sheet, reading), tuple(lines))


def extract_facets(prompt: str | None, vocabulary: Vocabulary | None = None) -> list[Facet]:
    """The facets of a prompt, in its order; see `extract`."""
    return list(extract(prompt, vocabulary).facets)


def _lay_out(prompt: str, vocabulary: Vocabulary) -> Sheet:
    documents = find_documents(prompt) if _MAY_BE_JSON.search(prompt) else []
    sheet = Sheet(_resolve_escapes(prompt, documents))
    offset = 0
    for document in documents:
        read_labels(sheet, offset, document.start, vocabulary)
        _read_document(sheet, document, vocabulary)
        offset = document.end
    read_labels(sheet, offset, len(prompt), vocabulary)
    return sheet


def _resolve_escapes(prompt: str, documents: list[Document]) -> str:
    if not documents or "\\" not in prompt:
        return prompt
    pieces = []
    offset = 0
    for document in documents:
        pieces += [prompt[offset : document.start], unescape(prompt[document.start : document.end])]
        offset = document.end
    return "".join([*pieces, prompt[offset:]])


def _read_document(sheet: Sheet, document: Document, vocabulary: Vocabulary) -> None:
    speakers: dict[tuple[str | int, ...], str] = {}
    spoken: list[tuple[Text, Segment]] = []
    for text in document.texts:
        segment = _segment(text, vocabulary)
        if segment.field.role == "speaker":
            if text.path[-1] in ("character", "speaker", "name", "who", "actor", "role"):
                speakers[text.path[:-1]] = sheet.prompt[text.start : text.end]
            continue
        if segment.field.role == "dialogue":
            spoken.append((text, segment))
        if "\n" in sheet.prompt[text.start : text.end]:
            read_labels(sheet, text.start, text.end, vocabulary, segment)
        else:
            sheet.add(segment)
    for text, segment in spoken:
        if speaker := speakers.get(text.path[:-1]):
            sheet.speakers[segment.start] = speaker


def _segment(text: Text, vocabulary: Vocabulary) -> Segment:
    """The string as a segment: what the deepest known key is about, unless one above it leaves things out."""
    keys = [name for name in text.path if isinstance(name, str)]
    parents = ["", *keys]
    pairs = reversed(list(zip(keys, parents, strict=False)))
    fields = [field for key, parent in pairs if (field := vocabulary.find_field(key, parent))]
    field = next((field for field in fields if field.role == "negative"), fields[0] if fields else PROSE)
    return Segment(text.start, text.end, field, "json", _shot(text, vocabulary))


def _shot(text: Text, vocabulary: Vocabulary) -> int | None:
    for name, position in zip(text.path, text.path[1:], strict=False):
        if isinstance(name, str) and isinstance(position, int):
            field = vocabulary.find_field(name)
            if field and field.role == "shots":
                return position + 1
    return None


def _follow_commands(text: str, reading: Reading) -> None:
    """Let what an instruction takes away count as left out, and its commands for nothing."""
    if not may_command(reading.tokens.words, text):
        return
    for removal in find_removals(text):
        if not reading.is_blocked(removal.start):
            reading.block(removal.start, removal.end)
            reading.negations.append(removal.noun)
    for start, end in find_commands(text):
        reading.block(start, end)


def _looks_broken(prompt: str, sheet: Sheet) -> bool:
    is_document = _DOCUMENT.match(prompt) is not None and '"' in prompt
    return is_document and all(segment.origin != "json" for segment in sheet.segments)


def _facet(hit: Hit, reading: Reading) -> Facet:
    segment = reading.segments[hit.segment]
    tokens = reading.tokens
    return Facet(hit.facet, hit.value, segment.origin, tokens.starts[hit.start], tokens.end(hit.end), segment.shot)


def _most_specific(facets: list[Facet], vocabulary: Vocabulary) -> list[Facet]:
    """Without the values that a narrower one of the same facet makes superfluous."""
    named = {facet.value for facet in facets}
    superfluous = {
        broad for broad, narrow in vocabulary.broader.items() if broad not in vocabulary.kept_broad and named & narrow
    }
    return [facet for facet in facets if facet.value not in superfluous]


def _in_order(facets: Iterable[Facet]) -> tuple[Facet, ...]:
    """In the order of the prompt, each value once a shot."""
    seen: dict[tuple[str, str, int | None], Facet] = {}
    for facet in sorted(facets, key=lambda facet: (facet.start or 0, facet.name, facet.value)):
        seen.setdefault((facet.name, facet.value, facet.shot), facet)
    return tuple(seen.values())


def _negative_prompt(text: str, sheet: Sheet, reading: Reading) -> str | None:
    spans = [(part.start, part.end) for part in sheet.segments if part.field.role == "negative"] + reading.negations
    pieces = [" ".join(text[start:end].split()).strip(" -•*\"'") for start, end in sorted(spans)]
    return ", ".join(piece.rstrip(".,;") for piece in pieces if piece.rstrip(".,;")) or None
