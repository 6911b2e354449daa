"""`audit` and `lineage --format`: what is printed, what is written to a file, and what is refused."""

from __future__ import annotations

import json
import os
import stat
from base64 import b64decode, b64encode
from typing import TYPE_CHECKING, Any

import pytest

from catalog import store
from tests.cli.conftest import NOW, job
from tests.families import add_family

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from click.testing import Result

    from catalog.database import Database

    Run = Callable[..., Result]

PNG = b64decode("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==")


@pytest.fixture
def family(hear: Callable[..., None]) -> None:
    """A draft, its remix and the remix of that, and a video on its own."""
    hear(
        job("video_draft", prompt="A neon street.", model="sora-2"),
        job("video_rain", prompt="Make it rain.", model="sora-2", remixed_from_video_id="video_draft"),
        job("video_final", prompt="Slower.", remixed_from_video_id="video_rain", cost=0.5),
        job("video_other", prompt="A fox."),
    )


@pytest.mark.usefixtures("family")
def test_a_trail_is_printed_from_the_draft_to_the_video(run: Run) -> None:
    lines = run("audit", "video_final").stdout.splitlines()
    assert lines[0] == "studio:video_final  3 steps, reported $0.5000, of 2 of 3 unknown"
    assert [line for line in lines if line[:1].isdigit()] == [
        "1.  studio:video_draft  completed  sora-2  2026-11-17 08:00:00 UTC  cost unknown",
        "2.  studio:video_rain  completed  sora-2  2026-11-17 08:00:00 UTC  cost unknown",
        "3.  studio:video_final  completed  model unknown  2026-11-17 08:00:00 UTC  $0.50 reported",
    ]
    assert "    Make it rain." in lines
    assert "    studio:video_draft: remix, known by api" in lines


@pytest.mark.usefixtures("family")
def test_words_are_a_query_unless_all_of_them_are_names(run: Run, ask: Callable[..., Any]) -> None:
    def refs(*words: str, stdin: str = "") -> list[str]:
        return [trail["ref"].partition(":")[2] for trail in ask("audit", *words, stdin=stdin)["trails"]]

    assert refs("video_rain", "video_draft") == ["video_rain", "video_draft"]
    assert refs("video_rai") == ["video_rain"]
    assert refs("fox") == ["video_other"]
    assert sorted(refs()) == ["video_final", "video_other"]
    assert refs("-fox") == ["video_final"]
    assert refs("-", stdin="video_draft\nvideo_other\n") == ["video_draft", "video_other"]
    assert run("audit", "-", stdin="nobody\n").exit_code == 1


@pytest.mark.usefixtures("family")
def test_nothing_that_fits_is_said(run: Run) -> None:
    result = run("audit", "nothing_fits_this")
    assert (result.exit_code, result.stdout) == (0, "0 videos\n")
    assert "nothing fits" in result.stderr
    assert json.loads(run("audit", "nothing_fits_this", "--json").stdout)["trails"] == []


@pytest.mark.usefixtures("family")
@pytest.mark.parametrize("options", [(), ("--json",), ("--html", "-")])
def test_a_query_that_is_read_otherwise_than_written_is_told(options: tuple[str, ...], run: Run) -> None:
    result = run("audit", "modle:sora-2", *options)
    assert (result.exit_code, "did you mean model?" in result.stderr) == (0, True)


@pytest.mark.usefixtures("family")
def test_a_page_is_written_whole_and_as_private_as_the_library(run: Run, tmp_path: Path) -> None:
    os.chmod(tmp_path / "catalog.db", 0o640)  # noqa: PTH101
    result = run("audit", "video_final", "--html", "audit.html")
    assert (result.exit_code, result.stdout) == (0, "")
    assert result.stderr == "audit.html: 1 trail of 3 videos\n"
    page = tmp_path / "audit.html"
    assert page.read_text().endswith("</body></html>\n")
    assert stat.S_IMODE(page.stat().st_mode) == 0o640
    assert run("audit", "video_other", "--html", "audit.html").exit_code == 0
    assert "video_final" not in page.read_text()
    assert [path.name for path in tmp_path.iterdir() if path.name.endswith(".part")] == []
    printed = run("audit", "video_other", "--html", "-").stdout
    assert printed.startswith("<!doctype html>")
    assert len(printed) == len(page.read_text())


@pytest.mark.usefixtures("family")
@pytest.mark.parametrize("target", ["catalog.db", "notes.html", "empty", "no folder/audit.html", "folder", "/dev/null"])
def test_no_other_file_is_overwritten(target: str, run: Run, tmp_path: Path) -> None:
    (tmp_path / "notes.html").write_text("<!doctype html>\nmine")
    (tmp_path / "empty").touch()
    (tmp_path / "folder").mkdir()

    def read() -> dict[Path, bytes]:
        files = (path for path in tmp_path.iterdir() if path.is_file() and not path.name.endswith("-shm"))
        return {path: path.read_bytes() for path in files}

    before = read()
    result = run("audit", "video_final", "--html", target)
    assert result.exit_code == 1
    assert result.stderr.startswith(f"Error: cannot write {target}: ")
    assert read() == before


