"""Notes while the library cannot be written: nothing is lost, nothing comes twice, the caller waits for nothing."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress
from typing import TYPE_CHECKING

import pytest

from catalog import capture
from catalog.capture.recorder import BUSY_SECONDS
from catalog.capture.spool import LONGEST_NOTE, list_notes, spool_folders, write_note
from catalog.database import Database
from catalog.library import SCHEMA_VERSION
from tests.house import LONG

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FORM = {"prompt": "a fox"}
CALLS = 20
PROMPTS = "SELECT prompt FROM videos ORDER BY id"
HOLD = """
import sqlite3, sys, time
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("BEGIN IMMEDIATE")
print("held", flush=True)
sys.stdin.read()
"""
CREATE = """
import os, signal, sys
from catalog import capture
client = capture.client(sys.argv[1], source="studio", metadata={"campaign": "launch"}, trust_env=False)
for number in range(int(sys.argv[3])):
    client.post(sys.argv[2] + "/videos", json={"prompt": f"take {number} of {os.getpid()}"}).json()
if "kill" in sys.argv:
    os.kill(os.getpid(), signal.SIGKILL)
"""


@contextmanager
def held_by_another_process(library: Path) -> Iterator[None]:
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(library)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as holder:
        assert holder.stdout.readline() == b"held\n"
        try:
            yield
        finally:
            holder.stdin.close()
            holder.wait(LONG)


def create(studio, *arguments: object) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-c", CREATE, str(studio.library), studio.server.base_url, *map(str, arguments)],
        stderr=subprocess.DEVNULL,
    )


def test_a_locked_library_neither_delays_nor_loses_a_call(studio):
    with studio.client() as client, held_by_another_process(studio.library):
        started = time.monotonic()
        for _ in range(CALLS):
            client.post(f"{studio.server.base_url}/videos", json=FORM)
        assert time.monotonic() - started < CALLS * BUSY_SECONDS / 2
        assert len(studio.notes()) == CALLS
        assert studio.look(PROMPTS) == []
    assert studio.rows(PROMPTS) == [("a fox",)] * CALLS
    assert studio.notes() == []


def test_a_note_holds_no_key_no_header_and_no_picture(studio):
    client = studio.client(headers={"authorization": "Bearer sk-secret-key"})
    with client, held_by_another_process(studio.library):
        files = {"input_reference": ("fox.png", b"PICTURE" * 100)}
        client.post(f"{studio.server.base_url}/videos", data=FORM, files=files)
        text = studio.notes()[0].read_text()
    assert "sk-secret" not in text
    assert "PICTURE" not in text
    assert "authorization" not in text.lower()
    assert studio.notes() == [] or capture.flush(studio.library, LONG)


def test_a_missing_library_is_made_by_the_first_call_that_says_something(studio, tmp_path):
    studio.library = tmp_path / "new.db"
    with studio.client() as client:
        client.get(f"{studio.server.base_url}/models")
        assert capture.flush(studio.library, LONG)
        assert not studio.library.exists()
        client.post(f"{studio.server.base_url}/videos", json=FORM)
    assert studio.rows(PROMPTS) == [("a fox",)]


def test_a_missing_folder_is_not_made_and_loses_nothing(studio, tmp_path):
    studio.library = tmp_path / "unplugged" / "catalog.db"
    with studio.client() as client:
        client.post(f"{studio.server.base_url}/videos", json=FORM)
    assert not studio.library.parent.exists()
    assert len(studio.notes()) == 1
    studio.library.parent.mkdir()
    assert studio.rows(PROMPTS) == [("a fox",)]
    assert studio.notes() == []


def test_a_library_of_a_newer_version_loses_nothing(studio):
    with closing(Database(studio.library)) as database:
        with database.write() as connection:
            connection.execute("UPDATE alembic_version SET version_num = '9999'")
        with studio.client() as client:
            client.post(f"{studio.server.base_url}/videos", json=FORM)
        assert len(studio.notes()) == 1
        with database.write() as connection:
            connection.execute("UPDATE alembic_version SET version_num = ?", (SCHEMA_VERSION,))
    studio.take_in()
    assert studio.look(PROMPTS) == [("a fox",)]


def test_a_foreign_file_in_the_place_of_the_library_loses_nothing(studio):
    studio.library.write_bytes(b"no database at all" * 100)
    with studio.client() as client:
        answer = client.post(f"{studio.server.base_url}/videos", json=FORM)
    assert answer.status_code == 200
    assert len(studio.notes()) == 1


@pytest.mark.skipif(sys.platform != "linux", reason="where Linux keeps the state of a user's programs")
@pytest.mark.parametrize(("state", "folder"), [(None, "home/.local/state"), ("state", "state")])
def test_notes_that_cannot_lie_beside_the_library_lie_in_the_state_of_the_user(tmp_path, monkeypatch, state, folder):
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / state) if state else "")
    beside, elsewhere, *_ = spool_folders(tmp_path / "catalog.db")
    assert beside == tmp_path / "catalog.db.spool"
    assert elsewhere.parent == tmp_path / folder / "video-catalog"
    assert elsewhere.name.startswith("catalog.db-")


def test_a_spool_that_nobody_can_write_does_not_break_a_call(studio, monkeypatch, tmp_path):
    blocked = tmp_path / "a file"
    blocked.write_text("")
    monkeypatch.setenv("XDG_STATE_HOME", str(blocked))
    monkeypatch.setattr("tempfile.tempdir", str(blocked))
    studio.library = blocked / "catalog.db"
    with studio.client() as client:
        assert client.post(f"{studio.server.base_url}/videos", json=FORM).status_code == 200


def test_a_process_killed_at_once_has_left_its_note(studio):
    with held_by_another_process(studio.library):
        killed = create(studio, 3, "kill")
        assert killed.wait(LONG) == -signal.SIGKILL
    assert studio.take_in() == 3
    assert len(studio.look(PROMPTS)) == 3


def test_processes_capture_side_by_side(studio):
    running = [create(studio, 8) for _ in range(3)]
    assert [process.wait(LONG) for process in running] == [0, 0, 0]
    studio.take_in()
    assert len(set(studio.look(PROMPTS))) == 24
    assert studio.look("SELECT max(times_seen) FROM observations") == [(1,)]


def test_a_program_that_ends_takes_its_notes_in(studio):
    assert create(studio, 1).wait(LONG) == 0
    assert len(studio.look(PROMPTS)) == 1
    assert studio.notes() == []


def test_a_crash_before_the_note_is_removed_adds_nothing_twice(studio):
    with studio.client() as client, held_by_another_process(studio.library):
        client.post(f"{studio.server.base_url}/videos", json=FORM)
        (note,) = studio.notes()
        text = note.read_bytes()
    assert capture.flush(studio.library, LONG)
    with closing(Database(studio.library)) as database, database.write() as connection:
        connection.execute("DELETE FROM tags")
    before = studio.look("SELECT id, times_seen, last_received_at FROM observations")
    note.parent.mkdir(exist_ok=True)
    note.write_bytes(text)
    assert studio.take_in() == 0
    assert studio.look("SELECT id, times_seen, last_received_at FROM observations") == before
    assert studio.look("SELECT * FROM tags") == []
    assert studio.notes() == []


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '{"kind": "answer"}', '{"kind": "song"}', "[" * 100_000])
def test_a_broken_note_is_set_aside_and_told(studio, text):
    path = write_note(studio.library, {"kind": "answer"})
    path.write_text(text)
    told: list[tuple[Path, str]] = []
    assert studio.take_in(on_broken=lambda place, reason: told.append((place, reason))) == 0
    assert [place for place, _ in told] == studio.broken()
    assert studio.broken()[0].read_text() == text
    assert studio.notes() == []


def test_a_broken_note_does_not_hold_up_the_others(studio):
    good = {"kind": "answer", "source": "studio", "at": "2026-11-21T10:00:00.000Z", "tags": {}, "status": 200}
    good |= {"asked_id": None, "answer": {"id": "video_1", "object": "video", "status": "queued"}}
    write_note(studio.library, good)
    write_note(studio.library, good | {"at": "yesterday"})
    write_note(studio.library, good | {"answer": {"id": "video_2", "object": "video", "status": "queued"}})
    assert studio.take_in(on_broken=lambda *_: None) == 2
    assert studio.look("SELECT remote_id FROM videos ORDER BY id") == [("video_1",), ("video_2",)]
    assert len(studio.broken()) == 1


def test_a_note_whose_content_is_of_another_kind_than_its_name_is_set_aside(studio):
    answer = {"kind": "answer", "source": "studio", "at": "2026-11-21T10:00:00.000Z", "tags": {}, "status": 200}
    path = write_note(studio.library, {"kind": "upload"})
    path.write_text(json.dumps(answer | {"asked_id": None, "answer": {"id": "video_1", "object": "video"}}))
    assert studio.take_in(on_broken=lambda *_: None) == 0
    assert (studio.notes(), len(studio.broken())) == ([], 1)


def test_half_a_note_is_not_read(studio):
    path = write_note(studio.library, {"kind": "answer"})
    path.rename(path.with_name(path.name + ".part"))
    assert studio.take_in() == 0
    assert studio.broken() == []


ANSWER = {
    "kind": "answer",
    "source": "studio",
    "at": "2026-11-21T10:00:00.000Z",
    "tags": {},
    "status": 200,
    "asked_id": None,
    "answer": {"id": "video_1", "object": "video", "status": "queued"},
}
NOTE = "20260101T000000.000000Z-1-aa.answer.json"
as_root = pytest.mark.skipif(not hasattr(os, "getuid") or os.getuid() != 0, reason="needs to act as another user")
NOBODY = 65534


@pytest.fixture
def folders(studio, tmp_path, monkeypatch) -> list[Path]:
    """Every folder that may hold notes for the library of the studio, none of them made."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "tmp"))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_STATE_HOME", "earlier")  # a relative path: earlier versions read it, platformdirs does not
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    folders = spool_folders(studio.library)
    return [*folders[:3], folders[-1]]  # where platformdirs is old enough to read it, there are three


