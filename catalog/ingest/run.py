"""Runs an import: scans the paths, reads each file into items, keeps them a batch at a time, reports on every file."""

from __future__ import annotations

import sys
import time
from collections import Counter
from contextlib import ExitStack, closing
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cached_property
from itertools import groupby, islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from catalog import store
from catalog.database import IntegrityError
from catalog.disk import open_file
from catalog.enclosed import keep_enclosed
from catalog.errors import CatalogError
from catalog.ingest import batch, sheets
from catalog.ingest.folders import STANDARD_INPUT, Scan, explain
from catalog.ingest.formats import File
from catalog.ingest.giving import Giving
from catalog.ingest.items import Entry, Item, Outcome, PassedOver, Request, refuse
from catalog.ingest.readers import SUFFIXES, find_reader, is_other
from catalog.ingest.texts import peekable
from catalog.ingest.unpacking import MOST_PIPED, MOST_TIMES, PEEKED, Part, Unpacking, is_packed
from catalog.ingest.unpacking import SUFFIXES as PACKED
from catalog.leftovers import temporary_folder
from catalog.library import backup, create_library, open_library
from catalog.prompts.given import require_given
from catalog.reports import FileReport, ImportReport, Refusal
from catalog.wire.ids import require_source_name

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Container, Iterable, Mapping, Sequence
    from io import BufferedReader

    from catalog.batches import BatchVideo
    from catalog.database import Database
    from catalog.file_reports import FolderReport
    from catalog.ingest.folders import Others, Scanned
    from catalog.reports import Progress

    TakeMedia = Callable[[Database, Sequence[Path], Sequence[Path]], Sequence[FolderReport]]

BATCH = 1000  # items in a transaction
BATCH_BYTES = 16 * 1024 * 1024  # bytes in a transaction, whichever is reached first
MAX_REFUSED = 100  # refusals of one file that are reported; all are counted
MAX_NOTES = 20

KEPT = ("added", "changed", "unchanged")
COUNTS = (*KEPT, "waiting", "refusals", "unread", "passed_over")
READ = SUFFIXES | PACKED  # suffixes of files that are opened when a folder or an archive is read

_FAULTS_OF_DATA = (ValueError, OverflowError, RecursionError, IntegrityError)


def import_paths(
    database: Database,
    paths: Iterable[str | os.PathLike[str]],
    *,
    source: str | Callable[[], str],
    columns: Mapping[str, str] | Literal["auto"] | None = None,
    dates: str | None = None,
    facets: Mapping[str, str | Sequence[str]] | None = None,
    follow_links: bool = False,
    among: Container[Path] | None = None,
    take_media: TakeMedia | None = None,
    dry_run: bool = False,
    on_progress: Progress | None = None,
    now: datetime | None = None,
) -> ImportReport:
    """Take in files and folders, `-` for standard input, as answers of `source`; returns a report on every file.

    `source` may be a function, which is called for the first file that is read: clips and pictures need none. These are
    handed to `take_media(database, folders, files)` in the end, where it is given. Of the files in folders, only those
    `among` are read.

    `columns` maps headers of tables to fields, to `metadata.KEY`, to `facet.NAME`, to `extra`, or to an empty text that
    leaves a column out; under `*` it says where all columns go that are neither in it nor known, and `auto` is short
    for `{"*": "extra"}`. `dates` is the order of day, month and year in tables, such as `dmy`. `facets` are given to
    every video, unless its file gives it facets of the same name.
    Symbolic links that lead out of a folder are read only with `follow_links`.
    `on_progress(path, items, None, "importing")` is called after every batch. A dry run works on a temporary copy of
    the library, or on a new one where there is none. Raises ConfigError for a bad map, facet or source, CatalogError
    when the library fails; a bad file never raises.
    """
    if isinstance(source, str):
        require_source_name(source)
    columns = sheets.check_columns(columns)
    sheets.check_dates(dates)
    given = require_given(facets)
    with ExitStack() as stack:
        if dry_run:
            copy = _dry_run_folder(stack) / "catalog.db"
            if database.is_made:
                backup(database.path, copy)
            else:
                create_library(copy)
            database = stack.enter_context(closing(open_library(copy)))
        at = now or datetime.now(UTC)
        run = _Import(database, source, columns, dates, given, at, on_progress, is_dry_run=dry_run)
        scan = Scan(paths, READ, follows_links=follow_links, among=among, leaves_media=take_media is not None)
        try:
            report = replace(run.read(scan), is_dry_run=dry_run)
            return report if take_media is None else _add_media(report, take_media(database, scan.folders, scan.media))
        except CatalogError as error:
            kept = "" if dry_run else run.describe_kept()
            if not kept:
                raise
            raise CatalogError(f"{error} ({kept}; import the same again to add the rest)") from error


def _add_media(report: ImportReport, folders: Sequence[FolderReport]) -> ImportReport:
    """The report with what became of clips and pictures."""
    made = sum(folder.made for folder in folders)
    return replace(report, added=report.added + made, folders=tuple(folders))


