"""Servers, networks and disks that fail in every way: a clear reason beside the file, and only whole files are kept."""

from __future__ import annotations

import hashlib
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest

from catalog.demo.gateway.faults import MEDIA
from catalog.file_reports import DownloadInterrupted
from tests.download.conftest import job
from tests.house import wait_until

if TYPE_CHECKING:
    from tests.download.conftest import Studio

BIG = 300_000  # bytes of a clip

# What is spoilt, and what the reason says; None: the file comes all the same, whole.
REFUSED: dict[str, tuple[dict[str, Any], str | None]] = {
    "a page": ({"body": "html"}, "a page, not media"),
    "JSON": ({"body": "json"}, "a page, not media"),
    "a picture under the clip's type": ({"body": "picture"}, "is a PNG picture, not a video"),
    "a picture of ten gigapixels": ({"body": "huge_picture"}, "not a video"),
    "half a clip with the right length": ({"body": "truncated"}, "is cut off"),
    "nothing": ({"body": "empty"}, "is empty"),
    "an endless body": ({"body": "endless"}, "larger than its cap"),
    "a gzip bomb": ({"body": "bomb"}, "larger than its cap"),
    "gzip": ({"body": "gzip"}, None),
    "a connection that breaks off each time": ({"cut_after": 1000, "ranges": "ignored"}, "broke off"),
    "a connection that is closed after the head": ({"cut_after": 0}, "broke off"),
    "a length that is too long": ({"length": "long"}, "broke off"),
    "a length that is too short": ({"length": "short"}, "is cut off"),
    "a body without a length": ({"length": "chunked"}, None),
    "a body that ends with the connection": ({"length": "closed"}, None),
    "a redirect to the metadata service": ({"redirect_to": "http://169.254.169.254/latest"}, "cloud metadata address"),
    "a redirect to the private network": ({"redirect_to": "http://10.0.0.7/v.mp4"}, "private address"),
    "a redirect to a file": ({"redirect_to": "file:///etc/passwd"}, "only http and https"),
    "a redirect to itself": ({"redirect_to": "itself"}, "more than 5 redirects"),
    "a server error": ({"server_errors": 99}, "HTTP 500"),
    "a rate limit": ({"rate_limits": 99}, "HTTP 429"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_a_server_spoils_is_refused_with_a_reason(studio, name) -> None:
    faults, reason = REFUSED[name]
    made = studio()
    made.limits["max_bytes"] = 1_000_000
    made.spoil(**faults)
    report = made.download(variants=("video",))
    file = made.file()
    if reason is None:
        assert (report.files, report.failed, file.state) == (1, (), "present")
        assert len(made.kept()) == 1
    else:
        assert (report.files, file.state, file.sha256) == (0, "failed", None)
        assert reason in (file.reason or "")
        assert [entry.reason for entry in report.failed] == [file.reason]
        assert made.kept() == []
        made.gateway.faults.clear()
        assert made.download(variants=("video",)).files == 1
        assert made.file().state == "present"


# A first answer that breaks off, and what the server does when the rest is asked for: the clip always comes whole.
RESUMED: dict[str, dict[str, Any]] = {
    "the rest": {},
    "ignored": {"ranges": "ignored"},
    "refused": {"ranges": "refused"},
    "unlabelled": {"ranges": "unlabelled"},
    "shifted": {"ranges": "shifted"},
    "mislabelled": {"ranges": "mislabelled"},
    "other total": {"ranges": "other_total"},
    "weak validator": {"validators": "weak"},
    "date alone": {"validators": "date"},
    "no validator": {"validators": "none"},
}


@pytest.mark.parametrize("name", RESUMED)
def test_a_clip_that_breaks_off_comes_whole_whatever_the_server_does(studio, name) -> None:
    made = studio(clip_bytes=BIG)
    made.spoil(cut_after=BIG // 2, times=1, **RESUMED[name])
    (made_by,) = made.gateway.jobs
    whole = made.gateway.media.asset(made_by, "video").data
    report = made.download(variants=("video",))
    assert report.failed == ()
    assert made.file().sha256 == hashlib.sha256(whole).hexdigest()
    ranges = [entry.headers.get("range") for entry in made.gateway.requests]
    validators = [entry.headers.get("if-range") for entry in made.gateway.requests]
    assert ranges[0] is None
    if name in {"weak validator", "date alone", "no validator"}:
        assert set(ranges) == {None}
    else:
        assert ranges[1] is not None
        assert (validators[1] or "").startswith('"')


def test_a_clip_that_changes_between_two_attempts_is_begun_again(studio) -> None:
    made = studio(clip_bytes=BIG)
    made.spoil(cut_after=BIG // 2, body="other", times=1)
    assert made.download(variants=("video",)).files == 1
    (path,) = made.kept()
    assert path.stat().st_size == BIG


def test_a_clip_that_comes_in_many_pieces_is_put_together(studio) -> None:
    made = studio(clip_bytes=BIG)
    made.spoil(cut_after=70_000)
    assert made.download(variants=("video",)).files == 1
    assert len(made.asked()) > 3


def test_a_server_that_drips_is_given_up(studio) -> None:
    made = studio()
    made.limits["deadline_seconds"] = 1
    made.spoil(bytes_per_second=100)
    begun = time.monotonic()
    made.download(variants=("video",))
    assert time.monotonic() - begun < 20
    assert "within 1 seconds" in (made.file().reason or "")


def test_a_head_that_never_ends_is_given_up(studio) -> None:
    made = studio()
    made.limits |= {"header_seconds": 0.3, "deadline_seconds": 1}
    made.spoil(endless_head=True)
    made.download(variants=("video",))
    assert "no complete answer within" in (made.file().reason or "")


@pytest.mark.parametrize(
    ("options", "faults", "reason"),
    [
        ("size=1m", {}, "bytes left, too few for a file of"),
        ("size=16k", {"length": "chunked"}, "is full: make room"),
        ("ro", {}, "cannot write to"),
    ],
)
def test_a_disk_that_takes_nothing_more_ends_the_download(studio, mounted, options, faults, reason) -> None:
    made = studio(job(1), job(2), job(3))
    made.media.symlink_to(mounted(options))
    made.spoil(**faults)
    report = made.download(jobs=1, variants=("video",))
    assert reason in (report.error or "")
    assert (report.files, report.left) == (0, 3 - len(report.failed))
    assert report.left > 0
    assert all(reason in file.reason for file in report.failed)
    assert made.value("SELECT count(*) FROM files WHERE reason LIKE ?", f"%{reason}%") == len(report.failed)
    assert list(made.media.iterdir()) == []


def test_a_folder_whose_drive_is_gone_is_offline_and_nothing_is_lost(studio) -> None:
    made = studio(job(1), job(2))
    made.download("scene 1", variants=("video",))
    made.media.rename(made.media.with_name("elsewhere"))
    report = made.download(variants=("video",))
    assert "is its drive connected" in (report.error or "")
    assert made.file("video_1").state == "present"
    assert not made.media.exists()


def test_an_interrupted_download_keeps_what_is_whole_and_leaves_no_parts(studio) -> None:
    made: Studio = studio(*(job(number) for number in range(1, 6)))
    download = made.prepare(jobs=1, variants=("video",))
    done = threading.Event()

    def end() -> None:
        wait_until(lambda: made.gateway.count("GET", MEDIA) >= 3)
        download.interrupt()
        done.set()

    made.spoil(latency=0.2)
    thread = threading.Thread(target=end)
    thread.start()
    report = download.run()
    thread.join()
    assert done.is_set()
    assert 0 < report.files < 5
    assert made.value("SELECT count(*) FROM files WHERE state <> 'present'") == 0
    assert len(made.kept()) == report.files
    made.gateway.faults.clear()
    assert made.download(variants=("video",)).files == 5 - report.files


def test_ctrl_c_carries_the_report(studio) -> None:
    made: Studio = studio(job(1), job(2))

    def stop(_about: str, done: int, _total: int | None, _phase: str) -> None:
        if done:
            raise KeyboardInterrupt

    download = made.prepare(jobs=1, variants=("video",))
    download._on_progress = stop
    with pytest.raises(DownloadInterrupted) as caught:
        download.run()
    assert caught.value.report.files == 1
    assert not [path for path in made.kept() if path.name.endswith(".part")]
    assert made.download(variants=("video",)).files == 1
