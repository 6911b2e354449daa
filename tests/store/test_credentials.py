"""Checks as rows: only added, each store once, and the videos of the files found by what was found in them."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from catalog import bitmaps, store
from catalog.provenance import Action, Check, Codes, Ingredient, ListUse, Manifest, Signature
from catalog.reading.credentials import list_checkable, list_due, read_checks, read_newest_checks
from catalog.search.page import count_facets, search
from catalog.store.credentials import LONGEST_KEPT
from tests.search.oracle import find_by_rows
from tests.store.conftest import Desk, job

if TYPE_CHECKING:
    from pathlib import Path

SORA = Manifest(
    "urn:c2pa:1", is_active=True, claim_version=2, generator="Sora", instance_id="xmp:iid:1", hash="aGFzaA==",
    signature=Signature(organisation="OpenAI OpCo, LLC", common_name="Truepic Lens CLI in Sora"),
    actions=(Action("c2pa.created", source_type="trainedAlgorithmicMedia", software_agent="Sora"),),
    ingredients=(Ingredient("parentOf", title="parent.mp4", recorded=("assertion.missing",)),),
    soft_bindings=("com.example.mark",),
)  # fmt: skip
CAMERA = Manifest("urn:c2pa:2", generator="Camera", actions=(Action("c2pa.created", source_type="digitalCapture"),))


def check(
    desk: Desk, status: Any = "intact_known_signer", *manifests: Manifest, data: bytes = b"jumbf", **more: Any
) -> Check:
    store_of = {"manifests": manifests, "store": data, "crjson": "{}"} if manifests else {}
    return Check(
        status, sha256="ab", size=1, type="video/mp4", reader="c2pa 1", checked_at=desk.now, **store_of, **more
    )


def keep(desk: Desk, remote_id: str = "v1", sha256: str = "ab", variant: str = "video") -> int:
    """Take in a job with a file that lies in the media folder: the row of the file."""
    desk.hear(job(remote_id))
    held = store.Bytes(sha256, 1, "video/mp4", f"media/{sha256}.mp4")
    with desk.library.write() as connection:
        video_id = store.find_ids(connection, "studio", [remote_id])[remote_id]
        return store.save_file(connection, store.Spot(video_id, variant), held, origin="download", at=desk.now)


def save(desk: Desk, checks: dict[int, Check]) -> store.SavedChecks:
    desk.minutes += 1
    with desk.library.write() as connection:
        return store.save_checks(connection, checks)


def find(desk: Desk, query: str) -> list[str]:
    """The ids of the videos that a query finds, by the bitmaps as by the rows."""
    with desk.library.read() as connection:
        page = search(connection, query, now=desk.now)
        assert not page.notes
        by_rows = find_by_rows(connection, query, desk.now)
        names = dict(connection.execute("SELECT remote_id, id FROM videos").fetchall())
        bitmaps.check(connection)
    found = sorted(video.remote_id for video in page.videos)
    assert {names[name] for name in found} == by_rows
    return found


def test_a_check_is_kept_with_what_the_manifests_say(desk: Desk) -> None:
    file_id = keep(desk)
    lists = (ListUse("a list", "list:own", "cd", 2),)
    codes = Codes(failure=("signingCredential.untrusted",))
    saved = save(desk, {file_id: check(desk, "intact_unknown_signer", SORA, CAMERA, lists=lists, codes=codes)})
    assert len(saved.videos) == len(saved.stores) == 1
    (kept,) = read_newest(desk, file_id)
    assert (kept.status, kept.sha256, kept.reader, kept.checked_at) == (
        "intact_unknown_signer",
        "ab",
        "c2pa 1",
        kept.checked_at,
    )
    assert kept.lists[0]["sha256"] == "cd"
    assert kept.codes["failure"] == ["signingCredential.untrusted"]
    assert desk.rows("SELECT data, size, crjson FROM c2pa_stores") == [(b"jumbf", 5, "{}")]
    manifests = desk.rows("SELECT number, label, is_active, signer, soft_bindings FROM c2pa_manifests")
    assert manifests == [
        (1, "urn:c2pa:1", 1, "OpenAI OpCo, LLC", '["com.example.mark"]'),
        (2, "urn:c2pa:2", 0, None, "[]"),
    ]
    assert desk.rows("SELECT source_type FROM c2pa_actions") == [("trainedAlgorithmicMedia",), ("digitalCapture",)]
    assert desk.rows("SELECT relationship, recorded FROM c2pa_ingredients") == [("parentOf", '["assertion.missing"]')]


def read_newest(desk: Desk, file_id: int) -> list[Any]:
    with desk.library.read() as connection:
        return list(read_newest_checks(connection, [file_id]).values())


def test_checks_are_added_and_a_store_is_kept_once(desk: Desk) -> None:
    file_id, other = keep(desk), keep(desk, "v2", "cd")
    save(desk, {file_id: check(desk, "intact_unknown_signer", SORA), other: check(desk, "intact_unknown_signer", SORA)})
    assert save(desk, {file_id: check(desk, "intact_known_signer", SORA)}).stores == []
    with desk.library.read() as connection:
        history = read_checks(connection, [file_id, other])
    assert [each.status for each in history[file_id]] == ["intact_unknown_signer", "intact_known_signer"]
    assert [each.status for each in read_newest(desk, file_id)] == ["intact_known_signer"]
    assert desk.value("SELECT count(*) FROM c2pa_stores") == 1
    assert desk.value("SELECT count(*) FROM c2pa_manifests") == 1
    assert len(history[other]) == 1


def test_what_could_not_be_checked_stays_due(desk: Desk) -> None:
    file_id = keep(desk)
    assert save(desk, {file_id: check(desk, None, reason="no reader")}) == ([], [])
    assert desk.rows("SELECT * FROM c2pa_checks") == []
    with desk.library.read() as connection:
        (target,) = list_due(connection, 9)
    assert (target.file_id, target.ref, target.path.name) == (file_id, "studio:v1", "ab.mp4")


def test_files_are_due_until_they_are_checked_and_when_their_bytes_become_others(desk: Desk, tmp_path: Path) -> None:
    file_id = keep(desk)
    keep(desk, "v2", "cd", "thumbnail")
    with desk.library.write() as connection:
        made = store.Bytes("ef", 1, "image/webp", "media/ef.webp")
        store.save_file(connection, store.Spot(1, "thumbnail"), made, origin="made", at=desk.now)
    save(desk, {file_id: check(desk, "absent")})
    with desk.library.read() as connection:
        assert [target.ref for target in list_due(connection, 9)] == ["studio:v2"]
        assert [target.ref for target in list_checkable(connection, 9)] == ["studio:v1", "studio:v2"]
        assert [target.ref for target in list_checkable(connection, 9, among=[1])] == ["studio:v1"]
    keep(desk, "v1", "fe")
    with desk.library.read() as connection:
        assert [target.sha256 for target in list_due(connection, 9)] == ["fe", "cd"]
    assert find(desk, "credentials:absent") == []
    assert desk.value("SELECT count(*) FROM c2pa_checks") == 1


def test_videos_are_found_by_what_their_newest_checks_found(desk: Desk) -> None:
    first, second, third = keep(desk), keep(desk, "v2", "cd"), keep(desk, "v3", "ef")
    keep(desk, "v4", "fe")
    save(desk, {first: check(desk, "intact_unknown_signer", SORA, CAMERA), second: check(desk, "absent")})
    save(desk, {third: check(desk, "changed", replace(CAMERA, is_active=True), data=b"other")})
    assert find(desk, "credentials:intact_unknown_signer") == find(desk, "credentials:intact") == ["v1"]
    assert find(desk, "credentials:absent,changed") == ["v2", "v3"]
    assert find(desk, "credentials:*") == ["v1", "v2", "v3"]
    assert find(desk, "has:credentials") == ["v1", "v3"]
    assert find(desk, "missing:credentials") == ["v2", "v4"]
    assert find(desk, "-credentials:*") == ["v4"]
    assert find(desk, "signer:openai") == find(desk, 'signer:"opco llc"') == find(desk, "signer:open*") == ["v1"]
    assert find(desk, "signer:=openai") == []
    assert find(desk, 'signer:="OpenAI OpCo, LLC"') == ["v1"]
    assert find(desk, "generator:sora") == find(desk, "has:signer") == ["v1"]
    assert find(desk, "generator:camera") == ["v3"]  # only of the one that speaks for the file
    assert find(desk, "source_type:trained-algorithmic-media") == ["v1"]
    assert find(desk, "source_type:digitalcapture") == ["v1", "v3"]
    with desk.library.read() as connection:
        counts = count_facets(connection, ["credentials", "signer"], now=desk.now)
    assert {(each.value, each.count) for each in counts["credentials"]} == {
        ("intact_unknown_signer", 1), ("absent", 1), ("changed", 1),
    }  # fmt: skip
    assert [each.value for each in counts["signer"]] == ["OpenAI OpCo, LLC"]
    save(desk, {first: check(desk, "intact_known_signer", SORA, CAMERA)})
    assert find(desk, "credentials:intact_unknown_signer") == []
    assert find(desk, "credentials:intact_known_signer") == ["v1"]


def test_a_word_that_is_no_status_is_searched_as_text_and_said(desk: Desk) -> None:
    with desk.library.read() as connection:
        page = search(connection, "credentials:intact_known_singer", now=desk.now)
    assert "did you mean intact_known_signer?" in page.notes[0]


@pytest.mark.parametrize("text", ["x" * 900_000, "\x1b[31m\u202e<script>", "\ud800", "a\x00b"])
def test_hostile_texts_of_manifests_are_kept_and_can_be_searched(desk: Desk, text: str) -> None:
    file_id = keep(desk)
    hostile = Manifest(
        text, is_active=True, title=text, generator=text, signature=Signature(organisation=text),
        actions=(Action(text, source_type=text),), ingredients=(Ingredient(text, title=text),),
    )  # fmt: skip
    save(desk, {file_id: check(desk, "changed", hostile, data=text.encode("utf-8", "replace"))})
    assert find(desk, "credentials:changed") == find(desk, "has:signer") == ["v1"]
    assert max(len(row[0]) for row in desk.rows("SELECT value FROM bitmaps")) <= 200


def test_a_store_that_is_too_long_is_known_by_its_hash(desk: Desk) -> None:
    file_id = keep(desk)
    data, crjson = bytes(LONGEST_KEPT + 1), " " * (LONGEST_KEPT + 1)
    long = Check("broken", sha256="ab", manifests=(SORA,), store=data, crjson=crjson, checked_at=desk.now)
    save(desk, {file_id: long})
    assert desk.rows("SELECT size, data, crjson FROM c2pa_stores") == [(LONGEST_KEPT + 1, None, None)]
    assert find(desk, "generator:sora") == ["v1"]


def test_a_file_that_is_gone_since_is_left_out(desk: Desk) -> None:
    assert save(desk, {999: check(desk, "absent")}) == ([], [])


def test_a_trust_list_replaces_the_one_with_its_uri(desk: Desk, signed: Any) -> None:
    later = desk.now + timedelta(days=1)
    with desk.library.write() as connection:
        for content, at in ((b"one", desk.now), (b"two", later)):
            store.save_trust_list(connection, signed.list, content, at=at)
    rows = desk.rows("SELECT uri, name, content, signers, time_stampers, is_frozen FROM trust_lists")
    assert rows == [("list:own", "a list", b"two", 1, 0, 0)]
    with desk.library.write() as connection:
        store.remove_trust_list(connection, "list:own")
    assert desk.rows("SELECT * FROM trust_lists") == []
