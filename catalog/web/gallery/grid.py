"""The first page: the videos that match as tiles, the rail beside them, and the query as clauses above."""

from __future__ import annotations

from datetime import UTC, datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, NamedTuple

from catalog.errors import NotFound, QueryError
from catalog.web.gallery import pages
from catalog.web.gallery.detail import describe
from catalog.web.gallery.kept import find_answer
from catalog.web.gallery.rail import (
    MOST_VALUES,
    RAIL,
    count_facet,
    facet_opener,
    list_more,
    list_opened,
    make_histogram,
    make_rail,
)
from catalog.web.gallery.state import SIZES, SORTS, VIEWS, State
from catalog.web.gallery.tiles import make_tile
from catalog.web.gallery.visits import Refused, page

if TYPE_CHECKING:
    from catalog.query_reports import Clause, Suggestion
    from catalog.records import Page
    from catalog.web.gallery.visits import Answer, Visit

TILES = 48
MOST_REFS = 200  # tiles that are asked for by name at once
SEPARATOR = "\n"  # between refs in an address
_SIZE, _VIEW = "M", "grid"


class Chip(NamedTuple):
    """A clause of the query, and the page without it."""

    text: str
    without: str


class Way(NamedTuple):
    """Another query that was perhaps meant: its link, and where in the query the misspelt part stands."""

    text: str
    link: str
    start: int
    end: int


def show(visit: Visit) -> Answer:
    """The page of a state."""
    return _find_answer(visit, "grid.html")


def show_results(visit: Visit) -> Answer:
    """What of the page another state changes."""
    return _find_answer(visit, "results.html")


def show_tiles(visit: Visit) -> Answer:
    """The tiles of some videos, by their refs, as they are now; those that are not there are left out."""
    refs = list(filter(None, visit.query.get("refs", "").split(SEPARATOR)))
    if len(refs) > MOST_REFS:
        raise Refused(HTTPStatus.BAD_REQUEST, f"at most {MOST_REFS} tiles are shown at once")
    tiles, now = [], datetime.now(UTC)
    with visit.catalog.reading():
        for ref in refs:
            try:
                video = visit.catalog.get(ref)
            except NotFound:
                continue
            if video.ref == ref and video.deleted_at is None:
                tiles.append(make_tile(video, now=now))
    return page(pages.render(visit, "tiles.html", link_of=State.read(visit.query).opener(), tiles=tiles))


def show_rail(visit: Visit) -> Answer:
    """The rail of a state; with `facet`, that facet alone, with all its values."""
    state, name = State.read(visit.query), visit.query.get("facet")
    with visit.catalog.reading():
        if name:
            rail = make_rail(visit, state, {name: count_facet(visit, state, name)}, MOST_VALUES)
            return page(pages.render(visit, "facets.html", rail=rail, asked=name))
        counts = visit.catalog.facets(multi=RAIL, query=state.q)
        return page(pages.render(visit, "rail.html", state=state, **_describe_rail(visit, state, counts)))


def _find_answer(visit: Visit, template: str) -> Answer:
    """The page of a state, perhaps as it was made before; not one with an open video, which shows files outside."""
    state = State.read(visit.query)
    if state.open:
        return _answer(visit, template, state)
    return find_answer(visit, (template, state), lambda: _answer(visit, template, state))


def _answer(visit: Visit, template: str, state: State) -> Answer:
    found, fault, values = None, None, {}
    with visit.catalog.reading():
        try:
            found = _search(visit, state)
            values = _describe(visit, state, found)
        except QueryError as error:
            found, fault = None, error
        opened = describe(visit, state, found.videos if found else ()) if state.open else None
    text = pages.render(
        visit,
        template,
        state=state,
        link_of=state.opener(),
        found=found,
        fault=fault,
        sorts=SORTS,
        sizes=SIZES,
        views=VIEWS,
        size=state.size or _SIZE,
        view=state.view or _VIEW,
        detail=opened,
        **values,
    )
    return page(text, HTTPStatus.OK if fault is None else HTTPStatus.BAD_REQUEST)


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
        details=False,
    )


def _describe(visit: Visit, state: State, found: Page) -> dict[str, object]:
    def url(query: State) -> str:
        return f"{visit.base}/{query.query()}"

    clauses = visit.catalog.clauses(state.q)
    now = datetime.now(UTC)
    suggestions = visit.catalog.suggest(state.q) if found.notes or (clauses and not found.total) else ()
    return {
        "tiles": [make_tile(video, found.takes.get(video.ref, 1), now) for video in found.videos],
        "chips": _list_chips(visit, state, clauses),
        "meant": [_make_way(visit, state, each) for each in suggestions if each.new],
        "shorter": [
            (f"without {each.old}: {each.videos:,}", f"{visit.base}/{state.link(each.query)}")
            for each in suggestions
            if each.new is None
        ],
        "next_page": url(state.change(after=found.next, before="")) if found.next else None,
        "previous_page": url(state.change(before=found.previous, after="")) if found.previous else None,
        "whole": visit.catalog.count(),
        "everything": url(State(size=state.size, view=state.view, sort=state.sort)),
        "export": f"{visit.base}/-/gallery/export{State(q=state.q, sort=state.sort).query()}",
        "stacks": _list_stacks(visit, state),
        "revision": visit.catalog.revision(),
        **_describe_rail(visit, state, found.facets),
    }


def _list_chips(visit: Visit, state: State, clauses: tuple[Clause, ...]) -> list[Chip]:
    texts = [clause.text for clause in clauses]
    return [
        Chip(text, f"{visit.base}/{state.link(' '.join(texts[:number] + texts[number + 1 :]))}")
        for number, text in enumerate(texts)
    ]


def _make_way(visit: Visit, state: State, meant: Suggestion) -> Way:
    start = state.q.find(meant.old)
    return Way(f"did you mean {meant.new}", f"{visit.base}/{state.link(meant.query)}", start, start + len(meant.old))


def _list_stacks(visit: Visit, state: State) -> list[tuple[str, str, bool]]:
    names = {"": "All takes", "prompt": "One per prompt", "family": "One per family"}
    return [
        (name, f"{visit.base}/{state.change(stack=kind).query()}", kind == state.stack) for kind, name in names.items()
    ]


def _describe_rail(visit: Visit, state: State, counts: object) -> dict[str, object]:
    opened = {}
    for name in list_opened(state):
        try:
            opened[name] = count_facet(visit, state, name)
        except QueryError:
            continue  # an address with a name that is none
    whole = {name for name in opened if name in RAIL}
    open_facet = facet_opener(state)
    eager = {name: items for name, items in dict(counts).items() if name not in whole}  # type: ignore[call-overload]
    return {
        "rail": [*make_rail(visit, state, eager), *make_rail(visit, state, opened, MOST_VALUES)],
        "histogram": make_histogram(visit, state),
        "more": [(name, f"{visit.base}/{open_facet(name)}") for name in list_more(visit, state)],
    }
