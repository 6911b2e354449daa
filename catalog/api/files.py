"""The methods of a catalog that move bytes: from servers, to archives and back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from catalog.api.base import Opened, courteous

if TYPE_CHECKING:
    from collections.abc import Iterable

    from catalog.file_reports import ArchiveReport, DownloadReport, PicturesDue, RescueQueue
    from catalog.records import File
    from catalog.reports import Progress


class Files(Opened):
    """The verbs about the bytes of files."""

    def media(self, sha256: str) -> File:
        """The file with these bytes: its type, and the places where they lie; raises NotFound."""
        from catalog.reading.files import get_media

        with self._database.read() as connection:
            return get_media(connection, sha256)

    def pictures_due(self) -> PicturesDue:
        """How many files still lack a thumbnail, of those that can be read now and of which one may be made."""
        from catalog.pictures import count_due

        return count_due(self._database)

    def download(
        self,
        query: str | None = None,
        *,
        variants: Iterable[str] = (),
        expiring_within: float | None = None,
        sources: Iterable[str] = (),
        jobs: int | None = None,
        lost: bool = False,
        on_progress: Progress | None = None,
    ) -> DownloadReport:
        """Fetch the files of videos that servers still have into the media folder, the earliest deadline first.

        Of all videos, or those that match `query`, whose addresses expire within so many seconds, or that are of these
        `sources`. `variants` are of `video image thumbnail spritesheet`, by default all that a server offers; `jobs` is
        how many jobs are fetched at once, by default as configured. With `lost`, files that were lost are asked for
        again. What could not be had is in the report. Raises ConfigError and QueryError, and DownloadInterrupted, a
        KeyboardInterrupt that carries the report so far; whatever has come by then is kept.
        """
        from catalog.download.queue import Choice
        from catalog.download.run import Download

        choice = Choice(query, tuple(sources), tuple(variants), expiring_within, lost)
        return Download(self._database, self.settings, choice, jobs=jobs, on_progress=courteous(on_progress)).run()

    def rescue(
        self,
        query: str | None = None,
        *,
        variants: Iterable[str] = (),
        expiring_within: float | None = None,
        sources: Iterable[str] = (),
        lost: bool = False,
    ) -> RescueQueue:
        """What `download` with the same arguments would fetch, in its order, and about what it takes.

        Asks no server: how large the files are and how fast they come is reckoned.
        """
        from catalog.download.queue import Choice, estimate

        choice = Choice(query, tuple(sources), tuple(variants), expiring_within, lost)
        return estimate(self._database, self.settings, choice)

    def archive(
        self,
        address: str,
        query: str | None = None,
        *,
        drop_local: bool = False,
        jobs: int = 4,
        on_progress: Progress | None = None,
    ) -> ArchiveReport:
        """Copy the files of the videos that match, by default of all, to `s3://bucket/prefix`, and read each back.

        What was read back is archived, and with `drop_local` its local bytes are then removed. `jobs` files are on
        their way at once. Credentials and the server come from the environment, see docs/files.md. What failed is in
        the report. Raises ConfigError for an address that is none, QueryError, and MediaOffline where the media folder
        cannot be reached.
        """
        from catalog.archive import archive

        return archive(
            self._database,
            address,
            query,
            drop_local=drop_local,
            jobs=jobs,
            on_progress=courteous(on_progress),
        )

    def unarchive(
        self, query: str | None = None, *, jobs: int = 4, on_progress: Progress | None = None
    ) -> ArchiveReport:
        """Bring the files of the videos that match, by default of all, back from the archives that hold them."""
        from catalog.archive import unarchive

        return unarchive(self._database, query, jobs=jobs, on_progress=courteous(on_progress))
