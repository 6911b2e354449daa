"""A file in its folder: which command shows it, who may ask for that, and what is said where it cannot be."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from catalog import Catalog
from catalog.web.gallery.application import respond
from catalog.web.gallery.folders import choose_command
from catalog.web.gallery.visits import Refused, Visit
from tests.house import job
from tests.web.conftest import serving
from tests.web.gallery.shelf import hold, place_of, take_in

if TYPE_CHECKING:
    from collections.abc import Callable

    Ask = Callable[..., tuple[int, dict[str, str]]]

TOKEN = "sesame"
REF = "studio:v1"


@pytest.fixture
def opened(library_path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What an opener of the system was called with; the library has a clip, and a job without one."""
    take_in(library_path, job("v1"), job("v2"))
    hold(library_path, b"a clip", "video/mp4")
    calls = tmp_path / "calls"
    program = tmp_path / "bin" / "xdg-open"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nprintf "%s\\0" "$@" >> "{calls}"\nexit ${{FAILS:-0}}\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}{os.pathsep}{os.environ['PATH']}")
    return calls


@pytest.fixture
def ask(library_path: Path) -> Ask:
    def ask(body: object, *, may_write: bool = True, is_local: bool = True) -> tuple[int, dict[str, str]]:
        with Catalog.open(library_path) as catalog:
            path, data = ("-", "gallery", "folder"), json.dumps(body).encode()
            answer = respond(Visit(catalog, "POST", path, body=data, may_write=may_write, is_local=is_local))
        assert isinstance(answer.body, bytes)
        return answer.status, json.loads(answer.body)

    return ask


def test_the_folder_of_the_file_is_opened_whatever_else_a_request_says(
    library_path: Path, opened: Path, ask: Ask
) -> None:
    status, said = ask({"ref": REF, "path": "/etc/passwd", "folder": "/etc"})
    assert (status, said["said"]) == (200, "shown in its folder")
    folder = place_of(library_path, "0" * 64).parents[2]
    called = Path(opened.read_text().rstrip("\0"))
    assert called.is_absolute()
    assert called.is_relative_to(folder)
    assert Path(said["path"]).parent == called


def test_a_file_that_cannot_be_shown_is_said_to_be_so(
    library_path: Path, opened: Path, ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert ask({"ref": "studio:v2"}) == (409, {"error": "no file of this video is here"})
    assert ask({"ref": "studio:nobody"})[0] == 404
    assert ask({"ref": [REF]})[0] == 400
    monkeypatch.setenv("FAILS", "4")
    status, said = ask({"ref": REF})
    assert (status, "xdg-open" in said["error"]) == (409, True)
    monkeypatch.setenv("PATH", "")
    assert ask({"ref": REF}) == (409, {"error": "this system has no xdg-open"})
    with Catalog.open(library_path) as catalog:
        Path(catalog.get(REF).files[0].path or "").unlink()
    assert ask({"ref": REF}) == (409, {"error": "the file is not where it was"})


def test_only_the_token_and_this_machine_open_folders(opened: Path, ask: Ask) -> None:
    assert ask({"ref": REF}, may_write=False)[0] == 403
    status, said = ask({"ref": REF}, is_local=False)
    assert (status, "this machine" in said["error"]) == (403, True)
    assert not opened.exists()


def test_a_server_knows_whether_others_reach_it(library_path: Path, opened: Path) -> None:
    for host, status in (("127.0.0.1", 200), ("0.0.0.0", 403)):
        with serving(library_path, token=TOKEN, host=host) as site:
            port = site.base_url.port
            headers = {"cookie": f"catalog-{port}={TOKEN}", "origin": f"http://127.0.0.1:{port}"}
            url = f"http://127.0.0.1:{port}/-/gallery/folder"
            assert site.post(url, headers=headers, json={"ref": REF}).status_code == status
    assert opened.read_text().count("\0") == 1


@pytest.mark.parametrize("name", ["clip.mp4", "-R evil.mp4", "two\nlines; rm -rf.mp4", "a,b $(x) `y`.mp4"])
def test_names_of_files_are_one_argument_that_is_no_option(name: str) -> None:
    path = Path("/films/-x") / name

    def find(program: str) -> str:
        return f"/usr/bin/{program}"

    assert choose_command(path, "linux", find) == ("/usr/bin/xdg-open", "/films/-x")
    assert choose_command(path, "darwin", find) == ("/usr/bin/open", "-R", f"/films/-x/{name}")
    assert choose_command(path, "win32", find) == ("/usr/bin/explorer", "/select,", f"/films/-x/{name}")
    with pytest.raises(Refused, match="no xdg-open"):
        choose_command(path, "freebsd14", lambda _: None)
