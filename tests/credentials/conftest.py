"""A library whose media folder holds clips to check."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from catalog import store
from catalog.api import Catalog
from catalog.credentials.run import check_again, check_due
from catalog.provenance import parse_list
from catalog.reading.files import media_folder
from tests.store.conftest import Desk, job

if TYPE_CHECKING:
    from pathlib import Path

    from catalog.credential_reports import CredentialsChecked, FileProvenance
    from catalog.database import Database
    from catalog.provenance import TrustList


class Vault(Desk):
    """Holds files, has them checked, and says what is known of them."""

    def __init__(self, library: Database) -> None:
        super().__init__(library)
        with library.read() as connection:
            self.folder = media_folder(connection)

    def hold(self, data: bytes, remote_id: str = "v1", variant: str = "video", *, origin: str = "download") -> Path:
        """Keep bytes as a file of a job, as a download does: where they lie."""
        self.hear(job(remote_id))
        with self.folder.part() as part:
            part.write(data)
            path = self.folder.commit(part, "mp4")
        held = store.Bytes(part.sha256, len(data), "video/mp4", path)
        with self.library.write() as connection:
            video_id = store.find_ids(connection, "studio", [remote_id])[remote_id]
            store.save_file(connection, store.Spot(video_id, variant), held, origin=origin, at=self.now)
        return self.library.path.parent / path

    def trust(self, trust_list: TrustList) -> None:
        pem = "".join((*trust_list.signers, *trust_list.time_stampers)).encode()
        kept = parse_list(pem, "own.pem", name=trust_list.name, uri=trust_list.uri)
        with self.library.write() as connection:
            store.save_trust_list(connection, kept, pem, at=self.now)

    def check(self, **options: Any) -> CredentialsChecked:
        return check_due(self.library, **options)

    def check_again(self, *names: str, **options: Any) -> CredentialsChecked:
        among = [self.value("SELECT id FROM videos WHERE remote_id = ?", name) for name in names] or None
        return check_again(self.library, among=among, **options)

    def tell(self, remote_id: str = "v1") -> FileProvenance:
        """What is known of the first file of a job."""
        with Catalog.open(self.library.path) as catalog:
            return catalog.provenance(f"studio:{remote_id}").files[0]

    def statuses(self) -> dict[str, str | None]:
        rows = self.rows(
            "SELECT remote_id, c2pa_checks.status FROM files JOIN videos ON videos.id = video_id "
            "LEFT JOIN c2pa_checks ON c2pa_checks.id = check_id ORDER BY files.id"
        )
        return dict(rows)  # type: ignore[arg-type]


@pytest.fixture
def vault(library: Database) -> Vault:
    return Vault(library)
