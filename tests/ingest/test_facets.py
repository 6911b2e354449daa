"""Facets given with an import: by a job itself, by a column, or to everything at once."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner

from catalog import Catalog, store
from catalog.cli import main
from catalog.errors import CatalogError, ConfigError
from catalog.facets import extract_due
from catalog.ingest.run import BATCH
from catalog.records import to_json
from catalog.wire.parse import parse_videos
from tests.ingest.conftest import NOW, job, reasons

if TYPE_CHECKING:
    from pathlib import Path

    from tests.ingest.conftest import Bench

PROMPT = "A fox in the snow, slow push in."
GIVEN = "SELECT remote_id, facet, value FROM given_facets JOIN videos ON videos.id = video_id ORDER BY given_facets.id"
CAMERA = (
    "SELECT value, video_facets.origin FROM video_facets JOIN facet_values ON facet_values.id = value_id "
    "WHERE facet = 'camera_movement'"
)


def given(bench: Bench) -> list[tuple[Any, ...]]:
    return bench.rows(GIVEN)


def camera(bench: Bench) -> list[tuple[Any, ...]]:
    extract_due(bench.library)
    return bench.rows(CAMERA)


# Ways in


def test_a_job_gives_its_video_facets(bench: Bench):
    bench.put("job.json", job(facets={"style": "noir", "client": ["acme", "globex", "acme"]}))
    assert bench.take_one().refusals == 0
    assert given(bench) == [("v1", "style", "noir"), ("v1", "client", "acme"), ("v1", "client", "globex")]


def test_lines_and_lists_and_wrapped_answers_give_facets(bench: Bench):
    wrapped = {"code": 200, "data": {"task_id": "v4", "status": "SUCCESS", "facets": {"style": "d"}}}
    page = {"object": "list", "data": [job("v2", facets={"style": "b"}), job("v3", facets={"style": "c"})]}
    bench.put_lines("jobs.jsonl", job("v1", facets={"style": "a"}), page, wrapped)
    bench.take_in()
    assert given(bench) == [("v1", "style", "a"), ("v2", "style", "b"), ("v3", "style", "c"), ("v4", "style", "d")]


def test_a_line_of_an_id_and_facets_gives_them_to_a_known_video(bench: Bench):
    bench.put("job.json", job(prompt=PROMPT))
    bench.take_in()
    file = bench.take_one(bench.put("later.json", {"id": "v1", "facets": {"style": "noir"}}))
    assert (file.added, file.changed, file.unchanged) == (0, 1, 0)
    assert given(bench) == [("v1", "style", "noir")]
    assert bench.column("status || prompt", "v1") == f"completed{PROMPT}"


def test_another_name_of_a_video_will_do(bench: Bench):
    bench.put("job.json", job(aliases=["v1-b"]))
    bench.take_in()
    bench.take_in(bench.put("later.json", job("v1-b", facets={"style": "noir"})))
    assert given(bench) == [("v1", "style", "noir")]


def test_a_sidecar_may_tell_nothing_but_facets(bench: Bench):
    bench.put("clip.mp4", b"")
    bench.put("clip.json", {"facets": {"client": "acme"}})
    bench.put("take.mov", b"")
    bench.put("take.json", {"prompt": "rain", "facets": {"client": "globex"}})
    assert bench.take_in().refusals == 0
    assert given(bench) == [("clip", "client", "acme"), ("take", "client", "globex")]


def test_a_column_gives_facets_and_a_cell_holds_several_between_semicolons(bench: Bench):
    bench.put("jobs.csv", 'id,Look,facet.client\nv1,"noir; 35 mm ;",acme\nv2,,\n')
    assert bench.take_one(columns={"Look": "facet.style"}).refusals == 0
    assert given(bench) == [("v1", "style", "noir"), ("v1", "style", "35 mm"), ("v1", "client", "acme")]


def test_a_column_of_json_objects_gives_facets_too(bench: Bench):
    bench.put("jobs.csv", 'id,facets,facet.style\nv1,"{""client"": [""acme""], ""style"": ""old""}",noir\nv2,rain,\n')
    file = bench.take_one()
    assert file.added == 2
    assert reasons(file) == [(3, "facets is not an object of facet -> text or list of texts")]
    assert given(bench) == [("v1", "client", "acme"), ("v1", "style", "noir")]


@pytest.mark.parametrize("target", ["facet.", "facet.Look", "facet.a b", f"facet.{'x' * 65}", "facets.style"])
def test_a_column_to_a_facet_of_no_good_name_is_an_error_of_the_user(bench: Bench, target: str):
    with pytest.raises(ConfigError, match="no such field"):
        bench.take_in(columns={"Look": target})


def test_everything_in_one_import_can_be_given_facets(bench: Bench):
    bench.put_lines("jobs.jsonl", job("v1"), job("v2"))
    bench.put_lines("in.jsonl", {"custom_id": "a", "method": "POST", "url": "/v1/videos", "body": {"prompt": "rain"}})
    bench.put_lines("out.jsonl", {"custom_id": "a", "response": {"status_code": 200, "body": job("v3")}, "error": None})
    bench.take_in(facets={"client": "acme", "style": ["noir", "gloomy"]})
    wanted = [("client", "acme"), ("style", "noir"), ("style", "gloomy")]
    assert sorted(given(bench)) == sorted((name, *facet) for name in ("v1", "v2", "v3") for facet in wanted)


def test_facets_of_the_import_are_checked_before_anything_is_read(bench: Bench):
    bench.put("job.json", job())
    with pytest.raises(ConfigError, match="facet 'Style'"):
        bench.take_in(facets={"Style": "noir"})
    assert bench.ids() == []


def test_the_command_takes_facets_as_json_or_as_a_file(bench: Bench):
    jobs = bench.put_lines("jobs.jsonl", job())
    facets = bench.put("facets", {"client": "globex"})
    for told, value in (('{"client": "acme"}', "acme"), (str(facets), "globex")):
        outcome = CliRunner().invoke(main.cli, ["import", str(jobs), "--db", str(bench.library.path), "--facets", told])
        assert outcome.exit_code == 0, outcome.output
        assert given(bench) == [("v1", "client", value)]


@pytest.mark.parametrize(
    ("told", "reason"),
    [
        ("{", "not JSON"),
        ('{"a": 1}', "a value is not text"),
        ("missing.json", "cannot read"),
        ("[5]", "is not an object"),
    ],
)
def test_the_command_names_what_is_wrong_with_facets(bench: Bench, told: str, reason: str):
    jobs = bench.put("job.json", job())
    outcome = CliRunner().invoke(main.cli, ["import", str(jobs), "--db", str(bench.library.path), "--facets", told])
    assert isinstance(outcome.exception, CatalogError | SystemExit)
    assert reason in f"{outcome.output}{outcome.exception}"
    assert bench.ids() == []


# What they are worth


def test_a_given_facet_outranks_what_the_prompt_says(bench: Bench):
    bench.put("job.json", job(prompt=PROMPT, facets={"camera_movement": "crane_up"}))
    bench.take_in()
    assert camera(bench) == [("crane_up", "given")]


def test_a_given_facet_survives_another_prompt_from_the_provider(bench: Bench):
    bench.put("job.json", job(prompt=PROMPT, facets={"camera_movement": "crane_up"}))
    bench.take_in()
    with bench.library.write() as connection:
        videos = parse_videos(job(prompt="A hare, pan left.")).videos
        store.save_videos(connection, "studio", videos, channel="get", received_at=NOW)
    assert bench.column("prompt", "v1") == "A hare, pan left."
    assert camera(bench) == [("crane_up", "given")]


def test_a_given_facet_survives_a_reindex(bench: Bench, tmp_path: Path):
    path = bench.put("job.json", job(prompt=PROMPT, facets={"camera_movement": "crane_up"}))
    with Catalog.open(bench.library.path) as catalog:
        catalog.import_path(path, facets={"client": "acme"})
        catalog.reindex(facets=True)
        found = [(facet.name, facet.value) for facet in catalog.get("v1").facets if facet.origin == "given"]
    assert sorted(found) == [("camera_movement", "crane_up"), ("client", "acme")]
    assert bench.rows(CAMERA) == [("crane_up", "given")]


def test_an_empty_list_takes_a_facet_back(bench: Bench):
    bench.put("job.json", job(prompt=PROMPT, facets={"camera_movement": "crane_up"}))
    bench.take_in()
    bench.take_in(bench.put("later.json", job(prompt=PROMPT, facets={"camera_movement": []})))
    assert given(bench) == []
    assert camera(bench) == [("push_in", "prose")]


def test_a_video_s_own_facet_outranks_the_one_for_all(bench: Bench):
    bench.put_lines("a.jsonl", job(facets={"style": "noir"}), *(job(f"w{number}") for number in range(BATCH)))
    bench.put_lines("b.jsonl", job(prompt="rain"))
    bench.take_in(facets={"style": "plain", "client": "acme"})
    assert [row[1:] for row in given(bench) if row[0] == "v1"] == [("client", "acme"), ("style", "noir")]
    assert len(given(bench)) == 2 * BATCH + 2


# Again, and not at all


def test_importing_again_gives_nothing_anew(bench: Bench):
    bench.put_lines("jobs.jsonl", job(prompt=PROMPT, facets={"style": ["noir", "noir"]}), job("v2"))
    bench.take_in(facets={"client": "acme"})
    extract_due(bench.library)
    query = "SELECT id, video_id, facet, value FROM given_facets"
    before = bench.rows(query)
    report = bench.take_in(facets={"client": "acme"})
    assert (report.added, report.changed, report.unchanged) == (0, 0, 2)
    assert bench.rows(query) == before
    assert extract_due(bench.library) == 0


def test_a_known_video_that_is_given_a_facet_counts_as_changed_once(bench: Bench):
    bench.put_lines("a.jsonl", job(), job("v2"), job())
    bench.put_lines("b.jsonl", job())
    bench.take_in()
    report = bench.take_in(facets={"client": "acme"})
    assert (report.added, report.changed, report.unchanged) == (0, 2, 2)


def test_a_dry_run_gives_nothing(bench: Bench):
    bench.put("job.json", job())
    bench.take_in()
    bench.put("job.json", job(facets={"style": "noir"}))
    report = bench.take_in(facets={"client": "acme"}, dry_run=True)
    assert (report.is_dry_run, report.changed) == (True, 1)
    assert given(bench) == []


def test_what_a_library_tells_of_a_video_gives_back_what_was_given_there(bench: Bench):
    path = bench.put("job.json", job(prompt=PROMPT, facets={"client": ["acme", "globex"]}))
    with Catalog.open(bench.library.path) as catalog:
        catalog.import_path(path, source="first")
        told = to_json(catalog.get("first:v1"))
    assert {facet["origin"] for facet in told["facets"]} > {"given"}
    file = bench.take_one(bench.put("shown.json", {**told, "id": "v9"}))
    assert file.refusals == 0
    assert [row for row in given(bench) if row[0] == "v9"] == [("v9", "client", "acme"), ("v9", "client", "globex")]


# Hostile shapes


@pytest.mark.parametrize(
    ("facets", "reason"),
    [
        ("noir", "facets is not an object of facet -> text or list of texts"),
        (5, "facets is not an object of facet -> text or list of texts"),
        (["noir"], "facets is not an object of facet -> text or list of texts"),
        ({f"f{number}": "x" for number in range(101)}, "101 facets are given, more than 100"),
        ({"Style": "noir"}, "facet 'Style': a name is lower-case letters, digits and _, at most 64"),
        ({"style\n": "noir"}, "facet 'style\\n': a name is lower-case letters, digits and _, at most 64"),
        ({"x" * 65: "noir"}, f"facet '{'x' * 64}': a name is lower-case letters, digits and _, at most 64"),
        ({"": "noir"}, "facet '': a name is lower-case letters, digits and _, at most 64"),
        ({"style": 7}, "facet 'style': a value is not text"),
        ({"style": None}, "facet 'style': a value is not text"),
        ({"style": {"is": "noir"}}, "facet 'style': a value is not text"),
        ({"style": [["noir"]]}, "facet 'style': a value is not text"),
        ({"style": " \n"}, "facet 'style': a value is empty"),
        ({"style": "x" * 201}, "facet 'style': a value has 201 characters, more than 200"),
        ({"style": ["x"] * 51}, "facet 'style': 51 values, more than 50"),
        ({"style": "no\x00ir"}, "facet 'style': a value has control characters"),
        ({"style": "\ud800"}, "facet 'style': a value has control characters"),
    ],
)
def test_what_does_not_fit_is_refused_and_the_video_comes_in(bench: Bench, facets: Any, reason: str):
    bench.put_lines("jobs.jsonl", job(), job("v2", facets=facets))
    file = bench.take_one()
    assert (file.added, reasons(file)) == (2, [(2, reason)])
    assert given(bench) == []


def test_one_facet_that_does_not_fit_keeps_no_other_out(bench: Bench):
    bench.put("job.json", job(facets={"Style": "noir", "mood": ["calm", 5], "client": "acme"}))
    assert bench.take_one().refusals == 2
    assert given(bench) == [("v1", "client", "acme")]


@pytest.mark.parametrize("facets", [None, {}, []])
def test_nothing_given_is_no_fault(bench: Bench, facets: Any):
    bench.put("job.json", job(facets=facets))
    assert (bench.take_one().refusals, given(bench)) == (0, [])


@pytest.mark.parametrize("value", ["x" * 200, "雨 の 夜", "👩\u200d🚀", "ليل", "'; DROP TABLE videos; --"])
def test_a_value_of_any_script_fits(bench: Bench, value: str):
    bench.put("job.json", json.dumps(job(facets={"style": value})))
    assert bench.take_one().refusals == 0
    assert given(bench) == [("v1", "style", value)]


def test_blanks_are_tidied_and_secrets_are_taken_out(bench: Bench):
    bench.put("job.json", job(facets={"style": "  film\n noir ", "note": "sk-abcdefghijklmnop"}))
    bench.take_in()
    assert given(bench) == [("v1", "style", "film noir"), ("v1", "note", "[removed]")]
