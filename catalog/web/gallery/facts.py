"""What is known of a video, as its page says it: words of the prompt, and facts with where they lead."""

from __future__ import annotations

import json
import re
from collections import deque
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from catalog.controls import plain, plain_json
from catalog.letters import locate, read
from catalog.records import to_json
from catalog.web.gallery.files import size_of
from catalog.web.gallery.phrases import amount, dollars, figure, moment
from catalog.web.gallery.tiles import media_name

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from catalog.letters import Part
    from catalog.query_reports import Clause
    from catalog.records import Facet, Input, Video

    Find = Callable[[str, str | None], str]

_LONGEST_JSON = 20_000
_LONGEST_MARKED = 20_000  # characters of a prompt in which words that were searched for stand out
_LONGEST_QUERY = 2_000
_OPERATORS = frozenset({"or", "and", "not"})
_BASES = {"reported": "as the provider reports", "estimated": "estimated by the prices", "unknown": "unknown"}
_SPOKEN = "dialogue"


class Segment(NamedTuple):
    """A part of a prompt: the words of a facet lead to who else asks for it, those that were searched for stand out."""

    text: str
    url: str | None = None
    title: str | None = None
    is_found: bool = False


class Fact(NamedTuple):
    """A fact with its name; `url` is the page of all videos of which it holds."""

    name: str
    text: str
    url: str | None = None
    more: str | None = None


class Measure(NamedTuple):
    """What was asked for and what the file has; `is_other` where they do not agree."""

    name: str
    asked: str | None
    delivered: str | None
    is_other: bool = False


class Given(NamedTuple):
    """What went into a job beside its prompt, with its picture where the library holds it."""

    role: str
    name: str
    url: str | None
    media: str | None


def cut_prompt(prompt: str, facets: Iterable[Facet], wanted: Iterable[Part], find: Find) -> list[Segment]:
    """The prompt in parts that follow each other without a gap; of words that belong to two facets, the first counts.

    `wanted` are the words that were searched for.
    """
    asking = _list_asking(prompt, facets)
    found = _list_found(prompt, wanted)
    edges = sorted({0, len(prompt), *(edge for start, end, _ in asking for edge in (start, end)), *sum(found, ())})
    segments = []
    for start, end in pairwise(edges):
        while asking and asking[0][1] <= start:
            asking.popleft()
        while found and found[0][1] <= start:
            found.popleft()
        is_found = bool(found) and found[0][0] <= start
        if asking and asking[0][0] <= start:
            facet = asking[0][2]
            what = find(facet.name, facet.value), f"{facet.name}: {facet.value}"
            segments.append(Segment(prompt[start:end], *what, is_found))
        else:
            segments.append(Segment(prompt[start:end], is_found=is_found))
    return segments


def _list_asking(prompt: str, facets: Iterable[Facet]) -> deque[tuple[int, int, Facet]]:
    """Where in the prompt which facet stands, in order; none overlap."""
    spans = ((each.start, each.end, each) for each in facets if each.start is not None and each.end is not None)
    chosen: deque[tuple[int, int, Facet]] = deque()
    for start, end, facet in sorted(spans, key=lambda span: (span[0], -span[1])):
        if start < end <= len(prompt) and (not chosen or start >= chosen[-1][1]):
            chosen.append((start, end, facet))
    return chosen


def _list_found(prompt: str, wanted: Iterable[Part]) -> deque[tuple[int, int]]:
    """Where in the prompt the words stand that were searched for, in order; none overlap."""
    words = [re.escape(each.letters) if each.is_run else rf"(?<!\S){re.escape(each.letters)}(?!\S)" for each in wanted]
    if not words:
        return deque()
    located, begins, ends = locate(prompt[:_LONGEST_MARKED])
    longest_first = "|".join(sorted(words, key=len, reverse=True))
    spans = ((begins[match.start()], ends[match.end() - 1]) for match in re.finditer(longest_first, located))
    return deque((start, end) for start, end in spans if start < end)


def read_wanted(clauses: Iterable[Clause]) -> list[Part]:
    """The words that the clauses of a query look for in prompts."""
    texts = [
        each.text if each.field is None else " ".join(each.values)
        for each in clauses
        if not (each.is_negated or each.text.startswith("-")) and each.field in {None, "prompt"}
    ]
    return [part for part in read(" ".join(texts)[:_LONGEST_QUERY]) if part.letters not in _OPERATORS]


def list_spoken(video: Video) -> list[str]:
    """The lines that are spoken, as they stand in the prompt."""
    prompt = video.prompt or ""
    lines = [prompt[each.start : each.end] or each.value for each in video.facets if each.name == _SPOKEN]
    return list(dict.fromkeys(lines))


