"""What looks after a library: backups, migrations, derived data, checks, and sources that retire."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from catalog import library
from catalog.api.base import Opened, courteous, default_path
from catalog.errors import CatalogError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from catalog.reports import Progress
    from catalog.upkeep_reports import CheckReport, MediaCopy, Migration, Reindexed, Retirement


class Upkeep(Opened):
    """The verbs that look after a library."""

    @staticmethod
    def migrate(path: str | Path | None = None, *, on_progress: Progress | None = None) -> Migration:
        """Upgrade an old library to this version: the schemas before and after, and the backup made first.

        What is new in a row is read from the answers that the library kept. A migration that fails changes nothing.
        """
        from catalog.intake import derive_all

        on_progress = courteous(on_progress)
        if on_progress:
            on_progress("library", 0, None, "upgrading")
        return library.migrate(path or default_path(), partial(derive_all, on_progress=on_progress))

    def backup(
        self,
        path: str | Path | None = None,
        *,
        media: bool = False,
        folders: bool = True,
        on_media: Callable[[MediaCopy], object] | None = None,
        on_progress: Progress | None = None,
    ) -> Path:
        """Make a consistent copy of the library, at `path` or beside it under a dated name, and return where.

        Where `path` is a folder, the copy gets a dated name in it. With `media`, the files of the library come along,
        into the media folder beside the copy: only those that are not there yet, each hashed on its way. So do those
        that lie in watched and imported folders, unless `folders` is false. `on_media` is told what became of them
        before the copy gets its name. Raises MediaOffline, DiskFull or MediaReadOnly; then nothing gets the name of the
        copy, and the next call goes on with the files.
        """
        target = Path(path) if path else None
        if not media:
            return library.backup(self.path, target)
        from catalog.copies import back_up

        return back_up(self._database, target, folders=folders, on_media=on_media, on_progress=courteous(on_progress))

    @staticmethod
    def restore(
        copy: str | Path,
        path: str | Path | None = None,
        *,
        on_media: Callable[[MediaCopy], object] | None = None,
        on_progress: Progress | None = None,
    ) -> Path | None:
        """Replace the library with a backup, and return the restore point made of the library as it was.

        Where the backup has a media folder beside it, what is missing of its files is copied to the library's first,
        each hashed on its way; files that are there stay. `on_media` is told what became of them.
        """
        from catalog.bitmaps import tell_of_replacement
        from catalog.copies import restore

        return restore(
            Path(path or default_path()),
            Path(copy),
            complete=tell_of_replacement,
            on_media=on_media,
            on_progress=courteous(on_progress),
        )

    def check(
        self,
        *,
        read_data: bool | str = False,
        repair: bool = False,
        on_progress: Progress | None = None,
    ) -> CheckReport:
        """Check the library and its files: what was found, with the reasons, and what was repaired.

        `read_data` reads every file to its end and compares its hash, folds every video again, and compares the indexes
        of the database; a text such as "2/7" does so with the second of seven parts, always the same ones. Otherwise
        files are looked for and measured, and a sample of 2,000 videos is folded. What is learnt of files becomes their
        state. `repair` makes derived data again, takes in whole bytes that lie in the media folder under another name,
        downloads what is missing or damaged and in no archive, and removes what killed runs left; damaged bytes stay
        until whole ones are there. Raises ConfigError for another text in `read_data`.
        """
        from catalog.checking import Part, check, read_part

        part = read_part(read_data) if isinstance(read_data, str) else Part() if read_data else None
        show = courteous(on_progress)

        def fetch(_: Sequence[str]) -> dict[str, str]:
            return self._download_again(show)

        return check(self._database, part=part, repair=repair, fetch=fetch, on_progress=show)

    def _download_again(self, on_progress: Progress | None) -> dict[str, str]:
        """Download what is missing or damaged; returns why the rest could not be had, by ref."""
        from catalog.download.queue import Choice
        from catalog.download.run import Download

        reasons: dict[str, str] = {}
        for query in ("missing:file", "is:damaged"):
            report = Download(self._database, self.settings, Choice(query), on_progress=on_progress).run()
            reasons |= {file.ref: file.reason for file in (*report.failed, *report.lost)}
            if report.error:
                raise CatalogError(report.error)
        return reasons

    def retire(
        self,
        source: str,
        *,
        as_of: datetime | None = None,
        undo: bool = False,
        on_progress: Progress | None = None,
    ) -> Retirement:
        """Retire a source as of a moment, now by default: its server is not asked any more, what is kept of it stays.

        What the library does not hold of it is lost then, and found by `is:lost`; the answer lists it with its cost.
        `undo` brings the source back, and takes back what was lost by this. A time without a zone is UTC. Raises
        ConfigError for a source that is neither configured nor known to the library.
        """
        from catalog.retiring import bring_back, retire

        configured = list(self.settings.sources)
        if undo:
            return bring_back(self._database, source, configured=configured)
        moment = as_of or datetime.now(UTC)
        moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
        return retire(self._database, source, moment, configured=configured, on_progress=courteous(on_progress))

    def reindex(
        self,
        *,
        rows: bool = False,
        links: bool = False,
        fts: bool = False,
        bitmaps: bool = False,
        costs: bool = False,
        facets: bool = False,
        stacks: bool = False,
        pictures: bool = False,
        marks: bool = False,
        all_prompts: bool = False,
        on_progress: Progress | None = None,
    ) -> Reindexed:
        """Rebuild derived data: what is named, or everything.

        `rows` are what each video is, folded again from the answers that the library kept, `links` which videos the
        links lead to, with those of credentials, and how many generations are above each, `fts` is the full-text index
        and its columns, `bitmaps` are the sets of videos that counts are made of, `costs` are the estimates of what
        videos cost, at the prices in force, `facets` is what prompts ask for: those that the current vocabulary has not
        read yet are read with it, with `all_prompts`, and where nothing is named, all. `stacks` are the takes of one
        prompt. `pictures` are the thumbnails and sheets of frames that files lack; where they are named, those that
        could not be made are tried again.
        `marks` are what files say of themselves, of those that were held before the library read it.
        """
        from catalog.rebuilding import DERIVED, rebuild

        on_progress = courteous(on_progress)
        asked = (rows, links, fts, bitmaps, facets, stacks, costs, pictures, marks)
        named = {name for name, is_named in zip(DERIVED, asked, strict=True) if is_named} or set(DERIVED)
        reads_all = all_prompts or not any(asked)
        read_by = None if reads_all or not facets else self._vocabulary.revision
        return rebuild(self._database, self.settings, named, read_by=read_by, retries=pictures, on_progress=on_progress)
