"""The first page: the videos that match as tiles, the facets beside them, and the query as clauses above."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, NamedTuple

from catalog.errors import QueryError
from catalog.web.gallery import pages
from catalog.web.gallery.state import SIZES, SORTS, State
from catalog.web.gallery.tiles import make_tile
from catalog.web.gallery.visits import page

if TYPE_CHECKING:
    from catalog.records import Page
    from catalog.web.gallery.visits import Answer, Visit

TILES = 48
RAIL = ("model", "status", "seconds", "size", "source", "rating", "verdict", "tag", "camera_movement")
_SIZE = "M"


class Value(NamedTuple):
    """A value of a facet in the rail, and where its three links lead."""

    text: str
    amount: int
    is_chosen: bool
    only: str
    other: str
    without: str


class Chip(NamedTuple):
    """A clause of the query, and the page without it."""

    text: str
    without: str


def show(visit: Visit) -> Answer:
    """The page of a state."""
    return _answer(visit, "grid.html")


def show_results(visit: Visit) -> Answer:
    """What of the page another state changes."""
    return _answer(visit, "results.html")


def _answer(visit: Visit, template: str) -> Answer:
    state = State.read(visit.query)
    fault, status = None, HTTPStatus.OK
    with visit.catalog.reading():
        try:
            found = _search(visit, state)
        except QueryError as error:
            fault, status = error, HTTPStatus.BAD_REQUEST
            found = None
        values = {} if found is None else _describe(visit, state, found)
    text = pages.render(
        visit,
        template,
        state=state,
        found=found,
        fault=fault,
        sorts=SORTS,
        sizes=SIZES,
        size=state.size or _SIZE,
        **values,
    )
    return page(text, status)


def _search(visit: Visit, state: State) -> Page:
    return visit.catalog.search(
        state.q,
        multi=RAIL,
        sort=state.sort or None,
        limit=TILES,
        after=state.after or None,
        before=state.before or None,
        stack=state.stack or None,
        snippets=False,
    )


def _describe(visit: Visit, state: State, found: Page) -> dict[str, object]:
    def url(query: State) -> str:
        return f"{visit.base}/{query.query()}"

    address = state.for_queries()
    clauses = visit.catalog.clauses(state.q)
    chosen = {(clause.field, value) for clause in clauses if not clause.is_negated for value in clause.values}
    rail = {
        name: [
            Value(
                text=item.value if item.value is not None else "none",
                amount=item.count,
                is_chosen=(name, item.value) in chosen,
                only=f"{visit.base}/{address(visit.catalog.refine(state.q, name, item.value))}",
                other=f"{visit.base}/{address(visit.catalog.refine(state.q, name, item.value, 'or'))}",
                without=f"{visit.base}/{address(visit.catalog.refine(state.q, name, item.value, 'not'))}",
            )
            for item in found.facets[name]
        ]
        for name in RAIL
    }
    return {
        "tiles": [make_tile(video, found.takes.get(video.ref, 1)) for video in found.videos],
        "rail": {name: values for name, values in rail.items() if values},
        "chips": [
            Chip(clause.text, url(state.change(q=" ".join(other.text for other in clauses if other is not clause))))
            for clause in clauses
        ],
        "next_page": url(state.change(after=found.next, before="")) if found.next else None,
        "previous_page": url(state.change(before=found.previous, after="")) if found.previous else None,
        "whole": visit.catalog.count(),
    }
