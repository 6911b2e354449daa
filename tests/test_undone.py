"""Adoptions that are undone leave the library as it was, whatever the files and the jobs were."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from catalog import Catalog, store
from catalog.credentials.run import check_due
from catalog.facets import extract_due
from catalog.library import backup, open_library
from catalog.pictures import make_thumbnails
from tests.house import job, new_library
from tests.media.marks.carriers import GRAPH
from tests.test_recognition import hear, hold
from tests.watch.conftest import Pasture, clip, pasture
from tests.watch.test_marked import put

if TYPE_CHECKING:
    from tests.signed import Signed

__all__ = ["pasture"]

JOURNAL = {"edits", "edits_rows"}
# Derived tables, whose rows may differ and say the same: a check compares them.
DERIVED = ("bitmap", "videos_fts", "word", "facet_values", "stack", "likenesses")


def read_all(pasture: Pasture) -> dict[str, list[tuple[Any, ...]]]:
    """All rows of all tables but those of the journal, and of what is derived."""
    names = [name for (name,) in pasture.rows("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")]
    kept = [name for name in names if name not in JOURNAL and not name.startswith((*DERIVED, "sqlite_"))]
    return {name: sorted(pasture.rows(f'SELECT * FROM "{name}"'), key=repr) for name in kept}


def make(pasture: Pasture, signed: Signed) -> None:
    """Files of every kind without a job, and jobs that may be theirs."""
    pasture.put("fox in snow.mp4", clip(1))
    pasture.put("signed.mp4", signed.clip)
    put(pasture, "with a prompt.png", 64, prompt=json.dumps(GRAPH), workflow='{"nodes": []}')
    pasture.scan()
    check_due(pasture.library)
    created = int((datetime.now(UTC) - timedelta(minutes=3)).timestamp())
    fields = {"seconds": "4", "size": "320x180", "created_at": created}
    hear(pasture, job("video_1", prompt="a fox in snow", **fields), job("video_2", **fields))
    hear(pasture, job("picture_1", object="image", created_at=created))
    extract_due(pasture.library)


def compare(before: dict[str, list[tuple[Any, ...]]], after: dict[str, list[tuple[Any, ...]]]) -> None:
    assert before.keys() == after.keys()
    for name, rows in before.items():
        assert after[name] == rows, name


def find_orphans(cat: Catalog) -> dict[str, str]:
    """The refs of videos without a job, by the name of their file."""
    return {video.files[0].path.rpartition("/")[2]: video.ref for video in cat.search("source:files").videos}  # type: ignore[union-attr]


def give(pasture: Pasture, pairs: dict[str, str]) -> None:
    ids = dict(pasture.rows("SELECT ref, id FROM videos"))
    with pasture.library.write() as connection:
        store.adopt_files(connection, {ids[own]: ids[theirs] for own, theirs in pairs.items()}, made_at=pasture.now)


@pytest.fixture(scope="module")
def filled(signed: Signed, tmp_path_factory: pytest.TempPathFactory) -> Pasture:
    """A library of such files and jobs, to be copied."""
    folder = tmp_path_factory.mktemp("filled")
    (folder / "clips").mkdir()
    pasture = Pasture(new_library(folder / "catalog.db"), folder / "clips")
    make(pasture, signed)
    return pasture


@settings(max_examples=15, deadline=None)
@given(data=st.data())
def test_adopting_and_undoing_leaves_the_library_as_it_was(filled: Pasture, data: st.DataObject) -> None:
    """But for the journal, whatever has looked at the files meanwhile."""
    path = backup(filled.library.path, purpose="example")
    with Catalog.open(path) as cat:
        pasture = Pasture(open_library(path), filled.folder)
        orphans = find_orphans(cat)
        jobs = ["studio:video_1", "studio:video_2", "studio:picture_1"]
        pairs = data.draw(st.dictionaries(st.sampled_from(sorted(orphans.values())), st.sampled_from(jobs), min_size=1))
        for ref in sorted(data.draw(st.sets(st.sampled_from([*pairs, *jobs])))):
            cat.tag(ref, f"keeper={len(ref)}")
        before = read_all(pasture)
        give(pasture, pairs)
        assert cat.count("source:files") == 3 - len(pairs)
        is_looked_at = data.draw(st.booleans())
        if is_looked_at:
            check_due(pasture.library)
            cat.check(read_data=True)
        (undone,) = cat.undo()
        assert undone.overtaken == 0
        if not is_looked_at:
            compare(before, read_all(pasture))
        assert not any(cat.get(ref).files for ref in jobs)
        assert not cat.check(read_data=True).found
        pasture.library.close()


def test_a_prompt_in_the_file_fills_the_job_s_and_goes_with_the_undo(pasture: Pasture, signed: Signed) -> None:
    make(pasture, signed)
    with Catalog.open(pasture.library.path) as cat:
        own = find_orphans(cat)["with a prompt.png"]
        said = cat.get(own)
        give(pasture, {own: "studio:picture_1"})
        adopted = cat.get("studio:picture_1")
        assert (adopted.prompt, adopted.seed, adopted.model) == (said.prompt, said.seed, said.model)
        assert said.prompt
        assert adopted.created_at != said.created_at
        assert cat.changes("studio:picture_1") == []
        cat.undo()
        assert cat.get("studio:picture_1").prompt is None
        cat.redo()
        assert cat.get("studio:picture_1").prompt == said.prompt


def test_a_job_keeps_its_own_prompt(pasture: Pasture, signed: Signed) -> None:
    make(pasture, signed)
    hear(pasture, job("picture_1", object="image", prompt="what the server said"))
    with Catalog.open(pasture.library.path) as cat:
        give(pasture, {find_orphans(cat)["with a prompt.png"]: "studio:picture_1"})
        assert cat.get("studio:picture_1").prompt == "what the server said"


def test_the_facets_of_a_prompt_that_came_with_a_file_are_read_and_go_with_it(pasture: Pasture) -> None:
    put(pasture, "a.png", 64, prompt=json.dumps(GRAPH))
    pasture.scan()
    created = int((datetime.now(UTC) - timedelta(minutes=3)).timestamp())
    hear(pasture, job("picture_1", object="image", size="64x30", created_at=created))
    with Catalog.open(pasture.library.path) as cat:
        (proposal,) = cat.adopt().proposed
        cat.adopt(pairs={proposal.ref: proposal.job})
        facets = [facet.name for facet in cat.get("studio:picture_1").facets]
        assert facets
        cat.undo()
        assert cat.get("studio:picture_1").facets == ()


def test_a_check_goes_along_and_a_picture_too(pasture: Pasture, signed: Signed) -> None:
    make(pasture, signed)
    make_thumbnails(pasture.library, [row[0] for row in pasture.rows("SELECT id FROM videos")])
    with Catalog.open(pasture.library.path) as cat:
        own = find_orphans(cat)["signed.mp4"]
        give(pasture, {own: "studio:video_2"})
        files = {file.variant: file for file in cat.get("studio:video_2").files}
        assert files["video"].credentials is not None
        assert files["video"].credentials.status == "intact_unknown_signer"
        pictures = {file.variant for file in cat.get(own).files}
        assert set(files) == pictures
        assert check_due(pasture.library).checked == 0


def test_pictures_that_were_made_for_a_wrong_job_go_with_the_undo(pasture: Pasture, signed: Signed) -> None:
    make(pasture, signed)
    with Catalog.open(pasture.library.path) as cat:
        give(pasture, {find_orphans(cat)["fox in snow.mp4"]: "studio:video_2"})
        make_thumbnails(pasture.library, [row[0] for row in pasture.rows("SELECT id FROM videos")])
        cat.undo()
        assert cat.get("studio:video_2").files == ()


def test_two_files_for_one_job_become_two_files_of_it(pasture: Pasture, signed: Signed) -> None:
    make(pasture, signed)
    with Catalog.open(pasture.library.path) as cat:
        orphans = find_orphans(cat)
        clips = [orphans["fox in snow.mp4"], orphans["signed.mp4"]]
        before = read_all(pasture)
        give(pasture, dict.fromkeys(clips, "studio:video_2"))
        held = [(file.variant, file.number) for file in cat.get("studio:video_2").files if file.variant == "video"]
        assert held == [("video", 1), ("video", 2)]
        cat.undo()
        compare(before, read_all(pasture))


def test_a_file_of_a_retired_source_is_not_lost_any_more(pasture: Pasture, signed: Signed) -> None:
    make(pasture, signed)
    with Catalog.open(pasture.library.path) as cat:
        cat.retire("studio", as_of=datetime(2026, 10, 1, tzinfo=UTC))
        assert cat.count("is:lost") == 3
        proposed = {item.job: item.confidence for item in cat.adopt().proposed}
        assert "studio:video_1" in proposed
        give(pasture, {find_orphans(cat)["fox in snow.mp4"]: "studio:video_1"})
        assert cat.count("is:lost") == 2
        (file,) = [file for file in cat.get("studio:video_1").files if file.variant == "video"]
        assert (file.state, file.number) == ("present", 1)
        cat.undo()
        assert cat.count("is:lost") == 3


def test_a_deleted_job_is_not_proposed(pasture: Pasture, signed: Signed) -> None:
    make(pasture, signed)
    with Catalog.open(pasture.library.path) as cat:
        for name in ("video_1", "video_2", "picture_1"):
            cat.delete(f"studio:{name}")
        assert cat.adopt().proposed == ()


def test_a_tie_is_adopted_by_nobody_above_a_half(pasture: Pasture) -> None:
    pasture.put("a.mp4", clip(1))
    pasture.scan()
    created = int((datetime.now(UTC) - timedelta(minutes=3)).timestamp())
    fields = {"seconds": "4", "size": "320x180", "created_at": created}
    hear(pasture, job("video_1", **fields), job("video_2", **fields))
    with Catalog.open(pasture.library.path) as cat:
        assert cat.adopt(above=0.5).adopted == ()
        assert len(cat.adopt().proposed) == 1


def test_what_was_adopted_and_undone_can_be_adopted_by_another_job(pasture: Pasture, signed: Signed) -> None:
    make(pasture, signed)
    with Catalog.open(pasture.library.path) as cat:
        own = find_orphans(cat)["fox in snow.mp4"]
        give(pasture, {own: "studio:video_1"})
        cat.undo()
        give(pasture, {own: "studio:video_2"})
        assert cat.get("studio:video_1").files == ()
        assert [file.sha256 for file in cat.get("studio:video_2").files if file.variant == "video"]
        assert cat.redo() == []


@pytest.mark.parametrize("is_hidden", [False, True])
def test_a_held_file_stays_what_it_was(pasture: Pasture, is_hidden: bool) -> None:
    hold(pasture, "video_1", clip(1))
    with Catalog.open(pasture.library.path) as cat:
        if is_hidden:
            cat.delete("studio:video_1")
        pasture.put("a.mp4", clip(1))
        report = pasture.scan()
        assert (report.made, report.copies) == (0, 1)
        assert len(pasture.rows("SELECT 1 FROM files")) == 1
