"""One page of a gateway's list, honest or not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from catalog.demo.gateway.problems import Problem, invalid

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from catalog.demo.gateway.dialects import Dialect
    from catalog.demo.gateway.faults import Lists
    from catalog.demo.gateway.jobs import Job, Jobs

    Query = Mapping[str, str]

DEFAULT_LIMIT = 20
MAX_LIMIT = 100


class Page(NamedTuple):
    """Some jobs, whether more follow, and, where pages have numbers, which one this is."""

    jobs: list[Job]
    more: bool
    number: int = 1
    size: int = DEFAULT_LIMIT
    total: int = 0
    last: Job | None = None


def read_page(jobs: Jobs, query: Query, row: Dialect, lists: Lists = "honest") -> Page:
    """The page that `query` asks for; raises Problem for a query that the server refuses."""
    for name in row.list_needs:
        if not query.get(name):
            raise Problem(400, f"Missing required parameter: '{name}'.", name)
    page = _LISTS[lists](jobs, query, row)
    return page._replace(last=page.last or (page.jobs[-1] if page.jobs else None))


def envelope(page: Page, row: Dialect, items: object, name: Callable[[Job], str]) -> dict[str, Any]:
    """The page as the server answers it: `items` and what stands around them. `name` returns a job's id as shown."""
    if row.paging == "numbered":
        numbers = {"total": page.total, "page": page.number, "page_size": page.size}
        return {"success": True, "message": "", "data": {"list": items, **numbers}}
    if not row.tells_more:
        return {"object": "list", "data": items}
    return {
        "object": "list",
        "data": items,
        "first_id": name(page.jobs[0]) if page.jobs else None,
        "last_id": name(page.last) if page.last else None,
        "has_more": page.more,
    }


def _honest(jobs: Jobs, query: Query, row: Dialect) -> Page:
    return _PAGINGS[row.paging](jobs, query, row)


def _endless(jobs: Jobs, query: Query, row: Dialect) -> Page:
    """The first page, again and again."""
    return _honest(jobs, _first(query), row)._replace(more=True)


def _repeated_cursor(jobs: Jobs, query: Query, row: Dialect) -> Page:
    """Pages that go on, all with the `last_id` of the first."""
    page, first = _honest(jobs, query, row), _honest(jobs, _first(query), row)
    return page._replace(more=True, last=first.jobs[-1] if first.jobs else None)


def _empty_page(jobs: Jobs, query: Query, row: Dialect) -> Page:
    """Nothing after the first page, and still a promise of more."""
    first = _first(query)
    if first != dict(query):
        return Page([], more=True)
    return _honest(jobs, first, row)._replace(more=True)


def _first(query: Query) -> dict[str, str]:
    return {name: value for name, value in query.items() if name not in ("after", "page")}


_LISTS: Mapping[str, Callable[[Jobs, Query, Dialect], Page]] = {
    "honest": _honest,
    "endless": _endless,
    "repeated_cursor": _repeated_cursor,
    "empty_page": _empty_page,
}


def _by_cursor(jobs: Jobs, query: Query, row: Dialect) -> Page:
    limit = _number(query, "limit", DEFAULT_LIMIT, 0, MAX_LIMIT)
    newest_first = _newest_first(query)
    after = row.read_id(query.get("after", ""))
    try:
        return Page(*jobs.window(after=after, limit=limit, newest_first=newest_first))
    except KeyError:
        return _UNKNOWN_CURSORS[row.unknown_cursor](jobs, limit, newest_first)


def _refuse(_jobs: Jobs, _limit: int, _newest_first: bool) -> Page:
    raise Problem(400, "Invalid video list cursor: 'after' names no video.", "after", "invalid_cursor")


def _not_found(_jobs: Jobs, _limit: int, _newest_first: bool) -> Page:
    raise Problem(404, "The video in 'after' was not found.", "after", "video_not_found")


def _restart(jobs: Jobs, limit: int, newest_first: bool) -> Page:
    first, _ = jobs.window(limit=limit, newest_first=newest_first)
    return Page(first, more=True)


def _empty(_jobs: Jobs, _limit: int, _newest_first: bool) -> Page:
    return Page([], more=False)


_UNKNOWN_CURSORS: Mapping[str, Callable[[Jobs, int, bool], Page]] = {
    "refuse": _refuse,
    "not_found": _not_found,
    "restart": _restart,
    "empty": _empty,
}


def _by_number(jobs: Jobs, query: Query, row: Dialect) -> Page:  # noqa: ARG001  # every paging is asked the same way
    size = _number(query, "page_size", DEFAULT_LIMIT, 1, MAX_LIMIT)
    number = _number(query, "page", 1, 1, 1_000_000)
    upto, more = jobs.window(limit=number * size)
    return Page(upto[(number - 1) * size :], more, number, size, len(jobs))


def _whole(jobs: Jobs, query: Query, row: Dialect) -> Page:  # noqa: ARG001
    return Page(jobs.window(limit=len(jobs))[0], more=False)


def _deaf(jobs: Jobs, query: Query, row: Dialect) -> Page:  # noqa: ARG001
    return Page(jobs.window(limit=MAX_LIMIT)[0], more=len(jobs) > 0)


_PAGINGS: Mapping[str, Callable[[Jobs, Query, Dialect], Page]] = {
    "cursor": _by_cursor,
    "numbered": _by_number,
    "whole": _whole,
    "deaf": _deaf,
}


def _number(query: Query, name: str, default: int, least: int, most: int) -> int:
    text = query.get(name, "")
    if text == "":
        return default
    try:
        number = int(text)
    except ValueError:
        raise invalid(name, text, "an integer", "invalid_type") from None
    if number < least:
        raise invalid(name, number, f"a value >= {least}", "integer_below_min_value")
    if number > most:
        raise invalid(name, number, f"a value <= {most}", "integer_above_max_value")
    return number


def _newest_first(query: Query) -> bool:
    order = query.get("order", "desc")
    if order not in ("asc", "desc"):
        raise invalid("order", order, "'asc' or 'desc'")
    return order == "desc"
