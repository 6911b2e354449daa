"""The demo as a user runs it: what it leaves behind, the commands that it prints, and how it ends."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import tomllib
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import httpx
import pytest

from catalog import Catalog
from catalog.demo.chain import KEY, KEY_ENV, start_gateway
from catalog.demo.sample import find_longest_chain
from catalog.errors import CatalogError
from catalog.provenance import Profile, check_file, load_list
from tests.house import LONG

if TYPE_CHECKING:
    from collections.abc import Iterator

PROGRAM = Path(sys.executable).with_name("catalog")
NAMED, MODULE = ("catalog",), (sys.executable, "-m", "catalog")
ENVIRONMENT = {name: text for name, text in os.environ.items() if not name.startswith("CATALOG")}
FOUND = {"PATH": f"{PROGRAM.parent}{os.pathsep}{os.environ['PATH']}"}  # where the shell finds the program by its name


def run_command(command: str, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, shell=True, cwd=folder, env=ENVIRONMENT, capture_output=True, text=True, timeout=LONG, check=False
    )


def read_commands(output: str) -> list[str]:
    """The commands that the demo prints after it has said where the library is."""
    return re.findall(r"^  (.+)$", output.partition("\nThe library is ")[2], re.MULTILINE)


@contextmanager
def started(folder: Path, *program: str, until: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A demo that has printed a line in which `until` is found, and what it has printed so far."""
    command = [*(program or [PROGRAM]), "demo", "--port", "0"]
    environment = ENVIRONMENT | (FOUND if "catalog" in program[:1] else {})
    with subprocess.Popen(command, cwd=folder, env=environment, stdout=subprocess.PIPE, text=True) as running:
        assert running.stdout is not None
        output = ""
        try:
            for line in running.stdout:
                output += line
                if until in line:
                    break
            else:
                pytest.fail(f"the demo ended early: {output}")
            yield running, output
        finally:
            running.terminate()  # and with it the step that runs
            try:
                running.wait(LONG)
            finally:
                running.kill()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("a user's folder")


@pytest.fixture(scope="module")
def output(folder: Path) -> str:
    """What a demo that does not serve prints."""
    done = run_command(f"{PROGRAM} demo --no-serve", folder)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_demo_ends_with_where_the_library_is(folder: Path, output: str):
    assert f"\nThe library is {folder}/demo-library/catalog.db\n" in output


def test_every_command_that_the_demo_prints_works_in_any_folder(output: str, tmp_path: Path):
    commands = read_commands(output)
    assert len(commands) == 5
    for command in commands:
        done = run_command(command, tmp_path)
        assert (done.returncode, bool(done.stdout)) == (0, True), f"{command}\n{done.stderr}"
    assert list(tmp_path.iterdir()) == []


def test_without_the_gateway_no_command_needs_it(output: str):
    assert not any(command.endswith(" sync") for command in read_commands(output))


def test_costs_in_the_sample_library_are_reported_estimated_and_unknown(folder: Path, output: str):
    done = run_command(f"{PROGRAM} --db demo-library/catalog.db search --json --limit 500", folder)
    bases = {(video["model"], video["cost_basis"]) for video in json.loads(done.stdout)["videos"]}
    assert {basis for _, basis in bases} == {"reported", "estimated", "unknown"}
    assert {model for model, basis in bases if basis == "reported"} == {"kling-v2-5-turbo", "wan2.7-t2v"}
    assert {model for model, basis in bases if basis == "estimated"} == {"sora-2", "sora-2-pro"}
    shown = run_command(f"{PROGRAM} --db demo-library/catalog.db stats --cost", folder).stdout.splitlines()
    assert re.fullmatch(r" 229 +[1-9][\d.]* +[1-9][\d.]* +[1-9]\d*  all", shown[1]), shown[1]


def test_the_gateway_of_a_demo_can_be_started_again(folder: Path, output: str):
    with start_gateway(folder / "demo-library") as gateway:
        settings = tomllib.loads((folder / "demo-library/catalog.toml").read_text())
        assert settings["sources"]["demo"]["base_url"] == gateway.base_url
        done = run_command(f"{KEY_ENV}={KEY} {PROGRAM} --db demo-library/catalog.db sync", folder)
    assert done.returncode == 0
    assert "0 added" in done.stdout


def list_clips(library: Path) -> list[Path]:
    """The files of the longest chain of remixes, from the first on."""
    with Catalog.open(library / "catalog.db") as cat:
        page = cat.search("family:video_79ce5c3f", sort="created_at", limit=50)
        clips = [file for video in page.videos for file in cat.get(video.ref).files if file.variant == "video"]
    return [Path(file.path) for file in clips]


