"""What a download asks for, in which order, and what it keeps."""

from __future__ import annotations

import hashlib
from urllib.parse import urlsplit

import pytest

from catalog import ConfigError, store
from catalog.demo.gateway.jobs import HOUR
from catalog.file_reports import Unkept
from catalog.reading.videos import get_video
from tests.download.conftest import KEY, job


def test_a_clip_with_its_spritesheet_and_thumbnail_is_kept_whole(studio) -> None:
    made = studio()
    report = made.download()
    assert (report.files, report.failed, report.lost, report.left) == (3, (), (), 0)
    assert made.asked() == ["/videos/video_1/content"] * 3
    assert [entry.query.get("variant") for entry in made.gateway.requests] == [None, "spritesheet", "thumbnail"]
    files = made.files()
    assert [(file.variant, file.number, file.state, file.origin) for file in files] == [
        ("video", 1, "present", "download"),
        ("spritesheet", 1, "present", "download"),
        ("thumbnail", 1, "present", "download"),
    ]
    assert sum(file.size or 0 for file in files) == report.bytes
    assert files[0].probe is not None
    assert files[0].probe.seconds == 4.0
    for file, path in zip(sorted(files, key=lambda file: file.sha256 or ""), made.kept(), strict=True):
        assert path.name.startswith(hashlib.sha256(path.read_bytes()).hexdigest())
        assert file.path == str(path)


def test_what_is_held_is_not_asked_for_again(studio) -> None:
    made = studio(job(1), job(2))
    made.download()
    made.gateway.requests.clear()
    assert made.download().files == 0
    assert made.asked() == []


def test_a_file_that_has_gone_from_the_folder_is_fetched_again(studio) -> None:
    made = studio()
    made.download(variants=("video",))
    path = made.file().path
    with made.library.write() as connection:
        connection.execute("UPDATE file_places SET state = 'missing'")
    made.kept()[0].unlink()
    assert made.download(variants=("video",)).files == 1
    assert made.file().path == path


def test_the_earliest_deadline_comes_first_and_unknown_ones_before_what_has_expired(studio) -> None:
    plans = {"late": (100, HOUR), "soon": (3000, HOUR), "expired": (4000, HOUR)}
    jobs = [job(number, age=age, keeps_for=lasts) for number, (age, lasts) in enumerate(plans.values(), start=1)]
    made = studio(*jobs, job(4))
    with made.library.write() as connection:
        connection.execute("UPDATE videos SET expires_at = NULL WHERE remote_id = 'video_4'")
        connection.execute("UPDATE sources SET dialect = 'generic'")  # which documents no lifetime
    assert [entry.ref for entry in made.estimate().jobs] == [f"studio:video_{number}" for number in (2, 1, 4, 3)]
    made.download(variants=("video",), jobs=1)
    contents = [path for path in made.asked() if path.endswith("/content")]
    assert list(dict.fromkeys(contents)) == [f"/videos/video_{number}/content" for number in (2, 1, 4, 3)]


def test_a_documented_lifetime_counts_as_about(studio) -> None:
    made = studio(job(1, age=3000), job(2, age=3000))
    with made.library.write() as connection:
        connection.execute("UPDATE videos SET expires_at = NULL WHERE remote_id = 'video_2'")
    certain, about = sorted(made.estimate().jobs, key=lambda entry: entry.ref)
    assert (certain.is_about, about.is_about) == (False, True)
    assert about.seconds_left is not None
    assert 0 < about.seconds_left < HOUR


def test_several_outputs_are_numbered_as_in_the_answer(studio) -> None:
    made = studio(job(outputs=3))
    assert made.download(variants=("video",)).files == 3
    (made_by,) = made.gateway.jobs
    served = [made.gateway.media.asset(made_by, "video", number).data for number in range(3)]
    assert [file.sha256 for file in made.files()] == [hashlib.sha256(data).hexdigest() for data in served]
    assert [file.number for file in made.files()] == [1, 2, 3]


def test_the_pictures_of_an_image_job_are_kept_as_images(studio) -> None:
    made = studio(job(kind="image", outputs=4))
    assert made.download().files == 4
    assert {(file.variant, file.type) for file in made.files()} == {("image", "image/png")}


