"""`import`: what it says of what it read, of what it did not, and with which exit status."""

from __future__ import annotations

import gzip
import json
from typing import TYPE_CHECKING, Any

from tests.cli.conftest import job

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from click.testing import Result

    Run = Callable[..., Result]


def test_a_value_that_cannot_be_read_is_named_and_makes_the_exit_status_1(run: Run, tmp_path: Path) -> None:
    (tmp_path / "sheet.csv").write_text("id,seconds,cost_usd,created_at\nv1,8s,€ 3,15.09.2026\n", "utf-8")
    result = run("import", "sheet.csv")
    assert result.exit_code == 1
    assert result.stdout.startswith("imported: 1 added, 0 changed, 0 unchanged, 2 values not read; 1 file read in ")
    assert "Error: sheet.csv:2: cost_usd could not be read" in result.stderr
    assert "Error: sheet.csv:2: created_at could not be read" in result.stderr
    assert "--dates dmy" in result.stderr


def test_the_order_of_dates_and_the_rest_of_the_columns_are_stated(run: Run, ask: Any, tmp_path: Path) -> None:
    (tmp_path / "sheet.csv").write_text("id,Prompt,Mood board,Internal,created_at\nv1,fox,x,y,03.04.2026\n")
    assert run("import", "sheet.csv").exit_code == 1
    result = run("import", "sheet.csv", "--columns", "auto", "--column", "Internal=", "--dates", "dmy")
    assert (result.exit_code, result.stderr) == (0, "")
    video = ask("show", "v1")
    assert (video["prompt"], video["created_at"]) == ("fox", "2026-04-03T00:00:00.000Z")
    assert video["extra"] == {"Mood board": "x"}


def test_clips_and_files_of_other_kinds_are_named_and_no_error(run: Run, tmp_path: Path) -> None:
    folder = tmp_path / "saved"
    folder.mkdir()
    (folder / "readme.txt").write_text("Clips of spring.")
    for name in ("clip.mp4", *(f"{number}.xml" for number in range(7))):
        (folder / name).write_bytes(b"")
    (folder / "job.json").write_text(json.dumps(job("v1")))
    result = run("import", "saved")
    assert result.exit_code == 0
    growing, clip, others = result.stderr.splitlines()
    assert growing.endswith("saved: 1 file not finished, tried again by the next scan:")
    assert clip == "  clip.mp4 is empty"
    assert others.startswith("8 files are of other kinds: saved/0.xml, saved/1.xml, ")
    assert others.endswith(", …")


def test_a_report_as_json_has_what_the_text_has(run: Run, tmp_path: Path) -> None:
    (tmp_path / "jobs.jsonl.gz").write_bytes(gzip.compress(json.dumps(job("v1", seconds="eight")).encode()))
    result = run("import", "jobs.jsonl.gz", "--json")
    assert result.exit_code == 1
    report = json.loads(result.stdout)
    assert (report["unread"], report["refusals"], report["lone_clips"], report["clips"]) == (1, 0, 0, [])
    assert report["files"][0]["refused"] == [
        {"place": 1, "reason": 'seconds could not be read: "eight"', "field": "seconds"}
    ]


def test_of_many_values_that_cannot_be_read_the_first_are_named_and_all_counted(run: Run, tmp_path: Path) -> None:
    (tmp_path / "jobs.csv").write_text("id,seconds\n" + "".join(f"v{number},long\n" for number in range(9)))
    result = run("import", "jobs.csv")
    assert "9 added, 0 changed, 0 unchanged, 9 values not read" in result.stdout
    assert result.stderr.splitlines()[-1] == "Error: jobs.csv: 4 more were refused or not read"


def test_an_order_of_dates_that_is_none_is_refused(run: Run) -> None:
    assert run("import", "x.csv", "--dates", "dym").exit_code == 2


def test_what_follows_a_stated_column_may_hold_equals_signs(run: Run, ask: Any, tmp_path: Path) -> None:
    (tmp_path / "sheet.csv").write_text("id,a=b\nv1,x\n")
    assert run("import", "sheet.csv", "--column", "a=b=extra.note").exit_code == 0
    assert ask("show", "v1")["extra"] == {"note": "x"}
