"""What the shell proposes: by click itself, by bash's function, and at the prompt of a real bash."""

from __future__ import annotations

import json
import os
import pty
import shutil
import subprocess
import sys
import time
from contextlib import suppress
from itertools import takewhile
from pathlib import Path

import pytest
from click.shell_completion import ShellComplete

from catalog.cli.main import cli
from tests.cli.conftest import job
from tests.house import LONG

BASH = shutil.which("bash")
needs_bash = pytest.mark.skipif(BASH is None, reason="no bash on this machine")
BIN = Path(sys.executable).parent
NAMES = ("cgt-20261001", "clip-0a0a0a0a", "clip-9b9bfdee", "clip-9b9bffff")


@pytest.fixture
def _some(hear, run):
    hear(
        job("clip-9b9bfdee", prompt="A neon street, slow push in", model="sora-2", size="1280x720", seconds="8"),
        job("clip-9b9bffff", model="sora-2-pro", status="failed", error={"code": "blocked"}, aliases=["cgt-20261001"]),
        job("clip-0a0a0a0a", model="kling", quality="high"),
    )
    hear(job("take-1", model="sora-2"), source="archive")
    run("tag", "clip-0a0a", "campaign=launch", "keeper")
    run("collection", "add", "launch/teasers", "clip-0a0a")
    run("collection", "add", "two words", "clip-0a0a")
    run("saved", "add", "kept", "verdict:keep")
    run("reindex", "--facets")


@pytest.fixture
def _silent(capfd):
    """Nothing is said to whoever only pressed a key."""
    yield
    assert capfd.readouterr() == ("", "")


def propose(*words: str) -> list[str]:
    """What click proposes for the last of the words."""
    *before, incomplete = words
    completer = ShellComplete(cli, {}, "catalog", "_CATALOG_COMPLETE")
    return [item.value for item in completer.get_completions(before, incomplete)]


@pytest.mark.usefixtures("_some", "_silent")
@pytest.mark.parametrize(
    ("words", "proposed"),
    [
        (["show", ""], ["archive:", "studio:"]),
        (["show", "stu"], ["studio:"]),
        (["show", "studio:c"], [f"studio:{name}" for name in NAMES]),
        (["show", "studio:clip-9"], ["studio:clip-9b9bfdee", "studio:clip-9b9bffff"]),
        (["show", "clip-0"], ["clip-0a0a0a0a"]),
        (["show", "clip-0a0a", "cgt"], ["cgt-20261001"]),
        (["lineage", "--diff", "archive:"], ["archive:take-1"]),
        (["changes", "archive:t"], ["archive:take-1"]),
        (["diff", "archive:take-1", "archive:"], ["archive:take-1"]),
        (["tag", "archive:"], ["archive:take-1"]),
        (["delete", "archive:"], ["archive:take-1"]),
        (["undelete", "archive:"], ["archive:take-1"]),
        (["facets", "--explain", "archive:"], ["archive:take-1"]),
        (["search", "mod"], ["model:"]),
        (["search", "neon", "model:so"], ["model:sora-2", "model:sora-2-pro"]),
        (["search", "neon model:k"], ["neon model:kling"]),
        (["search", "-sta"], ["-status:"]),
        (["search", "-status:fa"], ["-status:failed"]),
        (["search", "status:completed,f"], ["status:completed,failed"]),
        (["search", "camera_movement:"], ["camera_movement:push_in"]),
        (["search", "lighting:n"], ["lighting:neon"]),
        (["search", "size:"], ["size:1280x720"]),
        (["search", "seconds:"], ["seconds:8"]),
        (["search", "quality:"], ["quality:high"]),
        (["search", "error_code:b"], ["error_code:blocked"]),
        (["search", "source:"], ["source:archive", "source:studio"]),
        (["search", "tag:"], ["tag:campaign", "tag:campaign=", "tag:keeper"]),
        (["search", "tag:campaign=l"], ["tag:campaign=launch"]),
        (["search", "id:clip-0"], ["id:clip-0a0a0a0a"]),
        (["search", "is:g"], ["is:gone"]),
        (["search", "has:neg"], ["has:negative_prompt"]),
        (["search", "nothing:x"], []),
        (["search", "prompt:x"], []),
        (["facets", "--query", "model:k"], ["model:kling"]),
        (["search", "--facet", "mo"], ["model", "month", "mood"]),
        (["search", "--sort", "cr"], ["created_at"]),
        (["search", "--sort", "-cr"], ["-created_at"]),
        (["search", "--sort", "rel"], ["relevance"]),
        (["search", "--col"], ["--columns"]),
        (["search", "--columns", "ref,err"], ["ref,error_code", "ref,error_message"]),
        (["rate", "archive:"], ["archive:take-1"]),
        (["rate", "4"], []),
        (["rate", "clip-0a0a", "4"], ["4"]),
        (["rate", "--query", "neon", "4"], ["4"]),
        (["verdict", "clip-0a0a", "k"], ["keep"]),
        (["verdict", "clip-0a0a", "archive:"], ["archive:take-1"]),
        (["note", "archive:"], ["archive:take-1"]),
        (["note", "--q"], ["--query"]),
        (["collection", "m"], ["move"]),
        (["collection", "add", "la"], ["launch", "launch/teasers"]),
        (["collection", "add", "launch", "archive:"], ["archive:take-1"]),
        (["collection", "move", "launch", "l"], ["launch", "launch/teasers"]),
        (["collection", "add", "launch", "--query", "model:k"], ["model:kling"]),
        (["saved", "remove", "k"], ["kept"]),
        (["saved", "add", "new", "model:k"], ["model:kling"]),
        (["search", "collection:launch/"], ["collection:launch/teasers"]),
        (["search", "query:un"], ["query:unreviewed"]),
        (["search", "verdict:"], ["verdict:keep", "verdict:reject", "verdict:undecided"]),
        (["search", "rating:4"], ["rating:4"]),
        (["validate", "--dialect", "vl"], ["vllm-omni"]),
        (["li"], ["lineage", "link"]),
    ],
    ids=" ".join,
)  # fmt: skip
def test_a_word_is_completed(words, proposed):
    assert propose(*words) == proposed


