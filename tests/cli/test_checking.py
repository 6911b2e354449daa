"""`check` and `retire`, and the media that `backup` and `restore` take along."""

from __future__ import annotations

import json

import pytest

from tests.checking.conftest import Shelf, clip
from tests.cli.conftest import job


@pytest.fixture
def shelf(library, hear):
    hear(job("a"), job("b"), job("c", status="failed"))
    shelf = Shelf(library.path)
    shelf.keep("a")
    yield shelf
    shelf.close()


def test_a_sound_library_is_one_line_and_status_0(run, shelf):
    result = run("check", "--read-data")
    assert result.exit_code == 0
    assert result.stdout.startswith("checked 3 rows and 1 file in ")
    assert result.stdout.endswith(" s; read 1 file, 6.5 kB; nothing found\n") or "read 1 file" in result.stdout
    assert run("check").stdout.endswith("s; nothing found\n")


def test_what_is_found_is_told_by_kind_with_its_ref_and_what_helps(run, shelf):
    path = shelf.keep("a")
    path.unlink()
    (shelf.media / "notes.txt").touch()
    result = run("check", "--repair")
    assert result.exit_code == 1
    lines = result.stdout.splitlines()
    assert lines[:2] == [
        "missing files: 1",
        f"  studio:a video: nothing lies in its place ({path}) - run `catalog download studio:a`",
    ]
    assert lines[2] == "orphans in the media folder: 1"
    assert str(shelf.media / "notes.txt") in lines[3]


def test_what_is_repaired_is_said_and_ends_with_0(run, shelf):
    shelf.spoil("DELETE FROM bitmaps WHERE field = 'status'")
    assert run("check").exit_code == 1
    result = run("check", "--repair")
    assert result.exit_code == 0
    assert "the bitmaps: 1, 1 repaired\n" in result.stdout
    assert " - repaired\n" in result.stdout
    assert result.stdout.endswith("all that was found is repaired\n")


def test_only_the_first_of_a_kind_are_shown_and_json_has_all(run, shelf):
    shelf.hear(*(job(f"n{number}") for number in range(8)))
    for number in range(8):
        shelf.keep(f"n{number}").write_bytes(clip("other")[:9])
    result = run("check")
    assert "damaged files: 8\n" in result.stdout
    assert "  and 3 more\n" in result.stdout
    result = run("check", "--json")
    assert result.exit_code == 1
    document = json.loads(result.stdout)
    assert (document["is_sound"], document["found"], len(document["faults"])) == (False, {"damaged": 8}, 8)


def test_a_part_is_named(run, shelf):
    assert "; part 2/2: read " in run("check", "--read-data", "2/2").stdout
    result = run("check", "--read-data", "3/2")
    assert (result.exit_code, result.stderr.count("\n")) == (1, 1)
    assert "'3/2' is not a part" in result.stderr


def test_a_retired_source_is_told_with_what_is_lost(run, ask, shelf):
    shelf.spoil("UPDATE videos SET cost_usd = 0.4, cost_basis = 'reported' WHERE remote_id = 'b'")
    result = run("retire", "studio", "--as-of", "2026-11-20")
    assert (result.exit_code, result.stdout.splitlines()) == (
        0,
        ["  studio:b  completed  $0.40", "studio is retired since 2026-11-20: 1 video lost ($0.40)"],
    )
    (state,) = ask("sources")
    assert (state["health"], state["retired_at"]) == ("retired", "2026-11-20T00:00:00.000Z")
    assert "--undo" in run("sources").stderr
    assert run("retire", "studio", "--undo").stdout == "studio is back: 1 file not lost any more\n"
    assert ask("sources")[0]["retired_at"] is None


def test_sync_passes_over_a_retired_source_with_one_line(run, shelf, tmp_path):
    (tmp_path / "catalog.toml").write_text('[sources.studio]\nbase_url = "http://127.0.0.1:9"\n')
    run("retire", "studio", "--as-of", "2026-11-20")
    result = run("sync")
    assert result.exit_code == 0
    assert result.stdout.splitlines()[0] == (
        "studio: retired on 2026-11-20: `catalog retire studio --undo` brings it back"
    )


def test_what_retires_later_names_the_download(run, shelf):
    result = run("retire", "studio", "--as-of", "2999-01-01")
    assert "studio retires on 2999-01-01: 1 video not downloaded yet" in result.stdout
    assert "`catalog download source:studio`" in result.stderr


def test_undo_takes_no_date(run, shelf):
    assert run("retire", "studio", "--undo", "--as-of", "2026-11-20").exit_code == 2


def test_media_come_along_and_back(run, shelf, tmp_path):
    (tmp_path / "disk").mkdir()
    result = run("backup", "--media", "disk/copy.db")
    assert result.exit_code == 0
    assert result.stdout.startswith("created disk/copy.db\nmedia in disk/media: 1 file, 1 copied (")
    path = shelf.keep("a")
    path.unlink()
    result = run("restore", "disk/copy.db", "--json")
    assert json.loads(result.stdout)["media"]["copied"] == 1
    assert path.read_bytes() == clip("a")


def test_media_that_did_not_come_along_are_an_error(run, shelf, tmp_path):
    (tmp_path / "disk").mkdir()
    shelf.keep("a").unlink()
    result = run("backup", "--media", "disk")
    assert result.exit_code == 1
    assert result.stdout.endswith("media in disk/media: 1 file, none to copy\n")
    assert result.stderr.startswith("Error: studio:a video: missing (")
