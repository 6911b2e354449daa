"""The journey of `audit`: from what the caller names to videos, and from each to its trail.

It reads a portion of trails at a time, so that a campaign of thousands needs no more memory than a few.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from catalog.audit_reports import AuditExport, Tally, Trail, TrailCredentials, TrailFile, TrailPlace, TrailStep
from catalog.credentials.telling import restore_check
from catalog.database import path_of
from catalog.disk import open_file
from catalog.errors import CatalogError
from catalog.exports import documents, page
from catalog.exports.labels import hide_folder
from catalog.media.sniff import GIF, JPEG, PNG, WEBP, sniff
from catalog.provenance.checks import Manifest, Signature
from catalog.reading.names import get_names, is_name
from catalog.reading.trails import find_way, read_checked, read_edits, read_links
from catalog.reading.videos import read_videos
from catalog.search.matches import list_matches

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from datetime import datetime

    from catalog.audit_reports import TrailEdit, TrailLink
    from catalog.database import Database, Reader
    from catalog.reading.trails import CheckedFile, Way
    from catalog.records import File, Place, Video


class Picture(NamedTuple):
    """The bytes of a picture and their media type."""

    media_type: str
    data: bytes


class Matches(NamedTuple):
    """The rows of the videos that are meant; `are_named` where the caller named each of them."""

    ids: Sequence[int]
    are_named: bool


_PORTION = 500  # steps that are read at once
_SAME = (
    *("source", "remote_id", "kind", "status", "model", "prompt", "negative_prompt", "seconds", "size", "quality"),
    *("tier", "seed", "parameters", "created_at", "completed_at", "first_seen_at", "gone_at", "deleted_at"),
    *("error_code", "error_message", "cost_usd", "cost_basis", "tags"),
)  # fields of a step that are those of its video
_LISTED = ("name", "sha256", "issued", "next_update", "is_frozen")  # what is told of a trust list
_LARGEST = 64_000  # bytes of a picture
_PICTURED = frozenset({JPEG, PNG, WEBP, GIF})
_INSTRUCTED = frozenset({"remix", "edit"})  # relations of which the prompt says what to change


def find_matches(database: Database, query: str, refs: Iterable[str] | None) -> Matches:
    """The videos with these names, else the one whose name the query is, else all that match it, newest first.

    Raises NotFound and QueryError.
    """
    with database.read() as connection:
        if refs is None and query and is_name(connection, query):
            refs = [query]
        if refs is not None:
            return Matches([name.id for name in get_names(connection, refs)], are_named=True)
        return Matches(list_matches(connection, query, sort="-created_at"), are_named=False)


def read_trails(database: Database, matches: Matches, limit: int) -> Iterator[Trail]:
    """The trail of each match, of at most so many steps.

    A match of a query that stands on the trail of one before it has none of its own: it is audited there.
    """
    covered: set[int] = set()
    position = 0
    while position < len(matches.ids):
        ways: list[Way] = []
        with database.read() as connection:
            steps = 0
            while steps < _PORTION and position < len(matches.ids):
                video = matches.ids[position]
                position += 1
                if matches.are_named or video not in covered:
                    way = find_way(connection, video, limit)
                    covered.update(way.ids)
                    ways.append(way)
                    steps += len(way.ids)
            read = _read_steps(connection, {video for way in ways for video in way.ids})
        for way in ways:
            yield _make_trail(way, [read[video] for video in way.ids])


def export_audit(
    database: Database,
    matches: Matches,
    form: str,
    write: Callable[[str], object],
    *,
    title: str,
    limit: int,
    now: datetime,
) -> AuditExport:
    """Write the trails as `json` or `html`; raises CatalogError for any other form."""
    tally, trails = Tally(), read_trails(database, matches, limit)
    if form == "json":
        pieces = documents.write_audit(trails, tally, title, now)
    elif form == "html":
        pieces = page.write_audit(trails, tally, title, now, partial(read_picture, database.path.parent))
    else:
        raise CatalogError(f"an audit cannot be written as {form!r}: choose json or html")
    for piece in pieces:
        write(piece)
    return AuditExport(form, tally.trails, tally.cost)


def _make_trail(way: Way, steps: Sequence[TrailStep]) -> Trail:
    tally = Tally()
    for step in steps:
        tally.add(step)
    return Trail(steps[-1].ref, tuple(steps), way.is_cut, tally.cost)


def _read_steps(connection: Reader, ids: Iterable[int]) -> dict[int, TrailStep]:
    wanted = sorted(ids)
    folder = path_of(connection).parent
    links, edits = read_links(connection, wanted), read_edits(connection, wanted)
    checked = read_checked(connection, wanted)
    return {
        row: _make_step(
            video,
            links=tuple(links.get(row, ())),
            edits=tuple(edits.get(row, ())),
            files=tuple(
                _make_file(file, folder, checked.get((row, file.variant, file.number))) for file in video.files
            ),
        )
        for row, video in read_videos(connection, wanted).items()
    }


def _make_step(
    video: Video, *, links: tuple[TrailLink, ...], edits: tuple[TrailEdit, ...], files: tuple[TrailFile, ...]
) -> TrailStep:
    return TrailStep(
        **{name: getattr(video, name) for name in _SAME},
        is_instruction=any(link.relation in _INSTRUCTED for link in links),
        links=links,
        inputs=tuple(map(hide_folder, video.inputs)),
        files=files,
        given=tuple(facet for facet in video.facets if facet.origin == "given"),
        edits=edits,
    )


def _make_file(file: File, folder: Path, checked: CheckedFile | None) -> TrailFile:
    return TrailFile(
        file.variant,
        file.number,
        file.sha256,
        file.size,
        file.type,
        file.state,
        file.reason,
        file.origin,
        tuple(_make_place(place, folder) for place in file.places),
        file.archives,
        checked and _tell(checked),
    )


def read_picture(folder: Path, step: TrailStep) -> Picture | None:
    """A small picture of what the job made, from the media folder; None where none is at hand."""
    for file in step.files:
        if file.variant in {"thumbnail", "image"} and file.state == "present" and (file.size or 0) <= _LARGEST:
            for place in file.places:
                if place.state == "present" and not place.is_outside:
                    picture = _read_picture(folder / place.path)
                    if picture is not None:
                        return picture
    return None


def _read_picture(path: Path) -> Picture | None:
    try:
        with open_file(path) as file:
            data = file.read(_LARGEST + 1)
    except OSError:
        return None
    kind = sniff(data)
    return Picture(kind.media_type, data) if kind in _PICTURED and len(data) <= _LARGEST else None


def _make_place(place: Place, folder: Path) -> TrailPlace:
    """The place without what is above the library: that names people and machines."""
    path = Path(place.path)
    if path.is_relative_to(folder):
        return TrailPlace(path.relative_to(folder).as_posix(), place.state)
    return TrailPlace(path.name, place.state, is_outside=True)


def _tell(checked: CheckedFile) -> TrailCredentials:
    """The check in words, as `Check` has them."""
    kept, signing = checked
    signature = Signature(signing.organisation, signing.common_name) if signing else Signature()
    check = restore_check(kept, (Manifest("", is_active=True, signature=signature),) if signing else ())
    return TrailCredentials(
        kept.status,
        check.words,
        signature.name,
        signing and signing.generator,
        signing and signing.signed_at,
        signing and signing.time_source,
        kept.checked_at,
        kept.reader,
        kept.is_detached,
        tuple({name: each.get(name) for name in _LISTED} for each in kept.lists),
    )
