"""The queue: files are checked as they come, once, whatever happens meanwhile; and again where that may change it."""

from __future__ import annotations

import os
import signal
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import pytest

from catalog import store
from catalog.api import Catalog
from catalog.credential_reports import CredentialsChecked
from catalog.credentials.run import MOST_LEFT
from catalog.provenance import Profile, TrustList, check_file
from catalog.provenance.authority import sign
from catalog.search.page import search
from tests.cli.test_stopping import started
from tests.house import LONG, job, wait_until
from tests.provenance.test_workers import running_children
from tests.signed import CLIP, MP4, Signed, alter_media

if TYPE_CHECKING:
    from pathlib import Path

    from catalog.database import Database
    from tests.credentials.conftest import Vault


def lengthen(data: bytes, number: int) -> bytes:
    """A clip with other bytes, by a box that nobody reads."""
    return data + (16).to_bytes(4, "big") + b"free" + number.to_bytes(8, "big")


def find(library: Database, query: str) -> list[str]:
    with library.read() as connection:
        page = search(connection, query)
    assert not page.notes
    return sorted(video.remote_id for video in page.videos)


def test_what_is_due_is_checked_once_by_the_lists_of_the_library(vault: Vault, signed: Signed) -> None:
    vault.trust(signed.list)
    vault.hold(signed.clip)
    vault.hold(alter_media(signed.clip), "v2")
    vault.hold(CLIP, "v3")
    report = vault.check()
    assert report == CredentialsChecked(
        3, {"intact_known_signer": 1, "changed": 1, "absent": 1}, seconds=report.seconds
    )
    assert vault.statuses() == {"v1": "intact_known_signer", "v2": "changed", "v3": "absent"}
    assert find(vault.library, "has:credentials") == ["v1", "v2"]
    assert find(vault.library, "signer:openai generator:*") == ["v1", "v2"]
    before = running_children()
    assert vault.check(on_progress=lambda *_: pytest.fail("nothing is due")) == CredentialsChecked()
    assert running_children() == before


def test_bytes_that_files_share_are_read_once_and_made_pictures_never(vault: Vault, signed: Signed) -> None:
    for name in ("v1", "v2", "v3"):
        vault.hold(signed.clip, name)
    vault.hold(signed.clip, "v3", "spritesheet")
    vault.hold(CLIP, "v3", "thumbnail", origin="made")
    steps: list[tuple[int, int | None]] = []
    report = vault.check(on_progress=lambda _, done, total, __: steps.append((done, total)))
    assert (report.checked, report.waiting) == (1, 0)
    assert steps == [(1, 1)]
    assert vault.value("SELECT count(*) FROM c2pa_checks") == 4
    assert vault.value("SELECT count(*) FROM c2pa_stores") == 1
    vault.hold(signed.clip, "v4")  # which the bytes were checked for: no worker is needed to know, but a check of it is
    assert vault.check().checked == 1
    assert vault.value("SELECT count(*) FROM c2pa_checks") == 5


def test_bytes_that_are_not_those_that_came_are_kept_with_their_own_hash_and_mark_the_file(
    vault: Vault, signed: Signed
) -> None:
    path = vault.hold(signed.clip)
    altered = alter_media(signed.clip)
    path.write_bytes(altered)
    report = vault.check()
    assert (report.by_status, report.damaged) == ({"changed": 1}, 1)
    assert vault.tell().history[-1].sha256 == sha256(altered).hexdigest() != vault.tell().sha256
    assert find(vault.library, "is:damaged credentials:changed") == ["v1"]
    assert vault.check() == CredentialsChecked()
    path.write_bytes(signed.clip)
    with vault.library.write() as connection:
        store.save_checked(connection, [sha256(signed.clip).hexdigest()], at=vault.now)  # as `catalog check` does
    assert find(vault.library, "credentials:changed") == []
    assert vault.check().by_status == {"intact_unknown_signer": 1}
    assert vault.tell().history[-1].moved == "the file: its bytes are others"


def test_a_drive_that_is_not_there_says_nothing_of_its_files(vault: Vault, signed: Signed) -> None:
    vault.hold(signed.clip)
    vault.hold(CLIP, "v2")
    vault.folder.root.rename(vault.folder.root.with_name("unplugged"))
    report = vault.check()
    assert (report.checked, report.offline, report.waiting) == (0, 2, 0)
    assert vault.value("SELECT count(*) FROM c2pa_checks") == 0
    vault.folder.root.with_name("unplugged").rename(vault.folder.root)
    assert vault.check().checked == 2


