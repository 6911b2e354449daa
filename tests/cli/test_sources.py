"""`init`, `sources`, `sync` and `add`, against a real server on loopback."""

from __future__ import annotations

import json
import os
import time
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from catalog import store
from catalog.wire.webhooks import Delivery
from tests.cli.conftest import job
from tests.client.server import RawServer, response

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from tests.client.server import Request


class Jobs:
    """What the server knows, by id, and what it knows once it was asked; `status` is what it says instead."""

    def __init__(self) -> None:
        self.known: dict[str, dict[str, object]] = {}
        self.later: dict[str, dict[str, object]] = {}
        self.status = 200

    def answer(self, request: Request) -> Iterable[bytes]:
        if self.status != 200:
            return response({"error": {"message": "bad \x1b[31mkey", "code": "invalid_api_key"}}, self.status)
        wanted = request.target.removeprefix("/v1/videos").partition("?")[0].strip("/")
        if wanted:
            told = self.known.get(wanted)
            self.known.update(self.later)
            return response({"error": {"message": "no such video"}}, 404) if told is None else response(told)
        return response({"object": "list", "data": list(self.known.values()), "has_more": False})


@pytest.fixture
def jobs() -> Jobs:
    return Jobs()


@pytest.fixture(autouse=True)
def server(jobs, tmp_path) -> Iterator[RawServer]:
    with RawServer(jobs.answer) as server:
        (tmp_path / "catalog.toml").write_text(f'[sources.studio]\nbase_url = "{server.base_url}"\n')
        yield server


def test_init_makes_a_library_and_commented_settings(run, tmp_path):
    (tmp_path / "catalog.toml").unlink()
    result = run("init")
    assert result.exit_code == 0
    assert (tmp_path / "catalog.toml").read_text().startswith("# ")
    assert run("search").stdout == "0 videos\n"


@pytest.mark.skipif(os.name == "nt", reason="no modes")
def test_settings_that_init_writes_are_their_owners_alone(run, tmp_path):
    (tmp_path / "catalog.toml").unlink()
    before = os.umask(0)
    try:
        run("init")
    finally:
        os.umask(before)
    assert (tmp_path / "catalog.toml").stat().st_mode & 0o777 == 0o600
    (tmp_path / "catalog.toml").chmod(0o640)
    run("init")
    assert (tmp_path / "catalog.toml").stat().st_mode & 0o777 == 0o640


def test_init_keeps_what_is_there(run, tmp_path):
    settings = (tmp_path / "catalog.toml").read_text()
    result = run("init")
    assert result.exit_code == 0
    assert f"kept {tmp_path / 'catalog.toml'}" in result.stdout
    assert (tmp_path / "catalog.toml").read_text() == settings
    assert f"kept {tmp_path / 'catalog.db'}" in run("init").stdout


def test_init_goes_where_it_is_told(run, tmp_path):
    (tmp_path / "folder").mkdir()
    run("init", "--db", "folder/a.db", "--config", "folder/b.toml")
    assert {path.name for path in (tmp_path / "folder").iterdir()} >= {"a.db", "b.toml"}


def test_init_in_a_missing_folder_is_one_line(run):
    result = run("init", "--db", "missing/catalog.db")
    assert result.exit_code == 1
    assert result.stderr.count("\n") == 1


def test_a_sync_says_what_came_in_and_why_it_stopped(run, jobs):
    jobs.known = {
        "v1": job("v1", prompt="One"),
        "v2": job("v2", prompt="Two", status="failed"),
        "v3": job("v3", status="queued"),
    }
    result = run("sync")
    assert result.exit_code == 0, result.stderr
    assert result.stdout.startswith("studio: 3 added, 0 changed, 0 unchanged, 1 unfinished, 1 failed; ")
    assert "full walk, stopped at: end of the list" in result.stdout
    assert not result.stderr


ADVICE = "run `catalog download`; `catalog rescue` lists them\n"


def test_a_second_sync_says_that_nothing_is_new(run, jobs):
    jobs.known = {"v1": job("v1", prompt="One")}
    run("sync")
    result = run("sync", "studio")
    assert result.stdout.startswith("studio: nothing new; 1 unchanged, 0 unfinished, 0 failed; 1 request in ")
    assert "incremental walk" in result.stdout


def test_a_full_sync_walks_the_whole_list(ask, jobs):
    jobs.known = {"v1": job("v1", prompt="One")}
    ask("sync")
    assert ask("sync", "--full")[0]["mode"] == "full"


def test_the_document_of_a_sync_is_a_list_of_reports(ask, jobs):
    jobs.known = {"v1": job("v1", prompt="One")}
    (report,) = ask("sync")
    assert (report["source"], report["added"], report["error"]) == ("studio", 1, None)


