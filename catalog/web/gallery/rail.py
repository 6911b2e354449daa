"""The rail of filters: for each facet the values of the matches with exact counts, each with three links."""

from __future__ import annotations

from calendar import monthrange
from typing import TYPE_CHECKING, NamedTuple

from catalog.records import FacetCount

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from catalog.web.gallery.state import State
    from catalog.web.gallery.visits import Visit

RAIL = ("model", "status", "seconds", "size", "source", "rating", "verdict", "camera_movement")
DATES = "created"
MOST_VALUES = 500  # of a facet that is opened
_SHOWN = 20  # values of a facet, unless it is opened
_FILTERED = 10  # values from which on a facet has a box to filter them
_OPENED = 8  # facets at once
_KINDS = ("tag", "collection", "seed", "has", "query")  # what people said comes before what prompts ask for
_PLAIN = ("month", "kind", *RAIL)  # what is shown already
_HAS = (
    "file",
    "prompt",
    "seed",
    "cost",
    "rating",
    "note",
    "tag",
    "collection",
    "credentials",
    "relation",
    "error_code",
)
_BAR, _GAP, _TALL = 8, 2, 40
_MOST_YEARS = 8  # that are shown by month
_MONTH = 7  # characters of a date that say its month


class Value(NamedTuple):
    """A value of a facet, and where its three links lead."""

    text: str
    amount: int
    is_chosen: bool
    is_excluded: bool
    only: str
    other: str
    without: str


class Facet(NamedTuple):
    """A facet in the rail; `more` is where all its values are shown, None where these are all."""

    name: str
    values: tuple[Value, ...]
    has_filter: bool
    more: str | None = None


class Bar(NamedTuple):
    """A month or a day in the histogram."""

    date: str
    amount: int
    left: int
    top: int
    height: int
    is_chosen: bool
    link: str


class Histogram(NamedTuple):
    """When the matches were created."""

    bars: tuple[Bar, ...]
    width: int
    height: int
    first: str
    last: str


def make_rail(
    visit: Visit, state: State, counts: Mapping[str, Iterable[FacetCount]], most: int = _SHOWN
) -> list[Facet]:
    """The facets that have been counted, each as the rail shows it; those without a value are left out."""
    values = {name: tuple(items) for name, items in counts.items() if name != "month"}
    if not values:
        return []
    clauses = visit.catalog.clauses(state.q)
    chosen = {(each.field, value) for each in clauses if not each.is_negated for value in each.values}
    excluded = {(each.field, value) for each in clauses if each.is_negated for value in each.values}
    refined = visit.catalog.refine_all(
        state.q, {name: [item.value for item in items] for name, items in values.items()}
    )
    rail, open_facet = [], facet_opener(state)
    for name, items in values.items():
        shown = tuple(
            Value(
                text="none" if item.value is None else item.value,
                amount=item.count,
                is_chosen=(name, item.value) in chosen,
                is_excluded=(name, item.value) in excluded,
                only=f"{visit.base}/{state.link(links.only)}",
                other=f"{visit.base}/{state.link(links.either)}",
                without=f"{visit.base}/{state.link(links.without)}",
            )
            for item in items
            for links in (refined[name][item.value],)
        )
        if shown:
            is_cut = len(items) >= most and most < MOST_VALUES
            more = f"{visit.base}/{open_facet(name)}" if is_cut else None
            rail.append(Facet(name, shown, len(items) > _FILTERED, more))
    return rail


def list_opened(state: State) -> list[str]:
    """The facets that the address opens beside those that are always there."""
    return [name for name in dict.fromkeys(state.rail.split(",")) if name][:_OPENED]


def facet_opener(state: State) -> Callable[[str], str]:
    """What makes the query of the address where one more facet is open, from its name."""
    opened, link = list_opened(state), state.opener("rail")
    return lambda name: link(",".join(dict.fromkeys([*opened, name])))


