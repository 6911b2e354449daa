"""How prompts differ from one video to another, and along a family. Reads only.

Facets are those that the library holds, as `show` and `search` have them, where one vocabulary found them in both
prompts; only other prompts are read again, because that takes longer than everything else that is done here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from catalog.prompts.diff import compare_prompts, diff_prompts
from catalog.reports import Generation

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from catalog.database import Reader
    from catalog.prompts import PromptDiff, Vocabulary
    from catalog.records import Video
    from catalog.reports import Lineage


class _Extracted(NamedTuple):
    """What a prompt asks for, as `(name, value)`, and the revision of the vocabulary that it was read with."""

    vocabulary: str
    facets: set[tuple[str, str]]


def list_generations(connection: Reader, family: Lineage, load: Callable[[], Vocabulary]) -> list[Generation]:
    """How the prompt changed at each step of a family, from its oldest known members down."""
    steps, pairs = [], []
    waiting = list(family.roots)
    while waiting:
        node = waiting.pop(0)
        for child in node.children:
            if node.video and child.video and not child.is_repeat:
                steps.append((child.ref, node.ref, child.relation or ""))
                pairs.append((node.video, child.video))
        waiting += node.children
    changes = diff_videos(connection, pairs, load)
    return [Generation(*step, change) for step, change in zip(steps, changes, strict=True)]


def diff_videos(
    connection: Reader, pairs: Sequence[tuple[Video, Video]], load: Callable[[], Vocabulary]
) -> list[PromptDiff]:
    """What changed from the first prompt of each pair to the second; `load` is called where a prompt must be read."""
    extracted = _read_extracted(connection, (video for pair in pairs for video in pair))
    diffs = []
    for old, new in pairs:
        before, after = extracted.get(old.ref), extracted.get(new.ref)
        if before and after and before.vocabulary == after.vocabulary:
            diffs.append(compare_prompts(old.prompt, new.prompt, before.facets, after.facets))
        else:
            diffs.append(diff_prompts(old.prompt, new.prompt, load()))
    return diffs


def _read_extracted(connection: Reader, videos: Iterable[Video]) -> dict[str, _Extracted]:
    """By ref, what the prompts ask for; left out are those still due, and those of which a given facet hides a part."""
    remote_ids: dict[str, list[str]] = {}
    for video in videos:
        remote_ids.setdefault(video.source, []).append(video.remote_id)
    query = (
        "SELECT id, ref, extracted_by FROM videos "
        "WHERE source = :source AND remote_id IN :remote_ids AND extracted_by IS NOT NULL"
    )
    refs: dict[int, str] = {}
    extracted: dict[str, _Extracted] = {}
    for source, names in remote_ids.items():
        for video_id, ref, vocabulary in connection.execute(query, {"source": source, "remote_ids": names}):
            refs[video_id] = ref
            extracted[ref] = _Extracted(vocabulary, set())
    facets = (
        "SELECT video_id, facet, value, origin FROM video_facets "
        "JOIN facet_values ON facet_values.id = value_id WHERE video_id IN :ids"
    )
    for video_id, facet, value, origin in connection.execute(facets, {"ids": list(refs)}):
        if origin == "given":
            extracted.pop(refs[video_id], None)
        elif refs[video_id] in extracted:
            extracted[refs[video_id]].facets.add((facet, value))
    return extracted
