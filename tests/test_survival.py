"""What people say of videos outlives what is derived, what comes in and what is brought back."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from catalog import Catalog
from catalog.demo.gateway import Gateway
from catalog.demo.sample import sample_jobs
from tests.house import job

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

NOW = 1_795_000_000
KEY_ENV = "CATALOG_TEST_KEY"
PARTS = ("rows", "links", "fts", "bitmaps", "facets", "costs", "pictures", "marks")


@pytest.fixture(autouse=True)
def _own_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("CATALOG_BASE_URL", "CATALOG_API_KEY", "OPENAI_BASE_URL", "OPENAI_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def cat(tmp_path: Path) -> Iterator[Catalog]:
    """A library of three jobs, of which something is said."""
    write_jobs(tmp_path, "in_progress")
    with Catalog.open(tmp_path / "catalog.db") as cat:
        cat.import_path("jobs.json", source="studio")
        say(cat, [video.ref for video in cat.search("", sort="id").videos])
        yield cat


def write_jobs(folder: Path, status: str) -> None:
    jobs = [job(f"v{number}", prompt=f"a fox {number}", status=status) for number in range(3)]
    (folder / "jobs.json").write_text(json.dumps(jobs))


def say(cat: Catalog, refs: list[str]) -> None:
    cat.rate(refs[0], 5)
    cat.rate(refs[1], 2)
    cat.verdict(refs[0], "keep")
    cat.verdict(refs[2], "reject")
    cat.note(refs[0], "zebra\ncrossing")
    cat.collect("launch/teasers", [refs[2], refs[0]])
    cat.collect("launch", refs[1])
    cat.note_collection("launch", "spring")
    cat.save_search("keepers", "rating:>=4 verdict:keep")
    cat.remove_search("unreviewed")


def read_said(cat: Catalog) -> dict[str, Any]:
    """All that was said, and what is found and counted by it."""
    queries = ("zebra", "note:crossing", "has:note", "has:rating", "rating:5", "verdict:reject", "query:keepers")
    found = {query: [video.ref for video in cat.search(query, sort="id").videos] for query in queries}
    videos = cat.search("has:rating OR has:verdict OR has:note OR has:collection", sort="id").videos
    return {
        "videos": {item.ref: (item.rating, item.verdict, item.note, item.collections) for item in videos},
        "collections": [item for top in cat.collections() for item in cat.collections(top.path)],
        "searches": cat.saved_searches(),
        "found": found | {"collection:launch": cat.count("collection:launch")},
        "counted": cat.facets(["rating", "verdict", "collection"]),
    }


def reindex_all(cat: Catalog) -> None:
    cat.reindex()


def reindex_parts(cat: Catalog) -> None:
    for part in PARTS:
        cat.reindex(**{part: True})
    cat.reindex(facets=True, all_prompts=True)


def import_the_same(cat: Catalog) -> None:
    cat.import_path("jobs.json", source="studio")


def import_what_came_of_them(cat: Catalog) -> None:
    write_jobs(cat.path.parent, "completed")
    assert cat.import_path("jobs.json", source="studio").changed == 3


def restore_a_backup(cat: Catalog) -> None:
    backup = cat.backup("copy.db")
    refs = [video.ref for video in cat.search("").videos]
    cat.rate(refs, 1)
    cat.note(refs, "")
    cat.uncollect("launch")
    cat.remove_search("keepers")
    cat.restore(backup)


def hide_and_bring_back(cat: Catalog) -> None:
    refs = [video.ref for video in cat.search("").videos]
    cat.delete(refs)
    assert cat.facets(["collection"]) == {"collection": ()}
    cat.undelete(refs)


@pytest.mark.parametrize(
    "act",
    [
        reindex_all,
        reindex_parts,
        import_the_same,
        import_what_came_of_them,
        restore_a_backup,
        hide_and_bring_back,
    ],
)
def test_what_was_said_is_there_afterwards(cat: Catalog, act: Callable[[Catalog], None]) -> None:
    before = read_said(cat)
    assert (len(before["videos"]), before["found"]["collection:launch"]) == (3, 3)
    act(cat)
    assert read_said(cat) == before
    assert cat.check().faults == ()


def test_what_was_said_outlives_syncs_and_a_server_that_forgets(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(KEY_ENV, "a-key")
    with Gateway(jobs=sample_jobs(NOW), clock=lambda: NOW, key="a-key") as gateway:
        text = f'[sources.studio]\nbase_url = "{gateway.base_url}"\nkey_env = "{KEY_ENV}"\n'
        (tmp_path / "catalog.toml").write_text(text)
        with Catalog.open(tmp_path / "catalog.db") as cat:
            cat.sync()
            refs = [video.ref for video in cat.search("model:sora-2", limit=3).videos]
            say(cat, refs)
            before = read_said(cat)
            cat.sync(full=True)
            cat.add("studio", [ref.partition(":")[2] for ref in refs])
            assert read_said(cat) == before
            cat.undo(100)
            assert cat.count("has:rating OR has:verdict OR has:note OR has:collection") == 0
            assert cat.saved_searches()[0].name == "unreviewed"
