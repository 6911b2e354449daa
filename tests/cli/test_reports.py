"""What commands report of themselves: costs and their reasons, how long it took, what was interrupted or is left."""

from __future__ import annotations

import json
import re
import time

import pytest

from catalog import facets
from catalog.api import Catalog
from catalog.reports import SyncInterrupted
from tests.cli.conftest import job
from tests.client.server import RawServer, response

OWN = '[[prices]]\nsource = "studio"\nmodel = "sora-2"\nusd_per_second = {}\n'
SOURCE = '[sources.studio]\nbase_url = "{}"\n'


@pytest.fixture
def server():
    def answer(request):
        jobs = [job(f"v{number}", prompt=f"Neon fox {number}.", model="sora-2", seconds="8") for number in range(3)]
        if request.target.startswith("/v1/videos?"):
            return response({"object": "list", "data": jobs, "has_more": False})
        wanted = next((told for told in jobs if request.target == f"/v1/videos/{told['id']}"), None)
        return response(wanted) if wanted else response({"error": {"message": "no such video"}}, 404)

    with RawServer(answer) as server:
        yield server


@pytest.fixture
def configure(tmp_path):
    def write(*texts):
        (tmp_path / "catalog.toml").write_text("\n".join(texts))

    return write


# Costs


def test_an_unknown_cost_is_explained_and_a_query_chooses(run, ask, hear):
    hear(job("v1", model="kling-9", seconds="8"), job("v2", model="sora-2", cost=1.5), job("v3", model="kling-9"))
    lines = [line.split(maxsplit=1) for line in run("stats", "--cost").stdout.splitlines()]
    told = ask("stats", "--cost", "--query", "model:kling*")
    assert ["unknown", "because"] in lines
    assert any(
        line[0] == "1" and line[1].startswith("no price for model kling-9 of source studio: ") for line in lines if line
    )
    assert any(line == ["1", "the length is not known (kling-9 of source studio)"] for line in lines)
    assert (told["cost"]["jobs"], sum(item["jobs"] for item in told["unknown"])) == (2, 2)


def test_the_rule_of_the_provider_stands_under_failed_jobs(run, hear, library, configure, server):
    configure(SOURCE.format(server.base_url), 'prices = "fal_ai"')
    hear(job("v1", status="failed", model="m", seconds="8"))
    run("reindex", "--costs")
    text = run("stats", "--cost").stdout
    assert "studio: fal_ai: failures of the server are not charged, refused input may be (https://fal.ai/" in text


def test_a_query_of_costs_that_finds_nothing_says_why(run, hear):
    hear(job("v1", model="sora-2"))
    result = run("stats", "--cost", "--query", "model:sora-3")
    assert (result.stdout, result.stderr.splitlines()[0]) == (
        "0 videos\n",
        'no video has model "sora-3": did you mean "sora-2"?',
    )
    assert run("stats", "--query", "x").exit_code == 2


def test_changed_prices_are_told_until_a_command_estimates_again(run, ask, configure, server):
    configure(SOURCE.format(server.base_url), OWN.format(0.05))
    assert "prices" not in run("sync").stderr
    configure(SOURCE.format(server.base_url), OWN.format(0.06))
    assert ask("stats", "--cost")["prices_changed"]
    assert "the prices in force have changed since these estimates" in run("stats", "--cost").stderr
    run("tag", "v1", "keeper")
    assert ask("show", "v1")["cost_usd"] == 0.4
    assert "the prices in force have changed: costs estimated again, 3 changed" in run("sync").stderr
    assert not ask("stats", "--cost")["prices_changed"]
    assert ask("show", "v1")["cost_usd"] == 0.48
    assert "prices" not in run("sync").stderr


