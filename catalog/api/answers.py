"""The verbs that ask a library, and change nothing."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from catalog.api.querying import Querying
from catalog.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from catalog.audit_reports import AuditExport, Trail
    from catalog.family_reports import EvidenceRow
    from catalog.mark_reports import Workflow
    from catalog.prompts import PromptDiff
    from catalog.records import Video
    from catalog.reports import Change, FamilyExport, Generation, Lineage, SourceState
    from catalog.wire.rules import Finding


class Answers(Querying):
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
