"""What prompts ask for, as rows: extracted facets, and the given ones that outrank them.

Extracted facets are derived: they are replaced whenever the prompt or the vocabulary changes. Given facets are the
user's, kept in a table of their own, and hide what the prompt says under the same name.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from catalog.prompts import LONGEST_READ
from catalog.records import Facet
from catalog.store.bulk import insert_rows, update_rows
from catalog.store.indexes import indexed
from catalog.store.inheritance import make_inheritance_due

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from catalog.database import Writer

_DROP = (
    "DELETE FROM video_facets WHERE video_id = :video_id "
    "AND (origin = 'given' OR (SELECT facet FROM facet_values WHERE facet_values.id = value_id) = :facet)"
)
_READ = f"SELECT id, substr(prompt, 1, {LONGEST_READ}) FROM videos WHERE id IN :ids"
_EXTRACTED = "SELECT id FROM videos WHERE id IN :ids AND extracted_by IS NOT NULL"
_FORGET = "UPDATE videos SET extracted_by = NULL WHERE extracted_by IS NOT NULL AND extracted_by IS NOT :vocabulary"


@dataclass(frozen=True, slots=True)
class Extracted:
    """What the prompt of one video asks for; `prompt` is the text that was read, at most its beginning."""

    video_id: int
    prompt: str | None
    facets: Sequence[Facet]
    avoided: str | None


def save_extracted(connection: Writer, extracted: Iterable[Extracted], *, vocabulary: str) -> None:
    """Replace the facets of videos with the extracted ones, where the prompt is still the one that was read."""
    by_id = {item.video_id: item for item in extracted}
    rows = connection.execute(_READ, {"ids": list(by_id)})
    current = {video_id: by_id[video_id] for video_id, prompt in rows if prompt == by_id[video_id].prompt}
    given = _read_given(connection, current)
    facets = {video_id: _outrank(item.facets, given.get(video_id, ())) for video_id, item in current.items()}
    changes = [{"id": item.video_id, "avoided": item.avoided, "extracted_by": vocabulary} for item in current.values()]
    with indexed(connection, current):
        _replace(connection, facets)
        update_rows(connection, "videos", changes)
    make_inheritance_due(connection, current)


def save_given(connection: Writer, facets: Mapping[int, Mapping[str, Sequence[str]]]) -> set[int]:
    """Set the given facets of videos under the names in `facets`, and return the videos for which that is a change.

    Given facets of other names stay as they are. What the prompt says under these names is dropped at once, and
    extracted again when the user takes a name back by giving it no value.
    This is for what comes in with videos, from an import or a captured call; what the user gives to a video of the
    library is an edit, `edits.give_facets`.
    """
    return replace_given(connection, facets)[0]


def replace_given(connection: Writer, facets: Mapping[int, Mapping[str, Sequence[str]]]) -> tuple[set[int], list[int]]:
    """Do what `save_given` does: the videos that it changes, and those whose prompts are due by it."""
    changes = _leave_unchanged(facets, _read_given(connection, facets))
    rows = [
        {"video_id": video_id, "facet": name, "value": value}
        for video_id, values_of in changes.items()
        for name, values in values_of.items()
        for value in values
    ]
    names = [{"video_id": video_id, "facet": name} for video_id, values_of in changes.items() for name in values_of]
    taken_back = [video_id for video_id, values_of in changes.items() if not all(values_of.values())]
    with indexed(connection, changes):
        if names:
            connection.executemany("DELETE FROM given_facets WHERE video_id = :video_id AND facet = :facet", names)
        insert_rows(connection, "given_facets", rows)
        return set(changes), refresh_given(connection, changes, taken_back)


def refresh_given(connection: Writer, ids: Iterable[int], taken_back: Iterable[int]) -> list[int]:
    """Let the given facets of these videos, as they are now, outrank what the prompts say; inside `indexed`.

    Returns the videos whose prompts are due by it: where a name was `taken_back`, the prompt speaks again, and what it
    says was dropped. Those that were due before are not among them.
    """
    videos = list(ids)
    given = _read_given(connection, videos)
    names = ((video_id, {facet.name for facet in given.get(video_id, ())} or {""}) for video_id in videos)
    drops = [{"video_id": video_id, "facet": name} for video_id, outranking in names for name in outranking]
    connection.executemany(_DROP, drops)
    _insert(connection, given)
    make_inheritance_due(connection, videos)
    due = [row[0] for row in connection.execute(_EXTRACTED, {"ids": list(taken_back)})]
    update_rows(connection, "videos", [{"id": video_id, "extracted_by": None} for video_id in due])
    return due


def drop_extracted(connection: Writer, ids: Iterable[int]) -> None:
    """Drop what was read of the prompts of those of these videos that have none any more."""
    query = "SELECT id FROM videos WHERE id IN :ids AND prompt IS NULL"
    videos = [row[0] for row in connection.execute(query, {"ids": list(ids)})]
    given = _read_given(connection, videos)
    with indexed(connection, videos):
        _replace(connection, {video_id: given.get(video_id, ()) for video_id in videos})
        update_rows(connection, "videos", [{"id": each, "avoided": None, "extracted_by": None} for each in videos])
    make_inheritance_due(connection, videos)


def forget_extracted(connection: Writer, *, but_by: str | None = None) -> None:
    """Mark the facets of every video as due, but for those that this vocabulary has extracted."""
    connection.execute(_FORGET, {"vocabulary": but_by})


def _read_given(connection: Writer, ids: Iterable[int]) -> dict[int, list[Facet]]:
    query = "SELECT video_id, facet, value FROM given_facets WHERE video_id IN :ids ORDER BY id"
    given: dict[int, list[Facet]] = {}
    for video_id, facet, value in connection.execute(query, {"ids": list(ids)}):
        given.setdefault(video_id, []).append(Facet(facet, value, "given"))
    return given


def _leave_unchanged(
    facets: Mapping[int, Mapping[str, Sequence[str]]], given: Mapping[int, Sequence[Facet]]
) -> dict[int, dict[str, list[str]]]:
    """The facets, each value once, without those that the videos have been given already."""
    changes: dict[int, dict[str, list[str]]] = {}
    for video_id, values_of in facets.items():
        for name, values in values_of.items():
            wanted = list(dict.fromkeys(values))
            if wanted != [facet.value for facet in given.get(video_id, ()) if facet.name == name]:
                changes.setdefault(video_id, {})[name] = wanted
    return changes


def _outrank(extracted: Sequence[Facet], given: Sequence[Facet]) -> list[Facet]:
    names = {facet.name for facet in given}
    return [*given, *(facet for facet in extracted if facet.name not in names)]


def _replace(connection: Writer, facets: Mapping[int, Sequence[Facet]]) -> None:
    connection.execute("DELETE FROM video_facets WHERE video_id IN :ids", {"ids": list(facets)})
    _insert(connection, facets)


def _insert(connection: Writer, facets: Mapping[int, Sequence[Facet]]) -> None:
    ids = _add_values(connection, {(facet.name, facet.value) for group in facets.values() for facet in group})
    rows = [
        {
            "video_id": video_id,
            "value_id": ids[facet.name, facet.value],
            "origin": facet.origin,
            "start": facet.start,
            "end": facet.end,
            "shot": facet.shot,
        }
        for video_id, group in facets.items()
        for facet in group
    ]
    insert_rows(connection, "video_facets", rows)


def _add_values(connection: Writer, pairs: set[tuple[str, str]]) -> dict[tuple[str, str], int]:
    """The ids of facet values; new values are added."""
    ids = _read_values(connection, pairs)
    new = sorted(pairs.difference(ids))
    insert_rows(connection, "facet_values", [{"facet": facet, "value": value} for facet, value in new])
    return ids | _read_values(connection, new)


def _read_values(connection: Writer, pairs: Iterable[tuple[str, str]]) -> dict[tuple[str, str], int]:
    wanted: dict[str, list[str]] = {}
    for facet, value in pairs:
        wanted.setdefault(facet, []).append(value)
    query = "SELECT value, id FROM facet_values WHERE facet = :facet AND value IN :values"
    return {
        (facet, row[0]): row[1]
        for facet, values in wanted.items()
        for row in connection.execute(query, {"facet": facet, "values": values})
    }
