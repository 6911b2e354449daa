"""The verbs that ask a library, and change nothing."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Literal

from catalog.api.base import Opened
from catalog.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from catalog.audit_reports import AuditExport, Trail
    from catalog.family_reports import EvidenceRow
    from catalog.mark_reports import Workflow
    from catalog.prompts import PromptDiff
    from catalog.query_reports import Clause, Explanation, Refined, Suggestion
    from catalog.records import FacetCount, Page, Video
    from catalog.reports import Change, FamilyExport, Generation, Lineage, SourceState
    from catalog.wire.rules import Finding

_PAGE = 200  # videos that `iterate` reads at once


class Answers(Opened):
    """What a library answers."""

    def sources(self) -> list[SourceState]:
        """Every source, configured or remembered, and its health."""
        from catalog.reading.sources import list_sources

        with self._database.read() as connection:
            return list_sources(connection, self.settings.sources.values())

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Answer every question of the block, in this thread, from the library as it is when the block begins.

            with cat.reading():
                page, stats = cat.search("neon"), cat.stats()

        What others write meanwhile shows after the block, which may stand inside another one and then shares its
        moment. Whatever writes raises CatalogError inside. Keep it short, and do not `await` in it: while it lasts,
        the library's `-wal` file grows, and all tasks of an event loop share the thread.
        """
        with self._database.read():
            yield

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

        Without `details`, the videos lack tags, facets, inputs and collections, and come in half the time.
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
        from catalog.search.clauses import list_clauses

        return list_clauses(query)

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
        from catalog.search.clauses import Refiner

        return Refiner(query).refine_all(values)

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

    def get(self, ref: str) -> Video:
        """One video with every field, its tags and its links; raises NotFound.

        Here and in every method that takes one, a ref is `source:id`, the id alone, an alias, or the beginning of any
        of these that matches no other video: at least four characters after a prefix such as `video_`.
        """
        from catalog.reading.videos import get_video

        with self._database.read() as connection:
            return get_video(connection, ref)

    def workflow(self, ref: str) -> Workflow:
        """The workflow in the files of a video, whole as it stands there; raises NotFound where there is none.

        What ComfyUI's page shows comes before the graph that it ran, the clip before its pictures.
        """
        from catalog.reading.marks import get_workflow

        with self._database.read() as connection:
            return get_workflow(connection, ref)

    def find(self, ref: str) -> Video | None:
        """One video as `get` answers it, None where no video has the name.

        Raises NotFound for the beginning of several names, which lists them, and where the library is missing.
        """
        from catalog.reading.videos import find_video

        with self._database.read() as connection:
            return find_video(connection, ref)

    def shorten(self, refs: Iterable[str]) -> dict[str, str]:
        """For each ref the shortest beginning that names the same video, as every method takes it.

        A ref that no beginning tells from others, or that is not in the library, stays whole.
        """
        from catalog.reading.names import shorten_refs

        with self._database.read() as connection:
            return shorten_refs(connection, refs)

    def complete_ref(self, text: str, *, limit: int = 50) -> list[str]:
        """How a ref that begins with the text may go on: sources with their colon, ids and aliases, refs."""
        from catalog.reading.names import list_beginning

        with self._database.read() as connection:
            return list_beginning(connection, text, limit)

    def complete_query(self, word: str, *, limit: int = 50) -> list[str]:
        """How the last, unfinished word of a query may go on: names of fields with their colon, or values of one."""
        from catalog.search.completions import complete_word

        with self._database.read() as connection:
            return complete_word(connection, word, limit)

    def lineage(self, ref: str, *, limit: int | None = None) -> Lineage:
        """The family of a video: what it was made from and what was made from it; raises NotFound.

        At most `limit` videos of it, where that is given: first the ancestors, then the descendants, then the others,
        each the nearest first.
        """
        from catalog.reading.lineage import read_lineage
        from catalog.reading.names import get_name

        with self._database.read() as connection:
            return read_lineage(connection, get_name(connection, ref).id, limit)

    def export_lineage(
        self, ref: str, form: str, write: Callable[[str], object], *, limit: int | None = None
    ) -> FamilyExport:
        """Write the family of a video as `mermaid`, `dot`, `json` or `prov`, piece by piece; raises NotFound.

            with open("family.dot", "w", encoding="utf-8") as file:
                cat.export_lineage("studio:video_123", "dot", file.write)

        All of it is of one moment, and no more of it is in memory than a page. `limit` is as for `lineage`.
        """
        from catalog.exports import write_family
        from catalog.reading.families import Family
        from catalog.reading.names import get_name
        from catalog.reports import FamilyExport

        with self._database.read() as connection:
            name = get_name(connection, ref)
            family = Family(connection, name.ref, name.id, limit)
            for piece in write_family(family, form):
                write(piece)
            return FamilyExport(name.ref, form, *family.count(), family.total)

    def audit(self, query: str = "", *, refs: Iterable[str] | None = None, limit: int = 1000) -> Iterator[Trail]:
        """The trail from the first draft to each video that matches, or to each of `refs`: raises NotFound, QueryError.

        A query that is the name of a video means that video. Which videos there are is settled by the call, newest
        first; a match that stands on the trail of one before it has none of its own. Trails are then read a few at a
        time, as `iterate` reads videos. A trail has at most `limit` steps, the nearest to its video.
        """
        from catalog.auditing import find_matches, read_trails

        return read_trails(self._database, find_matches(self._database, query, refs), limit)

    def export_audit(
        self,
        query: str,
        form: str,
        write: Callable[[str], object],
        *,
        refs: Iterable[str] | None = None,
        limit: int = 1000,
    ) -> AuditExport:
        """Write the trails that `audit` answers with as `json` or `html`, piece by piece, all of one moment.

        With `refs`, the query is only a title. The page needs no server and calls at no address; it shows the small
        pictures that the media folder has.
        """
        from catalog.auditing import export_audit, find_matches

        with self._database.read():
            matches = find_matches(self._database, query, refs)
            return export_audit(self._database, matches, form, write, title=query, limit=limit, now=datetime.now(UTC))

    def evidence(self, query: str = "") -> Iterator[EvidenceRow]:
        """How credentials compare with what servers, requests and the user say of parents; raises QueryError.

        A row for each edge of the videos that match, newest video first; those without parents have none. Which videos
        these are is settled by the call; they are then read a portion at a time, as they are at that moment.
        """
        from catalog.search.matches import list_matches

        with self._database.read() as connection:
            matches = list_matches(connection, query, sort="-created_at")
        return self._read_evidence(matches)

    def diff(self, old: str, new: str | None = None) -> PromptDiff:
        """How the prompts of two videos differ, in words and facets; raises NotFound.

        Of one video alone, how its prompt differs from that of the video which it was made from.
        """
        from catalog.reading.generations import diff_videos, find_parent
        from catalog.reading.videos import read_videos

        with self._database.read() as connection:
            video = self.get(new or old)
            if new is None:
                [above] = read_videos(connection, [find_parent(connection, video)]).values()
            else:
                above = self.get(old)
            return diff_videos(connection, [(above, video)], lambda: self._vocabulary)[0]

    def generations(self, ref: str, *, limit: int | None = None) -> list[Generation]:
        """How the prompt changed at each step of a video's family, from the oldest known ancestor down.

        `limit` is as for `lineage`.
        """
        from catalog.reading.generations import list_generations

        with self._database.read() as connection:
            return list_generations(connection, self.lineage(ref, limit=limit), lambda: self._vocabulary)

    def changes(self, ref: str) -> list[Change]:
        """How a video has changed since it was first seen, oldest first; raises NotFound."""
        from catalog.reading.changes import list_changes

        with self._database.read() as connection:
            return list_changes(connection, ref)

    def validate(
        self, request: Mapping[str, object], *, dialect: str | None = None, source: str | None = None
    ) -> list[Finding]:
        """What a server is likely to object to in a request for a video; empty when nothing is. Nothing is sent.

        `request` is the body, or a line of a Batch input file, whose URL says what it asks for. The server speaks
        `dialect` (by default `openai`), or is that of the configured `source`. Needs no library. Raises ConfigError.
        """
        from catalog.wire.dialects import find_dialect
        from catalog.wire.requests import validate

        if dialect and source:
            raise ConfigError(f"name either the dialect {dialect!r} or the source {source!r}, not both")
        name = self.settings.find_source(source).dialect if source else find_dialect(dialect or "openai").name
        return validate(request, name)

    def _read_evidence(self, ids: Sequence[int]) -> Iterator[EvidenceRow]:
        from catalog.reading.evidence import PORTION, list_evidence

        for start in range(0, len(ids), PORTION):
            with self._database.read() as connection:
                rows = list(list_evidence(connection, ids[start : start + PORTION]))
            yield from rows

    def _read_pages(self, ids: Sequence[int]) -> Iterator[Video]:
        from catalog.reading.videos import read_videos

        for start in range(0, len(ids), _PAGE):
            with self._database.read() as connection:
                videos = read_videos(connection, ids[start : start + _PAGE])
            yield from videos.values()