def plant(folder: Path) -> Path:
    """A note in a folder of this user's."""
    for made in (folder.parent, folder):
        made.mkdir(mode=0o755, parents=True, exist_ok=True)
    (folder / NOTE).write_text(json.dumps(ANSWER))
    return folder / NOTE


RANKS = range(4)  # beside the library, the user's state, the temporary folder, the state of earlier versions


@pytest.mark.parametrize("rank", RANKS)
def test_a_note_is_taken_in_from_each_folder_of_this_and_of_earlier_versions(studio, folders, rank):
    note = plant(folders[rank])
    assert studio.take_in() == 1
    assert not note.exists()


def loosen(folder: Path) -> None:
    folder.chmod(0o770)


def loosen_parent(folder: Path) -> None:
    folder.parent.chmod(0o707)


def replace_with_link(folder: Path) -> None:
    folder.rename(folder.with_name("elsewhere"))
    folder.symlink_to("elsewhere", target_is_directory=True)


def link_parent(folder: Path) -> None:
    folder.parent.rename(folder.parent.with_name("elsewhere"))
    folder.parent.symlink_to("elsewhere", target_is_directory=True)


def give_away(folder: Path) -> None:
    os.chown(folder, NOBODY, NOBODY)


def give_parent_away(folder: Path) -> None:
    os.chown(folder.parent, NOBODY, NOBODY)


