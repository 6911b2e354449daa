"""The public class: `Catalog` opens a library and has one short method for each verb.

A verb imports its journey when it is called, so a program that only searches loads neither the network nor the schema.
"""

from __future__ import annotations

import os
import time
from contextlib import contextmanager, nullcontext
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Self, overload

from catalog import library
from catalog.errors import CatalogError, ConfigError
from catalog.hooks import DEFAULT_PORT, DEFAULT_SECRET_ENV
from catalog.rows import encodable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from types import TracebackType

    from catalog.database import Database, Writer
    from catalog.editing import Action
    from catalog.hooks import Receiver
    from catalog.prompts import PromptDiff, Vocabulary
    from catalog.records import FacetCount, Page, Video
    from catalog.reports import (
        Change,
        Costs,
        Edit,
        Edited,
        Generation,
        ImportReport,
        Lineage,
        Migration,
        Progress,
        PromptsRead,
        Reindexed,
        SourceState,
        Stats,
        SyncReport,
    )
    from catalog.settings import Settings
    from catalog.store import Changed, Step
    from catalog.wire.rules import Finding

    Given = Mapping[str, str | Sequence[str]]

DEFAULT_PATH = "catalog.db"
_PAGE = 200  # videos that `iterate` reads at once


def default_path() -> Path:
    """The library to use where none is named: `CATALOG_DB`, else `catalog.db` here."""
    return Path(os.environ.get("CATALOG_DB") or DEFAULT_PATH)


