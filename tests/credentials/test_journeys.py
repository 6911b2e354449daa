"""Whatever brings files has them checked before it ends, and what brings none loads no reader."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from base64 import b64encode
from contextlib import closing
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import pytest

from catalog.api import Catalog
from catalog.client.client import Client
from catalog.credentials.run import check_due
from catalog.library import migrate, open_library
from tests.client.server import RawServer, response
from tests.credentials.conftest import Vault
from tests.download.conftest import KEY, clock, job, studio
from tests.house import job as answer_about
from tests.house import wait_until
from tests.provenance.test_offline import make_clips, ringing
from tests.signed import CLIP, Signed
from tests.test_hooks import event, running
from tests.test_migrations import REVISIONS, make, query
from tests.test_startup import load

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from catalog.database import Database
    from tests.client.server import Request

__all__ = ["clock", "studio"]

STATUSES = (
    "SELECT remote_id, variant, c2pa_checks.status FROM files JOIN c2pa_checks ON c2pa_checks.id = check_id "
    "JOIN videos ON videos.id = files.video_id ORDER BY files.id"
)


def enclosing(remote_id: str, data: bytes) -> dict[str, Any]:
    """An answer with the bytes in it."""
    return answer_about(remote_id, data=[{"b64_json": b64encode(data).decode()}])


def test_a_download_ends_with_the_checks_of_what_came(studio) -> None:
    made = studio(job(1), job(2))
    report = made.prepare(checks=True).run()
    assert report.credentials.checked == report.credentials.by_status["absent"] + report.credentials.by_status.get(
        "unsupported", 0
    )
    assert report.credentials.checked > 0
    assert made.value("SELECT count(*) FROM files WHERE check_id IS NULL AND state = 'present'") == 0
    assert made.prepare(checks=True).run().credentials.checked == 0


def test_bytes_inside_imported_answers_are_checked(library: Database, signed: Signed, tmp_path: Path) -> None:
    path = tmp_path / "jobs.json"
    path.write_text(json.dumps([enclosing("v1", signed.clip), enclosing("v2", CLIP)]))
    with Catalog.open(library.path) as catalog:
        report = catalog.import_path(path, source="studio")
        assert report.credentials.by_status == {"intact_unknown_signer": 1, "absent": 1}
        assert report.phases["credentials"] > 0
        again = catalog.import_path(path, source="studio")
    assert again.credentials.checked == 0
    assert "credentials" not in again.phases


def test_bytes_inside_the_answers_of_a_sync_are_checked(
    library: Database, signed: Signed, monkeypatch: pytest.MonkeyPatch
) -> None:
    def answer(_: Request) -> Iterable[bytes]:
        return response({"object": "list", "data": [enclosing("v1", signed.clip)], "has_more": False})

    with RawServer(answer) as server, Catalog.open(library.path) as catalog:
        monkeypatch.setenv("CATALOG_BASE_URL", server.base_url)
        (report,) = catalog.sync()
    assert report.credentials.by_status == {"intact_unknown_signer": 1}


def test_the_receiver_of_webhooks_checks_in_the_background(studio, clock) -> None:
    made = studio(job(1, age=0, queues_for=5, runs_for=5))
    with running(
        made.library,
        client=lambda: Client(made.gateway.base_url, key=KEY, source="studio", deadline=5),
        download=lambda: made.prepare(variants=("video",)),
        check=lambda is_stopped: check_due(made.library, is_stopped=is_stopped),
    ) as hooks:
        clock.advance(60)
        assert hooks.post(event("video_1")) == 200
        wait_until(lambda: made.rows(STATUSES))
        assert made.rows(STATUSES) == [("video_1", "video", "absent")]
        wait_until(lambda: any(line == "checked the credentials of 1 file: 1 absent" for line in hooks.events))


def test_a_check_that_fails_stops_no_receiver(library: Database) -> None:
    calls: list[int] = []

    def fail(_: Callable[[], bool]) -> Any:
        calls.append(1)
        raise OSError("no such disk")

    with running(library, check=fail) as hooks:
        wait_until(lambda: "cannot check credentials: no such disk" in hooks.events)
        assert hooks.post(event("video_1")) == 200
    assert calls


def test_a_library_of_the_version_before_is_migrated_and_then_checked(tmp_path: Path, signed: Signed) -> None:
    path = make(tmp_path / "old.db", REVISIONS[REVISIONS.index("0011") - 1])
    place = tmp_path / "media" / "clip.mp4"
    place.parent.mkdir()
    (tmp_path / "media" / "ab").mkdir()
    place.write_bytes(signed.clip)
    digest = sha256(signed.clip).hexdigest()
    now = "2026-11-21T10:57:03.000Z"
    query(
        path,
        "INSERT INTO videos (source, remote_id, kind, status, metadata, extra, first_seen_at, last_seen_at) "
        "VALUES ('studio', 'v1', 'video', 'completed', '{}', '{}', ?, ?)",
        now,
        now,
    )
    query(
        path,
        "INSERT INTO files (video_id, variant, number, state, origin, sha256, size, type, changed_at) "
        "VALUES (1, 'video', 1, 'present', 'download', ?, ?, 'video/mp4', ?)",
        digest,
        len(signed.clip),
        now,
    )
    query(
        path,
        "INSERT INTO file_places (sha256, root, path, name, state, changed_at) "
        "VALUES (?, '', 'media/clip.mp4', 'clip.mp4', 'present', ?)",
        digest,
        now,
    )
    migrate(path)
    with closing(open_library(path)) as library:
        assert check_due(library).by_status == {"intact_unknown_signer": 1}
        assert Vault(library).tell().status == "intact_unknown_signer"


def test_a_verb_that_checks_loads_no_reader_itself(tmp_path: Path, signed: Signed) -> None:
    (tmp_path / "jobs.json").write_text(json.dumps(enclosing("v1", signed.clip)))
    assert {"c2pa", "cryptography"}.isdisjoint(load(tmp_path, "import jobs.json"))
    assert {"c2pa", "cryptography"}.isdisjoint(load(tmp_path, "provenance --check --all"))
    with Catalog.open(tmp_path / "catalog.db") as catalog:
        assert len(catalog.provenance("v1").files[0].history) == 2


def test_a_whole_run_asks_the_kernel_for_no_network(vault: Vault, signed: Signed, tmp_path: Path) -> None:
    with ringing() as server:
        clips = make_clips(signed, server.address)
        for number, data in enumerate(clips.values()):
            vault.hold(data, f"v{number}")
        log = trace(vault.library.path, tmp_path)
        rings = server.rings
    assert log == []
    assert rings == 0
    assert set(vault.statuses().values()) == {"intact_unknown_signer", "remote_only", "changed"}


def trace(library: Path, folder: Path) -> list[str]:
    """The network system calls of a whole `catalog provenance --check`, and of all that it starts."""
    if shutil.which("strace") is None:
        pytest.skip("what the kernel is asked is seen with strace: apt-get install strace")
    log = folder / "log"
    verb = [sys.executable, "-m", "catalog", "provenance", "--check", "--db", os.fspath(library)]
    command = ["strace", "-f", "-e", "trace=network", "-o", os.fspath(log), *verb]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=folder)
    if "ptrace" in done.stderr and done.returncode:
        pytest.skip(f"strace must not trace here: {done.stderr.strip()[-200:]}")
    assert done.returncode == 0, done.stderr[-2000:]
    assert re.match(r"credentials of 4 files checked: ", done.stdout)
    return [line for line in log.read_text().splitlines() if "+++" not in line and "---" not in line]