def test_videos_whose_expiry_is_only_reckoned_are_warned_of_with_about(run, jobs):
    jobs.known = {"v1": job("v1", prompt="One", completed_at=int(time.time()) - 1800, expires_at=None)}
    result = run("sync")
    assert result.stderr == "Warning: studio: 1 finished video will expire within about an hour: " + ADVICE


def test_videos_about_to_expire_are_warned_of(run, jobs):
    jobs.known = {"v1": job("v1", prompt="One", expires_at=int(time.time()) + 600)}
    result = run("sync")
    assert result.stderr == "Warning: studio: 1 finished video will expire within the hour: " + ADVICE
    assert run("sync").stderr == ""  # once is enough


def test_a_source_that_fails_is_told_and_the_others_go_on(run, jobs, server, tmp_path):
    jobs.known = {"v1": job("v1", prompt="One")}
    with RawServer(lambda _: response({"error": {"message": "bad \x1b[31mkey"}}, 401)) as broken:
        (tmp_path / "catalog.toml").write_text(
            f'[sources.broken]\nbase_url = "{broken.base_url}"\n[sources.studio]\nbase_url = "{server.base_url}"\n'
        )
        result = run("sync")
    assert result.exit_code == 1
    assert "studio: 1 added" in result.stdout
    assert result.stderr.startswith("Error: ")
    assert "broken" in result.stderr
    assert "\x1b" not in result.stderr


def test_a_document_is_whole_where_a_source_fails(run, jobs):
    jobs.status = 401
    result = run("sync", "--json")
    assert result.exit_code == 1
    assert json.loads(result.stdout)[0]["error"]


def test_an_unknown_source_is_one_line(run, tmp_path):
    result = run("sync", "nobody")
    assert result.exit_code == 1
    assert result.stderr == (
        f"Error: no source 'nobody' is configured: use one of studio, or add it to {tmp_path}/catalog.toml\n"
    )


def test_a_watch_of_no_seconds_is_a_usage_error(run):
    assert run("sync", "--watch", "0").exit_code == 2


def test_settings_with_a_slip_are_told_with_their_line(run, tmp_path):
    (tmp_path / "catalog.toml").write_text('[sources.studio]\nbase_url = "http://127.0.0.1/v1"\ndialekt = "openai"\n')
    result = run("sync")
    assert result.exit_code == 1
    assert "line 3" in result.stderr


def test_sources_are_listed_with_health_count_and_last_run(run, jobs):
    jobs.known = {"v1": job("v1", prompt="One")}
    run("sync")
    heading, studio = run("sources").stdout.splitlines()
    assert heading.split()[:3] == ["source", "health", "videos"]
    assert studio.split()[:3] == ["studio", "ok", "1"]


def test_a_failing_source_says_why(run, jobs):
    jobs.status = 401
    run("sync")
    result = run("sources")
    assert "failing" in result.stdout
    assert "studio" in result.stderr
    assert "\x1b" not in result.stderr


def test_the_document_of_sources_has_their_state(ask, run):
    run("init")
    (state,) = ask("sources")
    assert (state["name"], state["health"], state["is_configured"]) == ("studio", "new", True)


def test_ids_from_everywhere_are_taken_in_once(run, jobs, ask, tmp_path):
    jobs.known = {name: job(name, prompt=name) for name in ("v1", "v2", "v3")}
    (tmp_path / "ids.txt").write_text("\ufeffv2\r\n\nv3\r\n")
    result = run("add", "studio", "v1", "-", "--from", "ids.txt", stdin="v1\nv2\n")
    assert result.exit_code == 0, result.stderr
    assert result.stdout.startswith("studio: 3 added, 0 changed, 0 unchanged, 0 unfinished, 0 failed; 3 requests in ")
    assert ask("search")["total"] == 3


def test_the_document_of_an_addition_is_one_report(ask, jobs):
    jobs.known = {"v1": job("v1", prompt="One", status="queued")}
    report = ask("add", "studio", "v1")
    assert (report["mode"], report["added"], report["unfinished"], report["missed"]) == ("add", 1, 1, {})


def test_of_an_id_that_the_server_does_not_know_nothing_is_kept(run, jobs):
    jobs.known = {"v1": job("v1", prompt="One")}
    result = run("add", "studio", "v1", "nobody")
    assert result.exit_code == 1
    assert result.stderr.startswith("Error: studio:nobody could not be retrieved: ")
    assert result.stderr.endswith(": nothing is kept of it\n")
    assert "1 added" in result.stdout
    assert "no video 'studio:nobody' in the library" in run("show", "studio:nobody").stderr


def test_a_job_that_ended_otherwise_than_before_is_counted_and_named(run, jobs):
    jobs.known = {"v1": job("v1")}
    run("add", "studio", "v1")
    jobs.known = {"v1": job("v1", status="failed")}
    result = run("add", "studio", "v1")
    assert result.exit_code == 0
    assert "studio: 1 video ended otherwise than known before: v1 (completed, now failed)" in result.stderr


