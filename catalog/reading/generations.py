"""How prompts differ from one video to another, and along a family. Reads only.

Facets are those that the library holds, as `show` and `search` have them, where one vocabulary found them in both
prompts; only other prompts are read again, because that takes longer than everything else that is done here. A video
that inherits from the other one has an instruction, and the difference tells what becomes of what the other has.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from catalog.errors import NotFound
from catalog.prompts.diff import compare_prompts, diff_prompts, follow_instruction
from catalog.prompts.inheritance import Asked, Line, choose_parent, inherit, is_whole
from catalog.records import Facet
from catalog.reports import Generation

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from catalog.database import Reader
    from catalog.prompts import PromptDiff, Vocabulary
    from catalog.records import Video
    from catalog.reports import Lineage

_VIDEOS = "SELECT id, ref, extracted_by, avoided FROM videos WHERE source = :source AND remote_id IN :remote_ids"
_FACETS = """
SELECT video_id, facet, value, origin, start, "end", shot
FROM video_facets JOIN facet_values ON facet_values.id = value_id WHERE video_id IN :ids ORDER BY video_facets.id
"""
_INHERITED = """
SELECT video_id, facet, value FROM inherited_facets JOIN facet_values ON facet_values.id = value_id
WHERE video_id IN :ids ORDER BY inherited_facets.id
"""
_LINES = (
    "SELECT child_id, relation, origin, parent_id, is_circular, is_inherited FROM links "
    "WHERE child_id IN :ids ORDER BY id"
)


class _Known(NamedTuple):
    """What the library knows of a video's prompt, and the video it inherits from.

    `vocabulary` is the revision of the one that it was read with, None while that is due; `is_reckoned` tells whether
    what it inherits is what it should.
    """

    id: int
    vocabulary: str | None
    asked: Asked
    parent: int | None
    is_reckoned: bool

    @property
    def is_whole(self) -> bool:
        """Whether the facets are all that the prompt asks for: where some are given, they hide others."""
        return self.vocabulary is not None and all(facet.origin != "given" for facet in self.asked.facets)


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


def find_parent(connection: Reader, video: Video) -> int:
    """The row of the video that this one inherits from; raises NotFound where it has none in the library."""
    parent = _read_known(connection, [video])[video.ref].parent
    if parent is None:
        raise NotFound(
            f"{video.ref} was not made from a video in the library: name the one to compare it with, "
            f"`catalog diff REF {video.ref}`"
        )
    return parent


def diff_videos(
    connection: Reader, pairs: Sequence[tuple[Video, Video]], load: Callable[[], Vocabulary]
) -> list[PromptDiff]:
    """What changed from the first prompt of each pair to the second; `load` is called where a prompt must be read."""
    known = _read_known(connection, (video for pair in pairs for video in pair))
    return [_diff((old, known[old.ref]), (new, known[new.ref]), load) for old, new in pairs]


def _diff(old: tuple[Video, _Known], new: tuple[Video, _Known], load: Callable[[], Vocabulary]) -> PromptDiff:
    (parent, before), (child, after) = old, new
    is_comparable = before.vocabulary is not None and before.vocabulary == after.vocabulary
    if after.parent == before.id and child.prompt:
        above, own = (
            known.asked._replace(prompt=video.prompt) if is_comparable else _read_again(video, known, load())
            for video, known in (old, new)
        )
        if not is_whole(own, above):
            is_reckoned = is_comparable and after.is_reckoned
            inherited = own.inherited if is_reckoned else inherit(own, above, load)
            return follow_instruction(above, own, inherited)
    if is_comparable and before.is_whole and after.is_whole:
        return compare_prompts(parent.prompt, child.prompt, set(before.asked.own), set(after.asked.own))
    return diff_prompts(parent.prompt, child.prompt, load())


def _read_again(video: Video, known: _Known, vocabulary: Vocabulary) -> Asked:
    """What the prompt asks for by this vocabulary, beside what the user gave and what is inherited."""
    from catalog.prompts import extract

    extraction = extract(video.prompt, vocabulary)
    given = [facet for facet in known.asked.facets if facet.origin == "given"]
    names = {facet.name for facet in given}
    facets = [*given, *(facet for facet in extraction.facets if facet.name not in names)]
    return Asked(video.prompt, facets, extraction.negative_prompt, known.asked.inherited)


def _read_known(connection: Reader, videos: Iterable[Video]) -> dict[str, _Known]:
    """What is known of the prompts of these videos, by ref."""
    remote_ids: dict[str, list[str]] = {}
    for video in videos:
        remote_ids.setdefault(video.source, []).append(video.remote_id)
    rows = [
        row
        for source, names in remote_ids.items()
        for row in connection.execute(_VIDEOS, {"source": source, "remote_ids": names})
    ]
    ids = {"ids": [row["id"] for row in rows]}
    facets: dict[int, list[Facet]] = {}
    inherited: dict[int, list[tuple[str, str]]] = {}
    lines: dict[int, list[Line]] = {}
    due: set[int] = set()
    for video_id, *facet in connection.execute(_FACETS, ids):
        facets.setdefault(video_id, []).append(Facet(*facet))
    for video_id, name, value in connection.execute(_INHERITED, ids):
        inherited.setdefault(video_id, []).append((name, value))
    for video_id, relation, origin, parent, is_circular, is_inherited in connection.execute(_LINES, ids):
        lines.setdefault(video_id, []).append(Line(relation, origin, parent, bool(is_circular)))
        due.update([video_id] if is_inherited is None else ())
    return {
        ref: _Known(
            video_id,
            vocabulary,
            Asked(None, facets.get(video_id, ()), avoided, inherited.get(video_id, ())),
            choose_parent(lines.get(video_id, ())),
            video_id not in due,
        )
        for video_id, ref, vocabulary, avoided in rows
    }
