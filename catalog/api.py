"""The public class: `Catalog` opens a library and has one short method for each verb.

A verb imports its journey when it is called, so a program that only searches loads neither the network nor the schema.
"""

from __future__ import annotations

import os
from contextlib import nullcontext
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Self

from catalog import library
from catalog.errors import CatalogError, ConfigError
from catalog.hooks import DEFAULT_PORT, DEFAULT_SECRET_ENV
from catalog.rows import encodable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from types import TracebackType

    from catalog.database import Database
    from catalog.hooks import Receiver
    from catalog.prompts import PromptDiff, Vocabulary
    from catalog.reading.names import VideoName
    from catalog.records import FacetCount, Page, Video
    from catalog.reports import (
        Change,
        Costs,
        Edit,
        Generation,
        ImportReport,
        Lineage,
        Migration,
        Progress,
        SourceState,
        Stats,
        SyncReport,
    )
    from catalog.settings import Settings
    from catalog.store import Step

DEFAULT_PATH = "catalog.db"


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
    def open(cls, path: str | Path | None = None, *, config: str | Path | None = None, create: bool = True) -> Self:
        """The library at `path` (else `CATALOG_DB`, else `catalog.db` here), created if missing and `create` is set.

        `config` names the configuration file; by default it is `catalog.toml` beside the library, else here. Raises
        NotFound, SchemaOutdated, SchemaTooNew or SchemaError.
        """
        return cls(library.open_library(path or default_path(), create=create), config=config)

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
        source of that name, is configured.
        """
        from catalog.intake import taking_in
        from catalog.reports import SyncReport
        from catalog.sync import sync_source

        chosen = [self.settings.find_source(name) for name in sources or self.settings.require_sources()]
        reports = []
        with taking_in(self._database, self.settings, on_progress):
            for source in chosen:
                try:
                    report = sync_source(
                        self._database, source, self.settings.sync, full=full, wait=wait, on_progress=on_progress
                    )
                except CatalogError as error:
                    report = SyncReport(source=source.name, mode="refused", error=str(error))
                reports.append(report)
        return reports

    def add(
        self, source: str, remote_ids: Iterable[str], *, wait: bool = False, on_progress: Progress | None = None
    ) -> SyncReport:
        """Add jobs of a source by their ids, for servers that cannot list: keeps the ids, then asks for the jobs.

        Later syncs go on asking for what is unfinished; with `wait`, this call does, until every job has ended.
        """
        from catalog.intake import taking_in
        from catalog.sync import add_ids

        configured = self.settings.find_source(source)
        with taking_in(self._database, self.settings, on_progress):
            return add_ids(
                self._database, configured, self.settings.sync, remote_ids, wait=wait, on_progress=on_progress
            )

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
        from catalog.intake import taking_in

        name = source or self._only_source()
        with nullcontext() if dry_run else taking_in(self._database, self.settings, on_progress):
            return import_paths(
                self._database,
                paths,
                source=name,
                columns=columns,
                dates=dates,
                facets=facets,
                dry_run=dry_run,
                on_progress=on_progress,
            )

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
        from catalog.intake import keep_prices, take_in_notes

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

        secrets = read_secrets(secret_env, os.environ)
        take_in_notes(self._database)
        keep_prices(self._database, self.settings)
        serve_hooks(
            self._database,
            chosen.name,
            connect,
            secrets,
            host=host,
            port=port,
            words=self.settings.facets,
            on_ready=on_ready,
            on_event=on_event,
        )

    def sources(self) -> list[SourceState]:
        """Every source, configured or remembered, and its health."""
        from catalog.reading.sources import list_sources

        with self._database.read() as connection:
            return list_sources(connection, self.settings.sources.values())

    # Answers

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

    def costs(self, by: Iterable[str] = ("model", "project", "month"), *, tag: str = "project") -> Costs:
        """What the videos cost, in total and grouped by each of: model, project, month, source, status, tier.

        A video's project is the value of its tag `tag`. Raises QueryError for any other grouping.
        """
        from catalog.reading.statistics import read_costs

        with self._database.read() as connection:
            return read_costs(connection, tuple(by), tag)

    # What the user does

    def tag(self, ref: str, *tags: str, remove: Iterable[str] = ()) -> Video:
        """Set tags, each `key=value` or a bare key, and return the video as it is then.

        The same edit removes the user's tags with the keys `remove`.
        """
        from catalog import store

        pairs = _read_pairs(tags)
        video = self._find(ref)
        with self._database.write() as connection:
            store.tag_videos(connection, [video.id], pairs, removed=map(encodable, remove), made_at=datetime.now(UTC))
        return self.get(video.ref)

    def untag(self, ref: str, *keys: str) -> Video:
        """Remove the user's tags with these keys, and return the video as it is then."""
        return self.tag(ref, remove=keys)

    def delete(self, *refs: str) -> list[str]:
        """Hide videos behind tombstones, which no sync undoes; nothing is lost, nor deleted at the provider.

        Returns their refs in full, each once.
        """
        from catalog import store

        videos = dict.fromkeys(map(self._find, refs))
        with self._database.write() as connection:
            store.delete_videos(connection, [video.id for video in videos], deleted_at=datetime.now(UTC))
        return [video.ref for video in videos]

    def undelete(self, *refs: str) -> list[str]:
        """Remove the tombstones, and return the refs of the videos in full, each once."""
        from catalog import store

        videos = dict.fromkeys(map(self._find, refs))
        with self._database.write() as connection:
            store.undelete_videos(connection, [video.id for video in videos], made_at=datetime.now(UTC))
        return [video.ref for video in videos]

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
        on_progress: Progress | None = None,
    ) -> None:
        """Rebuild derived data: what is named, or everything.

        `rows` are what each video is, folded again from the answers that the library kept, `fts` is the full-text index
        and its columns, `costs` are the estimates of what videos cost, `facets` is what prompts ask for, read again
        with the current vocabulary.
        """
        from catalog import intake, store

        if not (rows or fts or costs or facets):
            rows = fts = costs = facets = True
        if rows:
            intake.fold_again(self._database, on_progress)
        if costs:
            intake.keep_prices(self._database, self.settings)
        with self._database.write() as connection:
            if fts:
                store.rebuild_texts(connection)
            if costs:
                store.estimate_costs(connection)
            if facets:
                store.forget_extracted(connection)
        if facets:
            intake.read_prompts(self._database, self.settings, on_progress)

    def _follow(self, steps: Sequence[Step]) -> list[Edit]:
        """Read the prompts that an undo or a redo has made due: the edits as they are then."""
        from catalog.reading.journal import read_edits

        if any(step.has_due for step in steps):
            from catalog.intake import read_prompts

            read_prompts(self._database, self.settings)
        with self._database.read() as connection:
            return read_edits(connection, {step.number: step.overtaken for step in steps})

    @cached_property
    def _vocabulary(self) -> Vocabulary:
        from catalog.prompts import load

        return load(self.settings.facets)

    def _only_source(self) -> str:
        names = list(self.settings.sources)
        if len(names) > 1:
            raise ConfigError(f"several sources are configured: name one of {', '.join(names)}")
        return names[0] if names else "imported"

    def _find(self, ref: str) -> VideoName:
        """A video that is about to be edited; captured calls are taken in first, since one of them may have made it."""
        from catalog.intake import take_in_notes
        from catalog.reading.names import get_name

        take_in_notes(self._database)
        with self._database.read() as connection:
            return get_name(connection, ref)


def _read_pairs(tags: Iterable[str]) -> dict[str, str]:
    pairs = {}
    for tag in tags:
        key, _, value = tag.partition("=")
        if not key.strip():
            raise CatalogError(f"a tag is KEY or KEY=VALUE, not {tag!r}")
        pairs[encodable(key.strip())] = encodable(value.strip())
    return pairs
