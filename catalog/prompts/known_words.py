"""Open facets of Chinese, Japanese and Spanish: words of the vocabulary, else a field's own words as they stand."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from catalog.records import Facet

if TYPE_CHECKING:
    from collections.abc import Sequence

    from catalog.prompts.segments import Segment
    from catalog.prompts.terms import Hit, Reading

_SILENT_FIELDS = frozenset(
    {"camera", "lens", "focus", "lighting", "palette", "mood", "audio", "sounds", "music", "style", "weather"}
    | {"time", "season", "speed", "topic", "use", "wardrobe", "textures", "rig"}
)
_DESCRIBED = re.compile("[的の]|一[位个只名群辆条匹头对双座片]")
_TECHNICAL = frozenset({"shot_size", "camera_angle", "camera_movement", "lens", "speed", "style", "audio"})
_UNSPACED = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]{1,24}")


def may_be_seen(segment: Segment) -> bool:
    """Whether a segment may say what is seen: prose, or a field that is about nothing else."""
    return segment.field.role in ("", "shots") and segment.field.name not in _SILENT_FIELDS


def find_known_words(facet: str, most: int, reading: Reading, hits: Sequence[Hit], *, in_fields: bool) -> list[Facet]:
    """The first few words of the vocabulary for an open facet, in fields about it or in prose, that no hit uses."""
    phrases: dict[str, Facet] = {}
    if not reading.open_words:
        return []
    used = {token for hit in hits if hit.facet in _TECHNICAL for token in range(hit.start, hit.end + 1)}
    for start, end, name in reading.open_words:
        segment = reading.segments[reading.owner[start]] if reading.owner[start] >= 0 else None
        if name != facet or segment is None or reading.blocked[start] or start in used:
            continue
        if facet in segment.field.opens if in_fields else may_be_seen(segment) and not segment.field.bare:
            begin, stop = reading.tokens.starts[start], reading.tokens.end(end)
            value = reading.lower[begin:stop]
            phrases.setdefault(value, Facet(facet, value, segment.origin, begin, stop, segment.shot))
    return list(phrases.values())[:most]


def read_verbatim(facet: str, most: int, reading: Reading) -> list[Facet]:
    """The words of a field in a script without blanks, up to the first mark: a thing without what describes it."""
    phrases: list[Facet] = []
    if not reading.languages.has_unspaced:
        return phrases
    for segment in reading.segments:
        match = _UNSPACED.search(reading.text, segment.start, segment.end) if facet in segment.field.opens else None
        words = _DESCRIBED.split(match[0]) if match and facet != "action" else [match[0]] if match else []
        if match and words[-1] and len(phrases) < most:
            start = match.end() - len(words[-1])
            phrases.append(Facet(facet, words[-1], segment.origin, start, match.end(), segment.shot))
    return phrases
