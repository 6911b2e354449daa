"""What videos cost by the prices in the library: on arrival, and again when prices move."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from catalog import store
from catalog.prices import load_prices
from catalog.pricing import Price

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tests.store.conftest import Desk

CREATED = 1_775_000_000  # 2026-04-01
PRICE = Price("studio", "sora-2", "base", Decimal("0.05"), origin="user")


def job(remote_id: str = "v1", **fields: Any) -> dict[str, Any]:
    told = {"model": "sora-2", "seconds": "8", "size": "1280x720", "status": "completed", "created_at": CREATED}
    return {"id": remote_id, "object": "video", **told, **fields}


def price(desk: Desk, *prices: Price) -> bool:
    with desk.library.write() as connection:
        return store.save_prices(connection, prices)


def estimate(desk: Desk) -> int:
    with desk.library.write() as connection:
        return store.estimate_costs(connection)


def pay(desk: Desk, source: str = "studio", **payer: str | None) -> None:
    with desk.library.write() as connection:
        store.save_source(connection, source, **payer)


def costs(desk: Desk) -> list[tuple[Any, ...]]:
    return desk.rows("SELECT cost_usd, cost_basis FROM videos ORDER BY id")


def test_a_job_without_a_price_costs_nobody_knows_what(desk: Desk) -> None:
    desk.hear(job())
    assert costs(desk) == [(None, "unknown")]


def test_a_reported_cost_beats_an_estimate_even_when_it_comes_first(desk: Desk) -> None:
    price(desk, PRICE)
    desk.hear(job())
    assert costs(desk) == [(0.4, "estimated")]
    desk.hear(job(cost=0.33))
    assert costs(desk) == [(0.33, "reported")]
    desk.hear(job(progress=100))
    assert costs(desk) == [(0.33, "reported")]
    assert estimate(desk) == 0


def test_an_estimate_follows_what_is_learnt_of_the_job(desk: Desk) -> None:
    price(desk, PRICE)
    desk.hear(job(seconds=None, status="queued"))
    assert costs(desk) == [(None, "unknown")]
    desk.hear(job())
    assert costs(desk) == [(0.4, "estimated")]


def test_a_source_pays_the_prices_of_its_provider(desk: Desk) -> None:
    price(desk, *load_prices())
    pay(desk, dialect="openai", provider=None)
    desk.hear(job(), job("v2", status="failed"))
    assert costs(desk) == [(0.8, "estimated"), (None, "unknown")]


def test_the_provider_that_is_set_beats_the_dialect(desk: Desk) -> None:
    price(desk, replace(PRICE, source="fal_ai", origin="table"), *load_prices())
    pay(desk, dialect="openai", provider="fal_ai")
    desk.hear(job())
    assert costs(desk) == [(0.4, "estimated")]


def test_a_line_of_a_batch_has_the_price_of_batches(desk: Desk) -> None:
    price(desk, *load_prices())
    pay(desk, dialect="openai")
    line = {"id": "batch_req_1", "custom_id": "one", "response": {"status_code": 200, "body": job()}, "error": None}
    with desk.library.write() as connection:
        from catalog.wire.parse import parse_videos

        videos = [replace(video, payload=line) for video in parse_videos(line).videos]
        store.save_videos(connection, "studio", videos, channel="batch", received_at=desk.now)
    assert costs(desk) == [(0.4, "estimated")]


def test_new_prices_reach_old_videos_of_every_source(desk: Desk) -> None:
    desk.hear(job(), job("v2", cost=1.0))
    desk.hear(job(), source="other")
    price(desk, PRICE, replace(PRICE, source="other", usd_per_second=Decimal("0.06")))
    assert estimate(desk) == 2
    assert costs(desk) == [(0.4, "estimated"), (1.0, "reported"), (0.48, "estimated")]
    assert estimate(desk) == 0


def test_a_price_taken_away_makes_the_cost_unknown_and_not_0(desk: Desk) -> None:
    price(desk, PRICE)
    desk.hear(job())
    price(desk)
    assert estimate(desk) == 1
    assert costs(desk) == [(None, "unknown")]


def test_more_videos_than_one_portion_are_all_estimated(desk: Desk) -> None:
    desk.hear(*(job(f"v{number}") for number in range(1203)))
    price(desk, PRICE)
    assert estimate(desk) == 1203


def test_prices_are_written_only_when_they_differ(desk: Desk) -> None:
    assert price(desk, *load_prices())
    before = desk.rows("SELECT id FROM prices")
    assert not price(desk, *load_prices())
    assert desk.rows("SELECT id FROM prices") == before


def test_the_prices_of_the_package_survive_the_way_through_the_library(desk: Desk) -> None:
    price(desk, *load_prices())
    assert has(desk, load_prices())


@pytest.mark.parametrize(
    "others",
    [(), (replace(PRICE, usd_per_second=Decimal("0.050")),), (PRICE, PRICE)],
    ids=["none", "another amount", "one more"],
)
def test_other_prices_than_the_librarys_are_noticed(desk: Desk, others: tuple[Price, ...]) -> None:
    price(desk, PRICE)
    assert has(desk, [PRICE])
    assert not has(desk, others)


def test_another_provider_or_a_source_never_seen_is_noticed(desk: Desk) -> None:
    pay(desk, dialect="openai", provider="azure")
    assert has(desk, [], studio=("openai", "azure"))
    assert not has(desk, [], studio=("openai", None))
    assert not has(desk, [], studio=("openai", "azure"), other=("openai", None))


def has(desk: Desk, prices: Iterable[Price], **payers: tuple[str | None, str | None]) -> bool:
    with desk.library.read() as connection:
        return store.has_prices(connection, prices, payers)