def test_an_answer_about_another_job_is_an_error_and_makes_the_source_suspect(run, jobs, ask):
    jobs.known = {"v1": job("v1", status="queued", prompt="One"), "v2": job("v2", prompt="Two")}
    run("add", "studio", "v1", "v2")
    jobs.known = {"v1": job("v2", prompt="Two")}
    result = run("sync")
    assert result.exit_code == 1
    assert "Error: studio:v1 could not be retrieved: the answer is about the job v2" in result.stderr
    assert ask("show", "studio:v1")["prompt"] == "One"
    (state,) = ask("sources")
    assert (state["health"], "v1" in state["message"]) == ("suspect", True)


def test_an_addition_of_nothing_is_a_usage_error(run):
    result = run("add", "studio")
    assert result.exit_code == 2
    assert "--from FILE" in result.stderr


def test_a_file_of_ids_that_is_missing_is_one_line(run, tmp_path):
    result = run("add", "studio", "--from", "nothing.txt")
    assert (result.exit_code, result.stderr) == (1, "Error: cannot read nothing.txt: No such file or directory\n")
    assert not (tmp_path / "catalog.db").exists()


def test_an_addition_to_an_unknown_source_is_one_line(run, tmp_path):
    result = run("add", "nobody", "v1")
    assert (result.exit_code, result.stderr) == (
        1,
        f"Error: no source 'nobody' is configured: use one of studio, or add it to {tmp_path}/catalog.toml\n",
    )


def test_an_addition_that_waits_asks_until_the_job_is_finished(ask, jobs, server):
    jobs.known = {"v1": job("v1", status="queued", polling_interval_seconds=0.01)}
    jobs.later = {"v1": job("v1", prompt="One")}
    assert ask("add", "studio", "v1", "--wait")["unfinished"] == 0
    assert len(server.requests) == 2


def test_costs_are_estimated_by_the_prices_in_the_settings(run, jobs, ask, server, tmp_path):
    jobs.known = {"v1": job("v1", prompt="One", model="sora-2", seconds="8", size="1280x720")}
    settings = f'[sources.studio]\nbase_url = "{server.base_url}"\n'
    price = '[[prices]]\nsource = "studio"\nmodel = "sora-2"\nusd_per_second = '
    (tmp_path / "catalog.toml").write_text(f"{settings}{price}0.05\n")
    run("sync")
    assert ask("show", "v1")["cost_usd"] == 0.4
    (tmp_path / "catalog.toml").write_text(f"{settings}{price}0.06\n")
    run("sync")
    assert (ask("show", "v1")["cost_usd"], ask("show", "v1")["cost_basis"]) == (0.48, "estimated")


def test_a_provider_named_later_makes_the_costs_known(run, jobs, ask, server, tmp_path):
    jobs.known = {"v1": job("v1", prompt="One", model="sora-2-pro", seconds="8", size="1280x720")}
    settings = f'[sources.studio]\nbase_url = "{server.base_url}"\ndialect = "generic"\n'
    (tmp_path / "catalog.toml").write_text(settings)
    run("sync")
    assert ask("show", "v1")["cost_basis"] == "unknown"
    (tmp_path / "catalog.toml").write_text(f'{settings}prices = "azure"\n')
    run("sync")
    assert (ask("show", "v1")["cost_usd"], ask("show", "v1")["cost_basis"]) == (2.4, "estimated")


def test_a_bad_price_in_the_settings_is_one_line(run, server, tmp_path):
    (tmp_path / "catalog.toml").write_text(f'[sources.studio]\nbase_url = "{server.base_url}"\n\n[[prices]]\n')
    result = run("sync")
    assert result.exit_code == 1
    assert "line 4: prices.source: is missing" in result.stderr


def test_an_alarm_about_a_webhook_is_shown_until_it_is_seen(run, library):
    delivery = Delivery("wh_1", 1_790_000_000, "video.completed", "video_1", {"data": {"id": "video_1"}})
    with library.write() as connection:
        for known in (delivery, replace(delivery, event={"data": {"id": "video_2"}})):
            store.save_delivery(connection, "studio", known, received_at=datetime.now(UTC))
    shown = run("sources")
    assert "suspect" in shown.stdout
    assert "webhook wh_1 came again with another body at " in shown.stderr
    assert "catalog sources --seen studio" in shown.stderr
    unknown = run("sources", "--seen", "nobody")
    assert (unknown.exit_code, unknown.stderr) == (
        1,
        "Error: no source is called 'nobody': `catalog sources` lists them\n",
    )
    seen = run("sources", "--seen", "studio")
    assert (seen.exit_code, seen.stderr) == (0, "")
    assert "suspect" not in seen.stdout
