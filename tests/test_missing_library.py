"""Where there is no library: what makes one and when, and everything else, which says so and makes nothing."""

from __future__ import annotations

import json
import multiprocessing
import os
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest

import catalog.capture
from catalog import Catalog, CatalogError, ConfigError, NotFound, SchemaError, SchemaOutdated, SchemaTooNew
from catalog.capture.spool import list_notes, write_note
from catalog.database import driver
from catalog.demo.gateway import Gateway
from catalog.demo.sample import sample_jobs
from catalog.library import APPLICATION_ID
from catalog.serving import listen
from tests.house import LONG, job

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from multiprocessing.synchronize import Barrier
    from pathlib import Path

    from catalog.hooks import Receiver

SPAWN = multiprocessing.get_context("spawn")
NOW = 1_795_000_000
KEY_ENV = "CATALOG_TEST_KEY"
NOTE = {"kind": "answer", "source": "studio", "at": "2026-11-21T10:00:00.000Z", "tags": {}, "status": 200}
NOTE |= {"asked_id": None, "answer": {"id": "video_1", "object": "video", "status": "queued"}}

READING: dict[str, Callable[[Catalog], Any]] = {
    "annotations": Catalog.annotations,
    "archive": lambda cat: cat.archive("s3://a-bucket"),
    "audit": Catalog.audit,
    "backup": Catalog.backup,
    "changes": lambda cat: cat.changes("v1"),
    "collections": Catalog.collections,
    "complete_query": lambda cat: cat.complete_query("model:"),
    "complete_ref": lambda cat: cat.complete_ref("v"),
    "costs": Catalog.costs,
    "count": Catalog.count,
    "count_prompts": Catalog.count_prompts,
    "diff": lambda cat: cat.diff("v1", "v2"),
    "download": Catalog.download,
    "draft_request": lambda cat: cat.draft_request("v1"),
    "duplicates": Catalog.duplicates,
    "evidence": lambda cat: list(cat.evidence()),
    "explain": lambda cat: cat.explain("neon"),
    "export_audit": lambda cat: cat.export_audit("", "json", str),
    "export_lineage": lambda cat: cat.export_lineage("v1", "dot", str),
    "facet_names": Catalog.facet_names,
    "facets": Catalog.facets,
    "find": lambda cat: cat.find("v1"),
    "generations": lambda cat: cat.generations("v1"),
    "get": lambda cat: cat.get("v1"),
    "history": Catalog.history,
    "insight": Catalog.insight,
    "iterate": lambda cat: list(cat.iterate()),
    "lineage": lambda cat: cat.lineage("v1"),
    "media": lambda cat: cat.media("0" * 64),
    "pictures_due": Catalog.pictures_due,
    "prompts": Catalog.prompts,
    "provenance": lambda cat: cat.provenance("v1"),
    "reading": lambda cat: cat.reading().__enter__(),
    "request": lambda cat: cat.request("v1"),
    "rescue": Catalog.rescue,
    "revision": Catalog.revision,
    "saved_searches": Catalog.saved_searches,
    "search": Catalog.search,
    "shorten": lambda cat: cat.shorten(["studio:v1"]),
    "sources": Catalog.sources,
    "stamp": Catalog.stamp,
    "stats": Catalog.stats,
    "suggest": lambda cat: cat.suggest("modl:a"),
    "trust_lists": Catalog.trust_lists,
    "unarchive": Catalog.unarchive,
    "watched": Catalog.watched,
    "workflow": lambda cat: cat.workflow("v1"),
}
EDITING: dict[str, Callable[[Catalog], Any]] = {
    "add_trust_list": lambda cat: cat.add_trust_list("own.pem"),
    "check": Catalog.check,
    "check_credentials": Catalog.check_credentials,
    "collect": lambda cat: cat.collect("launch", "v1"),
    "delete": lambda cat: cat.delete("v1"),
    "redo": Catalog.redo,
    "reindex": Catalog.reindex,
    "link": lambda cat: cat.link("v2", "v1", relation="remix"),
    "give": lambda cat: cat.give("v1", style="noir"),
    "move_collection": lambda cat: cat.move_collection("launch", "spring"),
    "move_in_collection": lambda cat: cat.move_in_collection("launch", "v1", to=1),
    "note": lambda cat: cat.note("v1", "words"),
    "note_collection": lambda cat: cat.note_collection("launch", "words"),
    "rate": lambda cat: cat.rate("v1", 4),
    "remove_search": lambda cat: cat.remove_search("unreviewed"),
    "save_search": lambda cat: cat.save_search("keepers", "rating:5"),
    "uncollect": lambda cat: cat.uncollect("launch", "v1"),
    "verdict": lambda cat: cat.verdict("v1", "keep"),
    "remove_trust_list": lambda cat: cat.remove_trust_list("own"),
    "retire": lambda cat: cat.retire("studio"),
    "see_alarms": lambda cat: cat.see_alarms("studio"),
    "tag": lambda cat: cat.tag("v1", "keeper"),
    "undelete": lambda cat: cat.undelete("v1"),
    "undo": Catalog.undo,
    "unlink": lambda cat: cat.unlink("v2", "v1"),
    "adopt": lambda cat: cat.adopt(above=0.9),
    "unwatch": lambda cat: cat.unwatch("clips"),
    "untag": lambda cat: cat.untag("v1", "keeper"),
    "update_trust_lists": Catalog.update_trust_lists,
}
MAKING = {"init", "sync", "add", "import_path", "watch", "hooks"}
OTHERS = {"check_file", "clauses", "close", "migrate", "open", "path", "refine", "refine_all", "restore", "settings"}
OTHERS |= {"validate"}


