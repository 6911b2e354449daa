"""Every switch for what goes wrong, seen over HTTP."""

from __future__ import annotations

import time
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

import httpx
import pytest

from catalog.demo.gateway import Gateway
from catalog.demo.gateway.faults import Faults
from tests.demo.conftest import job, some_jobs

if TYPE_CHECKING:
    from catalog.demo.gateway.jobs import Clock


def statuses(client: httpx.Client, count: int) -> list[int]:
    return [client.get("/videos").status_code for _ in range(count)]


def pages(client: httpx.Client, count: int) -> list[dict]:
    """The first pages, as a client asks for them that believes what it is told."""
    found, after = [], None
    for _ in range(count):
        found.append(client.get("/videos", params={"limit": 10, **({"after": after} if after else {})}).json())
        after = found[-1]["last_id"]
    return found


def test_the_next_requests_are_told_to_wait(gateway: Gateway, client: httpx.Client):
    gateway.faults.rate_limits = 2
    assert statuses(client, 3) == [429, 429, 200]


def test_waiting_can_be_asked_for_in_seconds(gateway: Gateway, client: httpx.Client):
    gateway.faults.rate_limits, gateway.faults.retry_after = 1, 7
    answer = client.get("/videos")
    assert answer.headers["retry-after"] == "7"
    assert answer.json()["error"]["code"] == "rate_limit_exceeded"


def test_waiting_can_be_asked_for_until_a_date(gateway: Gateway, client: httpx.Client):
    gateway.faults.rate_limits, gateway.faults.retry_after, gateway.faults.retry_header = 1, 30, "date"
    headers = client.get("/videos").headers
    wait = parsedate_to_datetime(headers["retry-after"]) - parsedate_to_datetime(headers["date"])
    assert 30 <= wait.total_seconds() <= 31


def test_waiting_can_be_asked_for_in_milliseconds(gateway: Gateway, client: httpx.Client):
    gateway.faults.rate_limits, gateway.faults.retry_after, gateway.faults.retry_header = 1, 0.25, "ms"
    assert client.get("/videos").headers["retry-after-ms"] == "250"


def test_waiting_can_be_asked_for_in_the_words_of_a_proxy_or_not_at_all(gateway: Gateway, client: httpx.Client):
    gateway.faults.rate_limits, gateway.faults.retry_header = 2, "provider"
    assert client.get("/videos").headers["llm_provider-retry-after"] == "1"
    gateway.faults.retry_header = "none"
    assert not {name for name in client.get("/videos").headers if "retry" in name}


def test_the_next_requests_fail_at_the_server(gateway: Gateway, client: httpx.Client):
    gateway.faults.server_errors = 1
    assert statuses(client, 2) == [500, 200]
    gateway.faults.server_errors, gateway.faults.server_error_status = 1, 503
    assert statuses(client, 2) == [503, 200]


def test_the_next_connections_are_dropped(gateway: Gateway, client: httpx.Client):
    gateway.faults.dropped = 1
    with pytest.raises(httpx.RemoteProtocolError):
        client.get("/videos")
    assert client.get("/videos").status_code == 200
    assert [entry.status for entry in gateway.requests] == [0, 200]


def test_every_key_can_be_refused(gateway: Gateway, client: httpx.Client):
    gateway.faults.wrong_key = True
    assert client.get("/videos").json()["error"]["code"] == "invalid_api_key"


def test_answers_can_take_their_time(gateway: Gateway, client: httpx.Client):
    gateway.faults.latency = 0.15
    begun = time.monotonic()
    client.get("/videos")
    assert time.monotonic() - begun >= 0.15


def test_a_stopping_gateway_keeps_nobody_waiting():
    begun = time.monotonic()
    with Gateway([], faults=Faults(latency=60)) as gateway, pytest.raises(httpx.ReadTimeout):
        httpx.get(f"{gateway.base_url}/videos", timeout=0.1)
    assert time.monotonic() - begun < 30  # an answer takes 60


def test_faults_can_be_meant_for_some_requests_only(gateway: Gateway, client: httpx.Client):
    gateway.faults.only, gateway.faults.server_errors = r"/content$", 5
    assert statuses(client, 1) == [200]
    assert client.get(f"/videos/{job(1).id}/content").status_code == 500


def test_the_next_jobs_can_fail(gateway: Gateway, client: httpx.Client, clock: Clock):
    gateway.faults.failing_jobs = 1
    videos = [client.post("/videos", json={"prompt": "p"}).json() for _ in range(2)]
    clock.advance(100)
    found = [client.get(f"/videos/{video['id']}").json()["status"] for video in videos]
    assert found == ["failed", "completed"]


def test_faults_are_cleared_together(gateway: Gateway, client: httpx.Client):
    gateway.faults.server_errors, gateway.faults.lists, gateway.faults.only = 9, "endless", "videos"
    gateway.faults.clear()
    assert gateway.faults == Faults()
    assert statuses(client, 1) == [200]


def test_an_endless_list_repeats_its_first_page(gateway: Gateway, client: httpx.Client):
    gateway.faults.lists = "endless"
    first, second, third = pages(client, 3)
    assert first == second == third
    assert first["has_more"] is True


def test_a_repeated_cursor_leads_to_the_same_page_again(gateway: Gateway, client: httpx.Client):
    gateway.faults.lists = "repeated_cursor"
    first, second, third = pages(client, 3)
    assert first["data"] != second["data"] == third["data"]
    assert first["last_id"] == second["last_id"]


def test_an_empty_page_can_promise_more(gateway: Gateway, client: httpx.Client):
    gateway.faults.lists = "empty_page"
    first, second = pages(client, 2)
    assert len(first["data"]) == 10
    assert (second["data"], second["last_id"], second["has_more"]) == ([], None, True)


def test_an_honest_list_ends(client: httpx.Client):
    assert sum(len(page["data"]) for page in pages(client, 3)) == len(some_jobs())
