"""The verbs that find videos: by a query, page by page or all, and what a page shows of the query itself."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Literal

from catalog.api.base import Opened

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from catalog.query_reports import Clause, Explanation, Refined, Suggestion
    from catalog.records import FacetCount, Page, Video

_PAGE = 200  # videos that `iterate` reads at once


class Querying(Opened):
    """What a query finds."""

    def search(
        self,
        query: str = "",
        *,
        facets: Iterable[str] = (),
        multi: Iterable[str] = (),
        sort: str | None = None,
        limit: int = 20,
        after: str | None = None,
        before: str | None = None,
        snippets: bool = True,
        include_deleted: bool = False,
        stack: bool | str | None = None,
        details: bool = True,
    ) -> Page:
        """One page of the videos that match, with the counts of the requested facets; raises QueryError.

        Facets in `multi` are counted as if the query had no term of its own on them, so that other values can be added
        to a choice. `sort` is `relevance` or a field, with `-` in front for descending; `after` is the `next` of the
        page before, `before` the `previous` of the page after. With `stack`, takes of one prompt are one match, shown
        by its cover: the best rated, else one that is kept, else the newest. `stack="family"` makes one of each family.

        Without `details`, the videos lack tags, facets, inputs, collections, output addresses, parameters, metadata and
        extra fields, and come in a third of the time.
        """
        from catalog.search.page import search

        with self._database.read() as connection:
            return search(
                connection,
                query,
                facets=tuple(facets),
                multi=tuple(multi),
                sort=sort,
                limit=limit,
                after=after,
                before=before,
                snippets=snippets,
                include_deleted=include_deleted,
                stack=stack,
                details=details,
            )

    def iterate(self, query: str = "", *, sort: str = "-created_at", include_deleted: bool = False) -> Iterator[Video]:
        """All videos that match now, newest first, each whole and exactly once; raises QueryError.

        Which videos these are, and their order, is settled by the call, and takes 8 bytes of memory for each. They are
        then read a page at a time, as they are at that moment: one that was changed or deleted meanwhile comes as it
        is, and one that arrives meanwhile is left to the next call. Between pages nothing is held, so the loop may edit
        what it gets; inside `reading` all pages are of one moment. `sort` is as for `search`.
        """
        from catalog.search.matches import list_matches

        with self._database.read() as connection:
            matches = list_matches(connection, query, sort=sort, include_deleted=include_deleted)
        return self._read_pages(matches)

    def explain(self, query: str, *, sort: str | None = None, include_deleted: bool = False) -> Explanation:
        """How the query is read: its parts, and how many videos each matches by itself; raises QueryError."""
        from catalog.search.explain import explain

        with self._database.read() as connection:
            return explain(connection, query, sort=sort, include_deleted=include_deleted)

    def clauses(self, query: str) -> tuple[Clause, ...]:
        """The clauses of a query as they are typed, such as a page shows each with a cross; raises QueryError."""
        from catalog.search.clauses import read_refiner

        return read_refiner(query).clauses

    def refine(self, query: str, field: str, value: str | None, how: Literal["only", "or", "not"] = "only") -> str:
        """The query after a click on a value of a field: `only` this value, this `or` those it has, or `not` this one.

            cat.refine("neon model:a", "model", "b")        # neon model:b
            cat.refine("neon model:a", "model", "b", "or")  # neon model:a,b

        Done twice, it takes the value off. None stands for having no value. Raises QueryError.
        """
        from catalog.search.clauses import refine

        return refine(query, field, value, how)

    def refine_all(
        self, query: str, values: Mapping[str, Iterable[str | None]]
    ) -> dict[str, dict[str | None, Refined]]:
        """What `refine` answers for many values, by field: the query is read once.

        cat.refine_all("neon", {"model": ["a", "b"]})["model"]["a"].only    # neon model:a
        """
        from catalog.search.clauses import read_refiner

        return read_refiner(query).refine_all(values)

    def suggest(self, query: str) -> tuple[Suggestion, ...]:
        """What was perhaps meant by a query with a misspelt field, or one that finds nothing; raises QueryError.

        A query that finds nothing is tried without each of its clauses; those that then find something come last.
        """
        from catalog.search.suggestions import suggest

        with self._database.read() as connection:
            return suggest(connection, query, now=datetime.now(UTC))

    def count(self, query: str = "", *, include_deleted: bool = False) -> int:
        """How many videos match; raises QueryError."""
        from catalog.search.page import count

        with self._database.read() as connection:
            return count(connection, query, include_deleted=include_deleted)

    def facets(
        self, names: Iterable[str] = (), *, query: str = "", limit: int = 20, multi: Iterable[str] = ()
    ) -> dict[str, tuple[FacetCount, ...]]:
        """How often each value of the named facets, or of all, occurs among the videos that match the query.

        Facets in `multi` are counted as `search` counts them.
        """
        from catalog.search.page import count_facets

        with self._database.read() as connection:
            return count_facets(connection, tuple(names), query, limit, multi=tuple(multi))

    def facet_names(self) -> list[str]:
        """What can be counted: the names that `facets` and `search` take, of prompts those that have a value."""
        from catalog.search.fields import Fields

        with self._database.read() as connection:
            return Fields(connection).list_countable()

    def revision(self) -> int:
        """A number that is another one once anything has changed that a search finds; 0 of an empty library."""
        from catalog.bitmaps import revision

        with self._database.read() as connection:
            return revision(connection)

    def stamp(self) -> object:
        """What equals an earlier one only where nobody has written to the library meanwhile, through any program.

        Whatever was made of the library after the earlier one is then still true.
        """
        return self._database.stamp()

    def complete_query(self, word: str, *, limit: int = 50) -> list[str]:
        """How the last, unfinished word of a query may go on: names of fields with their colon, or values of one."""
        from catalog.search.completions import complete_word

        with self._database.read() as connection:
            return complete_word(connection, word, limit)

    def _read_pages(self, ids: Sequence[int]) -> Iterator[Video]:
        from catalog.reading.videos import read_videos

        for start in range(0, len(ids), _PAGE):
            with self._database.read() as connection:
                videos = read_videos(connection, ids[start : start + _PAGE])
            yield from videos.values()
