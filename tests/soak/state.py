"""What a library holds, apart from the numbers of its rows and from when things were received."""

from __future__ import annotations

import json
from contextlib import closing, suppress
from typing import TYPE_CHECKING, Any, NamedTuple

from catalog import fulltext, store
from catalog.errors import CatalogError
from catalog.library import open_library
from catalog.media.keep import hash_file
from tests.house import read_rows

if TYPE_CHECKING:
    from pathlib import Path

    from catalog.database import Database

    State = dict[str, frozenset[tuple[Any, ...]]]

MOMENTS = {"id", "first_seen_at", "last_seen_at", "gone_at", "deleted_at"}

# What was acknowledged or committed: each row is there or not, and none of them changes on the way from state to state.
BASE = {
    "videos": "SELECT ref FROM videos",
    "deleted": "SELECT ref FROM videos WHERE deleted_at IS NOT NULL",
    "aliases": "SELECT ref, alias FROM video_aliases JOIN videos ON videos.id = video_id",
    "tags": "SELECT ref, key, value, origin FROM tags JOIN videos ON videos.id = video_id",
    "links": "SELECT ref, relation, origin, parent_source, parent_remote_id FROM links JOIN videos ON videos.id = "
    "child_id",
    "judgements": "SELECT ref, rating, verdict, note FROM annotations JOIN videos ON videos.id = video_id "
    "WHERE coalesce(rating, verdict, note) IS NOT NULL",
    "collections": "SELECT path, note FROM collections",
    "collected": "SELECT path, ref FROM collection_videos JOIN collections ON collections.id = collection_id "
    "JOIN videos ON videos.id = video_id",
    "searches": "SELECT name, query FROM saved_searches",
    "given": "SELECT ref, facet, value FROM given_facets JOIN videos ON videos.id = video_id",
    "observations": "SELECT ref, channel, http_status, payload_hash FROM observations JOIN videos ON videos.id = "
    "video_id",
    "deliveries": "SELECT source, webhook_id, remote_id FROM deliveries",
    "edits": "SELECT id, act, undone_at IS NULL FROM edits",
    "files": "SELECT ref, variant, number, state, sha256 FROM files JOIN videos ON videos.id = video_id",
    "places": "SELECT path, sha256, state FROM file_places",
    "checks": "SELECT ref, variant, number, c2pa_checks.sha256, c2pa_checks.status FROM c2pa_checks "
    "JOIN files ON files.id = file_id JOIN videos ON videos.id = video_id",
}
DERIVED = {
    "facets": "SELECT ref, facet, value, origin, start, end, shot FROM video_facets JOIN videos ON videos.id = video_id"
    " JOIN facet_values ON facet_values.id = value_id",
}


class Moment(NamedTuple):
    """What was there at a moment: the base data of libraries, and of every copy that had been made."""

    libraries: dict[str, State]
    copies: dict[str, State]


def read_base(path: Path) -> State:
    """The base data of the library; nothing where there is none."""
    with closing(open_library(path)) as library:
        if not library.is_made:
            return {name: frozenset() for name in BASE}
        return {name: frozenset(read_rows(library, query)) for name, query in BASE.items()}


def read_all(path: Path) -> State:
    """The base data, the rows of videos and what is derived from them."""
    with closing(open_library(path)) as library:
        with library.read() as connection:
            rows = [dict(row) for row in connection.execute("SELECT * FROM videos").fetchall()]
        whole = {
            (json.dumps({name: value for name, value in row.items() if name not in MOMENTS}, sort_keys=True),)
            for row in rows
        }
        derived = {name: frozenset(read_rows(library, query)) for name, query in DERIVED.items()}
    return {**read_base(path), **derived, "rows": frozenset(whole)}


def list_losses(before: State, now: State, after: State) -> list[str]:
    """What a state on the way from one to another lacks of both, or has of neither."""
    faults = []
    for name in BASE:
        lost = (before[name] & after[name]) - now[name]
        new = now[name] - before[name] - after[name]
        faults += [f"{len(lost)} {name} lost, such as {min(map(repr, lost))}"] if lost else []
        faults += [f"{len(new)} {name} nobody made, such as {min(map(repr, new))}"] if new else []
    return faults


def list_differences(wanted: State, now: State) -> list[str]:
    """How two states differ, a line for each kind of row."""
    return [
        f"{name}: {len(wanted[name] - now[name])} missing, {len(now[name] - wanted[name])} too many"
        f", such as {min(map(repr, wanted[name] ^ now[name]))[:300]}"
        for name in wanted
        if wanted[name] != now[name]
    ]


def list_faults(path: Path, *, is_folded: bool = True) -> list[str]:
    """What is damaged in a library: the file, references between rows, the full-text index, rows that no fold gives.

    The last two take as long as writing every row; without `is_folded` they are left out.
    """
    try:
        with closing(open_library(path)) as library:
            return _list_damage(library) + (_list_wrong_rows(library) if is_folded else [])
    except CatalogError as error:
        return [f"{path.name}: {error}"]


def _list_damage(library: Database) -> list[str]:
    faults = [f"integrity: {row[0]}" for row in read_rows(library, "PRAGMA integrity_check") if row[0] != "ok"]
    faults += [f"orphan: {row}" for row in read_rows(library, "PRAGMA foreign_key_check")]
    kept = read_rows(library, "SELECT path, sha256 FROM file_places WHERE root = '' AND state = 'present'")
    return faults + [f"not whole: {name}" for name, sha256 in kept if not _is_whole(library.path.parent / name, sha256)]


def _is_whole(path: Path, sha256: str) -> bool:
    return path.is_file() and hash_file(path)[0] == sha256


def _list_wrong_rows(library: Database) -> list[str]:
    faults: list[str] = []
    rows = "SELECT * FROM videos ORDER BY id"
    folded = set(read_rows(library, rows))
    with suppress(_OnlyLooking), library.write() as connection:
        fulltext.check(connection)
        after: int | None = 0
        while after is not None:
            after = store.refold_all(connection, after)
        different = folded.symmetric_difference(tuple(row) for row in connection.execute(rows).fetchall())
        faults += [f"not the fold of its observations: {row}"[:300] for row in sorted(map(str, different))[:1]]
        raise _OnlyLooking
    return faults


class _OnlyLooking(Exception):
    """Rolls back what was only tried."""
