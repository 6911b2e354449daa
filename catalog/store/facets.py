"""What prompts ask for, as rows: extracted facets, and the given ones that outrank them.

Extracted facets are derived: they are thrown away and made again whenever the prompt or the vocabulary changes. Given
facets are the user's, kept in a table of their own; a facet that is given is not extracted.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import text

from catalog.records import Facet
from catalog.store.bulk import delete_in, insert_rows, select_in, update_rows

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from sqlalchemy import Connection

_FORGET = text("UPDATE videos SET extracted_by = NULL WHERE extracted_by IS NOT NULL")


@dataclass(frozen=True, slots=True)
class Extracted:
    """What was found in the prompt of one video; `prompt` is the text it was found in."""

    video_id: int
    prompt: str
    facets: Sequence[Facet]
    avoided: str | None


def save_extracted(connection: Connection, found: Iterable[Extracted], *, vocabulary: str) -> None:
    """Replace the facets of videos by what was found, where the prompt is still the one it was found in."""
    by_id = {one.video_id: one for one in found}
    prompts = {
        row[0]: row[1] for row in select_in(connection, "SELECT id, prompt FROM videos WHERE id IN :values", by_id)
    }
    current = {video_id: one for video_id, one in by_id.items() if prompts.get(video_id) == one.prompt}
    given = _read_given(connection, current)
    facets = {video_id: _outrank(one.facets, given.get(video_id, ())) for video_id, one in current.items()}
    _replace(connection, facets)
    rows = [{"id": one.video_id, "avoided": one.avoided, "extracted_by": vocabulary} for one in current.values()]
    update_rows(connection, "videos", rows)


def save_given(connection: Connection, facets: Mapping[int, Mapping[str, Sequence[str]]]) -> set[int]:
    """Make the given facets of videos, for the names in `facets`, these values: the videos for which that is news.

    Given facets of other names stay as they are. What the prompt says under these names is dropped at once, and found
    again when the user takes a name back by giving it no value.
    """
    news = _leave_known(facets, _read_given(connection, facets))
    rows = [
        {"video_id": video_id, "facet": name, "value": value}
        for video_id, values_of in news.items()
        for name, values in values_of.items()
        for value in values
    ]
    names = [{"video_id": video_id, "facet": name} for video_id, values_of in news.items() for name in values_of]
    if names:
        connection.execute(text("DELETE FROM given_facets WHERE video_id = :video_id AND facet = :facet"), names)
    insert_rows(connection, "given_facets", rows)
    extracted, given = _read_extracted(connection, news), _read_given(connection, news)
    _replace(connection, {each: _outrank(extracted.get(each, ()), given.get(each, ())) for each in news})
    update_rows(connection, "videos", [{"id": video_id, "extracted_by": None} for video_id in news])
    return set(news)


def forget_extracted(connection: Connection) -> None:
    """Make the facets of every video due again."""
    connection.execute(_FORGET)


def _read_given(connection: Connection, ids: Iterable[int]) -> dict[int, list[Facet]]:
    query = "SELECT video_id, facet, value FROM given_facets WHERE video_id IN :values ORDER BY id"
    found: dict[int, list[Facet]] = {}
    for video_id, facet, value in select_in(connection, query, ids):
        found.setdefault(video_id, []).append(Facet(facet, value, "given"))
    return found


def _leave_known(
    facets: Mapping[int, Mapping[str, Sequence[str]]], given: Mapping[int, Sequence[Facet]]
) -> dict[int, dict[str, list[str]]]:
    """The facets, each value once, without those that the videos were given before."""
    news: dict[int, dict[str, list[str]]] = {}
    for video_id, values_of in facets.items():
        for name, values in values_of.items():
            wanted = list(dict.fromkeys(values))
            if wanted != [facet.value for facet in given.get(video_id, ()) if facet.name == name]:
                news.setdefault(video_id, {})[name] = wanted
    return news


def _read_extracted(connection: Connection, ids: Iterable[int]) -> dict[int, list[Facet]]:
    query = (
        'SELECT video_id, facet, value, origin, start, "end", shot FROM video_facets '
        "JOIN facet_values ON facet_values.id = value_id "
        "WHERE origin <> 'given' AND video_id IN :values ORDER BY video_facets.id"
    )
    facets: dict[int, list[Facet]] = {}
    for video_id, *facet in select_in(connection, query, ids):
        facets.setdefault(video_id, []).append(Facet(*facet))
    return facets


def _outrank(extracted: Sequence[Facet], given: Sequence[Facet]) -> list[Facet]:
    names = {facet.name for facet in given}
    return [*given, *(facet for facet in extracted if facet.name not in names)]


def _replace(connection: Connection, facets: Mapping[int, Sequence[Facet]]) -> None:
    delete_in(connection, "DELETE FROM video_facets WHERE video_id IN :values", facets)
    pairs = {(one.name, one.value) for found in facets.values() for one in found}
    ids = _find_values(connection, pairs)
    rows = [
        {
            "video_id": video_id,
            "value_id": ids[one.name, one.value],
            "origin": one.origin,
            "start": one.start,
            "end": one.end,
            "shot": one.shot,
        }
        for video_id, found in facets.items()
        for one in found
    ]
    insert_rows(connection, "video_facets", rows)


def _find_values(connection: Connection, pairs: set[tuple[str, str]]) -> dict[tuple[str, str], int]:
    """The ids of facet values, each made if it is new."""
    known = _read_values(connection, pairs)
    new = sorted(pairs.difference(known))
    insert_rows(connection, "facet_values", [{"facet": facet, "value": value} for facet, value in new])
    return known | _read_values(connection, new)


def _read_values(connection: Connection, pairs: Iterable[tuple[str, str]]) -> dict[tuple[str, str], int]:
    wanted = set(pairs)
    query = "SELECT facet, value, id FROM facet_values WHERE value IN :values"
    rows = select_in(connection, query, {value for _, value in wanted})
    return {(row[0], row[1]): row[2] for row in rows if (row[0], row[1]) in wanted}
