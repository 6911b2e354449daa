"""`download`, `rescue` and `sync --download`: what they print, and with which status they end."""

from __future__ import annotations

import re
import signal
import time
from typing import TYPE_CHECKING

import pytest

from catalog.demo.gateway import Gateway
from catalog.demo.gateway.faults import MEDIA
from catalog.demo.gateway.jobs import HOUR, Job
from tests.cli.test_stopping import started
from tests.house import LONG, wait_until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


def job(number: int, age: int = 600, **plan: object) -> Job:
    return Job(id=f"v{number}", model="sora-2", prompt=f"scene {number}", created_at=int(time.time()) - age, **plan)  # type: ignore[arg-type]


@pytest.fixture
def gateway(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Gateway]]:
    gateways = []

    def make(*jobs: Job) -> Gateway:
        now = int(time.time())
        gateway = Gateway(jobs=jobs, clock=lambda: now, key="a-key")
        gateways.append(gateway)
        gateway.__enter__()
        monkeypatch.setenv("CATALOG_BASE_URL", gateway.base_url)
        monkeypatch.setenv("CATALOG_API_KEY", "a-key")
        return gateway

    yield make
    for gateway in gateways:
        gateway.__exit__(None, None, None)


def test_a_sync_may_download_what_it_finds_and_then_warns_of_nothing(run, ask, gateway) -> None:
    gateway(job(1), job(2))
    result = run("sync", "--download")
    assert result.exit_code == 0, result.stderr
    assert "\n6 files downloaded, " in result.stdout
    assert "Warning" not in result.stderr
    assert {file["state"] for file in ask("show", "default:v1")["files"]} == {"present"}
    assert run("download").stdout == "nothing to download\n"


def test_both_reports_of_such_a_sync_are_one_document(ask, gateway) -> None:
    gateway(job(1))
    document = ask("sync", "--download")
    assert [report["added"] for report in document["sync"]] == [1]
    assert document["download"]["files"] == 3


def test_a_refused_file_makes_the_status_1_and_is_named(run, gateway) -> None:
    made = gateway(job(1), job(2))
    run("sync")
    made.faults.only, made.faults.body = MEDIA, "html"
    result = run("download", "scene 1", "--variant", "video", "--jobs", "1")
    assert result.exit_code == 1
    assert result.stdout.startswith("0 files downloaded, 0 bytes, 1 failed in ")
    assert "default:v1: its video could not be downloaded: the answer is a page, not media" in result.stderr
    made.faults.clear()
    assert run("download", "--variant", "video").exit_code == 0


def test_what_is_lost_is_told_with_its_cost(run, gateway, tmp_path) -> None:
    gateway(job(1, has_lost=True))
    price = '[[prices]]\nsource = "default"\nmodel = "sora-2"\nusd_per_second = 0.1\n'
    (tmp_path / "catalog.toml").write_text(price)
    run("sync")
    result = run("download", "--variant", "video")
    assert result.exit_code == 1
    assert "default:v1: its video is lost (the job cost $0.40): refused under a fresh address too" in result.stderr
    assert "what is lost cost $0.40" in result.stderr


def test_the_queue_is_listed_worst_first_with_the_time_left(run, ask, gateway) -> None:
    gateway(job(1, age=100), job(2, age=3000), job(3, age=2 * HOUR))
    run("sync")
    lines = run("rescue", "--variant", "video").stdout.splitlines()
    assert [line.split("default:")[1].split()[0] for line in lines[1:4]] == ["v2", "v1", "v3"]
    assert re.match(r"\d+ min ", lines[1])
    assert re.match(r"expired \d+ min ago ", lines[3])
    assert lines[4].startswith("3 files of 3 videos, about ")
    assert lines[5].startswith("1 video will not make it in time, 1 of them expired already")
    assert [entry["ref"] for entry in ask("rescue", "--expiring-within", "25m")["jobs"]] == ["default:v2"]


def test_an_estimate_fetches_nothing(run, gateway) -> None:
    made = gateway(job(1))
    run("sync")
    made.requests.clear()
    result = run("download", "--estimate")
    assert result.stdout.startswith("3 files of 1 video, about ")
    assert made.requests == []


@pytest.mark.parametrize("span", ["soon", "0h", "-1h", "1y"])
def test_a_span_that_cannot_be_read_is_explained(run, gateway, span) -> None:
    result = run("download", f"--expiring-within={span}")
    assert result.exit_code == 2
    assert "write it as 45m, 1h or 2d" in result.stderr


def test_a_download_that_is_interrupted_says_what_is_kept_and_leaves_no_parts(run, gateway, tmp_path) -> None:
    made = gateway(job(1), job(2))
    run("sync")
    made.faults.only, made.faults.bytes_per_second = MEDIA, 2000
    with started("download", "--variant", "video") as process:
        wait_until(lambda: list((tmp_path / "media").glob("*.part")))
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=LONG)
    assert process.returncode == 130
    assert out.startswith("0 files downloaded, 0 bytes, 2 left in ")
    assert err.endswith("interrupted: what has been downloaded is kept, and the next run fetches the rest\n")
    assert list((tmp_path / "media").iterdir()) == []