def count_facet(visit: Visit, state: State, name: str) -> list[FacetCount]:
    """The counts of a facet that is opened; raises QueryError for a name that is none."""
    if name in {"has", "query"}:
        return _count_claims(visit, state, name)
    return list(visit.catalog.facets(multi=[name], query=state.q, limit=MOST_VALUES).get(name, ()))


def list_more(visit: Visit, state: State) -> list[str]:
    """The facets that can be opened, in the order of the rail."""
    names = [name for name in visit.catalog.facet_names() if name not in _PLAIN and name not in _KINDS]
    opened = list_opened(state)
    return [name for name in (*_KINDS, *names) if name not in opened]


def _count_claims(visit: Visit, state: State, name: str) -> list[FacetCount]:
    """What can be asked of videos that is not one value each: what they have, or which saved search finds them."""
    catalog = visit.catalog
    rest = " ".join(each.text for each in catalog.clauses(state.q) if each.field != name or each.is_negated)
    values = _HAS if name == "has" else [each.name for each in catalog.saved_searches()]
    asked = catalog.refine_all(rest, {name: values})[name]
    counts = [FacetCount(value, catalog.count(links.only)) for value, links in asked.items()]
    return sorted((each for each in counts if each.count), key=lambda each: -each.count)


def make_histogram(visit: Visit, state: State) -> Histogram | None:
    """When the matches were created: by month, by day of the one month that is asked for, else by year."""
    catalog = visit.catalog
    clauses = catalog.clauses(state.q)
    dates = [each for each in clauses if each.field in {DATES, "created_at", "month"}]
    rest = " ".join(each.text for each in clauses if each not in dates)
    months = catalog.facets(multi=["month"], query=rest, limit=MOST_VALUES)["month"]
    counts: dict[str, int] = {each.value: each.count for each in months if each.value}
    if not counts:
        return None
    asked = [value for each in dates for value in each.values]
    month = asked[0][:_MONTH] if len(asked) == 1 else ""
    if month in counts and not dates[0].is_negated:
        length = monthrange(int(month[:4]), int(month[5:]))[1]
        days = [f"{month}-{day:02d}" for day in range(1, length + 1)]
        texts = catalog.refine_all(rest, {DATES: days})[DATES]
        counts = {day: catalog.count(texts[day].only) for day in days}
    elif int(max(counts)[:4]) - int(min(counts)[:4]) > _MOST_YEARS:
        counts = _by_year(counts)
    else:
        counts = {each: counts.get(each, 0) for each in _list_months(min(counts), max(counts))}
    return _draw(visit, state, counts, asked)


def _draw(visit: Visit, state: State, counts: Mapping[str, int], asked: list[str]) -> Histogram:
    most = max(counts.values()) or 1
    links = visit.catalog.refine_all(state.q, {DATES: counts})[DATES]
    bars = []
    for number, (date, amount) in enumerate(counts.items()):
        height = max(2, round(_TALL * amount / most)) if amount else 0
        link = f"{visit.base}/{state.link(links[date].only)}"
        is_chosen = any(date.startswith(value) for value in asked)
        bars.append(Bar(date, amount, number * (_BAR + _GAP), _TALL - height, height, is_chosen, link))
    return Histogram(tuple(bars), len(bars) * (_BAR + _GAP) - _GAP, _TALL, bars[0].date, bars[-1].date)


def _list_months(first: str, last: str) -> list[str]:
    year, month = int(first[:4]), int(first[5:7])
    months = [first]
    while months[-1] < last:
        year, month = (year + 1, 1) if month == 12 else (year, month + 1)
        months.append(f"{year:04d}-{month:02d}")
    return months


def _by_year(counts: Mapping[str, int]) -> dict[str, int]:
    years: dict[str, int] = {}
    for month, amount in sorted(counts.items()):
        years[month[:4]] = years.get(month[:4], 0) + amount
    return years
