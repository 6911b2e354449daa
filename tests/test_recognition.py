"""Files without a job whose job something tells for certain: bytes, ids in them, their credentials, their names."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from catalog import Catalog, store
from catalog.credentials.run import check_due
from catalog.matching import list_ids
from catalog.provenance.authority import sign
from catalog.provenance.contents import read_ids
from catalog.reading.files import media_folder
from tests.house import job
from tests.signed import MP4, OPENED, PARENT, alter_media
from tests.watch.conftest import Pasture, clip, pasture
from tests.watch.test_marked import put

if TYPE_CHECKING:
    from tests.signed import Signed

__all__ = ["pasture"]

ACTIONS = "c2pa.actions.v2"
CREATED = {
    "action": "c2pa.created",
    "digitalSourceType": "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia",
}


def hear(pasture: Pasture, *jobs: dict[str, Any], source: str = "studio") -> None:
    from catalog.wire.parse import parse_videos

    with pasture.library.write() as connection:
        store.save_videos(
            connection, source, parse_videos(list(jobs)).videos, channel="import", received_at=pasture.now
        )


def hold(pasture: Pasture, remote_id: str, data: bytes) -> None:
    """Keep bytes as the clip of a job, as a download does."""
    hear(pasture, job(remote_id))
    with pasture.library.read() as connection:
        folder = media_folder(connection)
    with folder.part() as part:
        part.write(data)
        path = folder.commit(part, "mp4")
    held = store.Bytes(part.sha256, len(data), MP4, path)
    with pasture.library.write() as connection:
        video_id = store.find_ids(connection, "studio", [remote_id])[remote_id]
        store.save_file(connection, store.Spot(video_id, "video"), held, origin="download", at=pasture.now)


def recognize(pasture: Pasture) -> int:
    """Scan, and check what came: how many files were given to their jobs."""
    pasture.scan()
    return check_due(pasture.library).adopted


def list_owners(pasture: Pasture) -> list[tuple[str, int]]:
    """The refs of what is shown, each with the number of its clips."""
    return pasture.rows(
        "SELECT ref, (SELECT count(*) FROM files WHERE video_id = videos.id AND variant = 'video' "
        "AND sha256 IS NOT NULL) FROM videos WHERE deleted_at IS NULL ORDER BY ref"
    )


def named(**parameters: object) -> dict[str, Any]:
    return {"assertions": [{"label": ACTIONS, "data": {"actions": [{**CREATED, "parameters": parameters}]}}]}


@pytest.mark.parametrize(
    "definition",
    [
        named(model_name="seedance", log_id="0217640001abcd"),
        {"instance_id": "0217640001abcd"},
        {"instance_id": "xmp:iid:0217640001abcd"},
        {"title": "0217640001abcd.mp4"},
        {"assertions": [
            {"label": ACTIONS, "data": {"actions": [CREATED]}},
            {"label": "c2pa.metadata", "data": {
                "@context": {"dc": "http://purl.org/dc/elements/1.1/"}, "dc:identifier": "0217640001abcd"}},
        ]},
    ],
    ids=["an action", "the instance", "the instance as XMP spells it", "the title", "metadata"],
)  # fmt: skip
def test_credentials_that_name_the_job_find_it(pasture: Pasture, signed: Signed, definition: dict[str, Any]) -> None:
    hear(pasture, job("0217640001abcd"), job("0217640009ffff"))
    pasture.put("download.mp4", signed.sign(definition))
    assert recognize(pasture) == 1
    assert list_owners(pasture) == [("studio:0217640001abcd", 1), ("studio:0217640009ffff", 0)]


def test_ids_of_what_went_in_and_of_the_maker_name_no_job(pasture: Pasture, signed: Signed) -> None:
    hear(pasture, job("0217640001abcd"))
    parent = signed.sign({"instance_id": "0217640001abcd"})
    pasture.put("remix.mp4", signed.remix(parent))
    pasture.put("other.mp4", signed.sign(named(source={"id": "0217640001abcd"}, user_id="0217640001abcd")))
    assert recognize(pasture) == 0
    assert ("studio:0217640001abcd", 0) in list_owners(pasture)


def test_a_copy_with_the_manifest_of_the_job_s_file_is_of_the_job(pasture: Pasture, signed: Signed) -> None:
    hold(pasture, "video_1", signed.clip)
    check_due(pasture.library)
    pasture.put("copy.mp4", signed.clip + b"\0\0\0\x08free")
    assert recognize(pasture) == 1
    assert list_owners(pasture) == [("studio:video_1", 2)]
    assert pasture.rows("SELECT act, detail FROM edits") == [("adopt", None)]


def test_whichever_of_the_two_comes_first(pasture: Pasture, signed: Signed) -> None:
    pasture.put("copy.mp4", signed.clip + b"\0\0\0\x08free")
    assert recognize(pasture) == 0
    hold(pasture, "video_1", signed.clip)
    assert check_due(pasture.library).adopted == 1
    assert list_owners(pasture) == [("studio:video_1", 2)]


def test_the_instance_id_of_the_job_s_file_finds_the_job(pasture: Pasture, signed: Signed) -> None:
    hold(pasture, "video_1", signed.sign({"instance_id": "xmp:iid:55265b6a"}))
    hold(pasture, "video_2", signed.sign({"instance_id": "xmp:iid:other"}))
    pasture.put("again.mp4", signed.sign({"instance_id": "xmp:iid:55265b6a"}))
    assert recognize(pasture) == 1
    assert list_owners(pasture) == [("studio:video_1", 2), ("studio:video_2", 1)]


def test_an_instance_id_that_two_jobs_share_tells_neither(pasture: Pasture, signed: Signed) -> None:
    for name in ("video_1", "video_2"):
        hold(pasture, name, signed.sign({"instance_id": "xmp:iid:shared"}))
    pasture.put("which.mp4", signed.sign({"instance_id": "xmp:iid:shared"}))
    assert recognize(pasture) == 0


def test_a_remix_that_kept_the_instance_id_of_its_parent_is_not_its_parent(pasture: Pasture, signed: Signed) -> None:
    parent = signed.sign({"instance_id": "xmp:iid:kept"})
    remix = signed.sign({**OPENED, "instance_id": "xmp:iid:kept"}, ingredients=[
        ({**PARENT, "instance_id": "xmp:iid:kept"}, MP4, parent)])  # fmt: skip
    hold(pasture, "video_1", parent)
    pasture.put("remix.mp4", remix)
    assert recognize(pasture) == 0
    assert len(list_owners(pasture)) == 2


def test_a_clip_of_another_shape_with_the_instance_id_is_not_the_job_s(pasture: Pasture, signed: Signed) -> None:
    from catalog.demo.clips import FOLDER

    hold(pasture, "video_1", signed.sign({"instance_id": "xmp:iid:kept"}))
    with pasture.library.write() as connection:
        connection.execute("UPDATE files SET seconds = 2.0, width = 320, height = 180")
    portrait = (FOLDER / "portrait.mp4").read_bytes()
    pasture.put("portrait.mp4", sign(portrait, MP4, signed.signer, {"instance_id": "xmp:iid:kept"})[0])
    assert recognize(pasture) == 0


def test_credentials_that_do_not_hold_only_propose(pasture: Pasture, signed: Signed) -> None:
    hear(pasture, job("0217640001abcd"))
    pasture.put("altered.mp4", alter_media(signed.sign(named(log_id="0217640001abcd"))))
    assert recognize(pasture) == 0
    with Catalog.open(pasture.library.path) as cat:
        (proposal,) = cat.adopt().proposed
    assert (proposal.job, proposal.confidence) == ("studio:0217640001abcd", 0.8)
    assert proposal.reasons == ("its credentials name the job, but do not hold",)


def test_what_was_taken_back_is_not_adopted_by_itself(pasture: Pasture, signed: Signed) -> None:
    hold(pasture, "video_1", signed.clip)
    pasture.put("copy.mp4", signed.clip + b"\0\0\0\x08free")
    assert recognize(pasture) == 1
    with Catalog.open(pasture.library.path) as cat:
        cat.undo()
        assert cat.count("source:files") == 1
        with pasture.library.write() as connection:
            connection.execute("UPDATE files SET check_id = NULL")
            store.rebuild_bitmaps(connection)
        assert check_due(pasture.library).adopted == 0
        (proposal,) = cat.adopt().proposed
        assert (proposal.job, proposal.confidence) == ("studio:video_1", 1.0)
        assert len(cat.adopt(above=1.0).adopted) == 1


def test_the_download_of_what_lies_in_a_folder_hides_the_video_of_the_file(pasture: Pasture) -> None:
    pasture.put("a.mp4", clip(1))
    recognize(pasture)
    hold(pasture, "video_1", clip(1))
    assert check_due(pasture.library).adopted == 1
    assert list_owners(pasture) == [("studio:video_1", 1)]


def test_a_deleted_job_is_not_found_by_credentials(pasture: Pasture, signed: Signed) -> None:
    hold(pasture, "video_1", signed.clip)
    with Catalog.open(pasture.library.path) as cat:
        cat.delete("studio:video_1")
    pasture.put("copy.mp4", signed.clip + b"\0\0\0\x08free")
    assert recognize(pasture) == 0
    assert len(list_owners(pasture)) == 1


def test_a_job_that_comes_after_its_file_is_proposed_for_certain(pasture: Pasture, signed: Signed) -> None:
    pasture.put("a.mp4", signed.sign(named(log_id="0217640001abcd")))
    pasture.put("0217640001abcd (1).mp4", clip(2))
    pasture.scan()
    check_due(pasture.library)
    hear(pasture, job("0217640001abcd"))
    with Catalog.open(pasture.library.path) as cat:
        proposed = cat.adopt().proposed
        assert [(item.job, item.confidence) for item in proposed] == [("studio:0217640001abcd", 1.0)] * 2
        assert {item.reasons for item in proposed} == {("its credentials name the job",), ("its name is the job's id",)}
        assert len(cat.adopt(above=1.0).adopted) == 2
    assert list_owners(pasture) == [("studio:0217640001abcd", 2)]


@pytest.mark.parametrize(
    "name",
    ["0217640001abcd.mp4", "0217640001abcd (1).mp4", "0217640001abcd - Copy (2).mp4", "0217640001abcd copy.mp4",
     "0217640001abcd_video.mp4", "0217640001abcd-1080p.mp4", "0217640001abcd.mp4 (3).mp4", "task_of_studio (1).mp4"],
)  # fmt: skip
def test_a_name_that_is_an_id_or_alias_with_something_added_finds_the_job(pasture: Pasture, name: str) -> None:
    hear(pasture, job("0217640001abcd", aliases=["task_of_studio"]))
    pasture.put(name, clip(1))
    report = pasture.scan()
    assert (report.made, report.joined) == (0, 1)


@pytest.mark.parametrize("name", ["0217640001abcd2.mp4", "x0217640001abcd.mp4", "0217640001abcd_2.mp4", "video.mp4"])
def test_a_name_that_only_looks_like_an_id_finds_none(pasture: Pasture, name: str) -> None:
    hear(pasture, job("0217640001abcd"))
    pasture.put(name, clip(1))
    assert pasture.scan().made == 1


def test_a_whole_name_comes_before_one_without_what_was_added(pasture: Pasture) -> None:
    hear(pasture, job("0217640001_video"), job("0217640001"))
    pasture.put("0217640001_video.mp4", clip(1))
    pasture.scan()
    assert list_owners(pasture) == [("studio:0217640001", 0), ("studio:0217640001_video", 1)]


def test_a_short_name_with_something_added_is_not_that_of_a_job_with_a_file(pasture: Pasture) -> None:
    hold(pasture, "clip1", clip(7))
    pasture.put("clip1 (1).mp4", clip(1))
    assert pasture.scan().made == 1


def test_nothing_is_left_of_a_name_that_is_all_additions() -> None:
    assert list_ids("copy.mp4") == ["copy"]
    assert list_ids("(1).mp4") == ["(1)"]
    assert list_ids(".mp4") == [".mp4"]


@pytest.mark.parametrize("document", [{}, {"manifests": None}, {"manifests": [{"label": "m", "assertions": [[[]]]}]}])
def test_ids_of_any_document_can_be_read(document: dict[str, Any]) -> None:
    assert read_ids(document, "m") == ("m",)


def test_ids_are_read_within_bounds() -> None:
    deep: Any = {"id": "at the bottom"}
    for _ in range(500):
        deep = {"part": deep}
    wide = {f"k{number}": {"id": f"id_{number}"} for number in range(50_000)}
    ids = read_ids({"manifests": [{"label": "m", "assertions": {"deep": deep, "wide": wide}}]}, "m")
    assert "at the bottom" not in ids
    assert len(ids) <= 10_000
    assert json.dumps(ids)


LABELS = [
    {"AIGC": json.dumps({"Label": "1", "ContentProducer": "kling", "ProduceID": "v12044gd0000abcd"})},
    {"AIGC": json.dumps({"Label": "1", "ContentPropagator": "x", "PropagateID": "v12044gd0000abcd"})},
    {"comment": "vid:v12044gd0000abcd"},
    {"comment": json.dumps({"product": "dreamina", "exportType": "generation", "log_id": "v12044gd0000abcd"})},
]


@pytest.mark.parametrize("texts", LABELS, ids=["ProduceID", "PropagateID", "vid", "log_id"])
def test_an_id_in_the_file_finds_the_job(pasture: Pasture, texts: dict[str, str]) -> None:
    hear(pasture, job("v12044gd0000abcd", object="image"))
    put(pasture, "a.png", 40, **texts)
    assert pasture.scan().joined == 1


@pytest.mark.parametrize("texts", LABELS, ids=["ProduceID", "PropagateID", "vid", "log_id"])
def test_an_id_in_the_file_proposes_a_job_that_comes_later_for_certain(pasture: Pasture, texts: dict[str, str]) -> None:
    put(pasture, "a.png", 40, **texts)
    assert pasture.scan().made == 1
    hear(pasture, job("another", object="image", aliases=["v12044gd0000abcd"]))
    with Catalog.open(pasture.library.path) as cat:
        (proposal,) = cat.adopt().proposed
    assert (proposal.job, proposal.confidence, proposal.reasons) == (
        "studio:another",
        1.0,
        ("an id in it is the job's",),
    )


def test_an_id_that_two_jobs_have_finds_neither(pasture: Pasture) -> None:
    for source in ("studio", "annex"):
        hear(pasture, job("v12044gd0000abcd", object="image"), source=source)
    put(pasture, "a.png", 40, **LABELS[0])
    assert pasture.scan().made == 1


def test_a_sidecar_that_names_a_job_comes_before_the_name_of_the_file(pasture: Pasture) -> None:
    hear(pasture, job("0217640001abcd"), job("0217640009ffff"))
    pasture.put("0217640001abcd.mp4", clip(1))
    pasture.put("0217640001abcd.json", json.dumps(job("0217640009ffff")).encode())
    pasture.watch()
    assert list_owners(pasture) == [("studio:0217640001abcd", 0), ("studio:0217640009ffff", 1)]


# Folders in folders, and files in several


def test_a_file_below_two_folders_has_one_place_whichever_is_scanned_first(pasture: Pasture) -> None:
    inner = pasture.folder / "inner"
    pasture.put("inner/a.mp4", clip(1))
    pasture.scan(pasture.folder)
    pasture.scan(inner)
    pasture.scan_all(pasture.folder, inner)
    assert pasture.rows("SELECT root, path, state FROM file_places") == [(str(inner), "a.mp4", "present")]
    pasture.put("inner/b.mp4", clip(2))
    pasture.scan(pasture.folder)
    assert sorted(pasture.rows("SELECT root, path FROM file_places")) == [
        (str(inner), "a.mp4"),
        (str(inner), "b.mp4"),
    ]


def test_a_file_that_moves_from_the_outer_folder_into_the_inner_one_keeps_its_place(pasture: Pasture) -> None:
    inner = pasture.folder / "inner"
    pasture.put("inner/a.mp4", clip(1))
    outer = pasture.put("b.mp4", clip(2))
    pasture.scan_all(pasture.folder, inner)
    before = pasture.rows("SELECT id, sha256 FROM file_places ORDER BY id")
    outer.rename(inner / "b.mp4")
    pasture.scan_all(pasture.folder, inner)
    assert pasture.rows("SELECT id, sha256 FROM file_places ORDER BY id") == before
    assert pasture.places() == {"a.mp4": "present", "b.mp4": "present"}


def test_one_of_two_places_gone_leaves_the_file_where_the_other_is(pasture: Pasture) -> None:
    other = pasture.folder.with_name("other")
    other.mkdir()
    pasture.put("a.mp4", clip(1))
    pasture.put("x.mp4", clip(2))
    pasture.put("a.mp4", clip(1), other)
    pasture.put("z.mp4", clip(4), other)
    pasture.scan_all(pasture.folder, other)
    assert len(pasture.refs()) == 3
    (pasture.folder / "a.mp4").unlink()
    for _ in range(2):
        pasture.scan_all(pasture.folder, other)
    states = pasture.rows("SELECT root, state FROM file_places WHERE path = 'a.mp4' ORDER BY root")
    assert states == [(str(pasture.folder), "missing"), (str(other), "present")]
    with Catalog.open(pasture.library.path) as cat:
        assert cat.count("missing:file") == 0
    (other / "a.mp4").unlink()
    pasture.scan(other)
    with Catalog.open(pasture.library.path) as cat:
        assert cat.count("missing:file") == 0
    pasture.scan(other)
    with Catalog.open(pasture.library.path) as cat:
        assert cat.count("missing:file") == 1


def test_an_adopted_file_that_moves_stays_with_its_job(pasture: Pasture, signed: Signed) -> None:
    hear(pasture, job("0217640001abcd"))
    path = pasture.put("a.mp4", signed.sign(named(log_id="0217640001abcd")))
    pasture.put("b.mp4", clip(1))
    assert recognize(pasture) == 1
    path.rename(pasture.folder / "elsewhere.mp4")
    report = pasture.scan()
    assert (report.moved, report.made) == (1, 0)
    with Catalog.open(pasture.library.path) as cat:
        (file,) = cat.get("studio:0217640001abcd").files
        assert file.path == str(pasture.folder / "elsewhere.mp4")