@pytest.mark.usefixtures("family")
def test_a_link_to_a_page_stays_a_link(run: Run, tmp_path: Path) -> None:
    (tmp_path / "pages").mkdir()
    (tmp_path / "audit.html").symlink_to(tmp_path / "pages" / "launch.html")
    assert run("audit", "video_final", "--html", "audit.html").exit_code == 0
    assert (tmp_path / "audit.html").is_symlink()
    assert "video_final" in (tmp_path / "pages" / "launch.html").read_text()


@pytest.mark.usefixtures("family")
def test_options_that_do_not_go_together_are_refused(run: Run) -> None:
    assert run("audit", "--json", "--html", "-").exit_code == 2
    assert run("audit", "--limit", "0").exit_code == 2
    assert run("lineage", "video_final", "--format", "dot", "--json").exit_code == 2
    assert run("lineage", "video_final", "--format", "dot", "--diff").exit_code == 2
    assert run("lineage", "video_final", "--format", "svg").exit_code == 2


@pytest.mark.usefixtures("family")
def test_a_cut_trail_is_told(run: Run, ask: Callable[..., Any]) -> None:
    assert "older steps are left out: raise --limit" in run("audit", "video_final", "--limit", "2").stderr
    (trail,) = ask("audit", "video_final", "--limit", "2")["trails"]
    assert (len(trail["steps"]), trail["is_cut"]) == (2, True)


def test_a_hostile_prompt_reaches_no_terminal_as_it_is(hear: Callable[..., None], run: Run) -> None:
    hear(job("video_1", prompt="\x1b[2J\u202ered <script>", model="a\x07b"))
    for options in ((), ("--json",), ("--html", "-")):
        printed = run("audit", "video_1", *options).stdout
        assert not {"\x1b", "\u202e", "\x07"} & set(printed)
        assert "red" in printed
    assert "<script>" not in run("audit", "video_1", "--html", "-").stdout


@pytest.mark.usefixtures("family")
@pytest.mark.parametrize("form", ["mermaid", "dot", "json", "prov"])
def test_a_family_is_written_to_standard_output(form: str, run: Run) -> None:
    result = run("lineage", "video_final", "--format", form)
    assert (result.exit_code, result.stderr) == (0, "")
    assert "video_draft" in result.stdout
    result = run("lineage", "video_final", "--format", form, "--limit", "1")
    assert "1 of 3 members of the family are shown: --limit 3 shows all" in result.stderr
    assert "video_draft" not in result.stdout
    assert run("lineage", "nobody", "--format", form).exit_code == 1


def test_a_flowchart_that_is_too_large_for_mermaid_is_told(library: Database, run: Run) -> None:
    add_family(library, ["v0", *(f"v{number} < v0" for number in range(1, 502))])
    result = run("lineage", "studio:v0", "--format", "mermaid")
    assert "at most 500 edges unless its setting maxEdges is raised, and there are 501" in result.stderr
    assert run("lineage", "studio:v0", "--format", "dot").stderr == ""


def test_a_small_picture_of_the_media_folder_is_shown(hear: Callable[..., None], library: Database, run: Run) -> None:
    hear(job("video_1", prompt="A neon street."))
    keep(library, "thumbnail.png", PNG)
    page = run("audit", "video_1", "--html", "-").stdout
    assert f'src="data:image/png;base64,{b64encode(PNG).decode()}"' in page


@pytest.mark.parametrize(
    "data", [b"<svg onload=alert(1)>", PNG + bytes(64_000), b"", b"<script>alert(1)</script>"], ids=range(4)
)
def test_no_other_bytes_are_shown_as_a_picture(
    data: bytes, hear: Callable[..., None], library: Database, run: Run
) -> None:
    hear(job("video_1", prompt="A neon street."))
    keep(library, "thumbnail.png", data)
    assert "data:image" not in run("audit", "video_1", "--html", "-").stdout.partition("<body>")[2]


def keep(library: Database, name: str, data: bytes) -> None:
    """Put a thumbnail of the one video into the media folder."""
    folder = library.path.parent / "media"
    folder.mkdir()
    (folder / name).write_bytes(data)
    with library.write() as connection:
        held = store.Bytes("ab", 1, "image/png", f"media/{name}")
        store.save_file(connection, store.Spot(1, "thumbnail"), held, origin="download", at=NOW)
