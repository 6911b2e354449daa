"""`catalog watch` and `catalog import` of clips, as they are run: what is heard, killed, stopped and said."""

from __future__ import annotations

import json
import logging
import os
import random
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from catalog import Catalog, CatalogError, ConfigError
from catalog.library import open_library
from catalog.watch.observing import SYSCTL, Observer, find_silent
from tests.house import job, read_rows, wait_until
from tests.warm import warm
from tests.watch.conftest import CLIP, clip

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

TWO_SOURCES = '[sources.one]\nbase_url = "https://one.example/v1"\n[sources.two]\nbase_url = "https://two.example/v1"\n'


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("CATALOG_BASE_URL", "CATALOG_API_KEY", "OPENAI_BASE_URL", "OPENAI_API_KEY", "CATALOG_DB"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "clips").mkdir()
    return tmp_path


def start(home: Path, *words: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "catalog", *words],
        cwd=home,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def run(home: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return warm().run(words, home)


@pytest.fixture
def watching(home: Path) -> Iterator[subprocess.Popen[bytes]]:
    process = start(home, "watch", "clips", "--every", "600")
    try:
        assert process.stdout is not None
        assert process.stdout.readline().startswith(b"watching")
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()


def count(home: Path, query: str) -> int:
    try:
        with Catalog.open(home / "catalog.db") as cat:
            return cat.count(query)
    except CatalogError:  # not made yet, or busy
        return 0


def test_what_comes_while_we_watch_is_taken_in_once_whole(home: Path, watching: subprocess.Popen[bytes]) -> None:
    for number in range(30):
        part = home / "clips" / f"{number}.mp4.part"
        part.write_bytes(clip(number))
        part.rename(home / "clips" / f"{number}.mp4")
    with (home / "clips" / "slow.mp4").open("wb") as file:
        for at in range(0, len(CLIP), 1000):
            file.write(CLIP[at : at + 1000])
            file.flush()
            time.sleep(0.05)
    wait_until(lambda: count(home, "has:file") == 31)
    (home / "clips" / "3.mp4").rename(home / "clips" / "renamed fox.mp4")
    wait_until(lambda: count(home, "fox") == 1)
    assert count(home, "has:file") == 31
    watching.send_signal(signal.SIGTERM)
    assert watching.wait(30) == 143


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_it_stops_at_a_signal(home: Path, watching: subprocess.Popen[bytes], number: int, status: int) -> None:
    (home / "clips" / "fox.mp4").write_bytes(CLIP)
    wait_until(lambda: count(home, "has:file") == 1)
    watching.send_signal(number)
    assert watching.wait(30) == status
    assert watching.stderr is not None
    assert b"what has come in is kept" in watching.stderr.read()


def test_a_scan_that_is_killed_is_completed_by_the_next_and_nothing_is_there_twice(home: Path) -> None:
    for number in range(300):
        (home / "clips" / f"{number}.mp4").write_bytes(clip(number))
    chance = random.Random(7)
    for _ in range(4):
        process = start(home, "watch", "clips", "--once")
        time.sleep(chance.uniform(0.3, 2.5))
        process.kill()
        process.communicate()
    assert run(home, "watch", "clips", "--once").returncode == 0
    library = open_library(home / "catalog.db")
    try:
        for table in ("videos", "files", "file_places"):
            assert read_rows(library, f"SELECT count(*) FROM {table}") == [(300,)]
    finally:
        library.close()
    assert count(home, "has:file") == 300
    assert json.loads(run(home, "check", "--json").stdout)["faults"] == []


def test_bare_clips_need_no_source_however_many_there_are(home: Path) -> None:
    (home / "catalog.toml").write_text(TWO_SOURCES)
    (home / "clips" / "red fox.mp4").write_bytes(CLIP)
    (home / "clips" / "readme.txt").write_text("clips of spring")
    with Catalog.open(home / "catalog.db") as cat:
        report = cat.import_path(home / "clips")
        assert (report.source, report.added, report.lone_clips) == ("files", 1, 0)
        assert report.folders[0].refs == (cat.search("fox").videos[0].ref,)
        (home / "clips" / "job.json").write_text(json.dumps(job("v1")))
        with pytest.raises(ConfigError, match="several sources are configured"):
            cat.import_path(home / "clips")
        assert cat.import_path(home / "clips", source="two").added == 1


def test_a_source_that_is_named_gets_the_videos_without_a_job(home: Path) -> None:
    (home / "clips" / "fox.mp4").write_bytes(CLIP)
    with Catalog.open(home / "catalog.db") as cat:
        (ref,) = cat.import_path(home / "clips" / "fox.mp4", source="mine").folders[0].refs
    assert ref.startswith("mine:")


def test_a_dry_run_says_what_would_come_and_writes_nothing(home: Path) -> None:
    (home / "clips" / "fox.mp4").write_bytes(CLIP)
    with Catalog.open(home / "catalog.db") as cat:
        assert cat.import_path(home / "clips", dry_run=True).added == 1
    assert not (home / "catalog.db").exists()


def test_the_status_names_folders_and_what_is_growing(home: Path) -> None:
    (home / "clips" / "fox.mp4").write_bytes(CLIP)
    (home / "clips" / os.fsdecode(b"caf\xe9.mp4")).write_bytes(CLIP[:900])
    scanned = run(home, "watch", "clips", "--once")
    assert (scanned.returncode, scanned.stdout) == (0, f"{home / 'clips'}: 2 files, 1 new\n")
    assert "caf\\xe9.mp4 is cut off" in scanned.stderr
    status = json.loads(run(home, "watch", "--status", "--json").stdout)
    (folder,) = status["folders"]
    assert (folder["state"], folder["files"], folder["growing"], folder["is_watched"]) == ("online", 1, 1, True)
    assert status["growing"][0]["path"] == str(home / "clips" / os.fsdecode(b"caf\xe9.mp4"))
    assert "caf\\xe9.mp4 is cut off" in run(home, "watch", "--status").stdout


def test_a_folder_that_is_offline_is_said_and_the_exit_status_is_1(home: Path) -> None:
    (home / "clips" / "fox.mp4").write_bytes(CLIP)
    run(home, "watch", "clips", "--once")
    (home / "clips").rename(home / "away")
    scanned = run(home, "watch", "--once")
    assert scanned.returncode == 1
    assert scanned.stderr.endswith(
        "clips cannot be read: no such file or directory: it is offline, and nothing in it is marked\n"
    )


def test_a_check_marks_nothing_in_a_folder_whose_drive_is_not_mounted(home: Path) -> None:
    (home / "clips" / "fox.mp4").write_bytes(CLIP)
    run(home, "watch", "clips", "--once")
    (home / "clips").rename(home / "away")
    (home / "clips").mkdir()
    with Catalog.open(home / "catalog.db") as cat:
        assert dict(cat.check().found) == {"offline": 1}
        assert cat.count("missing:file") == 0
        (home / "clips").rmdir()
        (home / "away").rename(home / "clips")
        assert cat.watch(once=True).folders[0].state == "online"
        assert cat.search("fox").videos[0].files[0].places[0].state == "present"


def test_without_a_folder_to_watch_it_says_what_to_do(home: Path) -> None:
    watched = run(home, "watch", "--once")
    assert (watched.returncode, watched.stderr) == (
        1,
        "Error: no folder is watched: name one, as in `catalog watch DIR`\n",
    )


@pytest.mark.parametrize("words", [["--once"], [], ["clips", "--once"]])
def test_a_folder_that_is_not_there_and_never_was_is_refused_before_anything_is_kept(
    home: Path, words: list[str]
) -> None:
    (home / "clips" / "fox.mp4").write_bytes(CLIP)
    watched = run(home, "watch", "nope", *words)
    assert (watched.returncode, watched.stdout, watched.stderr) == (
        1,
        "",
        f"Error: {home / 'nope'} is not there, and the library does not know it: name a folder that holds clips\n",
    )
    assert [path.name for path in home.iterdir()] == ["clips"]


def test_a_folder_that_is_known_and_not_there_is_offline(home: Path) -> None:
    (home / "clips" / "fox.mp4").write_bytes(CLIP)
    run(home, "watch", "clips", "--once")
    (home / "clips").rename(home / "away")
    assert json.loads(run(home, "watch", "clips", "--once", "--json").stdout)["folders"][0]["state"] == "offline"


def test_documents_of_scans_stand_alone_on_standard_output(home: Path) -> None:
    (home / "clips" / "fox.mp4").write_bytes(CLIP)
    process = start(home, "watch", "clips", "--json")
    try:
        assert process.stdout is not None
        assert json.loads(process.stdout.readline())["folders"][0]["made"] == 1
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 130
        assert process.stderr is not None
        assert process.stderr.readline() == b"watching %b, until Ctrl-C\n" % bytes(home / "clips")
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()


def test_a_remark_is_made_once_however_many_scans_there_are(home: Path) -> None:
    (home / "clips" / "half.mp4").write_bytes(CLIP[:900])
    (home / "clips" / "link.mp4").symlink_to("half.mp4")
    process = start(home, "watch", "clips")
    try:
        for number in range(3):
            (home / "clips" / f"{number}.mp4").write_bytes(clip(number))
            wait_until(lambda: count(home, "has:file") == number + 1)  # noqa: B023 - it is called here
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 143
        assert process.stderr is not None
        said = process.stderr.read().decode()
        assert said.count("passed over (symbolic link): link.mp4") == said.count("half.mp4 is cut off") == 1
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()


def test_a_folder_that_goes_and_comes_back_while_we_watch_is_said_each_time(home: Path) -> None:
    (home / "clips" / "fox.mp4").write_bytes(CLIP)
    process = start(home, "watch", "clips", "--every", "1")
    try:
        wait_until(lambda: count(home, "fox") == 1)
        (home / "clips").rename(home / "away")
        wait_until(lambda: _state(home) == "offline")
        (home / "away").rename(home / "clips")
        wait_until(lambda: _state(home) == "online")
        (home / "clips" / "owl.mp4").write_bytes(clip(2))
        assert process.stdout is not None
        where = home / "clips"
        assert [process.stdout.readline().decode() for _ in range(5)] == [
            f"watching {where}, until Ctrl-C\n",
            f"{where}: 1 file, 1 new\n",
            f"{where}: offline, it cannot be read: no such file or directory\n",
            f"{where}: online\n",
            f"{where}: 2 files, 1 new\n",
        ]
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()


def test_a_library_that_goes_while_we_watch_is_not_made_a_second_time(home: Path) -> None:
    (home / "clips" / "fox.mp4").write_bytes(CLIP)
    (home / "drive").mkdir()
    command = [sys.executable, "-m", "catalog", "--db", "drive/catalog.db", "watch", "clips", "--every", "1"]
    with (home / "out").open("wb") as out, (home / "err").open("wb") as err:
        process = subprocess.Popen(command, cwd=home, stdout=out, stderr=err)
    try:
        wait_until(lambda: b"1 file, 1 new" in (home / "out").read_bytes())
        (home / "drive").rename(home / "unplugged")
        (home / "drive").mkdir()
        (home / "clips" / "owl.mp4").write_bytes(clip(1))
        said = b"the library drive/catalog.db is not there any more: nothing is taken in until it is\n"
        wait_until(lambda: said in (home / "err").read_bytes())
        assert list((home / "drive").iterdir()) == []
        (home / "drive").rmdir()
        (home / "unplugged").rename(home / "drive")
        wait_until(lambda: _count(home / "drive" / "catalog.db") == 2)
    finally:
        process.kill()
        process.communicate()


def _count(library: Path) -> int:
    try:
        with Catalog.open(library) as cat:
            return cat.count("has:file")
    except CatalogError:
        return 0


def _state(home: Path) -> str | None:
    with Catalog.open(home / "catalog.db") as cat:
        return next((folder.state for folder in cat.watched().folders), None)


@pytest.mark.parametrize(
    ("kind", "folder", "silent"),
    [
        ("nfs4", "/mnt/nas/clips", "nfs4"),
        ("fuse.sshfs", "/mnt/nas/clips", "fuse.sshfs"),
        ("cifs", "/mnt/nas", "cifs"),
        ("ext4", "/mnt/nas/clips", None),
        ("nfs4", "/mnt/nasty", None),
        ("nfs4", "/home", None),
    ],
)
def test_file_systems_that_report_nothing_are_known(tmp_path: Path, kind: str, folder: str, silent: str | None) -> None:
    mounts = tmp_path / "mounts"
    mounts.write_text(f"/dev/a / ext4 rw 0 0\nserver:/x /mnt/nas {kind} rw 0 0\n/dev/b /mnt/a\\040b nfs rw 0 0\n")
    assert find_silent(folder, mounts) == silent
    assert find_silent("/mnt/a b/c", mounts) == "nfs"


def test_the_limit_of_watches_is_said_with_the_line_that_raises_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []
    observer = Observer(said.append)

    def refuse(_folder: str) -> object:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(observer, "_schedule", refuse)
    observer.listen([str(tmp_path)])
    observer.listen([str(tmp_path)])
    assert len(said) == 1
    assert SYSCTL in said[0]


def test_events_that_were_lost_make_every_folder_dirty(tmp_path: Path) -> None:
    folders = {str(tmp_path / name) for name in "ab"}
    observer = Observer()
    for name in "ab":
        (tmp_path / name).mkdir()
    observer.listen(folders)
    assert observer.take_dirty() == set()
    log = logging.getLogger("watchdog.observers.inotify")
    log.warning("Inotify queue overflowed; filesystem events were lost")
    assert observer.woken.is_set()
    assert observer.take_dirty() == folders
    observer.stop()
    log.warning("Inotify queue overflowed; filesystem events were lost")
    assert observer.take_dirty() == set()
