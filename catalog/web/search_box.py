"""A plugin of Datasette's: its search box on the videos of a library speaks the language of `catalog search`.

Datasette itself hands the words to the full-text index, which holds pieces of unspaced scripts and none of the fields.
Only the box is changed, and only of libraries: `_searchmode=raw` and the search in one column stay Datasette's own.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from datasette import hookimpl

from catalog.search.function import add_function, list_remarks, matches_clause
from catalog.web.libraries import catalog_of, library_path

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Generator
    from pathlib import Path

    from datasette.app import Datasette
    from datasette.filters import FilterArguments
    from datasette.utils.asgi import Request

    from catalog.api import Catalog

    Filter = Callable[[], Awaitable[FilterArguments]]

_TABLE = "videos"
_PARAMETER = "search"  # as Datasette calls the words of its box
_SORTS = ("_sort", "_sort_desc")  # by another column than that of the library's own page, whose order has an index
_COMMON = 50  # one video in so many: a page of them is met in a few thousand steps
_FOUND_BY_INDEX = f"escape_fts(:{_PARAMETER})"


@hookimpl  # type: ignore[untyped-decorator]  # pluggy's, which has no types here
def prepare_connection(conn: Any, database: str, datasette: Datasette) -> None:
    """Let the connections to a library search it."""
    if path := library_path(database, datasette):
        add_function(conn, path)


@hookimpl(hookwrapper=True)  # type: ignore[untyped-decorator]
def filters_from_request(
    request: Request, database: str, table: str, datasette: Datasette
) -> Generator[None, Any, None]:
    """What Datasette filters a table by, with the words in the box as a query of ours."""
    outcome = yield
    if table == _TABLE and (path := library_path(database, datasette)):
        is_by_date = not any(request.args.get(name) for name in _SORTS)
        among = catalog_of(database, datasette) if is_by_date else None
        outcome.force_result([_in_our_language(make, path, among) for make in outcome.get_result()])


def _in_our_language(make: Filter, path: Path, among: Catalog | None) -> Filter:
    """The filter for the box; with a library to count in, one that is made for many matches where there are many."""

    async def filters() -> FilterArguments:
        found = await make()
        if any(_FOUND_BY_INDEX in sql for sql in found.where_clauses):
            query = found.params[_PARAMETER]
            found.human_descriptions += await asyncio.to_thread(list_remarks, path, query)
            is_common = among is not None and await asyncio.to_thread(_is_common, among, query)
            ours = matches_clause(_PARAMETER, is_common=is_common)
            found.where_clauses = [ours if _FOUND_BY_INDEX in sql else sql for sql in found.where_clauses]
        return found

    return filters


def _is_common(catalog: Catalog, query: str) -> bool:
    return _COMMON * catalog.count(query) > catalog.count()