@pytest.mark.parametrize("verb", [["add", "studio", "v1"], ["import", "one.json"], ["reindex", "--costs"]])
def test_each_of_these_estimates_again_and_says_so(run, ask, configure, server, tmp_path, verb):
    (tmp_path / "one.json").write_text(json.dumps(job("v9")))
    configure(SOURCE.format(server.base_url), OWN.format(0.05))
    run("sync")
    configure(SOURCE.format(server.base_url), OWN.format(0.06))
    told = ask(*verb)
    assert told["costs_changed"] == 3
    configure(SOURCE.format(server.base_url), OWN.format(0.07))
    assert "costs estimated again, 3 changed" in run(*verb).stderr


def test_another_setting_is_not_a_change_of_prices(run, ask, configure, server):
    configure(SOURCE.format(server.base_url), OWN.format(0.05))
    run("sync")
    configure("[sync]\nparallel = 2", SOURCE.format(server.base_url), 'proxy = "env"', OWN.format("0.050"))
    assert not ask("stats", "--cost")["prices_changed"]
    assert ask("sync")[0]["costs_changed"] is None


def test_prices_of_a_name_that_has_none_are_refused(run, configure, server, tmp_path):
    run("init")
    configure(SOURCE.format(server.base_url), 'prices = "fal-ai"')
    result = run("sources")
    assert result.exit_code == 1
    assert result.stderr.startswith(
        f"Error: {tmp_path}/catalog.toml, line 4: sources.studio.prices: no prices of that name: "
    )
    assert "did you mean fal_ai? There are azure, dashscope, fal_ai, " in result.stderr
    configure(SOURCE.format(server.base_url), 'prices = "mine"', OWN.format(1).replace("studio", "mine"))
    assert run("sources").exit_code == 0
    (tmp_path / "own.csv").write_text("source,model,usd_per_second\ntheirs,sora-2,0.1\n")
    configure('prices_file = "own.csv"', SOURCE.format(server.base_url), 'prices = "theirs"')
    assert run("sources").exit_code == 0


# Time


def test_the_time_is_that_of_the_whole_command_by_phases(run, ask, configure, tmp_path):
    count = 1500
    lines = [
        json.dumps(job(f"v{number}", prompt=f"A fox number {number} under neon, slow push in."))
        for number in range(count)
    ]
    (tmp_path / "jobs.jsonl").write_text("\n".join(lines))
    started = time.monotonic()
    result = run("import", "jobs.jsonl")
    took = time.monotonic() - started
    told = re.search(r"1 file read in ([0-9.]+) s \(files ([0-9.]+) s, prompts ([0-9.]+) s\)", result.stdout)
    assert told, result.stdout
    whole, files, prompts = map(float, told.groups())
    assert files + prompts <= whole + 0.11
    assert took / 2 < whole <= took + 0.06


def test_several_sources_are_summed_up_in_one_line(run, ask, configure, server):
    configure(SOURCE.format(server.base_url), f'[sources.other]\nbase_url = "{server.base_url}"')
    lines = run("sync").stdout.splitlines()
    assert [line.partition(":")[0] for line in lines[:2]] == ["studio", "other"]
    assert lines[2].startswith("2 sources in ")
    assert " s" not in lines[0].partition("request")[2].partition(";")[0].replace("s;", "")
    first, second = ask("sync")
    assert first["seconds"] == second["seconds"] >= first["phases"]["pages"] + second["phases"]["pages"] - 0.01


def test_a_source_that_fails_is_one_sentence(run, configure, server):
    configure(SOURCE.format(server.base_url))
    run("sync")
    with RawServer(lambda _: response({"error": {"message": "bad key"}}, 401)) as broken:
        configure(SOURCE.format(broken.base_url))
        result = run("sync")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.count("\n") == 1
    assert "0 added" not in result.stderr


# Interruptions


def test_an_interrupted_sync_is_interrupted_and_not_failing(run, ask, configure, server, tmp_path):
    configure(SOURCE.format(server.base_url))

    def stop(*_):
        raise KeyboardInterrupt

    with Catalog.open(tmp_path / "catalog.db") as cat, pytest.raises(SyncInterrupted) as caught:
        cat.sync(on_progress=stop)
    (report,) = caught.value.reports
    assert (report.is_interrupted, report.error, report.source) == (True, None, "studio")
    (state,) = ask("sources")
    assert (state["health"], state["message"]) == ("interrupted", "interrupted: the next run completes it")
    assert run("sync").exit_code == 0
    assert ask("sources")[0]["health"] == "ok"


