"""What jobs cost: the sums, the groups, the reasons for what is unknown, and what rules say of failed jobs."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from catalog import store
from catalog.cost_reports import CostGroup, Costs, CostSum, UnknownCosts
from catalog.errors import QueryError
from catalog.prices import load_prices
from catalog.pricing import Price
from catalog.reading.costs import GROUPINGS, are_in_force, read_costs
from catalog.reading.names import get_name
from catalog.search.matches import list_matches
from tests.reading.test_statistics import NOW, add

if TYPE_CHECKING:
    from collections.abc import Iterable

    from catalog.database import Database

OWN = Price("studio", "sora-2", "base", Decimal("0.05"), origin="user")


def costs(library: Database, *by: str, tag: str = "project") -> Costs:
    with library.read() as connection:
        return read_costs(connection, by, tag)


def test_the_costs_of_an_empty_library_are_unknown_and_not_0(library: Database) -> None:
    assert costs(library, "model") == Costs(CostSum(), CostSum(), {"model": ()}, "project")


def test_reported_and_estimated_and_unknown_costs_are_apart(library: Database) -> None:
    add(
        library,
        {"cost_usd": 0.1, "cost_basis": "reported"},
        {"cost_usd": 0.2, "cost_basis": "reported"},
        {"cost_usd": 0.4, "cost_basis": "estimated"},
        {"cost_usd": None, "cost_basis": "unknown"},
        {"cost_usd": 9.0, "cost_basis": "reported", "deleted_at": NOW},
    )
    assert costs(library).cost == CostSum(4, 2, 1, 1, 0.3, 0.4)


def test_a_cost_of_0_that_was_reported_is_known(library: Database) -> None:
    add(library, {"cost_usd": 0.0, "cost_basis": "reported"})
    assert costs(library).cost == CostSum(1, 1, 0, 0, 0.0, None)


@pytest.mark.parametrize("status", ["failed", "cancelled", "expired"])
def test_jobs_that_ended_without_a_video_stand_apart(library: Database, status: str) -> None:
    add(library, {"cost_usd": 1.0, "cost_basis": "reported", "status": status, "model": "m"}, {"model": "m"})
    told = costs(library, "model")
    assert (told.cost, told.failed) == (CostSum(1, 0, 0, 1), CostSum(1, 1, 0, 0, 1.0, None))
    assert told.by["model"] == (CostGroup("m", told.cost, told.failed, undecided=told.cost),)


def test_groups_come_dearest_first_and_months_in_order(library: Database) -> None:
    add(
        library,
        {"model": "cheap", "cost_usd": 1.0, "cost_basis": "estimated", "created_at": "2026-10-31T23:59:59.000Z"},
        {"model": "dear", "cost_usd": 2.0, "cost_basis": "reported", "created_at": "2026-11-01T00:00:00.000Z"},
        {"model": "none", "created_at": None},
        {"model": "none", "created_at": "2026-09-01T00:00:00.000Z"},
    )
    told = costs(library, "model", "month")
    assert [group.value for group in told.by["model"]] == ["dear", "cheap", "none"]
    assert [group.value for group in told.by["month"]] == ["2026-09", "2026-10", "2026-11", None]


def test_a_project_is_the_users_tag_before_the_providers(library: Database) -> None:
    add(library, {"cost_usd": 1.0, "cost_basis": "reported"}, {}, {})
    with library.write() as connection:
        connection.execute(
            "INSERT INTO tags(video_id, key, value, origin) "
            "SELECT min(id), 'project', 'theirs', 'provider' FROM videos "
            "UNION ALL SELECT min(id), 'project', 'ours', 'user' FROM videos "
            "UNION ALL SELECT max(id), 'project', 'theirs', 'provider' FROM videos"
        )
    told = costs(library, "project")
    assert [(group.value, group.cost.jobs) for group in told.by["project"]] == [("ours", 1), (None, 1), ("theirs", 1)]
    assert told.cost.jobs == 3


@pytest.mark.parametrize("name", GROUPINGS)
def test_every_grouping_adds_up(library: Database, name: str) -> None:
    add(library, {"model": "a", "tier": "720p"}, {"status": "failed", "model": "b"}, {"created_at": NOW})
    told = costs(library, name)
    assert sum(group.cost.jobs for group in told.by[name]) == told.cost.jobs == 2
    assert sum(group.failed.jobs for group in told.by[name]) == told.failed.jobs == 1


def test_an_unknown_grouping_names_the_known_ones(library: Database) -> None:
    with pytest.raises(QueryError, match="costs cannot be grouped by 'weather': choose from model, project, month"):
        costs(library, "weather")


def test_a_query_chooses_the_jobs(library: Database) -> None:
    paid = {"cost_usd": 1.0, "cost_basis": "reported"}
    add(library, {"model": "a", **paid}, {"model": "b", **paid}, {"model": "a", **paid, "status": "failed"})
    add(library, {"model": "a", **paid, "deleted_at": NOW})
    with library.read() as connection:
        told = read_costs(connection, ["project"], "project", among=list_matches(connection, "model:a"))
        nothing = read_costs(connection, [], "project", among=list_matches(connection, "model:c"))
        deleted = read_costs(connection, [], "project", among=list_matches(connection, "is:deleted"))
    assert (told.cost.jobs, told.failed.jobs, told.by["project"][0].cost.jobs) == (1, 1, 1)
    assert (nothing.cost, nothing.unknown, nothing.failed_rules) == (CostSum(), (), ())
    assert deleted.cost.jobs == 1


PAID = {"model": "m", "cost_usd": 1.0, "cost_basis": "reported", "seconds": 8.0}


def judge(library: Database, verdict: str | None, *refs: str) -> None:
    with library.write() as connection:
        ids = [get_name(connection, ref).id for ref in refs]
        store.judge_videos(connection, ids, verdict, made_at=NOW)


def deliver(
    library: Database, ref: str, *lengths: float | None, state: str = "present", variant: str = "video"
) -> None:
    """Gives the video clips of these lengths."""
    with library.write() as connection:
        video_id = get_name(connection, ref).id
        for number, length in enumerate(lengths, 1):
            connection.execute(
                "INSERT INTO files (video_id, variant, number, state, sha256, seconds, changed_at) "
                "VALUES (?, ?, ?, ?, ?, ?, '2026-11-21T12:00:00.000Z')",
                (video_id, variant, number, state, f"{video_id}{variant}{number}", length),
            )
        store.rebuild_bitmaps(connection)


def test_kept_and_rejected_and_undecided_and_failed_money_stand_apart(library: Database) -> None:
    kept, estimated, rejected, _, failed = add(
        library,
        PAID,
        PAID | {"cost_usd": 0.1, "cost_basis": "estimated"},
        PAID | {"cost_usd": 2.0},
        PAID | {"cost_usd": 0.2},
        PAID | {"cost_usd": 0.7, "status": "failed"},
    )
    judge(library, "keep", kept, estimated)
    judge(library, "reject", rejected)
    told = costs(library, "model")
    (group,) = told.by["model"]
    assert group.kept == CostSum(2, 1, 1, 0, 1.0, 0.1)
    assert group.rejected == CostSum(1, 1, 0, 0, 2.0, None)
    assert group.undecided == CostSum(1, 1, 0, 0, 0.2, None)
    assert group.failed == CostSum(1, 1, 0, 0, 0.7, None)
    assert group.cost == CostSum(4, 3, 1, 0, 3.2, 0.1)
    assert (group.kept_seconds, group.usd_per_kept_second) == (16.0, 0.25)
    assert (told.kept, told.rejected, told.undecided, told.failed) == (
        *(group.kept, group.rejected, group.undecided),
        group.failed,
    )
    assert (told.kept_seconds, told.usd_per_kept_second) == (16.0, 0.25)
    judge(library, "reject", failed)
    assert costs(library).rejected == group.rejected


def test_a_kept_second_costs_nothing_known_where_nothing_was_kept(library: Database) -> None:
    add(library, PAID, PAID | {"status": "failed"})
    (rejected,) = add(library, PAID)
    judge(library, "reject", rejected)
    (group,) = costs(library, "model").by["model"]
    assert (group.kept, group.kept_seconds, group.usd_per_kept_second) == (CostSum(), None, None)


def test_only_kept_videos_of_known_cost_deliver_seconds(library: Database) -> None:
    known, unknown, picture = add(library, PAID, PAID | {"cost_usd": None}, PAID | {"seconds": None, "kind": "image"})
    judge(library, "keep", known, unknown, picture)
    told = costs(library)
    assert told.kept == CostSum(3, 2, 0, 1, 2.0, None)
    assert (told.kept_seconds, told.usd_per_kept_second) == (8.0, 0.25)
    judge(library, "undecided", known, picture)
    judge(library, None, known, picture)
    assert costs(library).usd_per_kept_second is None


def test_delivered_seconds_are_those_of_the_clips_at_hand(library: Database) -> None:
    several, lost, unread, thumbnail = add(library, PAID, PAID, PAID, PAID)
    deliver(library, several, 4.0, 5.5)
    deliver(library, lost, 4.0, state="lost")
    deliver(library, unread, None)
    deliver(library, thumbnail, 1.0, variant="reference")
    for ref, seconds in ((several, 9.5), (lost, 8.0), (unread, 8.0), (thumbnail, 8.0)):
        judge(library, "keep", ref)
        assert costs(library).kept_seconds == seconds, ref
        judge(library, None, ref)


def test_undoing_a_verdict_takes_its_seconds_back(library: Database) -> None:
    first, second = add(library, PAID, PAID)
    judge(library, "keep", first)
    judge(library, "keep", second)
    assert costs(library).usd_per_kept_second == 0.125
    with library.write() as connection:
        store.undo(connection, 1, undone_at=NOW)
    assert costs(library).usd_per_kept_second == 0.25
    with library.write() as connection:
        store.undo(connection, 1, undone_at=NOW)
    assert (costs(library).usd_per_kept_second, costs(library).kept.jobs) == (None, 0)


@pytest.mark.parametrize("name", GROUPINGS)
def test_what_became_of_jobs_adds_up_in_every_grouping(library: Database, name: str) -> None:
    refs = add(library, PAID | {"tier": "720p"}, PAID | {"model": "b"}, PAID | {"created_at": NOW}, PAID)
    add(library, PAID | {"status": "expired"})
    judge(library, "keep", *refs[:2])
    judge(library, "reject", refs[2])
    told = costs(library, name)
    for part in ("kept", "rejected", "undecided", "failed"):
        assert sum(getattr(group, part).jobs for group in told.by[name]) == getattr(told, part).jobs > 0
    assert sum(group.kept_seconds or 0 for group in told.by[name]) == told.kept_seconds == 16.0


JOB = {"model": "sora-2", "seconds": 8.0, "width": 1280, "height": 720, "created_at": "2026-04-01T08:00:00.000Z"}


def keep(library: Database, *prices: Price, **payers: tuple[str, str | None]) -> None:
    with library.write() as connection:
        store.save_prices(connection, prices)
        for name, (dialect, provider) in payers.items():
            store.save_source(connection, name, dialect=dialect, provider=provider)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"model": "kling-9"}, "no price for model kling-9 of source studio: add [[prices]]"),
        ({"model": None}, "the model is not known"),
        ({"seconds": None}, "the length is not known"),
        ({"seconds": -1.0}, "the length is not known"),
        ({"kind": "image"}, "no prices for jobs of kind image: only a second of video has one"),
        (
            {"created_at": "2026-10-01T00:00:00.000Z"},
            "no price for model sora-2 of source studio on the day of the job: add [[prices]]",
        ),
        (
            {"model": "sora-2-pro", "height": 400},
            "no price for model sora-2-pro of source studio at 400p: add [[prices]]",
        ),
        (
            {"model": "sora-2-pro", "width": None},
            "no price for model sora-2-pro of source studio at an unknown resolution: add [[prices]]",
        ),
        ({}, "not estimated yet: run `catalog reindex --costs`"),
    ],
)
def test_an_unknown_cost_has_its_reason(library: Database, change: dict[str, Any], reason: str) -> None:
    keep(library, *load_prices(), studio=("openai", None))
    add(library, JOB | change)
    assert [(item.reason, item.jobs) for item in costs(library).unknown] == [(reason, 1)]


def test_a_source_without_prices_may_name_whose_it_charges(library: Database) -> None:
    keep(library, *load_prices(), studio=("newapi", None))
    add(library, JOB, JOB, JOB | {"source": "other"})
    advice = "add [[prices]], or say whose prices it charges with `prices`"
    assert costs(library).unknown == (
        UnknownCosts(f"no price for model sora-2 of source studio: {advice}", 2, "studio", "sora-2"),
        UnknownCosts(f"no price for model sora-2 of source other: {advice}", 1, "other", "sora-2"),
    )


def test_reasons_add_up_to_the_unknown_jobs(library: Database) -> None:
    keep(library, *load_prices(), studio=("openai", None))
    add(library, JOB | {"model": "x"}, JOB | {"model": None}, JOB | {"status": "failed"}, {"cost_usd": 0.0})
    told = costs(library)
    assert sum(item.jobs for item in told.unknown) == told.cost.unknown == 2


def test_rules_about_failed_jobs_are_those_of_the_provider(library: Database) -> None:
    keep(library, a=("openai", None), b=("newapi", "fal_ai"), c=("newapi", None), d=("openai", "azure"))
    failed = {"status": "failed"}
    add(
        library,
        *({"source": name, **failed} for name in "aabcd"),
        {"source": "a"},
        {"source": "a", "status": "expired"},
    )
    rules = costs(library).failed_rules
    assert [(rule.source, rule.provider, rule.jobs, rule.is_charged) for rule in rules] == [
        ("a", "openai", 2, False),
        ("b", "fal_ai", 1, None),
    ]
    assert rules[1].to_dict()["reference"] == "https://fal.ai/docs/model-apis/faq"


# Prices in force


def hold(library: Database, prices: Iterable[Price], **payers: tuple[str | None, str | None]) -> bool:
    with library.read() as connection:
        return are_in_force(connection, prices, payers)


def test_prices_are_in_force_whatever_does_not_decide(library: Database) -> None:
    other = replace(OWN, model="kling")
    keep(library, OWN, other, studio=("openai", "azure"))
    add(library, JOB)
    assert hold(library, [other, replace(OWN, reference="https://x", usd_per_second=Decimal("0.050"))])
    assert hold(library, [OWN, other], studio=("newapi", "azure"), unseen=("openai", None))


@pytest.mark.parametrize(
    "prices",
    [(), (replace(OWN, usd_per_second=Decimal("0.06")),), (OWN, replace(OWN, tier="720p")), (replace(OWN, model="a"),)],
)
def test_other_prices_are_not_in_force(library: Database, prices: tuple[Price, ...]) -> None:
    keep(library, OWN)
    add(library, JOB)
    assert not hold(library, prices)


def test_of_prices_that_compete_the_first_counts(library: Database) -> None:
    rival = replace(OWN, usd_per_second=Decimal("0.06"))
    keep(library, OWN, rival)
    add(library, JOB)
    assert not hold(library, [rival, OWN])


def test_another_provider_means_other_prices(library: Database) -> None:
    keep(library, studio=("openai", None))
    assert hold(library, [OWN], studio=("azure", None))  # nothing to estimate
    add(library, JOB)
    assert hold(library, [], studio=("openai", None))
    assert not hold(library, [], studio=("azure", None))
    assert not hold(library, [], studio=("openai", "azure"))