@pytest.mark.parametrize(
    "words", [["show", "s"], ["search", "model:s"], ["search", "mod"], ["tag", ""], ["facets", "--explain", ""]]
)
@pytest.mark.parametrize("content", [None, b"", b"no library at all " * 100], ids=["none", "empty", "damaged"])
@pytest.mark.usefixtures("_silent")
def test_without_a_library_nothing_is_proposed_and_nothing_is_made(words, content, tmp_path):
    library = tmp_path / "catalog.db"
    if content is not None:
        library.write_bytes(content)
    assert propose(*words) == []
    assert (library.read_bytes() if library.exists() else None) == content


@pytest.mark.usefixtures("_silent")
def test_a_library_with_a_damaged_page_proposes_what_it_can(hear, library, tmp_path):
    hear(*(job(f"clip-{number:06}", prompt="neon " * 50) for number in range(500)))
    library.close()
    path = tmp_path / "catalog.db"
    content = bytearray(path.read_bytes())
    content[8192:] = b"\xa5" * (len(content) - 8192)
    path.write_bytes(content)
    for words in (["show", "studio:"], ["search", "model:s"], ["search", "quality:h"], ["search", "tag:x"]):
        assert propose(*words) == []


def test_the_library_named_on_the_line_is_asked(hear, tmp_path, monkeypatch):
    hear(job("clip-1"))
    monkeypatch.setenv("CATALOG_DB", "missing.db")
    assert propose("show", "cl") == []
    assert propose("--db", str(tmp_path / "catalog.db"), "show", "cl") == ["clip-1"]
    assert propose("show", "--db", str(tmp_path / "catalog.db"), "cl") == ["clip-1"]


def test_so_many_refs_are_not_listed_but_what_they_share_is_right(hear):
    hear(*(job(f"clip-{number:04}") for number in range(1200)))
    proposed = propose("show", "studio:")
    assert len(proposed) == 50
    assert share(proposed) == "studio:clip-"
    assert proposed[0] == "studio:clip-0000"


