"""The methods of a catalog that move bytes: to archives and back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from catalog.api.base import Opened, courteous

if TYPE_CHECKING:
    from catalog.file_reports import ArchiveReport
    from catalog.reports import Progress


class Files(Opened):
    """The verbs about the bytes of files."""

    def archive(
        self,
        address: str,
        query: str | None = None,
        *,
        drop_local: bool = False,
        parallel: int = 4,
        on_progress: Progress | None = None,
    ) -> ArchiveReport:
        """Copy the files of the videos that match, by default of all, to `s3://bucket/prefix`, and read each back.

        What was read back is archived, and with `drop_local` its local bytes are then removed. `parallel` files are on
        their way at once. Credentials and the server come from the environment, see docs/files.md. Raises ConfigError
        for an address that is none, QueryError; what failed is in the report.
        """
        from catalog.archive import archive

        return archive(
            self._database,
            address,
            query,
            drop_local=drop_local,
            parallel=parallel,
            on_progress=courteous(on_progress),
        )

    def unarchive(
        self, query: str | None = None, *, parallel: int = 4, on_progress: Progress | None = None
    ) -> ArchiveReport:
        """Bring the files of the videos that match, by default of all, back from the archives that hold them."""
        from catalog.archive import unarchive

        return unarchive(self._database, query, parallel=parallel, on_progress=courteous(on_progress))