def test_the_library_of_the_tour_has_clips_with_every_kind_of_credentials(folder: Path, output: str):
    library = folder / "demo-library"
    clips = list_clips(library)
    profile = Profile((load_list(library / "demo-authority.pem"),))
    checks = [check_file(clip, profile=profile) for clip in clips]
    assert [check.status for check in checks] == [
        "intact_known_signer",
        "intact_known_signer",
        "intact_expired",
        "changed",
        "absent",
        "intact_known_signer",
        "intact_known_signer",
    ]
    labels = {check.active.label: number for number, check in enumerate(checks) if check.active}
    parents = [[labels[each.manifest] for each in check.active.ingredients] for check in checks if check.active]
    assert parents == [[], [0], [1], [2], [1], [5]]  # answers say that the sixth was made from the fifth


def test_the_tour_shows_statuses_evidence_and_an_audit(folder: Path, output: str):
    assert "\ndemo-authority: added, 1 signer" in output
    assert "checked: 1 absent, 1 changed, 1 intact_expired, 4 intact_known_signer\n" in output
    assert 'signed by Sample Video (demo), whom the trust list "demo-authority" knows.\n' in output
    assert "\n6 edges: 3 agree, 1 API only, 1 disagree, 1 manifest not intact\n" in output
    assert re.search(r"^demo:video_0172\w+  7 steps", output, re.MULTILINE)
    assert "Sample Video (demo)" in (folder / "demo-library/audit.html").read_text(encoding="utf-8")


def test_the_gateway_of_a_demo_that_is_started_again_has_the_same_clips(folder: Path, output: str):
    library = folder / "demo-library"
    authority = (library / "demo-authority.pem").read_text()
    clips = list_clips(library)
    with start_gateway(library) as gateway:
        chain = find_longest_chain(list(gateway.jobs))
        assert [gateway.media.asset(job, "video").data for job in chain] == [clip.read_bytes() for clip in clips]
    assert (library / "demo-authority.pem").read_text() == authority


def test_a_folder_that_cannot_be_made_is_an_error(tmp_path: Path):
    (tmp_path / "file").touch()
    with pytest.raises(CatalogError, match="name another one with --directory"), start_gateway(tmp_path / "file/demo"):
        pass


def test_while_it_serves_the_address_is_said_and_every_command_works(folder: Path, output: str, tmp_path: Path):
    with started(folder, until="serving ") as (_, printed):
        address = re.search(r"serving .* at (http://\S+:\d+)", printed)[1]
        assert httpx.get(address, trust_env=False, timeout=LONG).status_code == 200
        commands = read_commands(printed)
        assert [command.split()[-1] for command in commands][-2:] == ["sources", "sync"]
        for command in commands:
            done = run_command(command, tmp_path)
            assert (done.returncode, bool(done.stdout)) == (0, True), f"{command}\n{done.stderr}"


def answers(url: str) -> bool:
    address = urlsplit(url)
    with socket.socket() as client:
        return client.connect_ex((address.hostname, address.port)) == 0


@pytest.mark.parametrize(
    ("program", "number", "times", "status"),
    [
        (NAMED, signal.SIGTERM, 5, 143),
        (NAMED, signal.SIGKILL, 1, -signal.SIGKILL),
        (MODULE, signal.SIGHUP, 1, 129),
        (MODULE, signal.SIGINT, 1, 0),
    ],
)
def test_a_signal_ends_the_server_and_the_gateway_with_the_demo_however_it_was_called(
    folder: Path, output: str, program: tuple[str, ...], number: Any, times: int, status: int
):
    with started(folder, *program, until="serving ") as (running, printed):
        assert read_commands(printed)[0].startswith(f"{' '.join(program)} --db ")
        urls = re.findall(r"http://[\d.]+:\d+", printed)
        assert [answers(url) for url in urls] == [True, True]
        for _ in range(times):
            running.send_signal(number)
        assert running.wait(LONG) == status
        assert running.stdout.read() == ""  # nobody has it open any more
        assert [answers(url) for url in urls] == [False, False]


@pytest.mark.parametrize(("number", "status"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_a_signal_ends_the_step_that_runs(folder: Path, number: Any, status: int):
    with started(folder, until="$ catalog sync") as (running, printed):
        (url,) = re.findall(r"http://[\d.]+:\d+", printed)
        running.send_signal(number)
        assert running.wait(LONG) == status
        assert not answers(url)
        assert "$ catalog stats" not in running.stdout.read()
