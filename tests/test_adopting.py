"""Files without a job: what is proposed, what is adopted, and that it is undone whole."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from catalog import Catalog, CatalogError
from catalog.cli.main import cli
from catalog.matching import CERTAIN, Orphan, Waiting, match
from tests.house import job
from tests.watch.conftest import clip

if TYPE_CHECKING:
    from collections.abc import Iterator

THEN = datetime(2026, 10, 1, 12, tzinfo=UTC)
LATER = THEN + timedelta(minutes=5)


def orphan(number: int = 1, path: str = "/clips/x.mp4", seconds: float = 4.0, **more: object) -> Orphan:
    made = Orphan(number, f"files:{number}", None, "video", seconds, 320, 180, LATER, path)
    return made._replace(**more)


def waiting(number: int = 1, **more: object) -> Waiting:
    made = Waiting(number, f"studio:v{number}", (f"v{number}",), None, "video", 4.0, 320, 180, THEN, THEN)
    return made._replace(**more)


def test_one_that_fits_in_all_is_sure_enough() -> None:
    (found,) = match([orphan()], [waiting()])
    assert found.confidence >= 0.9
    assert found.reasons == ("4 s long", "320x180", "made 5 min after the job")


@pytest.mark.parametrize(
    "differing",
    [
        {"seconds": 8.0},
        {"width": 180, "height": 320},
        {"created_at": LATER + timedelta(hours=1), "completed_at": LATER + timedelta(hours=1)},
        {"kind": "image"},
    ],
)
def test_what_contradicts_is_not_proposed(differing: dict[str, object]) -> None:
    assert match([orphan()], [waiting(**differing)]) == []


def test_what_fits_several_is_sure_of_none() -> None:
    found = match([orphan()], [waiting(1), waiting(2)])
    assert len(found) == 1
    assert found[0].confidence < 0.5
    assert found[0].reasons[-1] == "1 more fits as well"


def test_two_files_that_fit_one_job_are_sure_of_nothing() -> None:
    found = match([orphan(1), orphan(2)], [waiting()])
    assert [pair.confidence < 0.5 for pair in found] == [True]


def test_words_of_the_prompt_decide_between_jobs() -> None:
    jobs = [waiting(1, prompt="a red fox in deep snow"), waiting(2, prompt="a lighthouse at dawn")]
    (found,) = match([orphan(path="/clips/red_fox_snow.mp4")], jobs)
    assert (found.job.ref, found.confidence >= 0.9) == ("studio:v1", True)


def test_a_name_that_is_an_id_is_certain_whatever_else() -> None:
    (found,) = match([orphan(path="/clips/v2.mp4")], [waiting(1), waiting(2, seconds=12.0)])
    assert (found.job.ref, found.confidence) == ("studio:v2", CERTAIN)


def test_a_name_that_several_jobs_have_is_of_none() -> None:
    jobs = [waiting(1, names=("take",)), waiting(2, names=("take",))]
    assert all(found.confidence < CERTAIN for found in match([orphan(path="/clips/take.mp4")], jobs))


@pytest.fixture
def cat(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Catalog]:
    """A library of a clip that came before its job, whose answer says little."""
    monkeypatch.chdir(tmp_path)
    for name in ("CATALOG_BASE_URL", "CATALOG_API_KEY", "OPENAI_BASE_URL", "OPENAI_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "clips").mkdir()
    (tmp_path / "clips" / "red fox snow.mp4").write_bytes(clip())
    created = int((datetime.now(UTC) - timedelta(minutes=3)).timestamp())
    fields = {"seconds": "4", "size": "320x180", "created_at": created, "prompt": "A red fox in deep snow."}
    (tmp_path / "jobs.json").write_text(json.dumps([job("video_1", **fields)]))
    with Catalog.open(tmp_path / "catalog.db") as cat:
        cat.import_path("clips")
        cat.import_path("jobs.json", source="studio")
        yield cat


def test_a_proposal_changes_nothing(cat: Catalog) -> None:
    report = cat.adopt()
    assert (report.adopted, len(report.proposed)) == ((), 1)
    assert report.proposed[0].job == "studio:video_1"
    assert cat.count("source:files") == 1
    assert cat.history() == []


def test_an_adoption_gives_the_file_to_the_job_and_is_undone_whole(cat: Catalog) -> None:
    (own,) = cat.search("source:files").videos
    cat.tag(own.ref, "keeper")
    report = cat.adopt(above=0.9)
    assert [(item.ref, item.job) for item in report.adopted] == [(own.ref, "studio:video_1")]
    adopted = cat.get("studio:video_1")
    assert [file.sha256 for file in adopted.files] == [own.files[0].sha256]
    assert [tag.key for tag in adopted.tags] == ["keeper"]
    assert (cat.count("has:file"), cat.count("source:files")) == (1, 0)
    assert cat.adopt(above=0.0).adopted == ()
    assert cat.history()[0].act == "adopt"
    cat.undo()
    assert cat.get("studio:video_1").files == ()
    assert cat.get("studio:video_1").tags == ()
    assert [video.ref for video in cat.search("has:file").videos] == [own.ref]
    cat.redo()
    assert [file.sha256 for file in cat.get("studio:video_1").files] == [own.files[0].sha256]
    assert cat.count("source:files") == 0


def test_a_check_since_does_not_keep_an_adoption_from_being_undone(cat: Catalog) -> None:
    cat.adopt(above=0.9)
    cat.check()
    (undone,) = cat.undo()
    assert undone.overtaken == 0
    assert cat.get("studio:video_1").files == ()


def test_only_what_is_proposed_can_be_adopted(cat: Catalog) -> None:
    with pytest.raises(CatalogError, match="is not proposed"):
        cat.adopt(pairs={"files:x": "studio:video_1"})
    pair = cat.adopt().proposed[0]
    assert len(cat.adopt(pairs={pair.ref: pair.job}).adopted) == 1


def test_what_was_adopted_and_what_was_not_is_said(cat: Catalog) -> None:
    where = Path("clips").resolve() / "red fox snow.mp4"

    def adopt(*words: str, answer: str = "") -> str:
        return CliRunner().invoke(cli, ["adopt", *words], input=answer).stdout

    assert adopt("--above", "1") == "no file adopted; 1 proposal left; the surest has 0.95\n"
    assert adopt("--review", answer="n\n").endswith("no file adopted; 1 proposal left\n")
    assert json.loads(adopt("--review", "--json", answer="y\n"))["adopted"][0]["job"] == "studio:video_1"
    cat.undo()
    assert adopt("--above", "0.9") == f"adopted {where} as a file of studio:video_1\n1 file adopted\n"
    assert adopt() == "nothing to adopt: no file without a job fits a job without a file\n"
