"""The trail of a video: its ancestors in the order in which they came about, and what vouches for each of them."""

from __future__ import annotations

import heapq
from typing import TYPE_CHECKING, Any, NamedTuple

from catalog.audit_reports import TrailEdit, TrailLink
from catalog.reading.credentials import read_newest_checks
from catalog.reading.evidence import ORIGINS, compare_evidence
from catalog.reading.lineage import list_ancestors
from catalog.records import read_utc

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from datetime import datetime

    from catalog.database import Reader
    from catalog.reading.credentials import KeptCheck


class Way(NamedTuple):
    """The rows of the videos on the way to one, which is the last; `is_cut` where older ones are left out."""

    ids: list[int]
    is_cut: bool


class Signing(NamedTuple):
    """What the active manifest of a file says of who made it."""

    organisation: str | None
    common_name: str | None
    generator: str | None
    signed_at: datetime | None
    time_source: str | None


class CheckedFile(NamedTuple):
    """The newest check of a file of a video, and what its manifest says, None where there is none."""

    check: KeptCheck
    signing: Signing | None


_CREATED = "SELECT id, created_at FROM videos WHERE id IN :ids"
_AMONG = "SELECT child_id, parent_id FROM links WHERE child_id IN :ids AND parent_id IS NOT NULL"
_PARENTS = """
SELECT links.child_id, coalesce(parent.ref, links.parent_source || ':' || links.parent_remote_id), links.relation,
links.parent_id, links.origin
FROM links LEFT JOIN videos AS parent ON parent.id = links.parent_id
WHERE links.child_id IN :ids ORDER BY links.child_id, links.id
"""
_EDITS = """
SELECT DISTINCT edits_rows.video_id, edits.id, edits.made_at, edits.act, edits.detail, edits.undone_at
FROM edits_rows JOIN edits ON edits.id = edits_rows.edit_id
WHERE edits_rows.video_id IN :ids ORDER BY edits.id
"""
_CHECKED = """
SELECT id, video_id, variant, number FROM files WHERE video_id IN :ids AND check_id IS NOT NULL
"""
_SIGNINGS = """
SELECT store_id, organisation, common_name, generator, generator_version, signed_at, time_source FROM c2pa_manifests
WHERE store_id IN :stores AND is_active = 1
"""


def find_way(connection: Reader, me: int, limit: int) -> Way:
    """The video and its nearest ancestors in the library, at most so many in all; parents stand before children.

    Those that no link puts in order stand in order of creation. Links that close a circle are broken at its earliest
    video.
    """
    found = list_ancestors(connection, me, limit + 1)
    ids = found[: max(1, limit)]
    created = {row[0]: row[1] or "" for row in connection.execute(_CREATED, {"ids": ids})}
    parents: dict[int, set[int]] = {video: set() for video in ids}
    children: dict[int, list[int]] = {video: [] for video in ids}
    for child, parent in connection.execute(_AMONG, {"ids": ids}):
        if parent in parents and parent not in {child, me} and parent not in parents[child]:
            parents[child].add(parent)
            children[parent].append(child)
    del parents[me]
    return Way([*_sort(parents, children, created), me], len(found) > len(ids))


def _sort(parents: dict[int, set[int]], children: dict[int, list[int]], created: dict[int, str]) -> list[int]:
    """The keys of `parents`, each after its parents; what stands in a circle comes when nothing else is left."""
    ready = [(created[video], video) for video, above in parents.items() if not above]
    waiting = sorted(((created[video], video) for video in parents), reverse=True)
    heapq.heapify(ready)
    ordered: dict[int, None] = {}
    while ready or waiting:
        video = heapq.heappop(ready)[1] if ready else waiting.pop()[1]
        if video in ordered:
            continue
        ordered[video] = None
        for child in children[video]:
            if child in parents and child not in ordered:
                parents[child].discard(video)
                if not parents[child]:
                    heapq.heappush(ready, (created[child], child))
    return list(ordered)


def read_links(connection: Reader, ids: Sequence[int]) -> dict[int, list[TrailLink]]:
    """What each of these videos was made from, by row id, each relation to a parent once with all that says so."""
    said = {
        (child, parent): row.evidence
        for child, rows in compare_evidence(connection, ids).items()
        for row in rows
        for parent in row.parents
    }
    origins: dict[int, dict[tuple[str, str, int | None], set[str]]] = {}
    for child, *link, origin in connection.execute(_PARENTS, {"ids": list(ids)}):
        parent, relation, row = link
        origins.setdefault(child, {}).setdefault((parent, relation, row), set()).add(origin)
    return {
        child: [
            TrailLink(
                parent,
                relation,
                tuple(origin for origin in ORIGINS if origin in having),
                row is not None,
                said.get((child, parent if row is None else row)),
            )
            for (parent, relation, row), having in links.items()
        ]
        for child, links in origins.items()
    }


def read_edits(connection: Reader, ids: Iterable[int]) -> dict[int, list[TrailEdit]]:
    """What the user did to each of these videos, by row id, oldest first."""
    edits: dict[int, list[TrailEdit]] = {}
    for video, number, made_at, act, detail, undone_at in connection.execute(_EDITS, {"ids": list(ids)}):
        moment: Any = read_utc(made_at)
        edits.setdefault(video, []).append(TrailEdit(number, moment, act, detail, read_utc(undone_at)))
    return edits


def read_checked(connection: Reader, ids: Iterable[int]) -> dict[tuple[int, str, int], CheckedFile]:
    """The newest check of each file of these videos, by row of the video, variant and number."""
    files = {row[0]: tuple(row)[1:] for row in connection.execute(_CHECKED, {"ids": list(ids)})}
    checks = read_newest_checks(connection, files)
    stores = [check.store_id for check in checks.values() if check.store_id is not None]
    signings = _read_signings(connection, stores) if stores else {}
    make: Callable[..., CheckedFile] = CheckedFile
    return {files[file]: make(check, signings.get(check.store_id or 0)) for file, check in checks.items()}


def _read_signings(connection: Reader, stores: list[int]) -> dict[int, Signing]:
    return {
        store: Signing(organisation, name, " ".join(filter(None, generator)) or None, read_utc(signed_at), time_source)
        for store, organisation, name, *generator, signed_at, time_source in connection.execute(
            _SIGNINGS, {"stores": stores}
        )
    }
