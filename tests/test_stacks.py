"""Stacks from the outside: `--stack`, `similar:`, `prompts` and what a stack costs."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner

from catalog import Catalog, QueryError
from catalog.cli import main
from tests.house import job

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

FOX = (
    "Wide shot of a red fox trotting through deep snow at dawn, its breath steaming in the cold air. Handheld camera, "
    "35mm lens, shallow depth of field. Muted blue palette, a distant train horn."
)
WOLF = FOX.replace("red fox", "grey wolf")
JOBS: tuple[dict[str, Any], ...] = (
    job("video_fox1", prompt=FOX, seconds=4, cost=0.4, created_at=1_790_000_000),
    job("video_fox2", prompt=FOX.replace("35mm", "85mm"), seconds=8, cost=0.8, created_at=1_790_000_100),
    job("video_fox3", prompt=FOX.lower(), seconds=8, created_at=1_790_000_200, status="failed", model="sora-2"),
    job("video_wolf", prompt=WOLF, seconds=8, cost=1.0, created_at=1_790_000_300),
    job("video_cat1", prompt="a cat", seconds=4, cost=0.2, created_at=1_790_000_400),
    job("video_cat2", prompt="A  cat!", seconds=4, created_at=1_790_000_500, remixed_from_video_id="video_cat1"),
    job("video_bare", seconds=4, created_at=1_790_000_600),
)


@pytest.fixture
def catalog(tmp_path: Path) -> Iterator[Catalog]:
    (tmp_path / "jobs.json").write_text(json.dumps(JOBS), "utf-8")
    with Catalog.open(tmp_path / "catalog.db") as catalog:
        catalog.import_path(tmp_path / "jobs.json", source="studio")
        yield catalog


def names(page: Any) -> list[str]:
    return [video.remote_id.removeprefix("video_") for video in page.videos]


def call(catalog: Catalog, *words: str) -> Any:
    done = CliRunner().invoke(main.cli, [*words, "--db", str(catalog.path)])
    assert done.exit_code == 0, done.output
    return done


def test_a_search_for_stacks_shows_and_counts_each_once(catalog: Catalog) -> None:
    page = catalog.search(stack=True)
    assert names(page) == ["bare", "cat2", "wolf", "fox3"]
    assert (page.total, page.stacked) == (4, 7)
    takes = {ref.removeprefix("studio:video_"): count for ref, count in page.takes.items()}
    assert takes == {"bare": 1, "cat2": 2, "wolf": 1, "fox3": 3}
    assert catalog.search().stacked is None


def test_the_cover_is_the_best_rated_else_kept_else_newest(catalog: Catalog) -> None:
    catalog.verdict("video_fox2", "keep")
    assert "fox2" in names(catalog.search(stack=True))
    catalog.rate("video_fox1", 2)
    assert "fox1" in names(catalog.search(stack=True))
    catalog.rate("video_fox3", 4)
    assert "fox3" in names(catalog.search(stack=True))
    catalog.rate("video_fox2", 4)
    assert "fox2" in names(catalog.search(stack=True)), "of two that are rated alike, the one that is kept"


def test_the_cover_is_one_of_the_matches(catalog: Catalog) -> None:
    catalog.rate("video_fox3", 5)
    assert names(catalog.search("status:completed fox", stack="prompt")) == ["fox2"]
    assert catalog.search("status:completed fox", stack=True).total == 1


def test_pages_of_stacks_neither_repeat_nor_miss_one(catalog: Catalog) -> None:
    seen, after = [], None
    while True:
        page = catalog.search(stack=True, limit=1, after=after)
        assert page.total == 4
        seen += names(page)
        after = page.next
        if after is None:
            break
    assert seen == ["bare", "cat2", "wolf", "fox3"]
    with pytest.raises(QueryError):
        catalog.search(limit=1, after=catalog.search(stack=True, limit=1).next)


def test_families_are_stacked_as_families(catalog: Catalog) -> None:
    page = catalog.search(stack="family")
    assert names(page) == ["bare", "cat2", "wolf", "fox3", "fox2", "fox1"]
    assert page.total == 6
    with pytest.raises(QueryError, match="cannot be stacked by 'model': choose from prompt, family"):
        catalog.search(stack="model")


def test_hidden_videos_are_in_no_stack(catalog: Catalog) -> None:
    catalog.delete("video_fox3")
    assert names(catalog.search(stack=True)) == ["bare", "cat2", "wolf", "fox2"]
    assert names(catalog.search(stack=True, include_deleted=True)) == ["bare", "cat2", "wolf", "fox3", "fox2"]
    assert names(catalog.search("similar:video_fox1")) == ["fox2", "fox1"]


def test_what_is_similar_to_a_video_is_its_whole_stack(catalog: Catalog) -> None:
    page = catalog.search("similar:video_fox1")
    assert (names(page), page.total) == (["fox3", "fox2", "fox1"], 3)
    assert names(catalog.search("similar:video_fox1 status:completed", limit=1)) == ["fox2"]
    assert names(catalog.search("similar:video_wolf")) == ["wolf"]
    assert names(catalog.search("similar:video_bare")) == ["bare"]
    assert names(catalog.search("-similar:video_fox1 -similar:video_cat1")) == ["bare", "wolf"]
    assert [part.videos for part in catalog.explain("similar:video_fox1").parts] == [3]
    assert 'no video "nobody"' in catalog.search("similar:nobody").notes[0]


def test_a_plain_stack_never_takes_the_next_word(catalog: Catalog) -> None:
    found = json.loads(call(catalog, "search", "--stack", "fox", "--json").stdout)
    assert (found["total"], found["stacked"]) == (1, 3)
    assert json.loads(call(catalog, "search", "--stack=family", "fox", "--json").stdout)["total"] == 3
    assert call(catalog, "search", "fox", "--stack", "--ids").stdout == "studio:video_fox3\n"
    done = call(catalog, "search", "--stack")
    assert "3 takes" in done.stdout
    assert "4 stacks of 7 videos" in done.stdout
    assert CliRunner().invoke(main.cli, ["search", "--stack=x", "--db", str(catalog.path)]).exit_code == 2


def test_prompts_are_listed_by_uses_keep_rate_and_cost(catalog: Catalog) -> None:
    catalog.verdict("video_fox1", "keep")
    catalog.verdict("video_fox2", "reject")
    rows = json.loads(call(catalog, "prompts", "--json").stdout)
    assert [row["cover"].removeprefix("studio:video_") for row in rows] == ["fox1", "cat2", "wolf"]
    assert rows[0] == {
        "prompt": FOX,
        "uses": 3,
        "kept": 1,
        "rejected": 1,
        "keep_rate": 0.3333,
        "seconds": 12.0,
        "cost_usd": 1.2,
        "usd_per_kept_second": 0.3,
        "cover": "studio:video_fox1",
        "refs": ["studio:video_fox3", "studio:video_fox2", "studio:video_fox1"],
    }
    assert rows[1]["usd_per_kept_second"] is None
    assert rows[1]["cost_usd"] == 0.2
    assert [use.uses for use in catalog.prompts("status:completed fox")] == [2]
    assert catalog.prompts("nothing of the kind") == []
    assert "3 prompts" in call(catalog, "prompts").stdout


def test_a_job_that_failed_is_not_kept_whatever_was_said_of_it(catalog: Catalog) -> None:
    catalog.verdict("video_fox3", "keep")
    assert catalog.prompts("fox")[0].kept == 0
    assert catalog.prompts("fox")[0].keep_rate == 0
    costs = catalog.costs(["stack"])
    fox = next(group for group in costs.by["stack"] if group.failed.jobs)
    assert (fox.kept.jobs, fox.rejected.jobs, fox.undecided.jobs) == (0, 0, 2)
    catalog.verdict("video_fox3", "reject")
    assert catalog.prompts("fox")[0].rejected == 0
    assert catalog.costs().rejected.jobs == 0


def test_costs_are_grouped_by_stack(catalog: Catalog) -> None:
    groups = catalog.costs(["stack"]).by["stack"]
    sums = {group.value: group.cost.reported_usd for group in groups}
    assert sums == {FOX.lower(): 1.2, WOLF: 1.0, "A  cat!": 0.2, None: None}
    assert {group.value: group.failed.jobs for group in groups}[FOX.lower()] == 1


def test_stacks_are_what_they_were_once_they_are_made_again(catalog: Catalog) -> None:
    before = catalog.search(stack=True)
    assert catalog.reindex(stacks=True).rebuilt == ("stacks",)
    assert catalog.search(stack=True) == before


def test_a_check_proves_the_stacks_and_repairs_them(catalog: Catalog) -> None:
    assert not catalog.check().faults
    with catalog._database.write() as connection:
        connection.execute("UPDATE stack_videos SET stack_id = 4711 WHERE id = 1")
    assert [fault.kind for fault in catalog.check().faults] == ["stacks"]
    catalog.check(repair=True)
    assert not catalog.check().faults
    assert catalog.search(stack=True).total == 4


ACTS: tuple[Callable[[Catalog], object], ...] = (
    lambda catalog: catalog.rate("video_fox1", 2),
    lambda catalog: catalog.verdict("video_fox2", "keep"),
    lambda catalog: catalog.rate("video_fox2", 2),
    lambda catalog: catalog.link("video_wolf", "video_fox1", relation="remix"),
    lambda catalog: catalog.link("video_wolf", "video_bare", relation="remix"),
    lambda catalog: catalog.delete("video_fox2"),
    lambda catalog: catalog.undo(),
    lambda catalog: catalog.unlink("video_wolf", "video_fox1"),
)
ARRIVALS = (
    job("video_fox4", prompt=FOX.replace("35mm", "24mm"), created_at=1_790_000_700),
    job("video_cat2", prompt=FOX.replace("35mm", "14mm"), created_at=1_790_000_500),
    job("video_new1", prompt="rain", created_at=1_790_000_800, remixed_from_video_id="video_unknown"),
    job("video_new2", prompt="rain on glass", created_at=1_790_000_900, remixed_from_video_id="video_unknown"),
)


def compare_with_one_asked_once(catalog: Catalog) -> None:
    questions = [
        {"query": query, "stack": kind, "include_deleted": is_with_deleted, "sort": "-created_at"}
        for query in ("", "fox", "status:completed")
        for kind in ("prompt", "family")
        for is_with_deleted in (False, True)
    ]
    for question in questions * 2:  # of which the second is from memory
        with Catalog.open(catalog.path) as other:
            expected, page = other.search(**question), catalog.search(**question)
        assert (names(page), page.total, page.stacked) == (names(expected), expected.total, expected.stacked), question
        assert page.takes == expected.takes, question


def test_a_library_that_is_asked_on_shows_the_stacks_of_one_that_is_asked_once(catalog: Catalog) -> None:
    compare_with_one_asked_once(catalog)
    for act in ACTS:
        act(catalog)
        compare_with_one_asked_once(catalog)


def test_videos_that_arrive_and_prompts_that_change_are_in_the_stacks_that_are_kept(
    catalog: Catalog, tmp_path: Path
) -> None:
    compare_with_one_asked_once(catalog)
    (tmp_path / "jobs.json").write_text(json.dumps(ARRIVALS), "utf-8")
    catalog.import_path(tmp_path / "jobs.json", source="studio")
    compare_with_one_asked_once(catalog)
    page = catalog.search("has:relation", stack="family")
    assert page.takes["studio:video_new2"] == 2, "a parent that the library lacks holds its children together"
