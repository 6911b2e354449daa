"""README and docs are true: every block runs and prints what it shows, everything public is named, every link leads on.

The runner is `tests/documents`; `python -m tests.documents --write` brings the pages up to date.
"""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import unquote

import pytest

import catalog
from catalog.cli.main import VERBS
from catalog.wire.dialects import DIALECTS
from tests.documents import DOCUMENTS, EXAMPLES, ROOT
from tests.documents.desk import FOLDER, Desk, make_demo, run_document
from tests.documents.pages import DocumentError, Outcome, Step, agree, read_blocks, read_steps, rewrite

if TYPE_CHECKING:
    from pathlib import Path

GENERATED = {"commands.md", "schema.md"}
LONGEST_README = 350
PAGES = (*DOCUMENTS, *(ROOT / name for name in ("ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md")))
WRITTEN = "\n".join(path.read_text(encoding="utf-8") for path in DOCUMENTS if path.name not in GENERATED)
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that `catalog demo` makes."""
    return make_demo(tmp_path_factory.mktemp("documents"))


@pytest.fixture
def run(demo: Path, tmp_path: Path):
    """Runs a document of the test's own."""

    def run(text: str) -> list[Outcome]:
        path = tmp_path / "page.md"
        path.write_text(text, encoding="utf-8")
        return run_document(path, demo)

    return run


def prose(path: Path) -> str:
    """A document without its blocks."""
    return re.sub(r"^```.*?^```$", "", path.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)