def _dry_run_folder(stack: ExitStack) -> Path:
    try:
        return stack.enter_context(temporary_folder("dry-run"))
    except OSError as error:
        raise CatalogError(
            f"cannot make a folder for the copy that a dry run works on: {error.strerror}; name another place in TMPDIR"
        ) from error


@dataclass(slots=True)
class _File(File):
    """A file and its report as it grows, under its `label`; `modified` is the time of its items that have none."""

    label: str = ""
    modified: datetime | None = None
    counts: Counter[str] = field(default_factory=Counter)
    refused: list[Refusal] = field(default_factory=list)

    def refuse(self, refusal: Refusal) -> None:
        self.counts["refusals" if refusal.field is None else "unread"] += 1
        if len(self.refused) < MAX_REFUSED:
            self.refused.append(refusal)

    def report(self) -> FileReport:
        return FileReport(self.label, self.form, **self.counts, refused=tuple(self.refused))


class _Import:
    def __init__(
        self,
        database: Database,
        source: str | Callable[[], str],
        columns: Mapping[str, str],
        dates: str | None,
        given: Mapping[str, Sequence[str]],
        now: datetime,
        on_progress: Progress | None,
        *,
        is_dry_run: bool,
    ) -> None:
        self.is_dry_run = is_dry_run
        self.has_jobs = False
        self.database = database
        self._source = source
        self.columns = columns
        self.dates = dates
        self._given = given
        self.now = now
        self.on_progress = on_progress
        self.files: list[_File] = []
        self.joins = batch.Joins()
        self.pending: list[tuple[int, Entry]] = []
        self.pending_bytes = 0
        self.notes: list[str] = []

    @cached_property
    def source(self) -> str:
        """The source that the videos go to; raises ConfigError where none is named and it cannot be told."""
        return self._source if isinstance(self._source, str) else self._source()

    @cached_property
    def giving(self) -> Giving:
        """The facets that are given."""
        return Giving(self.source, self._given)

    def read(self, scan: Scan) -> ImportReport:
        started = time.perf_counter()
        for scanned in scan:
            self._read_file(scanned, scan.others)
        self._flush()
        for number, item in self.joins.settle():
            self._take(number, item)
        self._flush()
        for number, joined in self.joins.look_up(self._find_batch_videos):
            if joined is None:
                self.files[number].counts["waiting"] += 1
            else:
                self._take(number, joined)
        self._flush()
        reports = tuple(file.report() for file in self.files)
        totals: dict[str, Any] = {name: sum(getattr(report, name) for report in reports) for name in COUNTS}
        return ImportReport(
            self.source if isinstance(self._source, str) or self.has_jobs else store.FILES,
            reports,
            **totals,
            ignored=scan.others.ignored,
            lone_clips=scan.others.lone_clips,
            left_out=scan.others.left_out,
            others=tuple(scan.others.paths),
            clips=tuple(scan.others.clips),
            outside=tuple(scan.others.outside),
            seconds=round(time.perf_counter() - started, 3),
            notes=tuple(self.notes),
        )

    def describe_kept(self) -> str:
        """How much has been kept so far, for a person; empty where nothing was."""
        files = sum(any(file.counts[name] for name in KEPT) for file in self.files)
        jobs = sum(file.counts[name] for file in self.files for name in KEPT)
        return (
            f"kept so far: {jobs:,} job{'' if jobs == 1 else 's'} from {files:,} file{'' if files == 1 else 's'}"
            if jobs
            else ""
        )

    # Reading

    def _read_file(self, scanned: Scanned, others: Others) -> None:
        label = str(scanned.path)
        if scanned.problem is not None:
            self._refuse_file(label, scanned.problem)
            return
        try:
            with ExitStack() as stack:
                stream, modified, size = self._open(scanned.path, stack)
                is_archive = is_packed(stream.peek(PEEKED))
                parts = (
                    Unpacking(size, READ, others).open(stream, label) if is_archive else [Part(label, label, stream)]
                )
                for part in parts:
                    if part.stream is None and part.is_other and not scanned.is_named:
                        others.add(part.label, part.name, ())
                    elif part.stream is None:
                        self._refuse_file(part.label, part.problem or "")
                    else:
                        file = self._file_of(part, scanned, modified)
                        self._read_stream(file, part.stream, others)
        except OSError as error:
            self._refuse_file(label, f"cannot be read: {explain(error)}")

    def _file_of(self, part: Part, scanned: Scanned, modified: datetime | None) -> _File:
        beside = scanned.read_beside if part.read_beside is None else part.read_beside
        media = scanned.media if part.label == str(scanned.path) else part.media
        return _File(
            Path(part.name),
            media,
            self.columns,
            self.dates,
            is_named=scanned.is_named and part.label == str(scanned.path),
            is_among_clips=scanned.is_among_clips,
            read_beside=beside,
            label=part.label,
            modified=modified,
        )

    def _read_stream(self, file: _File, stream: BufferedReader, others: Others) -> None:
        number = len(self.files)
        try:
            reader = find_reader(file, stream.peek())
            if is_other(file, reader):
                others.add(file.label, file.path.name, ())
                return
            self.files.append(file)
            file.form = reader.name
            for item in reader.read(stream, file):
                self.pending_bytes, file.size = self.pending_bytes + file.size, 0
                self._take(number, item)
        except OSError as error:
            if len(self.files) == number:
                self.files.append(file)
            file.refuse(refuse(None, f"cannot be read: {explain(error)}"))

    def _refuse_file(self, label: str, problem: str) -> None:
        file = _File(Path(label), label=label)
        file.refuse(refuse(None, problem))
        self.files.append(file)

    def _open(self, path: Path, stack: ExitStack) -> tuple[BufferedReader, datetime | None, int]:
        """The stream, when the file was written, and its size."""
        if str(path) == STANDARD_INPUT:
            return peekable(sys.stdin.buffer), None, MOST_PIPED // MOST_TIMES
        stream = peekable(stack.enter_context(open_file(path)))
        status = path.stat()
        return stream, datetime.fromtimestamp(status.st_mtime, UTC), status.st_size

    # Keeping

    def _take(self, number: int, item: Item) -> None:
        file = self.files[number]
        if isinstance(item, Refusal):
            file.refuse(item)
            return
        if isinstance(item, PassedOver):
            file.counts["passed_over"] += 1
            return
        self.has_jobs = bool(self.source)  # which raises where there is none, before anything is kept
        if isinstance(item, Request):
            file.form = batch.FORM
            self.joins.ask(number, file.path, item)
        elif isinstance(item, Outcome):
            file.form = batch.FORM
            self.joins.answer(number, file.path, item)
        else:
            file.form = item.form or file.form
            for value in item.unread:
                file.refuse(value)
            for fault in item.given.faults if item.given else ():
                file.refuse(refuse(item.line, fault))
            self.pending.append((number, item))
            if len(self.pending) >= BATCH or self.pending_bytes >= BATCH_BYTES:
                self._flush()
                if self.on_progress:
                    self.on_progress(str(file.path), sum(file.counts.values()), None, "importing")

    def _flush(self) -> None:
        """Keep what is pending in one transaction; if an item cannot be kept, keep each in a transaction of its own."""
        pending, self.pending, self.pending_bytes = self.pending, [], 0
        if not pending:
            return
        try:
            self._save(pending)
        except _FAULTS_OF_DATA:
            for number, entry in pending:
                try:
                    self._save([(number, entry)])
                except _FAULTS_OF_DATA as error:
                    self.files[number].refuse(refuse(entry.line, f"cannot be kept: {type(error).__name__}"))

    def _save(self, pending: list[tuple[int, Entry]]) -> None:
        batches: list[tuple[_File, store.Saved]] = []
        videos = [entry.video for _, entry in pending]
        enclosed = {} if self.is_dry_run else keep_enclosed(self.database, videos)
        with self.database.write() as connection:
            store.save_source(connection, self.source)
            estimator, backlog = store.Estimator(connection, self.source), store.Backlog()
            for (number, channel), group in groupby(pending, key=lambda pair: (pair[0], pair[1].channel)):
                file, entries = self.files[number], [entry for _, entry in group]
                names = {entry.video.remote_id for entry in entries} if enclosed else ()
                saved = store.save_videos(
                    connection,
                    self.source,
                    [entry.video for entry in entries],
                    channel=channel,
                    received_at=self.now,
                    as_of=file.modified,
                    estimator=estimator,
                    backlog=backlog,
                    enclosed={name: enclosed[name] for name in names if name in enclosed},
                )
                batches.append((file, saved))
                for name, reason in saved.strays.items():
                    file.refuse(refuse(None, f"asked for {name}: {reason}; it is kept apart"))
                for entry in entries:
                    video_id = store.find_video(connection, self.source, entry.video.remote_id) if entry.links else None
                    if video_id is not None:
                        store.save_links(connection, self.source, video_id, entry.links, origin="request")
            changed, overturned = store.fold_backlog(connection, backlog, estimator)
            for _, saved in reversed(batches):
                saved.settle(changed, overturned)
                changed = changed.difference(saved.changed)
            regiven = self.giving.save(connection, (entry for _, entry in pending))
        _count(batches, regiven)
        notes = dict.fromkeys(words for _, saved in batches for words in (*saved.cuts, *saved.remarks))
        self.notes += islice(notes, MAX_NOTES - len(self.notes))

    def _find_batch_videos(self, custom_ids: Iterable[str]) -> Mapping[str, Sequence[BatchVideo]]:
        if not self.database.is_made:
            return {}
        with self.database.read() as connection:
            return store.find_batch_videos(connection, self.source, custom_ids)


def _count(batches: Sequence[tuple[_File, store.Saved]], regiven: set[str]) -> None:
    """Add what was saved to the counts of each file; `regiven` are the videos whose given facets changed."""
    regiven = regiven.difference(*((*saved.added, *saved.changed) for _, saved in batches))
    for file, saved in batches:
        changed = regiven.intersection(saved.unchanged)
        regiven -= changed  # counted once, in the first file that has it
        file.counts.update(
            added=len(saved.added),
            changed=len(saved.changed) + len(changed),
            unchanged=len(saved.unchanged) - len(changed),
        )
