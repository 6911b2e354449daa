"""The methods of a catalog about Content Credentials: checks of files, and the trust lists that they are made with."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from catalog.api.base import Opened, courteous

if TYPE_CHECKING:
    from collections.abc import Iterable

    from catalog.credential_reports import CredentialsChecked, Provenance, TrustListEntry, TrustUpdate
    from catalog.reports import Progress


class Credentials(Opened):
    """The verbs about Content Credentials."""

    def provenance(self, ref: str) -> Provenance:
        """What the checks of a video's files have found, with their history; raises NotFound.

        It reads the library alone: `check_credentials` looks at files.
        """
        from catalog.credentials.telling import read_provenance

        with self._database.read() as connection:
            return read_provenance(connection, ref)

    def check_file(self, path: str | Path, *, manifest: str | Path | None = None) -> Provenance:
        """Check any file now, with the trust lists of the library where there is one; nothing is kept of it.

        `manifest` is the file of a detached manifest, by default `clip.c2pa` beside `clip.mp4`. It returns whatever the
        file is; raises ProvenanceError for a trust list that cannot be used.
        """
        from catalog.credentials.telling import check_alone

        return check_alone(self._database, Path(path), None if manifest is None else Path(manifest))

    def check_credentials(
        self,
        query: str | None = None,
        *,
        refs: Iterable[str] | None = None,
        everything: bool = False,
        on_progress: Progress | None = None,
    ) -> CredentialsChecked:
        """Check the files of all videos, of those that match, or of those named by `refs`, and keep what is found.

        Those that were never checked, and those whose status may have moved: by other trust lists or another reader, by
        a certificate that has ended, because they could not be read, or because they are damaged. With `everything`,
        and of `refs`, each is checked. Raises QueryError and NotFound.
        """
        from catalog.credentials.run import check_again

        with self._database.read() as connection:
            if refs is not None:
                from catalog.reading.names import get_name

                among: list[int] | None = [get_name(connection, ref).id for ref in refs]
            elif query is None:
                among = None
            else:
                from catalog.search.matches import list_matches

                among = list(list_matches(connection, query, sort="created_at"))
        return check_again(
            self._database,
            self.settings.facets,
            among=among,
            everything=everything or refs is not None,
            on_progress=courteous(on_progress),
        )

    def trust_lists(self) -> list[TrustListEntry]:
        """The trust lists that checks are made with, in the order in which they were added."""
        from catalog.credentials.lists import list_entries

        with self._database.read() as connection:
            return list_entries(connection, datetime.now(UTC))

    def add_trust_list(
        self, path: str | Path, *, name: str | None = None, are_time_stampers: bool | None = None
    ) -> TrustListEntry:
        """Add a trust list, in PEM or in the JSON of ETSI TS 119 602, or renew the one of its name.

        `name` is by default the one in the file, else that of the file. `are_time_stampers` says whether all its
        certificates are of authorities of time-stamps, or none; by default each says it itself. Raises ProvenanceError
        for what is not a list.
        """
        from catalog.credentials.lists import add_list

        return add_list(self._database, Path(path), name=name, are_time_stampers=are_time_stampers)

    def remove_trust_list(self, name: str) -> TrustListEntry:
        """Remove the trust list of this name; checks that were made with it still name it. Raises ProvenanceError."""
        from catalog.credentials.lists import remove_list

        return remove_list(self._database, name)

    def update_trust_lists(self, *urls: str) -> TrustUpdate:
        """Fetch trust lists from these addresses; by default the official ones, and again all that were fetched before.

        `[trust] lists` in the settings stands in the place of the official ones. Of all verbs about credentials, this
        one alone asks a server. What could not be had is in the report.
        """
        from catalog.credentials.lists import update_lists

        return update_lists(self._database, urls, self.settings.trust_lists)
