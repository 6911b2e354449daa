"""The questions of a reader: which videos match, page by page or all, and how many there are, of each kind."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from catalog.errors import QueryError
from catalog.reading.videos import read_videos
from catalog.records import UNDECIDED, Page
from catalog.search.bits import Bits
from catalog.search.counts import count_values
from catalog.search.cursor import read_cursor, write_cursor
from catalog.search.fields import Fields
from catalog.search.grammar import parse
from catalog.search.ordering import RANKED, RELEVANCE, Orderer
from catalog.search.plan import make_plan
from catalog.search.query import list_terms
from catalog.search.snippets import read_snippets
from catalog.search.stacks import name_order, require_kind, stack_matches

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from pyroaring import BitMap

    from catalog.database import Reader
    from catalog.records import FacetCount
    from catalog.search.fields import Field
    from catalog.search.ordering import Order, Place
    from catalog.search.plan import Plan
    from catalog.search.query import Node

MAX_PAGE = 1000
_NOTHING = {None, UNDECIDED}  # values of those of whom nothing was said
FACET_VALUES = 20


def search(
    connection: Reader,
    query: str = "",
    *,
    facets: Sequence[str] = (),
    multi: Collection[str] = (),
    sort: str | None = None,
    limit: int = 20,
    after: str | None = None,
    before: str | None = None,
    snippets: bool = True,
    include_deleted: bool = False,
    stack: bool | str | None = None,
    details: bool = True,
    now: datetime | None = None,
    ranked: int = RANKED,
) -> Page:
    """One page of the videos that match, at most `limit` of them, and the exact number of all matches.

    `sort` is `relevance` (the default where there are words) or a field, with `-` before it for descending, such as
    `-created_at` (the default elsewhere). Of more than `ranked` matches, relevance orders the newest, about so many,
    and ends with them; the page says so. `after` is `next` of the page before, `before` is `previous` of the page
    after: videos that arrive meanwhile neither repeat nor hide one, except that they shift relevance a little. Each
    facet has its 20 most frequent values among all matches; one of `multi`, which are counted too, among those that the
    query would match without its terms on it. The videos are whole, with tags, links and facets. `stack` shows and
    counts stacks, each by its cover: `prompt` or True those of takes of one prompt, `family` families; facets count all
    takes. Without `details` the videos lack what `read_videos` says. `now` is the time that `-7d` counts
    from. Raises QueryError.
    """
    _check_limit(limit, 0)
    if after is not None and before is not None:
        raise QueryError("a page is either after one cursor or before one: pass `after` or `before`")
    tree = parse(query)
    fields = Fields(connection)
    now = now or datetime.now(UTC)
    plan = make_plan(tree, connection, fields, now=now, include_deleted=include_deleted)
    order = plan.order(sort)
    kind = require_kind(stack)
    question = json.dumps([str(tree), name_order(order.name, kind), order.is_descending, include_deleted])
    cursor = before if after is None else after
    start = None if cursor is None else _read_start(question, cursor, order)
    counted = [fields.get_facet(name) for name in dict.fromkeys((*facets, *multi))]
    ignoring = {fields.get_facet(name).name for name in multi}
    bits = Bits(connection)
    hits = plan.find(bits)
    counts = _count(connection, bits, plan, hits, counted, ignoring)
    stacked = stack_matches(connection, bits, hits, kind)
    orderer = Orderer(connection, bits, order, plan.match, ranked)
    places, is_first, is_last = _list_places(orderer, stacked.covers, start, limit, is_back=before is not None)
    ids = [video_id for video_id, _ in places]

    def count_part(part: Node) -> int:
        return len(make_plan(part, connection, fields, now=now, include_deleted=include_deleted).find(bits))

    videos = read_videos(connection, ids, details=details)
    texts = read_snippets(connection, plan, ids) if snippets and ids else {}
    return Page(
        videos=tuple(videos.values()),
        total=len(stacked.covers),
        facets=counts,
        snippets={videos[video_id].ref: texts[video_id] for video_id in videos if video_id in texts},
        next=None if is_last else _write_cursor(question, places[-1]),
        previous=None if is_first else _write_cursor(question, places[0]),
        ranked=orderer.count_ranked(stacked.covers) if limit else None,
        takes={videos[video_id].ref: takes for video_id, takes in stacked.count_takes(videos).items()},
        stacked=stacked.matches,
        notes=(*plan.notes, *_remark(connection, tree, fields, counted, len(hits), count_part)),
    )


def _read_start(question: str, cursor: str, order: Order) -> Place:
    """The place after which the page begins; raises QueryError for one that this order cannot have."""
    sort_value, video_id = read_cursor(question, cursor)
    if order.name == RELEVANCE and type(sort_value) is not int:
        raise QueryError("the cursor is of another version: start without a cursor")
    return video_id, sort_value


def _write_cursor(question: str, place: Place) -> str:
    """The cursor of what follows a place, or of what is before it."""
    return write_cursor(question, place[1], place[0])


def _list_places(
    orderer: Orderer, hits: BitMap, start: Place | None, limit: int, *, is_back: bool
) -> tuple[list[Place], bool, bool]:
    """The places of a page, and whether it is the first and the last one: after the start, or before it."""
    if not limit:
        return [], True, True
    if is_back and start is not None:
        places = orderer.list_previous(hits, start, limit + 1)
        return places[-limit:], len(places) <= limit, not places
    places = orderer.list_next(hits, start, limit + 1)
    return places[:limit], start is None or not places, len(places) <= limit


def count(connection: Reader, query: str = "", *, include_deleted: bool = False, now: datetime | None = None) -> int:
    """How many videos match, exactly; raises QueryError."""
    now = now or datetime.now(UTC)
    plan = make_plan(parse(query), connection, Fields(connection), now=now, include_deleted=include_deleted)
    return len(plan.find(Bits(connection)))


def count_facets(
    connection: Reader,
    names: Sequence[str] = (),
    query: str = "",
    limit: int = FACET_VALUES,
    *,
    multi: Collection[str] = (),
    now: datetime | None = None,
) -> dict[str, tuple[FacetCount, ...]]:
    """For each facet its `limit` most frequent values among the videos that match, by count, then by value.

    Without names: every facet that any of these videos has, except the open ones of prompts (subject, action, setting,
    dialogue), which have too many values to read. `multi` are names as for `search`. Raises QueryError.
    """
    _check_limit(limit, 1)
    fields = Fields(connection)
    plan = make_plan(parse(query), connection, fields, now=now or datetime.now(UTC))
    named = list(dict.fromkeys((*names, *multi)))
    wanted = [fields.get_facet(name) for name in named] or fields.list_facets()
    ignoring = {fields.get_facet(name).name for name in multi}
    bits = Bits(connection)
    counts = _count(connection, bits, plan, plan.find(bits), wanted, ignoring, limit)
    return {
        name: values for name, values in counts.items() if named or any(item.value not in _NOTHING for item in values)
    }


def _count(
    connection: Reader,
    bits: Bits,
    plan: Plan,
    hits: BitMap,
    facets: Sequence[Field],
    ignoring: Collection[str],
    limit: int = FACET_VALUES,
) -> dict[str, tuple[FacetCount, ...]]:
    """The counts of each facet among the hits; of those that are `ignoring` their own terms, among more."""
    counts = {}
    for field in facets:
        is_among_more = field.name in ignoring and plan.asks_of(field.name)
        among = plan.find(bits, without=field.name) if is_among_more else hits
        counts[field.name] = count_values(connection, bits, field, among, limit)
    return counts


def _remark(
    connection: Reader,
    query: Node | None,
    fields: Fields,
    counted: Sequence[Field],
    total: int,
    count_part: Callable[[Node], int],
) -> list[str]:
    """Remarks on a query that finds nothing, and on prompts that nothing is known of yet."""
    if total and not counted and all(term.name is None for term, _ in list_terms(query)):
        return []
    from catalog.search.remarks import remark_on_facets, remark_on_nothing

    nothing = [] if total else remark_on_nothing(connection, query, fields, count_part)
    return [*remark_on_facets(connection, query, fields, counted), *nothing]


def _check_limit(limit: int, lowest: int) -> None:
    if not lowest <= limit <= MAX_PAGE:
        raise QueryError(f"the limit {limit} is not between {lowest} and {MAX_PAGE:,}")
