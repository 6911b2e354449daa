"""Files without a job: what is proposed, what is adopted, and that it is undone whole."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from catalog import Catalog, CatalogError
from catalog.cli.main import cli as main
from catalog.matching import CERTAIN, Orphan, Waiting, match
from tests.house import job
from tests.watch.conftest import clip

if TYPE_CHECKING:
    from collections.abc import Iterator

    from click.testing import Result

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
        return CliRunner().invoke(main, ["adopt", *words], input=answer).stdout

    assert adopt("--above", "1") == "no file adopted; 1 proposal left; the surest has 0.95\n"
    assert adopt("--review", answer="n\n").endswith("no file adopted; 1 proposal left\n")
    assert json.loads(adopt("--review", "--json", answer="y\n"))["adopted"][0]["job"] == "studio:video_1"
    cat.undo()
    assert adopt("--above", "0.9") == f"adopted {where} as a file of studio:video_1\n1 file adopted\n"
    assert adopt() == "nothing to adopt: no file without a job fits a job without a file\n"


def run(cat: Catalog, *arguments: str, answers: str = "") -> Result:
    result = CliRunner().invoke(main, [*arguments, "--db", str(cat.path)], input=answers)
    assert result.exit_code == 0, result.output
    return result


def test_a_review_asks_about_each_and_leaves_standard_output_to_json(cat: Catalog) -> None:
    refused = json.loads(run(cat, "adopt", "--review", "--json", answers="n\n").stdout)
    assert (refused["adopted"], len(refused["proposed"])) == ([], 1)
    assert list(refused["proposed"][0]) == ["ref", "job", "confidence", "reasons", "path", "prompt"]
    asked = run(cat, "adopt", "--review", "--json", answers="y\n")
    assert len(json.loads(asked.stdout)["adopted"]) == 1
    assert "1 of 1: adopt it?" in asked.stderr
    assert "4 s long" in asked.stderr


def test_a_review_shows_the_file_the_job_why_and_the_prompt(cat: Catalog) -> None:
    lines = run(cat, "adopt", "--review", answers="q\n").stdout.splitlines()
    assert lines[0].startswith("0.95  ")
    assert lines[0].endswith("red fox snow.mp4")
    assert lines[1].strip().startswith("studio:video_1  4 s long, ")
    assert lines[2].strip() == "A red fox in deep snow."
    assert lines[-1] == "no file adopted; 1 proposal left"


def test_hostile_names_are_shown_without_what_a_screen_obeys(cat: Catalog, tmp_path: Path) -> None:
    (tmp_path / "clips" / "\x1b[31mred fox deep\n.mp4").write_bytes(clip(9))
    cat.import_path("clips")
    shown = run(cat, "adopt", "--review", answers="q\n").stdout
    assert "\x1b" not in shown


def read_judgement(cat: Catalog, ref: str) -> tuple[object, ...]:
    video = cat.get(ref)
    return video.rating, video.verdict, video.note, video.collections, tuple(map(str, video.tags))


def test_what_was_said_of_the_file_goes_to_its_job_and_comes_back(cat: Catalog) -> None:
    (own,) = cat.search("source:files").videos
    cat.rate(own.ref, 4)
    cat.verdict(own.ref, "keep")
    cat.note(own.ref, "zebra")
    cat.tag(own.ref, "keeper")
    cat.collect("launch/teasers", own.ref)
    said = read_judgement(cat, own.ref)
    cat.adopt(above=0.9)
    assert read_judgement(cat, "studio:video_1") == said == (4, "keep", "zebra", ("launch/teasers",), ("keeper",))
    for query in ("rating:4", "verdict:keep", "zebra", "collection:launch"):
        assert [video.ref for video in cat.search(query).videos] == ["studio:video_1"], query
    assert cat.collections("launch/teasers")[0].refs == ("studio:video_1",)
    assert cat.check().faults == ()
    assert cat.history()[0].act == "adopt"
    (undone,) = cat.undo()
    assert undone.overtaken == 0
    assert read_judgement(cat, "studio:video_1") == (None, "undecided", None, (), ())
    assert read_judgement(cat, own.ref) == said
    for query in ("rating:4", "verdict:keep", "zebra", "collection:launch"):
        assert [video.ref for video in cat.search(query).videos] == [own.ref], query
    assert cat.collections("launch/teasers")[0].refs == (own.ref,)
    cat.redo()
    assert read_judgement(cat, "studio:video_1") == said
    assert cat.check().faults == ()


def test_what_was_said_of_the_job_itself_stays(cat: Catalog) -> None:
    (own,) = cat.search("source:files").videos
    cat.rate(own.ref, 4)
    cat.note(own.ref, "of the file")
    cat.verdict(own.ref, "keep")
    cat.collect("takes", [own.ref, "studio:video_1"])
    cat.rate("studio:video_1", 1)
    cat.note("studio:video_1", "of the job")
    cat.adopt(above=0.9)
    assert read_judgement(cat, "studio:video_1") == (1, "keep", "of the job", ("takes",), ())
    assert cat.collections("takes")[0].refs == ("studio:video_1",)
    cat.undo()
    assert read_judgement(cat, "studio:video_1") == (1, "undecided", "of the job", ("takes",), ())
    assert cat.collections("takes")[0].refs == (own.ref, "studio:video_1")


def test_an_adopted_job_takes_the_place_of_its_file_in_a_collection(cat: Catalog, tmp_path: Path) -> None:
    (own,) = cat.search("source:files").videos
    (tmp_path / "others.json").write_text(json.dumps([job("first", status="failed"), job("last", status="failed")]))
    cat.import_path("others.json", source="studio")
    cat.collect("takes", ["studio:first", own.ref, "studio:last"])
    cat.adopt(above=0.9)
    assert cat.collections("takes")[0].refs == ("studio:first", "studio:video_1", "studio:last")
    cat.undo()
    assert cat.collections("takes")[0].refs == ("studio:first", own.ref, "studio:last")
