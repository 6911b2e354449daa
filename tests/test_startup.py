"""What a verb may load: nobody waits for a part that his command does not use.

Each heavy package costs a start more than the command line itself. `benchmarks/startup.py` measures the verbs; here
stands why they are fast.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from catalog.cli.main import VERBS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

DRIVER = frozenset({"pysqlite3", "sqlite3"})
READERS_OF_PROMPTS = frozenset({"ahocorasick", "catalog.prompts.vocabulary"})
SETTINGS = frozenset({"catalog.config", "pydantic"})
HEAVY = (
    DRIVER
    | READERS_OF_PROMPTS
    | SETTINGS
    | {
        "PIL",
        "alembic",
        "asyncio",
        "av",
        "c2pa",
        "cryptography",
        "datasette",
        "h11",
        "httpcore",
        "httpx",
        "numpy",
        "rich",
        "sqlalchemy",
        "sqlmodel",
        "ssl",
    }
    | {"uvicorn"}
)

# A command line, and what of HEAVY it may load where no catalog.toml says anything.
MAY_LOAD = {
    "--help": frozenset(),
    "search neon": DRIVER,
    "search neon --json": DRIVER,
    "search neon --explain": DRIVER,
    "search noen --facet model --multi status": DRIVER,
    "facets": DRIVER,
    "facets --explain video_1": DRIVER,
    "show video_1": DRIVER,
    "lineage video_1": DRIVER,
    "lineage video_1 --diff": DRIVER,
    "lineage video_1 --format mermaid": DRIVER,
    "lineage video_1 --format prov": DRIVER,
    "audit video_1": DRIVER,
    "audit neon --json": DRIVER,
    "audit --html -": DRIVER,
    "lineage --evidence": DRIVER,
    "lineage --evidence neon --json": DRIVER,
    "diff video_1 video_2": DRIVER,
    "changes video_1": DRIVER,
    "provenance video_1": DRIVER,
    "provenance --check": DRIVER,
    "trust": DRIVER,
    "stats": DRIVER,
    "stats --cost": DRIVER,
    "stats --cost --by stack": DRIVER,
    "prompts": DRIVER,
    "search neon --stack": DRIVER,
    "search neon --stack=family": DRIVER,
    "search similar:video_1": DRIVER,
    "sources": DRIVER,
    "validate request.json": frozenset(),
    "request video_1": DRIVER,
    "request video_1 --as curl --seed new": DRIVER,
    "migrate": DRIVER,
    "backup copy.db": DRIVER,
    "restore backup.db": DRIVER,
    "tag video_1 campaign=launch": DRIVER,
    "tag --query neon --remove campaign": DRIVER,
    "facets --give video_1 style=noir": DRIVER,
    "rate video_1 4": DRIVER,
    "rate --query neon 0": DRIVER,
    "verdict video_1 keep": DRIVER,
    "note video_1 words": DRIVER,
    "collection": DRIVER,
    "collection add launch video_1": DRIVER,
    "collection move launch video_1 --to 1": DRIVER,
    "saved": DRIVER,
    "duplicates": DRIVER | {"numpy"},
    "saved add neons neon": DRIVER,
    "search query:neons collection:launch": DRIVER,
    "link video_2 video_1 --relation remix": DRIVER | READERS_OF_PROMPTS,
    "unlink video_2 video_1": DRIVER,
    "delete video_2": DRIVER,
    "undelete video_2": DRIVER,
    "adopt": DRIVER,
    "watch --status": DRIVER,
    "history": DRIVER,
    "undo": DRIVER,
    "redo": DRIVER,
    "import jobs.json": DRIVER,
    "import jobs.json --dry-run": DRIVER,
    "import more.json": DRIVER | READERS_OF_PROMPTS,
    "reindex --fts": DRIVER,
    "reindex --bitmaps": DRIVER,
    "reindex --costs": DRIVER,
    "reindex --facets": DRIVER | READERS_OF_PROMPTS,
}

# These ask a server, are one, or make a library.
OTHERS = {"add", "archive", "check", "demo", "download", "hooks", "init", "rescue", "retire", "serve", "sync"}

READING = ("search neon", "facets", "show video_1", "lineage video_1", "audit video_1", "changes video_1", "stats")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a library of two videos, files to import, and a backup; nothing is due."""
    folder = tmp_path_factory.mktemp("startup")
    names = ("video_1", "video_2", "video_3")
    jobs = [
        {"id": name, "object": "video", "status": "completed", "created_at": 1_770_000_000, "prompt": f"Neon {name}."}
        for name in names
    ]
    (folder / "jobs.json").write_text(json.dumps(jobs[:2]))
    (folder / "more.json").write_text(json.dumps(jobs[2]))
    (folder / "request.json").write_text(json.dumps({"model": "sora-2", "prompt": "Neon.", "seconds": "8"}))
    for command in ("import jobs.json", "backup backup.db"):
        load(folder, command)
    return folder


