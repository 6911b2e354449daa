"""The public class: `Catalog` opens a library and has one short method for each verb.

A verb imports its journey when it is called, so a program that only searches loads neither the network nor the schema.
What asks is in `answers`, what sums up in `numbers`, what edits in `edits` and `organising`, what moves bytes in
`files`, what checks Content Credentials in `credentials`, what looks after a library in `upkeep`; what takes videos in
is here.
"""

from __future__ import annotations

import os
from contextlib import nullcontext
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Literal

from catalog.api.base import courteous, default_path
from catalog.api.credentials import Credentials
from catalog.api.files import Files
from catalog.api.numbers import Numbers
from catalog.api.organising import Organising
from catalog.api.requests import Requests
from catalog.api.upkeep import Upkeep
from catalog.errors import CatalogError, ConfigError
from catalog.hooks import DEFAULT_PORT, DEFAULT_SECRET_ENV
from catalog.watch import DEFAULT_EVERY

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from pathlib import Path

    from catalog.credential_reports import CredentialsChecked
    from catalog.download.run import Download
    from catalog.file_reports import WatchedFolder, WatchReport, WatchStatus
    from catalog.hooks import Receiver
    from catalog.reports import ImportReport, Progress, SyncReport

__all__ = ["Catalog", "default_path"]


