"""The media folder: what has a name in it is whole, and what cannot be written is said."""

from __future__ import annotations

import fcntl
import hashlib
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from catalog.errors import DiskFull, MediaError, MediaOffline, MediaReadOnly
from catalog.media.keep import MediaFolder, hash_file

if TYPE_CHECKING:
    from pathlib import Path

DATA = b"the bytes of a clip"
SHA256 = hashlib.sha256(DATA).hexdigest()
NAME = f"media/{SHA256[:2]}/{SHA256[2:4]}/{SHA256}.mp4"


@pytest.fixture
def folder(tmp_path: Path) -> MediaFolder:
    return MediaFolder(tmp_path / "media")


def keep(folder: MediaFolder, data: bytes = DATA, extension: str = "mp4") -> str:
    with folder.part() as part:
        part.write(data)
        return folder.commit(part, extension)


def names(folder: MediaFolder) -> list[str]:
    return sorted(path.name for path in folder.root.rglob("*") if path.is_file())


def test_a_file_is_kept_under_the_hash_of_its_bytes(folder: MediaFolder) -> None:
    with folder.part() as part:
        part.write(DATA[:5])
        part.write(DATA[5:])
        assert (part.size, part.sha256) == (len(DATA), SHA256)
        assert folder.commit(part, "mp4") == NAME
    assert folder.path_of(NAME).read_bytes() == DATA
    assert names(folder) == [f"{SHA256}.mp4"]
    assert list(folder.iter_files()) == [(NAME, len(DATA))]


def test_a_download_that_begins_again_forgets_what_came_before(folder: MediaFolder) -> None:
    with folder.part() as part:
        part.write(b"something much longer than what comes after it")
        part.restart()
        assert part.size == 0
        part.write(DATA)
        assert folder.commit(part, "mp4") == NAME
    assert folder.path_of(NAME).read_bytes() == DATA


def test_what_is_not_committed_leaves_nothing(folder: MediaFolder) -> None:
    with folder.part() as part:
        part.write(DATA)
        assert names(folder) == [part.path.name]
    assert names(folder) == []


def test_bytes_that_are_there_are_not_written_again(folder: MediaFolder) -> None:
    path = folder.path_of(keep(folder))
    before = path.stat()
    assert keep(folder) == NAME
    assert path.stat().st_ino == before.st_ino
    assert path.stat().st_mtime_ns == before.st_mtime_ns
    assert names(folder) == [path.name]


def test_a_file_that_was_cut_off_is_made_whole_again(folder: MediaFolder) -> None:
    path = folder.path_of(keep(folder))
    path.write_bytes(DATA[:4])
    assert keep(folder) == NAME
    assert path.read_bytes() == DATA


def test_many_keep_at_the_same_time(folder: MediaFolder) -> None:
    contents = [b"%d" % (number % 5) * 1000 for number in range(40)]
    with ThreadPoolExecutor(8) as pool:
        kept = list(pool.map(lambda data: keep(folder, data), contents))
    assert [folder.path_of(name).read_bytes() for name in kept] == contents
    assert len(names(folder)) == 5


def test_the_part_of_a_killed_process_goes_and_that_of_a_running_one_stays(folder: MediaFolder) -> None:
    keep(folder)
    program = (
        "import sys; from pathlib import Path; from catalog.media.keep import MediaFolder\n"
        "with MediaFolder(Path(sys.argv[1])).part() as part:\n"
        "    part.write(b'half'); print(part.path, flush=True); sys.stdin.read()"
    )
    command = [sys.executable, "-c", program, str(folder.root)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        part = folder.root / process.stdout.readline().strip()
        keep(MediaFolder(folder.root), b"another")
        assert part.read_bytes() == b"half"
        process.kill()
    assert part.exists()
    keep(MediaFolder(folder.root), b"a third")
    assert not part.exists()
    assert len(names(folder)) == 3


def test_a_part_is_held_while_it_is_written(folder: MediaFolder) -> None:
    with folder.part() as part, part.path.open("rb") as other, pytest.raises(BlockingIOError):
        fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)


def test_files_are_private_or_as_open_as_the_library(tmp_path: Path) -> None:
    library = tmp_path / "catalog.db"
    library.touch()
    library.chmod(0o640)
    shared = MediaFolder(tmp_path / "media", like=library.stat())
    private = MediaFolder(tmp_path / "private")
    for folder, file_mode, folder_mode in ((shared, 0o640, 0o750), (private, 0o600, 0o700)):
        path = folder.root.parent / keep(folder)
        assert path.stat().st_mode & 0o777 == file_mode
        for above in (path.parent, path.parent.parent, folder.root):
            assert above.stat().st_mode & 0o777 == folder_mode