@pytest.mark.parametrize("hostility", ["gone", "pipe", "link to a pipe", "folder", "empty"])
def test_whatever_lies_in_the_place_of_a_file_is_unreadable_and_waited_for_by_nobody(
    vault: Vault, tmp_path: Path, hostility: str
) -> None:
    path = vault.hold(CLIP)
    vault.hold(lengthen(CLIP, 1), "v2")
    path.unlink()
    if hostility == "pipe":
        os.mkfifo(path)
    elif hostility == "link to a pipe":
        os.mkfifo(tmp_path / "pipe")
        path.symlink_to(tmp_path / "pipe")
    elif hostility == "folder":
        path.mkdir()
    elif hostility == "empty":
        path.touch()
    assert vault.check().by_status == {"unreadable": 1, "absent": 1}
    assert vault.tell().words.startswith("The file cannot be read")
    assert vault.check() == CredentialsChecked()
    if path.is_dir():
        path.rmdir()
    else:
        path.unlink(missing_ok=True)
    path.write_bytes(CLIP)
    assert vault.check_again().by_status == {"absent": 1}  # what could not be read is worth another look
    assert vault.tell().history[-1].moved == "the file: it could not be read then"


def test_without_the_reader_nothing_is_kept_and_the_reason_is_told(
    vault: Vault, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    vault.hold(CLIP)
    vault.hold(lengthen(CLIP, 1), "v2")
    broken = tmp_path / "broken"
    (broken / "c2pa").mkdir(parents=True)
    (broken / "c2pa" / "__init__.py").write_text("raise ImportError('no such machine')\n")
    monkeypatch.syspath_prepend(broken)
    report = vault.check()
    assert (report.checked, report.waiting) == (0, 2)
    assert report.reason == "the reader c2pa-python cannot be loaded: no such machine"
    assert vault.value("SELECT count(*) FROM c2pa_checks") == 0
    monkeypatch.setattr(sys, "path", [entry for entry in sys.path if entry != str(broken)])
    assert vault.check().checked == 2


def test_a_run_that_is_stopped_or_fails_keeps_what_it_found(vault: Vault) -> None:
    for number in range(4):
        vault.hold(lengthen(CLIP, number), f"v{number}")
    done: list[int] = []

    def fail(*_: object) -> None:
        done.append(1)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        vault.check(on_progress=fail)
    assert vault.value("SELECT count(*) FROM c2pa_checks") == 1
    assert vault.check(is_stopped=lambda: True).waiting == 3
    assert vault.check().checked == 3


def test_the_rest_of_a_killed_run_is_done_by_the_next(vault: Vault, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(400):
        vault.hold(lengthen(CLIP, number), f"v{number}")
    monkeypatch.setenv("CATALOG_DB", str(vault.library.path))

    def count() -> int:
        return vault.value("SELECT count(*) FROM c2pa_checks")

    with started("provenance", "--check") as process:
        wait_until(count)
        process.send_signal(signal.SIGKILL)
        process.wait(LONG)
    kept = count()
    assert 0 < kept < 400
    assert vault.check().checked == 400 - kept
    assert vault.rows("SELECT file_id FROM c2pa_checks GROUP BY file_id HAVING count(*) > 1") == []
    assert count() == 400


def test_where_very_many_are_due_a_journey_checks_its_own_and_says_how_many_wait(vault: Vault) -> None:
    path = vault.hold(CLIP)
    vault.hear(*(job(f"w{number}") for number in range(MOST_LEFT)))
    with vault.library.write() as connection:
        rows = store.find_ids(connection, "studio", [f"w{number}" for number in range(MOST_LEFT)])
        for number, video_id in enumerate(rows.values()):
            relative = path.relative_to(vault.library.path.parent).as_posix()
            held = store.Bytes(f"{number:064x}", 1, "video/mp4", f"{relative}{number}")
            store.save_file(connection, store.Spot(video_id, "video"), held, origin="download", at=vault.now)
    vault.minutes += 60
    since = vault.now
    vault.hold(lengthen(CLIP, 1), "new")
    report = vault.check(since=since)
    assert (report.checked, report.waiting) == (1, MOST_LEFT + 1)
    assert vault.statuses()["new"] == "absent"


# Checks that are repeated


def test_only_what_may_have_moved_is_checked_again(vault: Vault, signed: Signed) -> None:
    vault.hold(signed.clip)
    vault.hold(alter_media(signed.clip), "v2")
    vault.hold(CLIP, "v3")
    assert vault.check_again().checked == 3  # what is due is
    assert vault.check_again() == CredentialsChecked(seconds=vault.check_again().seconds)
    vault.trust(signed.list)
    report = vault.check_again()
    assert (report.checked, report.by_status, report.moved) == (1, {"intact_known_signer": 1}, 1)
    assert vault.tell().history[-1].moved == 'the trust lists: "a list" was added'
    assert vault.check_again().checked == 0
    assert vault.check_again(everything=True).checked == 3
    assert vault.check_again("v2", everything=True).checked == 1
    assert [len(vault.tell(name).history) for name in ("v1", "v2", "v3")] == [3, 3, 2]
    with vault.library.write() as connection:
        store.remove_trust_list(connection, signed.list.uri)
    assert vault.check_again("v3").checked == 0
    assert vault.check_again().by_status == {"intact_unknown_signer": 1}
    assert vault.tell().history[-1].moved == 'the trust lists: "a list" was removed'


def save(vault: Vault, path: Path, signed: Signed, **other: Any) -> None:
    """Keep a check of a file as it was made on another day, or by another reader."""
    file_id = vault.value("SELECT files.id FROM files JOIN file_places USING (sha256) WHERE name = ?", path.name)
    check = replace(check_file(path, profile=Profile((signed.list,))), **other)
    with vault.library.write() as connection:
        store.save_checks(connection, {file_id: check})


def test_a_certificate_that_has_ended_since_is_worth_another_look(vault: Vault, signed: Signed, expired: bytes) -> None:
    vault.trust(signed.list)
    path = vault.hold(expired)
    then = datetime.now(UTC) - timedelta(days=1)
    save(vault, path, signed, status="intact_known_signer", checked_at=then, signer_list=signed.list.uri)
    report = vault.check_again()
    assert (report.by_status, report.moved) == ({"intact_expired": 1}, 1)
    end = vault.tell().check.active.signature.valid_until  # type: ignore[union-attr]
    assert vault.tell().history[-1].moved == f"the certificate: it ended on {end:%Y-%m-%d}"
    assert vault.check_again().checked == 0


def test_another_reader_is_worth_another_look_at_all(vault: Vault, signed: Signed) -> None:
    vault.trust(signed.list)
    for data, name in ((signed.clip, "v1"), (CLIP, "v2")):
        save(vault, vault.hold(data, name), signed, status="unsupported", reader="c2pa-python 0.1.0, c2pa-rs 0.2.0")
    assert vault.check_again().by_status == {"intact_known_signer": 1, "absent": 1}
    assert str(vault.tell().history[-1].moved).startswith("the reader: c2pa-python 0.1.0, c2pa-rs 0.2.0 then, c2pa-")


def test_credentials_that_are_gone_are_told_with_the_day_they_were_seen(vault: Vault, signed: Signed) -> None:
    vault.hold(signed.clip)
    vault.check()
    seen = vault.tell().history[0].checked_at
    assert vault.tell().seen_at is None
    vault.hold(CLIP)  # the server sent it again, stripped
    assert vault.tell().status is None
    assert find(vault.library, "credentials:*") == []
    vault.check()
    told = vault.tell()
    assert (told.status, told.seen_at) == ("absent", seen)
    assert [past.status for past in told.history] == ["intact_unknown_signer", "absent"]


def test_a_manifest_beside_a_file_outside_the_media_folder_counts(vault: Vault, signed: Signed, tmp_path: Path) -> None:
    clip, detached = sign(CLIP, MP4, signed.signer, remote_url="http://127.0.0.1:9/store", is_embedded=False)
    place = vault.hold(clip)
    outside = tmp_path / "elsewhere"
    outside.mkdir()
    place.rename(outside / "clip.mp4")
    place.with_suffix(".c2pa").write_bytes(detached)  # in the media folder it counts for nothing
    with vault.library.write() as connection:
        connection.execute(
            "UPDATE file_places SET root = :root, path = 'clip.mp4', name = 'clip.mp4'", {"root": str(outside)}
        )
    assert vault.check().by_status == {"remote_only": 1}
    assert vault.check_again().checked == 0
    (outside / "clip.c2pa").write_bytes(detached)
    assert vault.check_again().by_status == {"intact_unknown_signer": 1}
    assert vault.tell().check.is_detached  # type: ignore[union-attr]
    assert vault.tell().history[-1].moved == "the file: the detached manifest beside it came"
    (outside / "clip.c2pa").unlink()
    os.mkfifo(outside / "clip.c2pa")
    assert vault.check_again().by_status == {"remote_only": 1}
    outside.rename(tmp_path / "gone")
    assert vault.check_again(everything=True).offline == 1


def test_a_list_that_cannot_be_read_is_a_reason_and_no_end(vault: Vault, signed: Signed) -> None:
    vault.hold(signed.clip)
    with vault.library.write() as connection:
        store.save_trust_list(connection, TrustList("mine", "list:mine", sha256="ab"), b"no list", at=vault.now)
    report = vault.check()
    assert report.waiting == 1
    assert str(report.reason).startswith('the trust list "mine": this is not a trust list')


def test_checks_are_asked_for_by_ref_and_by_query(vault: Vault, signed: Signed) -> None:
    vault.hold(signed.clip)
    vault.hold(CLIP, "v2")
    with Catalog.open(vault.library.path) as catalog:
        assert catalog.check_credentials("status:failed").checked == 0
        assert catalog.check_credentials("status:completed").checked == 2
        assert catalog.check_credentials(refs=["v2"]).by_status == {"absent": 1}
        assert catalog.check_credentials("credentials:absent", everything=True).checked == 1
    assert len(vault.tell("v2").history) == 3
