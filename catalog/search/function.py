"""The language as a function of SQL, so that Datasette's search box finds what the shell and Python find."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from catalog.database import Database
from catalog.library import check_library
from catalog.search.fields import Fields
from catalog.search.grammar import parse
from catalog.search.matches import find_matches
from catalog.search.plan import make_plan

if TYPE_CHECKING:
    from pathlib import Path

_NAME = "catalog_search"


def matches_clause(parameter: str, *, is_common: bool = False) -> str:
    """The condition on a row of `videos` that it matches the query in this parameter.

    Of what `is_common`, SQLite walks an index in the order of the page, and does not look up each match to sort them.
    """
    return f"{'+' if is_common else ''}id IN (SELECT value FROM json_each({_NAME}(:{parameter})))"


def add_function(database: Any, path: Path) -> None:
    """Give a connection, of any driver, the function that `matches_clause` calls: a query in, ids out, as JSON."""
    library = _open(path)

    def answer(query: object) -> str:
        with library.read() as reader:
            return json.dumps(find_matches(reader, "" if query is None else str(query)).to_array().tolist())

    database.create_function(_NAME, 1, answer)


@lru_cache(maxsize=8)
def _open(path: Path) -> Database:
    """The library, once for all connections of this process, so that they share what it keeps in memory."""
    return Database(path, check=check_library)


def list_remarks(path: Path, query: str) -> tuple[str, ...]:
    """What of a query is not read as it is written."""
    with _open(path).read() as reader:
        return make_plan(parse(query), reader, Fields(reader), now=datetime.now(UTC)).notes