def test_so_many_values_are_not_listed_but_what_they_share_is_right(hear):
    hear(*(job(f"v{number}", model=f"m-{number:03}") for number in range(300)))
    proposed = propose("search", "model:")
    assert len(proposed) == 50
    assert share(proposed) == "model:m-"


@pytest.mark.parametrize(
    "name",
    ["$(touch${IFS}evil)", "`id`", "a;b", "a b", 'a"b', "a\nb", "a\x1b[2Jb", "*", "~root", "!!", "a|b", "\u202ea"],
)
def test_nothing_that_a_shell_would_run_is_proposed(hear, name):
    hear(job(name, model=name), job("clip", model="m"))
    assert propose("show", "studio:") == ["studio:clip"]
    assert propose("search", "model:") == ["model:m"]


def share(words: list[str]) -> str:
    """The beginning that all the words have in common: what a shell inserts."""
    return "".join(chars[0] for chars in takewhile(lambda chars: len(set(chars)) == 1, zip(*words, strict=False)))


# Bash


def bash(*words: str) -> list[str]:
    """What the function for bash puts into COMPREPLY where bash has split the line into these words."""
    script = (
        'eval "$(_CATALOG_COMPLETE=bash_source catalog)"\n'
        'COMP_WORDS=("$@"); COMP_CWORD=$((${#COMP_WORDS[@]} - 1))\n'
        "_catalog_completion catalog\n"
        'printf "%s\\n" "${COMPREPLY[@]}"\n'
    )
    environment = {**os.environ, "PATH": f"{BIN}:{os.environ['PATH']}"}
    command = [BASH, "--norc", "-c", script, "bash", "catalog", *words]
    ran = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert ran.stderr == ""
    return ran.stdout.split()


@needs_bash
@pytest.mark.usefixtures("_some")
@pytest.mark.parametrize(
    ("words", "proposed"),
    [
        (["show", "studio", ":", "clip-9"], ["clip-9b9bfdee", "clip-9b9bffff"]),
        (["show", "archive", ":"], ["take-1"]),
        (["show", "studio:clip-0"], ["studio:clip-0a0a0a0a"]),
        (["show", "'studio:clip-0"], ["studio:clip-0a0a0a0a"]),
        (["search", "neon", "model", ":", "so"], ["sora-2", "sora-2-pro"]),
        (["search", "tag", ":", "campaign", "=", "la"], ["launch"]),
        (["search", "--sort", "=", "-cr"], ["-created_at"]),
        (["facets", "--explain", "=", "studio", ":", "clip-0"], ["clip-0a0a0a0a"]),
        (["show", "studio", ":", "clip-0a0a0a0a", "arc"], ["archive:"]),
        (["line"], ["lineage"]),
    ],
    ids=" ".join,
)
def test_bash_gets_what_replaces_the_last_piece(words, proposed):
    assert bash(*words) == proposed


@needs_bash
@pytest.mark.usefixtures("_some")
@pytest.mark.parametrize(
    ("typed", "line"),
    [
        ("catalog show studio:clip-0\t", "catalog show studio:clip-0a0a0a0a "),
        ("catalog show studio:clip-9\t", "catalog show studio:clip-9b9bf"),
        ("catalog show arch\t", "catalog show archive:"),
        ("catalog show archive:\t", "catalog show archive:take-1 "),
        ("catalog show clip-0\t", "catalog show clip-0a0a0a0a "),
        ("catalog search mod\tk\t", "catalog search model:kling "),
        ("catalog search 'neon model:k\t", "catalog search 'neon model:kling' "),
        ("catalog search -stat\tfa\t", "catalog search -status:failed "),
        ("catalog search --sort=-cr\t", "catalog search --sort=-created_at "),
        ("catalog search tag:camp\t=\t", "catalog search tag:campaign=launch "),
        ("catalog facets --explain=archive:\t", "catalog facets --explain=archive:take-1 "),
        ("catalog import some-f\t", "catalog import some-file.json "),
    ],
    ids=[str(number) for number in range(12)],
)
def test_a_line_is_completed_at_the_prompt_of_a_real_bash(typed, line, tmp_path):
    (tmp_path / "some-file.json").write_text("[]")
    assert type_into_bash(typed, tmp_path) == line