def test_a_stored_address_has_lost_its_signature_so_the_job_is_retrieved_first(studio) -> None:
    made = studio(dialect="fourall")
    (urls,) = made.rows("SELECT output_urls FROM videos")
    assert "Signature" not in urls[0]
    before = made.value("SELECT times_seen FROM observations WHERE channel = 'get'")
    assert made.download().files == 1
    assert made.asked() == ["/videos/video_1", "/files/video_1/0.mp4"]
    assert made.value("SELECT times_seen FROM observations WHERE channel = 'get'") == before + 1
    assert "Signature" not in str(made.rows("SELECT payload FROM observations"))


def test_an_expired_address_is_renewed_by_a_retrieve(studio, clock) -> None:
    made = studio(job(address_lasts=60), dialect="fourall")
    clock.advance(2 * HOUR)
    assert made.download().files == 1
    assert made.file().state == "present"


def test_the_content_path_is_asked_where_an_address_is_refused(studio) -> None:
    made = studio(job(outputs=2))
    made.gateway.faults.only = "/files/"
    made.gateway.faults.body = "html"
    report = made.download(variants=("video",))
    assert made.asked()[-3:] == ["/files/video_1/0.mp4", "/videos/video_1/content", "/files/video_1/1.mp4"]
    first, second = made.files()
    assert (first.state, second.state) == ("present", "failed")
    assert "page" in (second.reason or "")
    assert [file.number for file in report.failed] == [2]


def test_a_clip_the_server_no_longer_has_is_lost_after_it_was_asked_again(studio) -> None:
    made = studio(job(has_lost=True))
    with made.library.write() as connection:
        connection.execute("UPDATE videos SET cost_usd = 0.4, cost_basis = 'reported'")
    report = made.download()
    assert "/videos/video_1" in made.asked()
    file = made.file()
    assert (file.state, file.variant) == ("lost", "video")
    assert report.lost == (Unkept("studio:video_1", "video", 1, file.reason or "", 0.4),)
    assert report.lost_usd == 0.4
    made.gateway.requests.clear()
    assert made.download().lost == ()
    assert made.asked() == []


def test_what_was_lost_can_be_asked_for_again(studio) -> None:
    made = studio(job())
    kept = made.gateway.jobs.remove("video_1")
    made.download()
    made.gateway.jobs.add(kept)
    assert made.download().files == 0
    assert made.download(is_lost_too=True, variants=("video",)).files == 1
    assert made.file().state == "present"


def test_a_job_that_the_server_no_longer_knows_is_lost(studio) -> None:
    made = studio(job(1), job(2))
    made.gateway.jobs.remove("video_1")
    report = made.download(variants=("video",))
    assert [file.ref for file in report.lost] == ["studio:video_1"]
    assert made.file("video_1").state == "lost"
    assert made.file("video_2").state == "present"


def test_a_server_that_knows_hardly_any_job_loses_none(studio) -> None:
    made = studio(*(job(number) for number in range(1, 13)))
    for number in range(1, 13):
        made.gateway.jobs.remove(f"video_{number}")
    report = made.download(variants=("video",))
    assert (len(report.failed), report.lost) == (12, ())
    assert "none of them is called lost" in report.notes[0]


def test_a_refused_key_marks_no_file_and_is_the_sources_error(studio) -> None:
    made = studio(job(1), job(2))
    made.gateway.faults.wrong_key = True
    report = made.download(jobs=1)
    assert (report.files, report.failed, report.left) == (0, (), 2)
    assert "key" in report.errors["studio"]
    assert made.rows("SELECT * FROM files") == []


def test_a_server_that_is_down_is_left_alone(studio) -> None:
    made = studio(*(job(number) for number in range(1, 20)))
    made.gateway.__exit__(None, None, None)
    report = made.download(jobs=1, variants=("video",))
    assert 5 <= len(report.failed) <= 7  # those on their way are not called back
    assert report.left == 19 - len(report.failed)
    assert "studio" in report.errors
    made.gateway.__enter__()


def test_a_server_without_a_thumbnail_fails_nothing(studio) -> None:
    made = studio(habits={"variants": "index"})
    report = made.download()
    assert (report.files, report.missing, report.failed, report.lost) == (1, 2, (), ())
    assert [file.variant for file in made.files()] == ["video"]


def test_a_spritesheet_that_is_no_grid_of_frames_is_of_no_use(studio) -> None:
    made = studio()
    made.download(variants=("video",))
    with made.library.write() as connection:
        connection.execute("UPDATE files SET width = 1000, height = 10")
    report = made.download(variants=("spritesheet", "thumbnail"))
    assert (report.files, report.missing, report.failed) == (1, 1, ())
    assert [file.variant for file in made.files()] == ["video", "thumbnail"]