ANYWHERE = (loosen, replace_with_link, give_away)
AWAY_FROM_THE_LIBRARY = (*ANYWHERE, loosen_parent, link_parent, give_parent_away)
SPOILS = {rank: AWAY_FROM_THE_LIBRARY if rank else ANYWHERE for rank in RANKS}
AS_ANOTHER = (give_away, give_parent_away)


@pytest.mark.parametrize(
    ("spoil", "rank"),
    [
        pytest.param(spoil, rank, marks=as_root if spoil in AS_ANOTHER else ())
        for rank in RANKS
        for spoil in SPOILS[rank]
    ],
)
def test_a_folder_that_another_user_could_have_made_is_not_read(studio, folders, caplog, spoil, rank):
    caplog.set_level("WARNING", "catalog.capture")
    note = plant(folders[rank])
    spoil(folders[rank])
    assert studio.take_in() == 0
    assert note.exists()
    assert f"captured calls in {folders[rank]} are left alone" in caplog.text


def test_the_advice_on_a_folder_that_is_left_alone_works(studio, folders, caplog):
    caplog.set_level("WARNING", "catalog.capture")
    plant(folders[1])
    loosen(folders[1])
    loosen_parent(folders[1])
    assert studio.take_in() == 0
    subprocess.run(caplog.text.split("`")[1], shell=True, check=True)
    assert studio.take_in() == 1


@pytest.mark.parametrize(
    ("spoil", "rank"),
    [
        pytest.param(spoil, rank, marks=as_root if spoil in AS_ANOTHER else ())
        for rank in (0, 1)
        for spoil in SPOILS[rank]
    ],
)
def test_a_folder_that_another_user_could_have_made_is_not_written(studio, folders, spoil, rank):
    plant(folders[rank]).unlink()
    (folders[rank] / "theirs").touch()
    spoil(folders[rank])
    if rank:
        folders[0].touch()
    path = write_note(studio.library, ANSWER)
    assert path.parent == folders[rank + 1]
    assert [path.name for path in folders[rank].iterdir()] == ["theirs"]
    assert studio.take_in() == 1


@as_root
def test_a_link_in_a_folder_of_somebody_else_makes_no_folder_elsewhere(studio, folders, tmp_path):
    for folder in folders[:2]:
        folder.parent.mkdir(parents=True, exist_ok=True)
        folder.touch()
    (tmp_path / "tmp").mkdir()
    (tmp_path / "project").mkdir()
    folders[2].parent.symlink_to(tmp_path / "project")
    os.chown(folders[2].parent, NOBODY, NOBODY, follow_symlinks=False)
    with suppress(OSError):
        write_note(studio.library, ANSWER)
    assert list((tmp_path / "project").iterdir()) == []