def list_anchors(path: Path) -> set[str]:
    """The anchors of a document's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", prose(path), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


# What the documents say


def test_every_block_runs_and_prints_what_it_shows(demo: Path) -> None:
    with ThreadPoolExecutor(2) as pool:
        runs = list(pool.map(partial(run_document, demo=demo), DOCUMENTS))
    wrong = [
        outcome.explain(path.name)
        for path, outcomes in zip(DOCUMENTS, runs, strict=True)
        for outcome in outcomes
        if not outcome.is_as_shown
    ]
    assert sum(map(len, runs)) > 100
    assert not wrong, "\n\n".join([*wrong, "if the pages are out of date: python -m tests.documents --write"])


def test_the_readme_is_what_a_person_reads() -> None:
    assert len((ROOT / "README.md").read_text(encoding="utf-8").splitlines()) <= LONGEST_README


@pytest.mark.parametrize("name", catalog.__all__)
def test_every_public_name_is_explained(name: str) -> None:
    assert re.search(rf"`(?:catalog\.)?{name}\b", WRITTEN)


@pytest.mark.parametrize("name", [name for name in vars(catalog.Catalog) if not name.startswith("_")])
def test_every_method_of_a_catalog_is_shown(name: str) -> None:
    assert re.search(rf"\b(?:cat|Catalog)\.{name}\b", WRITTEN)


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_is_shown(verb: str) -> None:
    assert re.search(rf"\bcatalog {verb}\b", WRITTEN)


def test_every_command_line_that_is_only_text_names_a_verb() -> None:
    blocks = [block for path in DOCUMENTS for block in read_blocks(path.read_text(encoding="utf-8"))]
    lines = [line for block in blocks if block.kind == "text" for line in block.lines]
    verbs = {verb for line in lines for verb in re.findall(r"^(?:venv/bin/)?catalog ([a-z]+)", line)}
    assert verbs <= VERBS.keys()
    assert "demo" in verbs


def test_every_dialect_that_is_named_exists() -> None:
    table = WRITTEN.partition("| dialect | for |")[2].partition("\n\n")[0]
    rows = table.strip().splitlines()
    names = {name for row in rows for name in re.findall(r"`([a-z-]+)`", row.split("|")[1])}
    assert names <= DIALECTS.keys()
    assert len(names) > 10


@pytest.mark.parametrize("path", re.findall(r"`python (benchmarks/\w+\.py)`", WRITTEN))
def test_every_benchmark_that_backs_a_figure_exists(path: str) -> None:
    assert (ROOT / path).is_file()


def test_every_example_is_named_by_a_document() -> None:
    examples = {path.name for path in EXAMPLES.iterdir()}
    assert {name for name in examples if name not in WRITTEN} == set()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_leads_to_a_file_and_a_heading_that_exist(page: Path) -> None:
    broken = []
    for link in LINK.findall(prose(page)):
        name, _, anchor = unquote(link).partition("#")
        if re.match(r"[a-z]+:", name):
            continue
        target = (page.parent / name).resolve() if name else page
        if not target.exists() or (anchor and anchor not in list_anchors(target)):
            broken.append(link)
    assert broken == []


def test_every_page_is_reached_from_the_readme() -> None:
    linked = {(ROOT / link.partition("#")[0]).resolve() for link in LINK.findall(prose(ROOT / "README.md"))}
    assert {page.name for page in PAGES if page not in linked} <= {"README.md", "CHANGELOG.md"}


# How a document is read


@pytest.mark.parametrize("fence", ["```json", "```", "```sh", "``` python", "~~~python", "  ```python", "```Console"])
def test_a_block_of_an_unknown_kind_is_refused(fence: str) -> None:
    with pytest.raises(DocumentError, match="line 3: a block is one of console"):
        read_blocks(f"# Title\n\n{fence}\nx\n```\n")


@pytest.mark.parametrize("text", ["```text\nnever closed\n", "```console\ncatalog stats\n```\n", "```console\n```\n"])
def test_a_block_that_cannot_be_read_is_refused(text: str) -> None:
    with pytest.raises(DocumentError):
        read_steps(text)


def test_commands_and_their_output_are_told_apart() -> None:
    text = "```console\n$ cat <<'EOF'\n> one\n> EOF\none\n\n$ true  # nothing\n```\n"
    assert [(step.code, step.shown) for step in read_steps(text)] == [
        ("cat <<'EOF'\none\nEOF", ["one"]),
        ("true  # nothing", []),
    ]


def test_a_text_block_right_below_python_is_its_output_and_another_is_not() -> None:
    below, apart = (
        "```python\nprint(1)\n```\n\n```text\n1\n```\n",
        "```python\nx = 1\n```\n\nProse.\n\n```text\n1\n```\n",
    )
    assert [step.shown for step in read_steps(below + apart)] == [["1"], None]


# How output is compared


@pytest.mark.parametrize(
    ("shown", "printed"),
    [
        (["one", "...", "nine"], ["one", "two", "three", "nine"]),
        (["one", "...", "nine"], ["one", "nine"]),
        (["..."], []),
        (["made at 2026-11-21 10:57"], ["made at 2027-01-02 00:00"]),
        (["x.db.20261121T105703Z.backup"], ["x.db.20270121T105703Z.backup"]),
        (["next page: add --after WyJ"], ["next page: add --after Xyz"]),
        (["1 file read in 0.0 s"], ["1 file read in 12.3 s"]),
        (["trailing blanks  "], ["trailing blanks"]),
    ],
)
def test_output_agrees_but_for_what_no_two_runs_share(shown: list[str], printed: list[str]) -> None:
    assert agree(shown, printed)


@pytest.mark.parametrize(
    ("shown", "printed"),
    [
        (["18 videos"], ["17 videos"]),
        (["one"], ["one", "two"]),
        (["one", "two"], ["one"]),
        (["one", "...", "nine"], ["one", "two", "three"]),
        ([], ["one"]),
        (["8 s"], ["9 s"]),
        (["a.c"], ["abc"]),
        (["made at 2026-11-21"], ["made at noon"]),
    ],
)
def test_any_other_difference_is_seen(shown: list[str], printed: list[str]) -> None:
    assert not agree(shown, printed)


def outcome(shown: list[str] | None, printed: list[str], start: int = 2, status: int = 0) -> Outcome:
    return Outcome(Step("console", "x", 2, shown, start), printed, status)


def test_output_is_rewritten_where_it_differs_and_stays_to_the_letter_where_it_agrees() -> None:
    text = "```console\n$ x\nat 2026-11-21\n```\n"
    assert rewrite(text, [outcome(["at 2026-11-21"], ["at 2027-11-21"])]) == text
    assert rewrite(text, [outcome(["at 2026-11-21"], ["two", "lines"])]) == "```console\n$ x\ntwo\nlines\n```\n"


def test_the_output_of_a_step_that_failed_is_not_written_down() -> None:
    text = "```console\n$ x\nold\n```\n"
    assert rewrite(text, [outcome(["old"], ["Error: new"], status=1)]) == text


def test_rewritten_output_is_cut_where_it_was_cut() -> None:
    text = "```console\n$ x\nold\n...\nend\n```\n"
    changed = outcome(["old", "...", "end"], ["new", "a", "b", "c", "last"])
    assert rewrite(text, [changed]) == "```console\n$ x\nnew\n...\nlast\n```\n"


def test_output_that_was_not_shown_gets_a_block() -> None:
    text = "```python\nprint(1)\n```\n\nProse.\n"
    assert rewrite(text, [outcome(None, ["1"], 3)]) == "```python\nprint(1)\n```\n\n```text\n1\n```\n\nProse.\n"


# How a document runs


def test_a_document_runs_in_the_demo_folder_with_its_server_and_its_key(run) -> None:
    [synced, examples] = run("```console\n$ catalog sync demo\n$ ls jobs.csv\n```\n")
    assert synced.status == 0
    assert "unfinished" in synced.printed[0]
    assert examples.printed == ["jobs.csv"]


def test_folders_variables_and_names_last_from_block_to_block(run) -> None:
    outcomes = run(
        "```console\n$ mkdir sub && cd sub\n$ export WORD=neon\n```\n\n"
        "```python\nimport os\nword = os.environ['WORD']\n```\n\n"
        "```python\nprint(word, os.path.basename(os.getcwd()))\n```\n\n"
        "```console\n$ echo $WORD; ls ..\n```\n"
    )
    assert outcomes[3].printed == ["neon sub"]
    assert outcomes[4].printed[0] == "neon"
    assert "catalog.db" in outcomes[4].printed


@pytest.mark.parametrize("block", ["```console\n$ catalog show nosuch\n```\n", "```python\nraise ValueError\n```\n"])
def test_a_step_that_fails_is_never_as_shown(run, block: str) -> None:
    [failed] = run(block.replace("\n```\n", "\n...\n```\n") if "console" in block else block)
    assert failed.status == 1
    assert not failed.is_as_shown


def test_a_block_that_ends_its_interpreter_is_reported(run) -> None:
    with pytest.raises(DocumentError, match="did not end"):
        run("```python\nimport os\nos._exit(0)\n```\n")


def test_a_command_that_ends_its_shell_is_reported(run) -> None:
    with pytest.raises(DocumentError, match="did not end"):
        run("```console\n$ exit 0\n```\n")


def test_a_server_runs_until_it_is_killed_and_leaves_nothing_running(run) -> None:
    started, asked, killed, gone = run(
        "```console\n$ catalog serve --port 8001 &\nserving catalog.db until Ctrl-C at http://127.0.0.1:8001/?token=…\n"
        "$ python3 -c 'import urllib.request as web; print(web.urlopen(\"http://127.0.0.1:8001/\").status)'\n"
        "$ kill $!\n$ wait; jobs\n```\n"
    )
    assert started.is_as_shown
    assert asked.printed == ["200"]
    assert [*killed.printed, *gone.printed] == ["terminated: the library is as it was"]


def test_settings_are_put_into_their_file_and_read_by_the_program(run) -> None:
    good, used, bad, nameless = run(
        "```toml\n# catalog.toml\n[facets.place]\nstall = ['ramen stall']\n```\n\n"
        "```console\n$ grep -c stall catalog.toml\n```\n\n"
        "```toml\n# other.toml\n[sources.x]\nbase_ulr = 'http://x/v1'\n```\n\n```toml\n[sync]\n```\n"
    )
    assert (good.status, used.printed) == (0, ["1"])
    assert (bad.status, nameless.status) == (1, 1)
    assert "did you mean base_url?" in bad.printed[0]


def test_two_documents_run_in_folders_and_at_ports_of_their_own(demo: Path, tmp_path: Path) -> None:
    step = Step("console", "pwd; echo http://127.0.0.1:8001", 1, [], 1)
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    with Desk(demo, tmp_path / "a") as first, Desk(demo, tmp_path / "b") as second:
        assert first.folder != second.folder
        assert first.run(step, "a").printed == second.run(step, "b").printed == [FOLDER, "http://127.0.0.1:8001"]
