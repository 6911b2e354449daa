"""A running gateway over a few sample jobs, a clock that stands still, and a plain HTTP client for it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import httpx
import pytest

from catalog.demo.gateway import Gateway
from catalog.demo.gateway.jobs import Clock, Failure, Job
from tests.house import LONG

NOW = 1_795_262_400


def job(number: int, **plan: Any) -> Job:
    """A finished job of `number` minutes ago, unless its plan says otherwise."""
    kept = {"created_at": NOW - 60 * number, "queues_for": 2, "runs_for": 8, "keeps_for": 86_400}
    return Job(**{"id": f"video_{number:032x}", "model": "sora-2", "prompt": f"Clip {number}", **kept, **plan})


def failed(number: int) -> Job:
    """A job that was refused."""
    return job(number, failure=Failure("moderation_blocked", "Your request was blocked by our moderation system."))


def some_jobs(count: int = 25) -> list[Job]:
    """Jobs a minute apart, the youngest of a minute ago."""
    return [job(number) for number in range(1, count + 1)]


@pytest.fixture
def clock() -> Clock:
    return Clock(NOW)


Start = Callable[..., tuple[Gateway, httpx.Client]]


@pytest.fixture
def start(clock: Clock) -> Iterator[Start]:
    """Starts a gateway of the kind wanted and gives it with a client that holds its key."""
    with ExitStack() as stack:

        def start(jobs: list[Job] | None = None, **kind: Any) -> tuple[Gateway, httpx.Client]:
            chosen = some_jobs() if jobs is None else jobs
            gateway = stack.enter_context(Gateway(chosen, **{"clock": clock, **kind}))
            headers = {gateway.dialect.auth_header: gateway.dialect.auth_prefix + gateway.key}
            client = httpx.Client(
                base_url=gateway.base_url, headers=headers, verify=False, trust_env=False, timeout=LONG
            )
            return gateway, stack.enter_context(client)

        yield start


@pytest.fixture
def gateway_and_client(start: Start) -> tuple[Gateway, httpx.Client]:
    return start()


@pytest.fixture
def gateway(gateway_and_client: tuple[Gateway, httpx.Client]) -> Gateway:
    return gateway_and_client[0]


@pytest.fixture
def client(gateway_and_client: tuple[Gateway, httpx.Client]) -> httpx.Client:
    return gateway_and_client[1]