# Runs each command line in a process that is forked where what all of them may load is loaded, and prints what of HEAVY
# it has then, or its exit status.
SCRIPT = """
import json, os, sys
commands, needed, heavy = json.loads(sys.argv[1])
import catalog.__main__, catalog.cli.main
if needed:
    import catalog.api, catalog.library, catalog.reading, catalog.search.page, catalog.store
def run(command, say):
    sys.argv = ["catalog", *command.split()]
    status = 0
    try:
        catalog.__main__.main()
    except SystemExit as end:
        status = end.code
    os.write(say, json.dumps(status or [name for name in heavy if name in sys.modules]).encode())
results = {}
for command in commands:
    hear, say = os.pipe()
    if os.fork() == 0:
        try:
            run(command, say)
        finally:
            os._exit(0)
    os.close(say)
    with open(hear) as answer:
        results[command] = answer.read()
    os.wait()
print(json.dumps(results), file=open("loaded", "w"))
"""


def load_each(folder: Path, commands: Iterable[str], needed: frozenset[str] = frozenset()) -> dict[str, set[str]]:
    """What of HEAVY a process has loaded that runs each command in the folder, with its output in a pipe."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("CATALOG_", "OPENAI_"))}
    environment |= {"HOME": os.fspath(folder), "XDG_CACHE_HOME": ""}
    order = json.dumps([list(commands), bool(needed), sorted(HEAVY)])
    ran = subprocess.run(
        [sys.executable, "-c", SCRIPT, order], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stderr
    loaded = {command: json.loads(said) for command, said in json.loads((folder / "loaded").read_text()).items()}
    assert [command for command, names in loaded.items() if not isinstance(names, list)] == [], ran.stderr
    return {command: set(names) for command, names in loaded.items()}


def load(folder: Path, command: str) -> set[str]:
    """What of HEAVY one of them has loaded."""
    return load_each(folder, [command])[command]


def name_sets(names: frozenset[str]) -> str:
    return " ".join(sorted(names)) or "nothing"


@pytest.mark.parametrize("allowed", sorted(set(MAY_LOAD.values()), key=sorted), ids=name_sets)
def test_a_command_loads_what_it_uses_and_no_more(allowed: frozenset[str], folder: Path) -> None:
    commands = [command for command, names in MAY_LOAD.items() if names == allowed]
    loaded = load_each(folder, commands, DRIVER & allowed)
    assert {command: names - allowed for command, names in loaded.items() if not names <= allowed} == {}


def test_every_verb_says_what_it_may_load() -> None:
    assert {command.split()[0] for command in MAY_LOAD} - {"--help"} == VERBS.keys() - OTHERS


@pytest.fixture
def configured(folder: Path) -> Iterator[Path]:
    """The folder with a source in its settings."""
    settings = folder / "catalog.toml"
    settings.write_text('[sources.studio]\nbase_url = "https://gateway.example.com/v1"\n')
    yield folder
    settings.unlink()


def test_what_only_reads_needs_no_settings(configured: Path) -> None:
    loaded = load_each(configured, READING, DRIVER)
    assert {command: names - DRIVER for command, names in loaded.items() if not names <= DRIVER} == {}


def test_what_lists_the_sources_reads_the_settings(configured: Path) -> None:
    assert load(configured, "sources") >= SETTINGS
