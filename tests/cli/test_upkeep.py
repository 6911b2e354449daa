"""`backup`, `restore`, `migrate` and `reindex`."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote

from tests.canary import encode, leaks_under
from tests.cli.conftest import job


def test_a_backup_is_a_library_beside_the_library(run, hear):
    hear(job())
    result = run("backup")
    assert result.exit_code == 0
    copy = result.stdout.removeprefix("created ").strip()
    assert "1 video" in run("search", "--db", copy).stdout


def test_a_backup_goes_to_the_named_path_and_nowhere_twice(run, hear, tmp_path):
    hear(job())
    assert run("backup", "copy.db").exit_code == 0
    assert (tmp_path / "copy.db").is_file()
    second = run("backup", "copy.db")
    assert second.exit_code == 1
    assert "copy.db" in second.stderr


def test_a_restore_brings_back_what_was_and_keeps_what_is(run, hear, ask):
    hear(job("v1"))
    run("backup", "copy.db")
    hear(job("v2"))
    lines = run("restore", "copy.db").stdout.splitlines()
    assert lines[0].startswith("restored ")
    assert ask("search")["total"] == 1
    assert ask("search", "--db", lines[1].rpartition(": ")[2])["total"] == 2


def test_a_restore_needs_no_library_to_replace(run, hear, ask):
    hear(job("v1"))
    run("backup", "copy.db")
    assert run("restore", "copy.db", "--db", "new.db").stdout == "restored new.db from copy.db\n"
    assert ask("search", "--db", "new.db")["total"] == 1


def test_a_restore_from_nothing_is_one_line(run, hear):
    hear()
    result = run("restore", "nothing.db")
    assert result.exit_code == 1
    assert result.stderr.startswith("Error: no backup at nothing.db")


def test_a_library_of_today_is_up_to_date(run, hear):
    hear()
    assert "is up to date" in run("migrate").stdout


def test_a_rebuilt_index_finds_the_same(run, hear, ask):
    hear(job(prompt="neon street"))
    assert run("reindex", "--fts").stdout.endswith(": the full-text index\n")
    everything = run("reindex").stdout
    assert ": the rows of videos, where links lead, the full-text index, the bitmaps that counts are made" in everything
    assert ask("search", "neon")["total"] == 1


def test_a_backup_into_a_missing_folder_is_one_line(run, hear):
    hear()
    result = run("backup", str(Path("missing") / "copy.db"))
    assert result.exit_code == 1
    assert result.stderr.count("\n") == 1


def test_rebuilt_costs_follow_the_prices_of_today(run, hear, ask, tmp_path):
    hear(job(model="sora-2", seconds="8"))
    assert ask("show", "v1")["cost_basis"] == "unknown"
    (tmp_path / "catalog.toml").write_text('[[prices]]\nsource = "studio"\nmodel = "sora-2"\nusd_per_second = 0.05\n')
    assert run("reindex", "--fts").exit_code == 0
    assert ask("show", "v1")["cost_usd"] is None
    assert "rebuilt in " in run("reindex", "--costs").stdout
    assert (ask("show", "v1")["cost_usd"], ask("show", "v1")["cost_basis"]) == (0.4, "estimated")
    (tmp_path / "catalog.toml").unlink()
    assert run("reindex").exit_code == 0
    assert ask("show", "v1")["cost_usd"] is None


def test_a_reindex_cuts_keys_out_that_were_not_known_when_they_came(run, hear, ask, library, tmp_path, monkeypatch):
    key = "cnry/Key+of=reindex9q"
    hear(job("v1", prompt=f"Echo {key}", metadata={"note": key}, custom={key: [quote(key, safe="")]}, status="queued"))
    hear(job("v1", prompt="Echo", error={"message": f"bad key {encode(f'user:{key}')}"}), job("v2", prompt="Neon."))
    library.close()
    assert leaks_under(tmp_path, key)
    monkeypatch.setenv("CATALOG_API_KEY", key)
    assert ask("reindex")["cleaned"] == 4  # two answers, what changed of the prompt and of the error
    library.close()
    assert leaks_under(tmp_path, key) == {}
    assert "[removed]" in str(ask("show", "v1"))
    assert ask("search", "neon")["total"] == 1
    assert ask("reindex")["cleaned"] == 0