@pytest.fixture(autouse=True)
def _own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No settings of the person who runs the tests, and no state beyond the folder of the test."""
    for name in ("CATALOG_BASE_URL", "CATALOG_API_KEY", "OPENAI_BASE_URL", "OPENAI_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.chdir(tmp_path)


@pytest.fixture(scope="module")
def gateway() -> Iterator[Gateway]:
    with Gateway(jobs=sample_jobs(NOW), clock=lambda: NOW, key="a-key") as gateway:
        yield gateway


@pytest.fixture
def configured(gateway: Gateway, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where a library may be, beside settings with one source."""
    text = f'[sources.studio]\nbase_url = "{gateway.base_url}"\nkey_env = "{KEY_ENV}"\n'
    (tmp_path / "catalog.toml").write_text(text)
    monkeypatch.setenv(KEY_ENV, "a-key")
    return tmp_path / "catalog.db"


def names(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*")}


# What only asks


def test_every_public_method_says_what_it_does_without_a_library() -> None:
    public = {name for name in dir(Catalog) if not name.startswith("_")}
    assert public == {*READING, *EDITING, *MAKING, *OTHERS}


@pytest.mark.parametrize("place", ["none.db", "no folder/none.db", "empty.db"])
@pytest.mark.parametrize("name", [*READING, *EDITING])
def test_what_reads_or_edits_raises_and_makes_nothing(name: str, place: str, tmp_path: Path) -> None:
    (tmp_path / "empty.db").touch()
    with Catalog.open(tmp_path / place) as cat:
        for _ in range(2):
            with pytest.raises(NotFound, match=r"^no library at .*\.db: check the path, or make one with") as error:
                (READING | EDITING)[name](cat)
            assert error.value.path == str(tmp_path / place)
    assert names(tmp_path) == {"empty.db"}
    assert (tmp_path / "empty.db").stat().st_size == 0


def test_an_edit_takes_no_captured_call_into_a_library_that_is_missing(tmp_path: Path) -> None:
    path = tmp_path / "none.db"
    write_note(path, NOTE)
    before = names(tmp_path)
    with Catalog.open(path) as cat, pytest.raises(NotFound):
        cat.tag("video_1", "keeper")
    assert names(tmp_path) == before


def test_what_needs_no_library_works_without_one(configured: Path) -> None:
    with Catalog.open(configured) as cat:
        assert cat.path == configured
        assert list(cat.settings.sources) == ["studio"]
        assert cat.validate({"prompt": "a fox"}, source="studio") == []
    assert names(configured.parent) == {"catalog.toml"}


# What is there already


def test_what_is_no_library_of_this_version_is_told_when_it_is_opened(library_path: Path, tmp_path: Path) -> None:
    def run(path: Path, statement: str) -> None:
        with closing(driver.connect(str(path), isolation_level=None)) as connection:
            connection.execute(statement)

    (tmp_path / "notes.txt").write_text("hello, world")
    with pytest.raises(SchemaError, match="is not an SQLite file"):
        Catalog.open(tmp_path / "notes.txt")
    run(tmp_path / "places.sqlite", "CREATE TABLE places (a)")
    with pytest.raises(SchemaError, match="not a catalog library"):
        Catalog.open(tmp_path / "places.sqlite")
    with pytest.raises(SchemaError, match="is a folder"):
        Catalog.open(tmp_path)
    run(library_path, "UPDATE alembic_version SET version_num = '0001'")
    with pytest.raises(SchemaOutdated, match="run `catalog migrate`"):
        Catalog.open(library_path)
    with pytest.raises(SchemaOutdated):
        Catalog.init(library_path)
    run(library_path, "UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(SchemaTooNew):
        Catalog.open(library_path)
    os.truncate(library_path, 5000)
    with pytest.raises(SchemaError, match="is damaged"):
        Catalog.open(library_path)


def test_a_library_that_somebody_else_makes_is_used_by_whoever_has_it_open(tmp_path: Path) -> None:
    path = tmp_path / "late.db"
    with Catalog.open(path) as cat, ThreadPoolExecutor(2) as pool:
        assert isinstance(pool.submit(cat.stats).exception(), NotFound)
        assert isinstance(pool.submit(cat.undo).exception(), NotFound)
        Catalog.init(path).close()
        assert pool.submit(cat.count).result() == cat.stats().total == 0
        assert pool.submit(cat.undo).result() == []


# What makes it


def test_init_makes_a_library_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Catalog.init(tmp_path / "new.db") as cat:
        cat.import_path(saved(tmp_path, "v1"))
    with Catalog.init(tmp_path / "new.db") as cat:
        assert cat.count() == 1
    monkeypatch.setenv("CATALOG_DB", str(tmp_path / "named.db"))
    with Catalog.init() as cat:
        assert cat.path == tmp_path / "named.db"
    with pytest.raises(CatalogError, match=r"create the folder .*no folder first"):
        Catalog.init(tmp_path / "no folder" / "new.db")
    assert not (tmp_path / "no folder").exists()


def saved(folder: Path, *remote_ids: str) -> Path:
    path = folder / f"{'-'.join(remote_ids)}.json"
    path.write_text(json.dumps([job(remote_id, prompt="A neon street") for remote_id in remote_ids]))
    return path


def test_sync_makes_it_with_prices_and_facets(configured: Path) -> None:
    with Catalog.open(configured) as cat:
        [report] = cat.sync()
        assert (report.added, report.error) == (240, None)
        assert cat.costs().cost.estimated > 0
        assert cat.count("has:lighting") > 0


def test_a_sync_whose_server_does_not_answer_is_remembered(configured: Path) -> None:
    configured.with_name("catalog.toml").write_text(
        '[sources.studio]\nbase_url = "http://127.0.0.1:9/v1"\n[sync]\ndeadline_seconds = 0.2\n'
    )
    with Catalog.open(configured) as cat:
        [report] = cat.sync()
        assert report.error
        assert [state.health for state in cat.sources()] == ["failing"]


def test_add_makes_it(configured: Path, gateway: Gateway) -> None:
    with Catalog.open(configured) as cat:
        assert cat.add("studio", [next(iter(gateway.jobs)).id]).added == 1
        assert cat.count() == 1


@pytest.mark.parametrize("fault", ["the source", "[[prices]]", 'prices_file = "none.csv"', "[sources]\nstudio = 5"])
@pytest.mark.parametrize("verb", ["sync", "add", "import_path"])
def test_what_is_refused_before_it_writes_makes_nothing(configured: Path, fault: str, verb: str) -> None:
    file = configured.with_name("catalog.toml")
    if fault != "the source":
        file.write_text(f"{fault}\n" if "[sources" in fault else f"{fault}\n{file.read_text()}")
    name = "Nobody" if fault == "the source" else "studio"
    arguments = {"sync": [name], "add": [name, ["v1"]], "import_path": [saved(configured.parent, "v1")]}[verb]
    options = {"source": name} if verb == "import_path" else {}
    before = names(configured.parent)
    with Catalog.open(configured) as cat, pytest.raises(ConfigError):
        getattr(cat, verb)(*arguments, **options)
    assert names(configured.parent) == before


@pytest.mark.parametrize("key", [None, "with\nnewline"])
def test_a_source_whose_key_cannot_be_used_makes_nothing(
    configured: Path, key: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(KEY_ENV) if key is None else monkeypatch.setenv(KEY_ENV, key)
    with Catalog.open(configured) as cat:
        [report] = cat.sync()
        assert report.mode == "refused"
        assert report.error
        with pytest.raises(ConfigError):
            cat.add("studio", ["v1"])
    assert names(configured.parent) == {"catalog.toml"}


def test_a_missing_folder_is_not_made(configured: Path) -> None:
    path = configured.parent / "no folder" / "catalog.db"
    with Catalog.open(path, config=configured.with_name("catalog.toml")) as cat:
        [report] = cat.sync()
        assert report.error == f"cannot make the library {path}: create the folder {path.parent} first"
        with pytest.raises(CatalogError, match="create the folder"):
            cat.import_path(saved(configured.parent, "v1"))
    assert not path.parent.exists()


def test_import_makes_it_once_there_is_something_to_keep(configured: Path) -> None:
    folder = configured.parent
    (folder / "broken.json").write_text("{")
    request = {"custom_id": "a", "method": "POST", "url": "/v1/videos", "body": {"prompt": "a fox"}}
    (folder / "batch.jsonl").write_text(json.dumps(request))
    before = names(folder)
    with Catalog.open(configured) as cat:
        report = cat.import_path(folder / "none.json", folder / "broken.json", folder / "batch.jsonl")
        assert (report.refusals, report.waiting, report.added) == (2, 1, 0)
        with pytest.raises(ConfigError):
            cat.import_path(saved(folder, "v1"), facets={"": "noir"})
        (folder / "v1.json").unlink()
        assert names(folder) == before
        assert cat.import_path(saved(folder, "v1")).added == 1
        assert cat.count("neon has:lighting") == 1


@pytest.mark.parametrize("place", ["none.db", "no folder/none.db", "empty.db", "unfinished.db"])
def test_a_dry_run_needs_no_library_and_makes_none(tmp_path: Path, place: str) -> None:
    (tmp_path / "empty.db").touch()
    with closing(driver.connect(str(tmp_path / "unfinished.db"), isolation_level=None)) as connection:
        connection.execute(f"PRAGMA application_id={APPLICATION_ID}")
    path = saved(tmp_path, "v1", "v2")
    before = {name: (tmp_path / name).read_bytes() for name in names(tmp_path)}
    with Catalog.open(tmp_path / place) as cat:
        report = cat.import_path(path, dry_run=True)
    assert (report.added, report.is_dry_run) == (2, True)
    assert {name: (tmp_path / name).read_bytes() for name in names(tmp_path)} == before


def test_hooks_make_it_before_they_say_that_they_are_ready(configured: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CATALOG_WEBHOOK_SECRET", "a-webhook-secret-of-these-tests-only")
    events: list[str] = []

    def ready(receiver: Receiver) -> None:
        events.append(f"{configured.exists()}")
        receiver.stop()

    with Catalog.open(configured) as cat:
        cat.hooks(port=0, on_ready=ready, on_event=events.append)
        assert (events, cat.count()) == (["True"], 0)


def test_hooks_that_cannot_run_make_nothing(configured: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Catalog.open(configured) as cat, listen("127.0.0.1", 0) as taken:
        with pytest.raises(ConfigError, match="CATALOG_WEBHOOK_SECRET is not set"):
            cat.hooks(port=0)
        monkeypatch.setenv("CATALOG_WEBHOOK_SECRET", "a-webhook-secret-of-these-tests-only")
        with pytest.raises(ConfigError, match="is in use"):
            cat.hooks(port=taken.getsockname()[1])
        with pytest.raises(ConfigError, match="no source 'nobody'"):
            cat.hooks("nobody", port=0)
    assert names(configured.parent) == {"catalog.toml"}


def test_a_captured_call_that_waits_is_taken_into_the_library_that_a_sync_makes(configured: Path) -> None:
    write_note(configured, NOTE)
    with Catalog.open(configured) as cat:
        cat.sync()
        assert cat.find("studio:video_1") is not None
    assert list_notes(configured) == []


def test_capture_makes_nothing_before_a_call(configured: Path) -> None:
    with catalog.capture.client(configured):
        pass
    assert names(configured.parent) == {"catalog.toml"}


# Several at once


def meet(barrier: Barrier) -> None:
    """Give a process of a pool the barrier at which it meets the others."""
    global together  # noqa: PLW0603 - only a pool's initializer can hand over a barrier
    together = barrier


def import_together(path: Path, file: Path) -> int:
    with Catalog.open(path) as cat:
        together.wait(LONG)
        return cat.import_path(file).added


def test_processes_that_make_it_at_once_all_succeed(tmp_path: Path) -> None:
    path, files = tmp_path / "new.db", [saved(tmp_path, "v1"), saved(tmp_path, "v2")]
    with SPAWN.Pool(2, meet, (SPAWN.Barrier(2),)) as pool:
        assert pool.starmap(import_together, [(path, file) for file in files], chunksize=1) == [1, 1]
    with Catalog.open(path) as cat:
        assert cat.count() == 2


def test_threads_of_one_catalog_that_make_it_at_once_all_succeed(tmp_path: Path) -> None:
    files = [saved(tmp_path, f"v{number}") for number in range(4)]
    barrier = threading.Barrier(4)

    def take_in(file: Path) -> int:
        barrier.wait(LONG)
        return cat.import_path(file).added

    with Catalog.open(tmp_path / "new.db") as cat, ThreadPoolExecutor(4) as pool:
        assert list(pool.map(take_in, files)) == [1, 1, 1, 1]
        assert cat.count() == 4