@pytest.mark.parametrize(
    "name",
    [
        "media/../catalog.db",
        "/etc/passwd",
        "media/ab/cd/short.mp4",
        "",
        NAME.replace("media", "other", 1),
        NAME + "/x",
        NAME.replace(SHA256, "00" + SHA256[2:], 1),
        f"media/{SHA256[:2]}/{SHA256[2:4]}/{SHA256}.m/4",
    ],
)
def test_a_name_that_is_not_of_the_folder_is_refused(folder: MediaFolder, name: str) -> None:
    for action in (folder.path_of, folder.remove):
        with pytest.raises(MediaError, match="is not the name of a file in the media folder"):
            action(name)


def test_what_others_put_into_the_folder_is_not_listed(folder: MediaFolder) -> None:
    keep(folder)
    (folder.root / "notes.txt").write_text("mine")
    (folder.root / "ab").mkdir(exist_ok=True)
    (folder.root / "ab/x.mp4").write_text("mine")
    folder.path_of(NAME).with_name("clip.mp4").write_text("mine")
    folder.path_of(NAME).with_suffix(".webm").mkdir()
    assert [kept.relative for kept in folder.iter_files()] == [NAME]


def test_nothing_is_kept_before_something_is(folder: MediaFolder) -> None:
    assert list(folder.iter_files()) == []
    assert not folder.is_offline()
    assert folder.free_bytes() > 0
    assert not folder.root.exists()


def test_a_removed_file_is_gone_once(folder: MediaFolder) -> None:
    keep(folder)
    assert folder.remove(NAME)
    assert not folder.remove(NAME)
    assert names(folder) == []


# A folder that cannot be reached or written


@pytest.mark.parametrize("state", ["gone", "empty", "with a stranger's file", "a file", "a dangling link"])
def test_a_folder_whose_drive_is_not_there_is_offline_and_is_not_made(tmp_path: Path, state: str) -> None:
    root = tmp_path / "media"
    if state == "a file":
        root.touch()
    elif state == "a dangling link":
        root.symlink_to(tmp_path / "drive" / "media")
    elif state != "gone":
        root.mkdir()
        if state != "empty":
            (root / "README").touch()
    before = sorted(tmp_path.iterdir())
    folder = MediaFolder(root, has_files=True)
    assert folder.is_offline()
    with pytest.raises(MediaOffline, match="cannot be reached, or is empty: is its drive connected") as error:
        keep(folder)
    assert error.value.path == str(root)
    with pytest.raises(MediaOffline):
        list(folder.iter_files())
    assert sorted(tmp_path.iterdir()) == before
    assert MediaFolder(root).is_offline() == (state in {"a file", "a dangling link"})


def test_a_folder_that_goes_while_a_file_is_written_is_offline(folder: MediaFolder, tmp_path: Path) -> None:
    keep(folder, b"another")
    with folder.part() as part:
        part.write(DATA)
        folder.root.rename(tmp_path / "elsewhere")
        with pytest.raises(MediaOffline):
            folder.commit(part, "mp4")
    assert not folder.root.exists()


def test_a_full_disk_is_said_and_leaves_no_part(mounted) -> None:
    folder = MediaFolder(mounted("size=64k") / "media")
    keep(folder, b"small")
    with pytest.raises(DiskFull, match="is full: make room") as error:
        keep(folder, bytes(400_000))
    assert "\n" not in str(error.value)
    assert len(names(folder)) == 1
    assert keep(folder, b"small again")


def test_a_disk_that_is_read_only_is_said(mounted) -> None:
    root = mounted("size=64k") / "media"
    keep(MediaFolder(root))
    subprocess.run(["mount", "-o", "remount,ro", root.parent], check=True)
    folder = MediaFolder(root, has_files=True)
    with pytest.raises(MediaReadOnly, match="cannot write to"):
        keep(folder, b"another")
    with pytest.raises(MediaReadOnly, match="cannot remove"):
        folder.remove(NAME)
    assert [kept.relative for kept in folder.iter_files()] == [NAME]
    assert hash_file(folder.path_of(NAME)) == (SHA256, len(DATA))


# Hashes


@pytest.mark.parametrize("size", [0, 1, 256 * 1024 - 1, 256 * 1024, 256 * 1024 + 1, 700_000])
def test_a_file_is_hashed_whole(tmp_path: Path, size: int) -> None:
    path = tmp_path / "file"
    data = os.urandom(size)
    path.write_bytes(data)
    assert hash_file(path) == hash_file(path, size) == (hashlib.sha256(data).hexdigest(), size)


def test_a_file_that_goes_on_is_read_no_further_than_one_byte_more(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(bytes(700_000))
    assert hash_file(path, 300_000)[1] == 300_001
    assert hash_file(path, 0)[1] == 1


def test_a_pipe_is_not_hashed(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(OSError, match="not a regular file"):
        hash_file(tmp_path / "pipe")