def test_what_an_interrupted_run_left_is_counted_and_not_read_in_silence(run, ask, hear, configure, server):
    hear(*(job(f"v{number}", prompt=f"Neon fox {number}.") for number in range(4)))
    assert "0 of 4 prompts read" in run("stats").stdout
    assert "0 of 4 prompts read" in run("facets").stderr
    assert "0 of 4 prompts read" in ask("search", "subject:fox")["notes"][0]
    assert "0 of 4 prompts read" in ask("search", "--facet", "lighting")["notes"][0]
    assert ask("search", "neon")["notes"] == []
    assert ask("stats")["prompts"] == {"read": 0, "total": 4, "due": 4}
    configure(SOURCE.format(server.base_url))
    run("reindex", "--costs")
    result = run("sync")
    assert result.stderr == "reading 4 prompts left unread by earlier runs\n"
    assert ask("sync")[0]["prompts_left"] == 0
    assert not run("facets").stderr


def test_reindex_reads_what_the_vocabulary_has_not_read_and_all_with_all(run, ask, hear, configure):
    hear(job("v1", prompt="Neon."), job("v2", prompt="Fog."))
    assert ask("reindex", "--facets")["prompts_read"] == 2
    assert ask("reindex", "--facets")["prompts_read"] == 0
    hear(job("v3", prompt="Rain."))
    assert ask("reindex", "--facets")["prompts_read"] == 1
    assert ask("reindex", "--facets", "--all")["prompts_read"] == 3
    assert ask("reindex")["prompts_read"] == 3
    configure('[facets.client]\nacme = ["fog"]')
    assert ask("reindex", "--facets")["prompts_read"] == 3
    assert ask("search", "client:acme")["total"] == 1
    assert run("reindex", "--fts", "--all").exit_code == 2


def test_an_interrupted_reindex_goes_on_where_it_stopped(hear, library, ask):
    hear(*(job(f"v{number}", prompt=f"Fox {number}.") for number in range(facets.BATCH + 5)))

    def stop(*_):
        raise KeyboardInterrupt

    with Catalog(library) as cat, pytest.raises(KeyboardInterrupt):
        cat.reindex(facets=True, on_progress=stop)
    assert ask("stats")["prompts"]["due"] == 5
    assert ask("reindex", "--facets")["prompts_read"] == 5


# Nothing found


@pytest.mark.parametrize(
    ("query", "remark"),
    [
        ("status:compleet", 'no video has status "compleet": did you mean "completed"?'),
        ("model:Sora2pro", 'no video has model "Sora2pro": did you mean "sora-2-pro"?'),
        ("lighting:neom", 'no video has lighting "neom": did you mean "neon"?'),
        ("tag:campain", 'no video has tag "campain": did you mean "campaign"?'),
        ("tag:campaign=lunch", 'no video has tag "campaign=lunch": did you mean "campaign=launch"?'),
        ("model:nothing", "nothing fits"),
        ("zebra", "nothing fits: leave a term out or end a word with *; "),
        ("\x00:\u202e", "is ignored"),
    ],
)
def test_a_remark_stands_under_nothing(run, hear, query, remark):
    hear(job("video_123", prompt="A neon street.", model="sora-2-pro"))
    run("reindex", "--facets")
    run("tag", "video_123", "campaign=launch")
    result = run("search", query)
    assert result.stdout == "0 videos\n"
    assert remark in result.stderr


def test_an_empty_library_says_how_to_fill_it(run):
    run("init")
    for command in (["search"], ["search", "neon"], ["stats"], ["stats", "--cost"], ["facets"]):
        assert "`catalog sync` and `catalog import` bring" in run(*command).stderr, command