def test_folders_for_notes_are_made_for_this_user_alone(studio, folders):
    folders[0].touch()
    umask = os.umask(0)
    try:
        path = write_note(studio.library, ANSWER)
    finally:
        os.umask(umask)
    assert path.parent == folders[1]
    assert [made.stat().st_mode & 0o777 for made in (path, path.parent, path.parent.parent)] == [0o600, 0o700, 0o700]


def make_pipe(path: Path) -> None:
    os.mkfifo(path)


def make_folder(path: Path) -> None:
    path.mkdir()


def make_link(path: Path) -> None:
    target = path.with_name("package")
    target.write_text(json.dumps(ANSWER))
    path.symlink_to(target)


def make_file_of_another_user(path: Path) -> None:
    path.write_text(json.dumps(ANSWER))
    os.chown(path, NOBODY, NOBODY)


@pytest.mark.parametrize(
    "make", [make_pipe, make_folder, make_link, pytest.param(make_file_of_another_user, marks=as_root)]
)
def test_what_is_not_a_file_of_this_user_is_not_a_note(studio, folders, make):
    plant(folders[0])
    path = folders[0] / "20260102T000000.000000Z-1-aa.answer.json"
    make(path)
    assert studio.take_in() == 1
    assert os.path.lexists(path)
    assert studio.broken() == []


def test_a_note_of_an_impossible_length_is_set_aside_unread(studio, folders):
    note = plant(folders[0])
    os.truncate(note, LONGEST_NOTE + 1)
    reasons: list[str] = []
    assert studio.take_in(on_broken=lambda _, reason: reasons.append(reason)) == 0
    assert reasons == [f"ValueError: longer than {LONGEST_NOTE} bytes"]
    assert [path.name for path in studio.broken()] == [NOTE]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_forked_child_captures_too(studio):
    code = textwrap.dedent("""
        import os, sys
        from catalog import capture
        client = capture.client(sys.argv[1], source="studio", trust_env=False)
        client.post(sys.argv[2] + "/videos", json={"prompt": "parent"}).json()
        capture.flush(sys.argv[1], 10)
        if (child := os.fork()) == 0:
            with capture.client(sys.argv[1], source="studio", trust_env=False) as own:
                own.post(sys.argv[2] + "/videos", json={"prompt": "child"}).json()
            os._exit(0 if capture.flush(sys.argv[1], 10) else 1)
        sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
    """)
    subprocess.run([sys.executable, "-c", code, str(studio.library), studio.server.base_url], check=True, timeout=LONG)
    assert studio.look(PROMPTS) == [("parent",), ("child",)]


def test_a_note_is_one_line_of_json(studio):
    with studio.client() as client, held_by_another_process(studio.library):
        client.post(f"{studio.server.base_url}/videos", json={"prompt": "two\nlines \U0001f98a"})
        (line,) = studio.notes()[0].read_text().splitlines()
    note = json.loads(line)
    assert note["request"]["line"]["body"] == {"prompt": "two\nlines \U0001f98a"}
    assert note["tags"] == {"campaign": "launch"}
    assert capture.flush(studio.library, LONG)


def test_a_note_holds_no_signed_query_and_no_inline_picture(studio):
    signed = "https://cdn.example/fox.png?X-Amz-Signature=abcdef&X-Amz-Credential=me"
    inline = "data:image/png;base64," + "QUJD" * 50
    body = {"prompt": "a fox", "reference_images": [signed, inline], "input_reference": {"image_url": inline}}
    with studio.client() as client, held_by_another_process(studio.library):
        client.post(f"{studio.server.base_url}/videos", json=body)
        text = studio.notes()[0].read_text()
    assert "abcdef" not in text
    assert "QUJDQUJD" not in text
    inlined, linked = [parent for _, parent in json.loads(text)["request"]["links"]]
    assert inlined.startswith("sha256:")
    assert linked == "https://cdn.example/fox.png"


def test_notes_that_another_run_takes_meanwhile_hide_no_others(library_path):
    """However many go while they are listed, what waits is listed."""
    waiting = write_note(library_path, {"kind": "answer"})
    ended = threading.Event()

    def come_and_go() -> None:
        while not ended.is_set():
            for note in [write_note(library_path, {"kind": "answer"}) for _ in range(10)]:
                note.unlink()

    with ThreadPoolExecutor() as pool:
        pool.submit(come_and_go)
        lists = [list_notes(library_path) for _ in range(200)]
        ended.set()
    assert all(waiting in notes for notes in lists)