class Catalog:
    """A library of AI-generated video: open it with `Catalog.open`, and close it or use it in a `with` block.

    Safe to share between threads. A method that fails raises a `CatalogError` with one clear line.
    """

    def __init__(self, database: Database, *, config: str | Path | None = None) -> None:
        self._database = database
        self._config = config

    @classmethod
    def open(cls, path: str | Path | None = None, *, config: str | Path | None = None) -> Self:
        """The library at `path` (else `CATALOG_DB`, else `catalog.db` here), checked if there is one; makes nothing.

        Where there is none yet, whatever reads or edits raises NotFound; `sync`, `add`, `import_path` and `hooks` make
        it once they have something to write, but no folder. A library that somebody else makes meanwhile is used.
        `config` names the configuration file; by default it is `catalog.toml` beside the library, else here. Raises
        SchemaOutdated, SchemaTooNew or SchemaError for a file that this version cannot use.
        """
        return cls(library.open_library(path or default_path()), config=config)

    @classmethod
    def init(cls, path: str | Path | None = None, *, config: str | Path | None = None) -> Self:
        """Make the library unless there is one, and open it as `open` does; its folder must exist."""
        library.create_library(path or default_path())
        return cls.open(path, config=config)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close every connection to the library."""
        self._database.close()

    @property
    def path(self) -> Path:
        """The library's file."""
        return self._database.path

    @cached_property
    def settings(self) -> Settings:
        """What `catalog.toml` and the environment configure; raises ConfigError."""
        from catalog.settings import find_file, load_settings

        return load_settings(find_file(self.path, self._config))

    # What comes in

    def sync(
        self,
        *sources: str,
        full: bool = False,
        wait: bool = False,
        on_progress: Progress | None = None,
    ) -> list[SyncReport]:
        """Bring the library up to date with the named sources, or with all: one report each, failures included.

        `full` walks the whole list, `wait` goes on asking until no job is unfinished. `on_progress(source, done, total,
        phase)` is called as it goes; `total` is None while it is unknown. Raises ConfigError where no source, or no
        source of that name, is configured, and SyncInterrupted, a KeyboardInterrupt that carries the reports so far.
        """
        from catalog.intake import Intake
        from catalog.reports import SyncInterrupted, SyncReport
        from catalog.sync import sync_source

        chosen = [self.settings.find_source(name) for name in sources or self.settings.require_sources()]
        intake = Intake(self._database, self.settings, on_progress)
        reports: list[SyncReport] = []
        try:
            with intake.around():
                for source in chosen:
                    try:
                        report = sync_source(
                            self._database, source, self.settings.sync, full=full, wait=wait, on_progress=on_progress
                        )
                    except CatalogError as error:
                        report = SyncReport(source=source.name, mode="refused", error=str(error))
                    reports.append(report)
        except KeyboardInterrupt as stop:
            reports += stop.reports if isinstance(stop, SyncInterrupted) else ()
            raise SyncInterrupted(intake.complete(reports, "pages")) from None
        return intake.complete(reports, "pages")

    def add(
        self, source: str, remote_ids: Iterable[str], *, wait: bool = False, on_progress: Progress | None = None
    ) -> SyncReport:
        """Add jobs of a source by their ids, for servers that cannot list: keeps the ids, then asks for the jobs.

        Later syncs go on asking for what is unfinished; with `wait`, this call does, until every job has ended.
        """
        from catalog.intake import Intake
        from catalog.reports import SyncInterrupted
        from catalog.sync import add_ids

        configured = self.settings.find_source(source)
        intake = Intake(self._database, self.settings, on_progress)
        try:
            with intake.around():
                report = add_ids(
                    self._database, configured, self.settings.sync, remote_ids, wait=wait, on_progress=on_progress
                )
        except SyncInterrupted as stop:
            raise SyncInterrupted(intake.complete(stop.reports, "pages")) from None
        return intake.complete([report], "pages")[0]

    def import_path(
        self,
        *paths: str | Path,
        source: str | None = None,
        columns: Mapping[str, str] | Literal["auto"] | None = None,
        dates: Literal["dmy", "mdy", "ymd"] | None = None,
        facets: Mapping[str, str | Sequence[str]] | None = None,
        dry_run: bool = False,
        on_progress: Progress | None = None,
    ) -> ImportReport:
        """Import saved files and folders: JSON of any dialect, recordings, logs, Batch files, exports, sidecars, CSV.

        Without `source`, the videos go to the only configured one, or to `imported` where none is configured. `columns`
        maps the columns of a CSV file to fields of a video; an empty text leaves a column out, `extra.KEY` keeps it in
        `extra`, and `"auto"` keeps every column there that is not known. `dates` is the order of day, month and year in
        a table. Values that cannot be read are named in the report and stay in `extra`. `facets` are given to every
        video and outrank what its prompt says. `dry_run` reports and writes nothing. Raises ConfigError where several
        sources are configured and none is named.
        """
        from catalog.ingest import import_paths
        from catalog.intake import Intake

        name = source or self._only_source()
        intake = Intake(self._database, self.settings, on_progress)
        with nullcontext() if dry_run else intake.around():
            report = import_paths(
                self._database,
                paths,
                source=name,
                columns=columns,
                dates=dates,
                facets=facets,
                dry_run=dry_run,
                on_progress=on_progress,
            )
        return intake.complete([report], "files")[0]

    def hooks(
        self,
        source: str | None = None,
        *,
        host: str = "127.0.0.1",
        port: int = DEFAULT_PORT,
        secret_env: Iterable[str] = (DEFAULT_SECRET_ENV,),
        on_ready: Callable[[Receiver], None] | None = None,
        on_event: Callable[[str], None] | None = None,
    ) -> None:
        """Receive webhooks of one source until Ctrl-C: keep each delivery, acknowledge it, ask for its job.

        `secret_env` names the environment variables that hold the signing secrets, several while they rotate. Raises
        ConfigError, also when the port is in use.
        """
        from catalog.client.client import Client
        from catalog.hooks import read_secrets, serve_hooks
        from catalog.intake import make, take_in_notes

        chosen = self.settings.find_source(source or self._only_source())
        deadline = self.settings.sync.deadline_seconds

        def connect() -> Client:
            return Client(
                chosen.base_url,
                key=chosen.key(),
                dialect=chosen.server,
                source=chosen.name,
                proxy=chosen.proxy,
                deadline=deadline,
            )

        def prepare() -> None:
            costs_changed = make(self._database, self.settings)
            if costs_changed is not None and on_event:
                on_event(f"the prices in force have changed: costs estimated again, {costs_changed:,} changed")
            take_in_notes(self._database)

        serve_hooks(
            self._database,
            chosen.name,
            connect,
            read_secrets(secret_env, os.environ),
            host=host,
            port=port,
            words=self.settings.facets,
            prepare=prepare,
            on_ready=on_ready,
            on_event=on_event,
        )

    def sources(self) -> list[SourceState]:
        """Every source, configured or remembered, and its health."""
        from catalog.reading.sources import list_sources

        with self._database.read() as connection:
            return list_sources(connection, self.settings.sources.values())

    # Answers

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
        sort: str | None = None,
        limit: int = 20,
        after: str | None = None,
        snippets: bool = True,
        include_deleted: bool = False,
    ) -> Page:
        """One page of the videos that match, with the counts of the requested facets; raises QueryError.

        `sort` is `relevance` or a field, with `-` in front for descending; `after` is the `next` of the previous page.
        """
        from catalog.search.page import search

        with self._database.read() as connection:
            return search(
                connection,
                query,
                facets=tuple(facets),
                sort=sort,
                limit=limit,
                after=after,
                snippets=snippets,
                include_deleted=include_deleted,
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

    def count(self, query: str = "", *, include_deleted: bool = False) -> int:
        """How many videos match; raises QueryError."""
        from catalog.search.page import count

        with self._database.read() as connection:
            return count(connection, query, include_deleted=include_deleted)

    def facets(
        self, names: Iterable[str] = (), *, query: str = "", limit: int = 20
    ) -> dict[str, tuple[FacetCount, ...]]:
        """How often each value of the named facets, or of all, occurs among the videos that match the query."""
        from catalog.search.page import count_facets

        with self._database.read() as connection:
            return count_facets(connection, tuple(names), query, limit)

    def get(self, ref: str) -> Video:
        """One video with every field, its tags and its links; raises NotFound.

        Here and in every method that takes one, a ref is `source:id`, the id alone, an alias, or the beginning of any
        of these that matches no other video: at least four characters after a prefix such as `video_`.
        """
        from catalog.reading.videos import get_video

        with self._database.read() as connection:
            return get_video(connection, ref)

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

    def lineage(self, ref: str) -> Lineage:
        """The family of a video: what it was made from and what was made from it; raises NotFound."""
        from catalog.reading.lineage import read_lineage
        from catalog.reading.names import get_name

        with self._database.read() as connection:
            video = get_name(connection, ref)
            return read_lineage(connection, video.source, video.remote_id)

    def diff(self, old: str, new: str) -> PromptDiff:
        """How the prompts of two videos differ, in words and facets; raises NotFound."""
        from catalog.reading.generations import diff_videos

        with self._database.read() as connection:
            pair = self.get(old), self.get(new)
            return diff_videos(connection, [pair], lambda: self._vocabulary)[0]

    def generations(self, ref: str) -> list[Generation]:
        """How the prompt changed at each step of a video's family, from the oldest known ancestor down."""
        from catalog.reading.generations import list_generations

        with self._database.read() as connection:
            return list_generations(connection, self.lineage(ref), lambda: self._vocabulary)

    def changes(self, ref: str) -> list[Change]:
        """How a video has changed since it was first seen, oldest first; raises NotFound."""
        from catalog.reading.changes import list_changes

        with self._database.read() as connection:
            return list_changes(connection, ref)

    def stats(self) -> Stats:
        """The library in numbers."""
        from catalog.reading.statistics import read_stats

        with self._database.read() as connection:
            return read_stats(connection, datetime.now(UTC))

    def count_prompts(self) -> PromptsRead:
        """How many prompts there are, and how many of them have been read for their facets."""
        from catalog.reading.prompts import count_prompts

        with self._database.read() as connection:
            return count_prompts(connection)

    def costs(
        self,
        by: Iterable[str] = ("model", "project", "month"),
        *,
        tag: str = "project",
        query: str | None = None,
    ) -> Costs:
        """What the videos cost, in total and grouped by each of: model, project, month, source, status, tier.

        Of all videos, or of those that match the query. A video's project is the value of its tag `tag`. Raises
        QueryError for any other grouping, and ConfigError where the configured prices cannot be read.
        """
        from catalog.reading.costs import are_in_force, read_costs

        prices, payers = self.settings.load_prices(), self.settings.payers
        with self._database.read() as connection:
            has_changed = not are_in_force(connection, prices, payers)
            if query is None:
                return read_costs(connection, by, tag, prices_changed=has_changed)
            from catalog.search.matches import list_matches

            among, notes = list_matches(connection, query), self.search(query, limit=0).notes
            return read_costs(connection, by, tag, among=among, prices_changed=has_changed, notes=notes)

    # What one would send

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

    # What the user does: each verb takes one ref, several, or a query, which means every video that matches. Several
    # are one edit, done whole or not at all; with more of them than `at_most`, TooMany is raised.

    @overload
    def tag(self, ref: str, /, *tags: str, remove: Iterable[str] = ()) -> Video: ...  # type: ignore[overload-overlap]  # text is one ref
    @overload
    def tag(
        self, refs: Iterable[str], /, *tags: str, remove: Iterable[str] = (), at_most: int | None = None
    ) -> Edited: ...
    @overload
    def tag(
        self, tag: str | None = None, /, *tags: str, remove: Iterable[str] = (), query: str, at_most: int | None = None
    ) -> Edited: ...
    def tag(
        self,
        refs: str | Iterable[str] | None = None,
        /,
        *tags: str,
        remove: Iterable[str] = (),
        query: str | None = None,
        at_most: int | None = None,
    ) -> Video | Edited:
        """Set tags, each `key=value` or a bare key; the same edit removes the user's tags with the keys `remove`.

            cat.tag("studio:video_123", "campaign=launch", "keeper")  # the video as it is then
            cat.tag(refs, "campaign=launch", remove=["draft"])        # what changed
            cat.tag("campaign=launch", query="neon -status:failed")   # what changed

        Beside a query, a ref in the first place is refused; None there leaves no doubt.
        """
        from catalog.editing import read_words

        chosen, words = read_words(self._database, refs, tags, query)
        return self._tag(chosen, query, _read_pairs(words), remove, at_most)

    @overload
    def untag(self, ref: str, /, *keys: str) -> Video: ...  # type: ignore[overload-overlap]  # text is one ref
    @overload
    def untag(self, refs: Iterable[str], /, *keys: str, at_most: int | None = None) -> Edited: ...
    @overload
    def untag(self, key: str | None = None, /, *keys: str, query: str, at_most: int | None = None) -> Edited: ...
    def untag(
        self,
        refs: str | Iterable[str] | None = None,
        /,
        *keys: str,
        query: str | None = None,
        at_most: int | None = None,
    ) -> Video | Edited:
        """Remove the user's tags with these keys; see `tag`."""
        from catalog.editing import read_words

        chosen, removed = read_words(self._database, refs, keys, query)
        return self._tag(chosen, query, {}, removed, at_most)

    @overload
    def give(  # type: ignore[overload-overlap]  # text is one ref
        self,
        ref: str,
        facets: Given = ...,
        /,
        *,
        remove: Iterable[str] = (),
        query: None = None,
        at_most: int | None = None,
        **more: str | Sequence[str],
    ) -> Video: ...
    @overload
    def give(
        self,
        facets: Given = ...,
        /,
        *,
        query: str,
        remove: Iterable[str] = (),
        at_most: int | None = None,
        **more: str | Sequence[str],
    ) -> Edited: ...
    @overload
    def give(
        self,
        refs: Iterable[str],
        facets: Given = ...,
        /,
        *,
        remove: Iterable[str] = (),
        query: None = None,
        at_most: int | None = None,
        **more: str | Sequence[str],
    ) -> Edited: ...
    def give(
        self,
        refs: str | Iterable[str] | None = None,
        facets: Given | None = None,
        /,
        *,
        remove: Iterable[str] = (),
        query: str | None = None,
        at_most: int | None = None,
        **more: str | Sequence[str],
    ) -> Video | Edited:
        """Give facets, which outrank what prompts say; the same edit takes back those given under the names `remove`.

            cat.give("studio:video_123", style="noir", client=["acme", "globex"])
            cat.give(refs, {"client": "acme"}, remove=["style"])
            cat.give(query="neon", style="noir")

        What was given under a name before is replaced; where it is taken back, the prompt speaks again. A mapping takes
        names that Python or this method has another use for. Raises ConfigError for a facet that cannot be.
        """
        from catalog import store
        from catalog.editing import read_facets

        chosen, values = read_facets(refs, facets, more, remove, query)

        def change(connection: Writer, ids: list[int]) -> Changed:
            return store.give_facets(connection, ids, values, made_at=datetime.now(UTC))

        return self._edit(chosen, query, change, at_most=at_most)

    @overload
    def delete(self, ref: str, /) -> Video: ...  # type: ignore[overload-overlap]  # text is one ref
    @overload
    def delete(self, refs: Iterable[str], /, *, at_most: int | None = None) -> Edited: ...
    @overload
    def delete(self, /, *, query: str, at_most: int | None = None) -> Edited: ...
    def delete(
        self, refs: str | Iterable[str] | None = None, /, *, query: str | None = None, at_most: int | None = None
    ) -> Video | Edited:
        """Hide videos behind tombstones, which no sync undoes; nothing is lost, nor deleted at the provider."""
        from catalog import store

        def change(connection: Writer, ids: list[int]) -> Changed:
            return store.delete_videos(connection, ids, deleted_at=datetime.now(UTC))

        return self._edit(refs, query, change, at_most=at_most)

    @overload
    def undelete(self, ref: str, /) -> Video: ...  # type: ignore[overload-overlap]  # text is one ref
    @overload
    def undelete(self, refs: Iterable[str], /, *, at_most: int | None = None) -> Edited: ...
    @overload
    def undelete(self, /, *, query: str, at_most: int | None = None) -> Edited: ...
    def undelete(
        self, refs: str | Iterable[str] | None = None, /, *, query: str | None = None, at_most: int | None = None
    ) -> Video | Edited:
        """Remove the tombstones of videos; a query finds only those that have one."""
        from catalog import store

        def change(connection: Writer, ids: list[int]) -> Changed:
            return store.undelete_videos(connection, ids, made_at=datetime.now(UTC))

        return self._edit(refs, query, change, at_most=at_most, only_deleted=True)

    def history(self, limit: int = 20) -> list[Edit]:
        """What the user edited, newest first, undone edits included."""
        from catalog.reading.journal import list_edits

        with self._database.read() as connection:
            return list_edits(connection, limit)

    def undo(self, steps: int = 1) -> list[Edit]:
        """Undo the newest edits, up to so many: those that were undone, newest first; none where there are none.

        Only what the user wrote goes back to what it was; what came in since stays.
        """
        from catalog import store

        with self._database.write() as connection:
            undone = store.undo(connection, steps, undone_at=datetime.now(UTC))
        return self._follow(undone)

    def redo(self, steps: int = 1) -> list[Edit]:
        """Redo the edits that were undone last, up to so many, the oldest first; a new edit leaves none to redo."""
        from catalog import store

        with self._database.write() as connection:
            redone = store.redo(connection, steps)
        return self._follow(redone)

    # Upkeep

    @staticmethod
    def migrate(path: str | Path | None = None) -> Migration:
        """Upgrade an old library to this version: the schemas before and after, and the backup made first.

        What is new in a row is then read from the answers that the library kept.
        """
        done = library.migrate(path or default_path())
        if done.before != done.after:
            with Catalog.open(path) as catalog:
                catalog.reindex(rows=True)
        return done

    def backup(self, path: str | Path | None = None) -> Path:
        """Make a consistent copy of the library, at `path` or beside it under a dated name, and return where."""
        return library.backup(self.path, Path(path) if path else None)

    @staticmethod
    def restore(copy: str | Path, path: str | Path | None = None) -> Path | None:
        """Replace the library with a backup, and return the restore point made of the library as it was."""
        return library.restore(Path(path or default_path()), Path(copy))

    def reindex(
        self,
        *,
        rows: bool = False,
        fts: bool = False,
        costs: bool = False,
        facets: bool = False,
        all_prompts: bool = False,
        on_progress: Progress | None = None,
    ) -> Reindexed:
        """Rebuild derived data: what is named, or everything.

        `rows` are what each video is, folded again from the answers that the library kept, `fts` is the full-text index
        and its columns, `costs` are the estimates of what videos cost, at the prices in force, `facets` is what prompts
        ask for: those that the current vocabulary has not read yet are read with it, with `all_prompts`, and where
        nothing is named, all.
        """
        from catalog import intake, store
        from catalog.reports import Reindexed

        if not (rows or fts or costs or facets):
            rows = fts = costs = facets = all_prompts = True
        named = {"rows": rows, "fts": fts, "facets": facets, "costs": costs}
        started = time.monotonic()
        phases: dict[str, float] = {}
        costs_changed = prompts_read = None
        if rows:
            intake.fold_again(self._database, on_progress)
        moved = intake.keep_prices(self._database, self.settings) if costs else None
        with self._database.write() as connection:
            if fts:
                store.rebuild_texts(connection)
            if costs:
                costs_changed = (moved or 0) + store.estimate_costs(connection)
            if facets:
                store.forget_extracted(connection, but_by=None if all_prompts else self._vocabulary.revision)
        if facets:
            begun = time.monotonic()
            prompts_read = intake.read_prompts(self._database, self.settings, on_progress)
            phases["prompts"] = round(time.monotonic() - begun, 3)
        return Reindexed(
            rebuilt=tuple(name for name, is_named in named.items() if is_named),
            costs_changed=costs_changed,
            prompts_read=prompts_read,
            prices_changed=moved is not None,
            seconds=round(time.monotonic() - started, 3),
            phases=phases,
        )

    def _tag(
        self,
        refs: object,
        query: str | None,
        tags: Mapping[str, str],
        removed: Iterable[str],
        at_most: int | None,
    ) -> Video | Edited:
        from catalog import store

        keys = list(map(_read_text, [removed] if isinstance(removed, str) else removed))

        def change(connection: Writer, ids: list[int]) -> Changed:
            return store.tag_videos(connection, ids, tags, removed=keys, made_at=datetime.now(UTC))

        return self._edit(refs, query, change, at_most=at_most)

    def _edit(
        self, refs: object, query: str | None, change: Action, *, at_most: int | None, only_deleted: bool = False
    ) -> Video | Edited:
        """Make an edit; captured calls are taken in first, since one of them may have made a video that it is about."""
        from catalog.editing import choose, edit
        from catalog.intake import take_in_notes

        choice = choose(refs, query)
        take_in_notes(self._database)
        edited, due = edit(self._database, choice, change, at_most=at_most, only_deleted=only_deleted)
        self._read_prompts(due)
        return self.get((*edited.refs, *edited.unchanged)[0]) if choice.is_one else edited

    def _follow(self, steps: Sequence[Step]) -> list[Edit]:
        """Read the prompts that an undo or a redo has made due: the edits as they are then."""
        from catalog.reading.journal import read_edits

        self._read_prompts([video_id for step in steps for video_id in step.due])
        with self._database.read() as connection:
            return read_edits(connection, {step.number: step.overtaken for step in steps})

    def _read_prompts(self, due: Sequence[int]) -> None:
        """Read the prompts of these videos where they are due."""
        if due:
            from catalog.intake import read_prompts

            read_prompts(self._database, self.settings, among=due)

    @cached_property
    def _vocabulary(self) -> Vocabulary:
        from catalog.prompts import load

        return load(self.settings.facets)

    def _read_pages(self, ids: Sequence[int]) -> Iterator[Video]:
        from catalog.reading.videos import read_videos

        for start in range(0, len(ids), _PAGE):
            with self._database.read() as connection:
                videos = read_videos(connection, ids[start : start + _PAGE])
            yield from videos.values()

    def _only_source(self) -> str:
        names = list(self.settings.sources)
        if len(names) > 1:
            raise ConfigError(f"several sources are configured: name one of {', '.join(names)}")
        return names[0] if names else "imported"


def _read_pairs(tags: Iterable[str]) -> dict[str, str]:
    pairs = {}
    for tag in map(_read_text, tags):
        key, _, value = tag.partition("=")
        if not key.strip():
            raise CatalogError(f"a tag is KEY or KEY=VALUE, not {tag!r}")
        pairs[key.strip()] = value.strip()
    return pairs


def _read_text(tag: object) -> str:
    if not isinstance(tag, str):
        raise CatalogError(f"a tag is text, not {type(tag).__name__}")
    return encodable(tag)
