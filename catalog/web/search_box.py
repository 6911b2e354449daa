"""A plugin of Datasette's: its search box on the videos of a library speaks the language of `catalog search`.

Datasette itself hands the words to the full-text index, which holds pieces of unspaced scripts and none of the fields.
Only the box is changed, and only of libraries: `_searchmode=raw` and the search in one column stay Datasette's own.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from datasette import hookimpl

from catalog.search.function import add_function, list_remarks, matches_clause
from catalog.web.libraries import library_path

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Generator
    from pathlib import Path

    from datasette.app import Datasette
    from datasette.filters import FilterArguments

    Filter = Callable[[], Awaitable[FilterArguments]]

_TABLE = "videos"
_PARAMETER = "search"  # as Datasette calls the words of its box
_FOUND_BY_INDEX = f"escape_fts(:{_PARAMETER})"


@hookimpl  # type: ignore[untyped-decorator]  # pluggy's, which has no types here
def prepare_connection(conn: Any, database: str, datasette: Datasette) -> None:
    """Let the connections to a library search it."""
    if path := library_path(database, datasette):
        add_function(conn, path)


@hookimpl(hookwrapper=True)  # type: ignore[untyped-decorator]
def filters_from_request(database: str, table: str, datasette: Datasette) -> Generator[None, Any, None]:
    """What Datasette filters a table by, with the words in the box as a query of ours."""
    outcome = yield
    if table == _TABLE and (path := library_path(database, datasette)):
        outcome.force_result([_in_our_language(make, path) for make in outcome.get_result()])


def _in_our_language(make: Filter, path: Path) -> Filter:
    async def filters() -> FilterArguments:
        found = await make()
        clauses = [matches_clause(_PARAMETER) if _FOUND_BY_INDEX in sql else sql for sql in found.where_clauses]
        if clauses != found.where_clauses:
            found.where_clauses = clauses
            found.human_descriptions += await asyncio.to_thread(list_remarks, path, found.params[_PARAMETER])
        return found

    return filters