class Catalog(Numbers, Organising, Requests, Files, Credentials, Upkeep):
    """A library of AI-generated video: open it with `Catalog.open`, and close it or use it in a `with` block.

    Safe to share between threads. A method that fails raises a `CatalogError` with one clear line.
    """

    # What comes in

    def sync(
        self,
        *sources: str,
        full: bool = False,
        wait: bool = False,
        max_pages: int | None = None,
        on_progress: Progress | None = None,
    ) -> list[SyncReport]:
        """Bring the library up to date with the named sources, or with all: one report each, failures included.

        `full` walks the whole list, `wait` goes on asking until no job is unfinished. A run reads at most `max_pages`
        pages of a list, by default as configured, and the next one goes on there. `on_progress(source, done, total,
        phase)` is called as it goes; `total` is None while it is unknown. A source that is retired is passed over: its
        report has the mode `retired`. Raises ConfigError where no source, or no source of that name, is configured, and
        SyncInterrupted, a KeyboardInterrupt that carries the reports so far.
        """
        from catalog.intake import Intake
        from catalog.reports import SyncInterrupted, SyncReport
        from catalog.sync import sync_source

        on_progress = courteous(on_progress)
        chosen = [self.settings.find_source(name) for name in sources or self.settings.require_sources()]
        settings = self.settings.sync.with_max_pages(max_pages)
        intake = Intake(self._database, self.settings, on_progress)
        reports: list[SyncReport] = []
        retired = self._find_retired()
        try:
            with intake.around():
                for source in chosen:
                    if (moment := retired.get(source.name)) is not None:
                        reports.append(self._pass_over(source.name, moment))
                        continue
                    try:
                        report = sync_source(
                            self._database, source, settings, full=full, wait=wait, on_progress=on_progress
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
        """Add jobs of a source by their ids, for servers that cannot list: asks for each job.

        Later syncs go on asking for what is unfinished or could not be retrieved; with `wait`, this call does, until
        every job has ended. Nothing is kept of an id that the server does not know: `missed` names it. Raises
        CatalogError for a source that is retired.
        """
        from catalog.intake import Intake
        from catalog.reports import SyncInterrupted
        from catalog.sync import add_ids

        on_progress = courteous(on_progress)
        configured = self.settings.find_source(source)
        self._refuse_retired(source)
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
        follow_links: bool = False,
        dry_run: bool = False,
        on_progress: Progress | None = None,
    ) -> ImportReport:
        """Import saved files and folders: JSON of any dialect, recordings, logs, Batch files, exports, sidecars, CSV.

        Clips and pictures stay where they lie, as files of the jobs that their sidecars or names say, else as videos of
        their own, of the source `files` unless `source` names another. Without `source`, the videos go to the only
        configured one, or to `imported` where none is configured. `columns` maps the columns of a CSV file to fields of
        a video; an empty text leaves a column out, `extra.KEY` keeps it in `extra`, and `"auto"` keeps every column
        there that is not known. `dates` is the order of day, month and year in a table. Values that cannot be read are
        named in the report and stay in `extra`. `facets` are given to every video and outrank what its prompt says. A
        symbolic link that leads out of a folder is named in the report and read only with `follow_links`; what `paths`
        name themselves may be links. `dry_run` reports and writes nothing.
        Raises ConfigError where several sources are configured, none is named, and something else than clips and
        pictures is found.
        """
        from catalog.ingest import import_paths
        from catalog.intake import Intake
        from catalog.store import FILES
        from catalog.watch import take_media

        on_progress = courteous(on_progress)
        intake = Intake(self._database, self.settings, on_progress)
        with nullcontext() if dry_run else intake.around():
            report = import_paths(
                self._database,
                paths,
                source=source or self._find_only_source() or self._only_source,
                columns=columns,
                dates=dates,
                facets=facets,
                follow_links=follow_links,
                take_media=take_media(source, sidecars=source or self._find_only_source(), on_progress=on_progress),
                dry_run=dry_run,
                on_progress=on_progress,
            )
        if source is None and report.folders and not report.files:  # clips and pictures alone, which need no source
            report = replace(report, source=FILES)
        return intake.complete([report], "files")[0]

    def watch(
        self,
        *folders: str | Path,
        source: str | None = None,
        once: bool = False,
        every: float = DEFAULT_EVERY,
        accept: bool = False,
        on_ready: Callable[[tuple[str, ...]], None] | None = None,
        on_scan: Callable[[WatchReport], None] | None = None,
        on_event: Callable[[str], None] | None = None,
        on_progress: Progress | None = None,
    ) -> WatchReport:
        """Watch folders of clips and pictures, by default those that are watched already, until Ctrl-C.

        A scan takes in what is new, as `import_path`, where it lies, and marks what has moved or is missing; it runs
        once things have been quiet for a moment, and `every` so many seconds. With `once`, it runs once. `source` is
        the one that answers and sidecars belong to, and videos without a job. A folder that is offline is passed over,
        with nothing marked; `accept` scans one though none of its known files are there. `on_ready` gets the folders
        once they are listened to, `on_scan` the report of every scan, and the last one is returned. Raises ConfigError
        where no folder is named and none is watched, and for a folder that is neither there nor known.
        """
        from catalog.intake import Intake
        from catalog.watch.loop import Watcher

        watcher = Watcher(
            self._database,
            folders,
            source=source,
            sidecars=source or self._find_only_source(),
            accept=accept,
            around=lambda: Intake(self._database, self.settings, courteous(on_progress)).around(),
            on_ready=on_ready,
            on_scan=on_scan,
            on_event=on_event,
            on_progress=courteous(on_progress),
        )
        return watcher.scan() if once else watcher.run(every)

    def unwatch(self, *folders: str | Path) -> tuple[WatchedFolder, ...]:
        """Forget folders that were watched or imported: they are not scanned any more, and what came from them stays.

        They need not be there, and a program that watches them leaves them alone before its next scan. Returns them as
        they were known. Raises ConfigError, with nothing forgotten, where one of them is not among those of `watched`.
        """
        from catalog.watch.forgetting import forget_folders

        return forget_folders(self._database, folders)

    def watched(self) -> WatchStatus:
        """The folders whose clips and pictures were taken in: their state, their last scan, and what is growing."""
        from catalog.watch.status import read_status

        with self._database.read() as connection:
            return read_status(connection)

    def hooks(
        self,
        source: str | None = None,
        *,
        host: str = "127.0.0.1",
        port: int = DEFAULT_PORT,
        secret_env: Iterable[str] = (DEFAULT_SECRET_ENV,),
        download: bool = False,
        on_ready: Callable[[Receiver], None] | None = None,
        on_event: Callable[[str], None] | None = None,
    ) -> None:
        """Receive webhooks of one source until Ctrl-C: keep each delivery, acknowledge it, ask for its job.

        `secret_env` names the environment variables that hold the signing secrets, several while they rotate. With
        `download`, the files of a job are downloaded as soon as it has completed. The Content Credentials of files that
        come are checked at once, in the background. Raises ConfigError, also when the
        port is in use, and CatalogError for a source that is retired.
        """
        from catalog.client.client import Client
        from catalog.hooks import read_secrets, serve_hooks
        from catalog.intake import make, take_in_notes

        chosen = self.settings.find_source(source or self._only_source())
        self._refuse_retired(chosen.name)
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

        def begin() -> Download:
            from catalog.download.queue import Choice
            from catalog.download.run import Download

            return Download(self._database, self.settings, Choice(sources=(chosen.name,)), checks=False)

        def check(is_stopped: Callable[[], bool]) -> CredentialsChecked:
            from catalog.credentials.run import check_due

            return check_due(self._database, self.settings.facets, is_stopped=is_stopped)

        serve_hooks(
            self._database,
            chosen.name,
            connect,
            read_secrets(secret_env, os.environ),
            host=host,
            port=port,
            words=self.settings.facets,
            parallel=self.settings.sync.parallel,
            prepare=prepare,
            on_ready=on_ready,
            on_event=on_event,
            download=begin if download else None,
            check=check,
        )

    def _find_retired(self) -> dict[str, datetime]:
        """The sources that are retired by now, and since when."""
        from catalog.reading.sources import find_retired

        if not self._database.is_made:
            return {}
        with self._database.read() as connection:
            return find_retired(connection, datetime.now(UTC))

    def _pass_over(self, source: str, moment: datetime) -> SyncReport:
        """The report about a source that is retired; what it did not deliver before is lost by now."""
        from catalog.reading.sources import explain_retired
        from catalog.reports import SyncReport
        from catalog.retiring import mark_losses

        mark_losses(self._database, source, moment, datetime.now(UTC))
        return SyncReport(source=source, mode="retired", stopped=explain_retired(source, moment))

    def _refuse_retired(self, source: str) -> None:
        from catalog.reading.sources import explain_retired

        if moment := self._find_retired().get(source):
            raise CatalogError(f"{source} was {explain_retired(source, moment)}")

    def _find_only_source(self) -> str | None:
        names = list(self.settings.sources)
        return None if len(names) > 1 else names[0] if names else "imported"

    def _only_source(self) -> str:
        if name := self._find_only_source():
            return name
        raise ConfigError(f"several sources are configured: name one of {', '.join(self.settings.sources)}")