def type_into_bash(typed: str, folder: Path) -> str:
    """The line as it stands in an interactive bash after these keys; each tab waits for what it brings."""
    (folder / "rc").write_text(
        'eval "$(_CATALOG_COMPLETE=bash_source catalog)"\n'
        "PS1='ready> '; bind 'set bell-style none'; bind 'set enable-bracketed-paste off'\n"
        "keep() { printf '%s' \"$READLINE_LINE\" > kept.part; mv kept.part kept; }\n"
        "bind -x '\"\\C-o\": keep'\n"
    )
    process, terminal = pty.fork()
    if process == 0:
        os.environ.update(PATH=f"{BIN}:{os.environ['PATH']}", TERM="dumb", HISTFILE="")
        os.execv(BASH, ["bash", "--noprofile", "--rcfile", str(folder / "rc"), "-i"])
    try:
        read_until(terminal, b"ready> ")
        os.write(terminal, f"{typed}\x0f".encode())  # keys wait in the terminal until bash reads them
        deadline = time.monotonic() + LONG
        while not (folder / "kept").exists() and time.monotonic() < deadline:
            time.sleep(0.02)
        return (folder / "kept").read_text()
    finally:
        os.write(terminal, b"\x15exit\n")
        with suppress(OSError):
            while os.read(terminal, 4096):
                pass
        os.close(terminal)
        os.waitpid(process, 0)


def read_until(terminal: int, wanted: bytes) -> None:
    drawn = b""
    while wanted not in drawn:
        drawn += os.read(terminal, 4096)


# The other shells


@pytest.mark.usefixtures("_some")
@pytest.mark.parametrize(
    ("shell", "environment", "answer"),
    [
        ("zsh", {"COMP_WORDS": "catalog show studio:clip-0", "COMP_CWORD": "2"}, "plain\nstudio:clip-0a0a0a0a\n_\n"),
        ("fish", {"COMP_WORDS": "catalog search model:k", "COMP_CWORD": "model:k"}, "plain,model:kling\n"),
        ("bash", {"COMP_WORDS": "catalog search model:k", "COMP_CWORD": "2"}, "plain,model:kling\n"),
        ("zsh", {"COMP_WORDS": "catalog search --sort=-cr", "COMP_CWORD": "2"}, "plain\n--sort=-created_at\n_\n"),
        ("fish", {"COMP_WORDS": "catalog search --sort=-cr", "COMP_CWORD": "--sort=-cr"}, "plain,--sort=-created_at\n"),
        ("fish", {"COMP_WORDS": "catalog search --columns ref,ki", "COMP_CWORD": "ref,ki"}, "plain,ref,kind\n"),
        (
            "fish",
            {"COMP_WORDS": "catalog line", "COMP_CWORD": "line"},
            "plain,lineage\tDraw the family tree of a video.\n",
        ),
        ("zsh", {"COMP_WORDS": "catalog import some", "COMP_CWORD": "2"}, "file\nsome\n_\n"),
    ],
)
def test_every_shell_gets_its_answer(shell, environment, answer):
    ran = subprocess.run(
        [BIN / "catalog"],
        env={**os.environ, **environment, "_CATALOG_COMPLETE": f"{shell}_complete"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert (ran.stdout, ran.stderr) == (answer, "")


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_every_shell_gets_its_script(shell):
    environment = {**os.environ, "_CATALOG_COMPLETE": f"{shell}_source"}
    ran = subprocess.run([BIN / "catalog"], env=environment, capture_output=True, text=True, check=True)
    assert "_catalog_completion" in ran.stdout
    assert ran.stderr == ""


def test_a_query_of_words_that_no_bare_value_can_hold_is_quoted(hear, library_path):
    from catalog import Catalog

    hear(job("v1", model="wan 2.2"), job("v2", model=">=8"))
    with Catalog.open(library_path) as catalog:
        proposed = catalog.complete_query("model:")
        assert json.dumps(proposed) == json.dumps(['model:">=8"', 'model:"wan 2.2"'])
        assert [catalog.search(word).total for word in proposed] == [1, 1]