@pytest.mark.parametrize(("query", "count"), [("scene 1", 1), ("model:sora-2", 2), ("nothing", 0)])
def test_a_query_bounds_what_is_downloaded(studio, query, count) -> None:
    made = studio(job(1), job(2))
    assert made.download(query, variants=("video",)).files == count


def test_only_what_expires_soon(studio) -> None:
    made = studio(job(1, age=3000, keeps_for=HOUR), job(2, age=100, keeps_for=HOUR))
    assert made.download(variants=("video",), expiring_within=1200).files == 1
    assert made.file("video_1").state == "present"


def test_an_unknown_variant_is_named(studio) -> None:
    with pytest.raises(ConfigError, match="'poster' is not a variant: choose from video, image"):
        studio().download(variants=("poster",))


def test_the_key_goes_to_the_sources_origin_only(studio) -> None:
    made = studio(dialect="fourall", files_elsewhere=True)
    made.download()
    elsewhere = urlsplit(made.gateway.files_origin).netloc
    asked = {entry.headers["host"]: entry.headers.get("authorization", "") for entry in made.gateway.requests}
    assert elsewhere in asked
    assert asked[elsewhere] == ""
    assert KEY in asked[urlsplit(made.gateway.origin).netloc]


def test_an_estimate_tells_what_will_not_make_it_and_asks_nobody(studio) -> None:
    made = studio(job(1, age=3590, keeps_for=HOUR), job(2, age=100), job(3, age=5000, keeps_for=HOUR))
    queue = made.estimate(variants=("video",))
    assert (queue.videos, queue.files, queue.expired) == (3, 3, 1)
    assert queue.bytes == 3 * 4 * 600_000
    assert [job.is_late for job in queue.jobs] == [False, False, True]
    assert made.asked() == []


def test_bytes_in_the_answer_to_a_retrieve_are_the_file(studio) -> None:
    made = studio(job(1, inline="b64_json", has_lost=True))
    with made.library.write() as connection:  # as if the list had come from a server that leaves the bytes out
        connection.execute("DELETE FROM files")
    report = made.download(variants=("video",))
    assert (report.failed, report.lost) == ((), ())
    assert (made.file().state, made.file().origin) == ("present", "inline")


def test_a_download_ends_with_the_thumbnails_of_what_came_without_one(studio) -> None:
    pytest.importorskip("av", reason="PyAV draws the frames")
    made = studio()
    report = made.prepare(variants=("video",), draws=True).run()
    assert (report.files, report.pictures.made) == (1, 1)
    assert [(file.variant, file.origin) for file in made.files()] == [("video", "download"), ("thumbnail", "made")]


def test_a_download_that_was_stopped_before_its_thumbnails_leaves_them_to_the_next(studio) -> None:
    pytest.importorskip("av", reason="PyAV draws the frames")
    made = studio(job(1), job(2))
    made.download(variants=("video",))  # and draws nothing
    part = made.media / f"0123.{made.dead_process()}.catalog.part"
    part.touch()
    report = made.prepare("scene 1", variants=("video",), draws=True).run()
    assert (report.files, report.pictures.made) == (0, 2)
    assert [file.variant for file in made.files("video_2")] == ["video", "thumbnail"]
    assert not part.exists()


def test_what_a_killed_run_left_goes_where_there_is_nothing_to_download(studio) -> None:
    made = studio()
    made.download()
    part = made.media / f"0123.{made.dead_process()}.catalog.part"
    part.touch()
    assert made.download().files == 0
    assert not part.exists()


def test_what_went_into_a_job_is_fetched_with_it_where_it_still_can_be(studio) -> None:
    made = studio(job(1), job(2))
    address = f"{made.gateway.base_url}/videos/video_2/content"
    with made.library.write() as connection:
        (row,) = connection.execute("SELECT id FROM videos WHERE remote_id = 'video_1'").fetchone()
        for number, url in enumerate((address, f"{address}/gone", "file-123"), 1):
            store.save_input(connection, row, "reference", number, name=url)
    report = made.download("id:video_1")
    assert (report.files, report.failed, report.lost) == (4, (), ())
    with made.library.read() as connection:
        video = get_video(connection, "studio:video_1")
    held = {given.name: given.file for given in video.inputs}
    assert held == {address: 1, f"{address}/gone": None, "file-123": None}
    (kept,) = [file for file in video.files if file.variant == "reference"]
    assert (kept.state, kept.origin) == ("present", "download")