def list_facts(video: Video, find: Find) -> list[Fact]:
    """What one wants to know first."""
    day = video.created_at.date().isoformat() if video.created_at else None
    basis = _BASES.get(video.cost_basis or "", video.cost_basis)
    facts = [
        _fact(find, "model", video.model),
        _fact(find, "seed", video.seed),
        _fact(find, "seconds", video.seconds and f"{figure(video.seconds)} s", value=_whole(video.seconds)),
        _fact(find, "size", video.size),
        _fact(find, "cost", dollars(video.cost_usd), value=_number(video.cost_usd), more=basis),
        _fact(find, "status", video.status),
        _fact(find, "created", moment(video.created_at), value=day),
    ]
    return [fact for fact in facts if fact]


def list_more_facts(video: Video, find: Find) -> list[Fact]:
    """The other facts, in the order of the job's life."""
    basis = video.cost_basis if video.cost_usd is not None else None
    facts = [
        _fact(find, "source", video.source),
        _fact(find, "kind", video.kind),
        _fact(find, "quality", video.quality),
        _fact(find, "tier", video.tier),
        _fact(find, "provider_status", video.provider_status),
        _fact(find, "cost_basis", basis),
        _fact(find, "error_code", video.error_code),
        _fact(find, "batch_custom_id", video.batch_custom_id),
        *(_fact(find, "parameter", f"{name}={_as_text(value)}") for name, value in video.parameters.items()),
    ]
    return [fact for fact in facts if fact]


def list_moments(video: Video, find: Find) -> list[Fact]:
    """When what happened to the job."""
    times = {
        "created": video.created_at,
        "completed": video.completed_at,
        "expires": video.expires_at,
        "first seen": video.first_seen_at,
        "last seen": video.last_seen_at,
        "gone from the provider": video.gone_at,
        "hidden": video.deleted_at,
    }
    facts = []
    for name, time in times.items():
        if time is not None:
            is_asked = name in {"created", "completed", "expires"}
            url = find(name, time.date().isoformat()) if is_asked else None
            facts.append(Fact(name, moment(time) or "", url))
    return facts


def compare_measures(video: Video) -> list[Measure]:
    """What was asked for beside what came, where a file says what came."""
    made = next((file for file in video.files if file.variant in {"video", "image"} and file.probe), None)
    if made is None or made.probe is None:
        return []
    probe = made.probe
    asked_fps = video.parameters.get("fps")
    size = size_of(probe)
    sound = probe.audio or ("none" if made.variant == "video" else None)
    rows = [
        Measure("seconds", figure(video.seconds), figure(probe.seconds), _differ(video.seconds, probe.seconds, 0.25)),
        Measure("size", video.size, size, size is not None and bool(video.width) and video.size != size),
        Measure("frames a second", _as_text(asked_fps) or None, figure(probe.fps), _differ(asked_fps, probe.fps, 0.5)),
        Measure("picture", None, probe.codec),
        Measure("sound", None, sound),
    ]
    return [row for row in rows if row.asked or row.delivered]


def list_given(video: Video, find: Find) -> list[Given]:
    """The inputs and characters, as the request gave them."""
    held = {file.number: media_name(file) for file in video.files if file.variant == "reference"}
    return [Given(each.role, plain(each.name or each.number), _find_input(each, find), held.get(each.file or 0))
            for each in video.inputs]  # fmt: skip


def group_facets(facets: Sequence[Facet], find: Find) -> dict[str, list[Fact]]:
    """Facets by name, each value once."""
    groups: dict[str, dict[str, Fact]] = {}
    for facet in facets:
        fact = Fact(facet.name, facet.value, find(facet.name, facet.value), facet.origin)
        groups.setdefault(facet.name, {}).setdefault(facet.value, fact)
    return {name: list(values.values()) for name, values in groups.items()}


def as_document(value: Mapping[str, object]) -> str | None:
    """A map of the provider's as JSON to read; None for an empty one."""
    if not value:
        return None
    text = plain_json(json.dumps(to_json(value), ensure_ascii=False, indent=2))
    return text if len(text) <= _LONGEST_JSON else f"{text[:_LONGEST_JSON]}\n… {amount(len(text))} characters in all"


def _fact(find: Find, name: str, text: object, *, value: str | None = None, more: str | None = None) -> Fact | None:
    if text is None or text == "":
        return None
    shown = str(text)
    return Fact(name, shown, find(name, value if value is not None else shown), more)


def _find_input(given: Input, find: Find) -> str | None:
    if given.name is None:
        return None
    return find("character" if given.role == "character" else "reference", given.name)


def _differ(asked: object, delivered: float | None, most: float) -> bool:
    return isinstance(asked, int | float) and delivered is not None and abs(asked - delivered) > most


def _whole(seconds: float | None) -> str | None:
    """The seconds as they are counted, to whole ones; halves go up, as in SQL."""
    return None if seconds is None else str(int(seconds + 0.5))


def _number(value: float | None) -> str | None:
    return None if value is None else f"{value:g}"


def _as_text(value: object) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(to_json(value), ensure_ascii=False)
