"""One contract for every family of servers: its jobs come in, are followed to their end, and their bytes are fetched.

The gateway imitates the servers from its own table, so these tests hold what the catalog asks and understands against
what a server of that family does.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import pytest

from catalog import store
from catalog.client.client import Client
from catalog.config import Source
from catalog.demo.gateway import shapes
from catalog.demo.gateway.dialects import DIALECTS, dialect
from catalog.demo.gateway.jobs import Character, Failure, Job
from catalog.demo.media import Media
from catalog.wire.ids import raw_id
from tests.sync.conftest import HOUR, KEY, KEY_ENV, NOW, Studio, job, many

if TYPE_CHECKING:
    from collections.abc import Callable

    from catalog.demo.gateway.shapes import Call, View
    from catalog.reports import SyncReport

    Make = Callable[..., Studio]
    House = Callable[..., Studio]

UNTOLD_OF_FAILURES = frozenset({"completed_at"})  # some servers say when a job failed, some do not


@dataclass(frozen=True)
class Family:
    """A family of servers: the habits that the gateway has beside those of its row, and what it never tells.

    What is `vague` is told of some jobs only, or differently each time.
    """

    name: str
    habits: dict[str, Any] = field(default_factory=dict)
    settings: dict[str, Any] = field(default_factory=dict)
    silent: frozenset[str] = frozenset()
    vague: frozenset[str] = frozenset()
    label: str = ""

    def __str__(self) -> str:
        return self.label or self.name


def never(*names: str) -> frozenset[str]:
    return frozenset(names)


TIMES = never("created_at", "completed_at")
SIZES = never("width", "height")
LITELLM = {"list_query": {"custom_llm_provider": "openai"}}
FAMILIES = [
    Family("openai"),
    Family("openai", {"echoes_prompt": False}, silent=never("prompt"), label="openai that drops prompts"),
    Family("openai", {"failed_status": 500}, label="openai with failed jobs as HTTP 500"),
    Family("openai", {"failed_status": 400}, label="openai with failed jobs as HTTP 400"),
    Family("openai", {"paging": "deaf"}, label="openai whose list repeats page 1 for ever"),
    Family("openai", {"paging": "whole"}, label="openai whose list has no pages"),
    Family("openai", {"lists_status": False}, label="openai without a status in its list"),
    Family("openai", {"tells_more": False}, label="openai that never says has_more"),
    Family("unified", silent=never("prompt", "remixed_from_id")),
    Family("fourall", silent=never("prompt")),
    Family("apimart", silent=SIZES | never("model", "prompt", "seconds", "remixed_from_id")),
    Family("newapi", silent=never("prompt")),
    Family("newapi-legacy", silent=SIZES | never("model", "seconds", "remixed_from_id")),
    Family("litellm", settings=LITELLM),
    Family("vllm-omni"),
    Family("aibrix"),
    Family("sglang", silent=never("prompt")),
    Family("aquiles"),
    Family("fastvideo", silent=never("prompt")),
    Family("tensorrt-llm"),
    Family("unsloth"),
    Family("azure"),
    Family("generic"),
    Family("telefuser", silent=never("prompt"), vague=never("created_at")),
    Family("bifrost", settings={"list_query": {"provider": "openai"}}),
    Family("openrouter", silent=TIMES | SIZES | never("model", "prompt", "seconds", "remixed_from_id")),
    Family(
        "xai",
        silent=TIMES | SIZES | never("prompt", "remixed_from_id"),
        vague=never("model", "seconds"),
    ),
    Family("together", silent=never("prompt", "remixed_from_id")),
    Family("lumenfall", silent=never("remixed_from_id")),
    Family("cometapi"),
    Family("ofox", silent=SIZES | never("prompt", "seconds", "remixed_from_id")),
    Family("evolink", silent=SIZES | never("completed_at", "prompt", "error_message", "remixed_from_id")),
    Family("paged", silent=never("completed_at", "remixed_from_id")),
]


@pytest.fixture(scope="session")
def media() -> Media:
    return Media()


JOBS = [
    job(1, age=60 * HOUR),
    job(2, age=50 * HOUR, failure=Failure("moderation_blocked", "Blocked.")),
    job(3, age=40 * HOUR, remixed_from="video_0001"),
    job(4, age=10, queues_for=60, runs_for=60),
]


@pytest.fixture
def house(studio: Make, media: Media) -> Callable[..., Studio]:
    """Makes a studio whose gateway is of a family."""

    def make(family: Family, *jobs: Job) -> Studio:
        habits = {"polls_after_ms": None, **family.habits}
        made = studio(*(jobs or JOBS), dialect=dialect(family.name, **habits), media=media)
        told = {"dialect": family.name, "poll_interval": 0.01, **family.settings}
        made.source = Source(name="studio", base_url=made.gateway.base_url, key_env=KEY_ENV, **told)
        return made

    return make


def shown(house: Studio, call: Call = "retrieved") -> list[str]:
    """The ids of all jobs, the oldest first, as the server shows them."""
    return [house.gateway.dialect.write_id(one.id, call) for one in house.gateway.jobs]


def take_in(house: Studio) -> SyncReport:
    return house.sync() if house.source.server.lists else house.add(*shown(house, "created"))


def wanted(house: Studio, one: Job, family: Family) -> dict[str, Any]:
    """What the row of a job must say, by the plan of the job."""
    state = one.at(house.clock.now)
    width, height = map(int, one.size.split("x"))
    told = {
        "status": state.status,
        "model": one.model,
        "prompt": one.prompt,
        "seconds": float(one.seconds),
        "width": width,
        "height": height,
        "created_at": one.created_at,
        "completed_at": state.completed_at,
        "error_message": state.error and state.error.message,
        "remixed_from_id": one.remixed_from and house.gateway.dialect.cite_id(one.remixed_from),
    }
    untold = family.silent | family.vague | (UNTOLD_OF_FAILURES if state.error else never())
    return {name: value for name, value in told.items() if name not in untold}


def found(house: Studio, family: Family, one: Job) -> dict[str, Any]:
    """What the row of a job says of the same, and nothing of what its server never tells."""
    remote_id = raw_id(house.gateway.dialect.write_id(one.id, "retrieved"))
    columns = wanted(house, one, family)
    (row,) = house.rows(f"SELECT {', '.join(columns)} FROM videos WHERE remote_id = ?", remote_id)
    told = dict(zip(columns, row, strict=True))
    times = {name: told[name] for name in ("created_at", "completed_at") if told.get(name)}
    return told | {name: int(datetime.fromisoformat(text).timestamp()) for name, text in times.items()}


@pytest.mark.parametrize("family", FAMILIES, ids=str)
def test_every_job_comes_in_and_is_followed_to_its_end(house: House, family: Family) -> None:
    place = house(family)
    first = take_in(place)
    assert (first.error, dict(first.missed), first.added, first.unfinished) == (None, {}, 4, 1)
    place.clock.step = 20
    second = place.sync(wait=True)
    place.clock.step = 0
    assert (second.error, dict(second.missed), second.added, second.unfinished) == (None, {}, 0, 0)
    jobs = list(place.gateway.jobs)
    assert [found(place, family, one) for one in jobs] == [wanted(place, one, family) for one in jobs]
    assert place.value("SELECT count(*) FROM videos") == 4


@pytest.mark.parametrize("family", FAMILIES, ids=str)
def test_what_a_server_never_tells_stays_unknown(house: House, family: Family) -> None:
    place = house(family)
    take_in(place)
    for name in family.silent:
        assert place.value(f"SELECT count({name}) FROM videos") == 0, name


@pytest.mark.parametrize("family", FAMILIES, ids=str)
def test_the_bytes_of_a_finished_job_are_fetched(house: House, family: Family) -> None:
    place = house(family)
    take_in(place)
    one = next(iter(place.gateway.jobs))
    name = shown(place)[0]
    with Client(place.source.base_url, key=KEY, dialect=place.source.server) as client:
        urls = client.retrieve(name).answer.videos[0].output_urls if client.dialect.content_path is None else [None]
        with client.open_content(name, url=urls[0]) as content:
            assert b"".join(content.iter_bytes()) == place.gateway.media.pictures(one).video.data


@pytest.mark.parametrize("family", FAMILIES, ids=str)
def test_a_second_sync_moves_nothing(house: House, family: Family) -> None:
    place = house(family)
    take_in(place)
    moved = place.rows("SELECT * FROM changes")
    again = place.sync(full=True)
    assert (again.error, again.added, again.changed) == (None, 0, 0)
    assert place.rows("SELECT * FROM changes") == moved


@pytest.mark.parametrize("family", FAMILIES, ids=str)
def test_a_job_has_one_row_whatever_names_it_is_called_by(house: House, family: Family) -> None:
    place = house(family)
    names = [*shown(place, "created"), *shown(place, "listed"), *map(raw_id, shown(place))]
    report = place.add(*reversed(names))
    assert (report.error, dict(report.missed), report.added) == (None, {}, 4)
    if place.source.server.lists:
        place.sync(full=True)
    assert place.value("SELECT count(*) FROM videos") == 4
    assert {row[0] for row in place.rows("SELECT remote_id FROM videos")} == set(map(raw_id, shown(place)))


@pytest.mark.parametrize("family", FAMILIES, ids=str)
def test_a_job_is_called_by_the_id_that_its_server_wants(house: House, family: Family) -> None:
    place = house(family)
    take_in(place)
    place.sync()
    asked = {entry.path.rpartition("/")[2] for entry in place.gateway.requests} - {"videos"}
    assert asked
    assert {unquote(name) for name in asked} <= {*shown(place, "created"), *shown(place, "listed")}


@pytest.mark.parametrize("family", FAMILIES, ids=str)
def test_of_an_id_that_the_server_does_not_know_nothing_is_kept(house: House, family: Family) -> None:
    place = house(family)
    report = place.add("video_never")
    assert list(report.missed) == ["video_never"]
    assert place.rows("SELECT * FROM videos") == []


@pytest.mark.parametrize("habit", ["refuse", "empty"])
@pytest.mark.parametrize("family", ["openai", "aibrix", "vllm-omni"])
def test_a_walk_whose_cursor_is_lost_takes_in_the_whole_list(house: House, family: str, habit: str) -> None:
    place = house(Family(family, {"unknown_cursor": habit}), *many(250))
    usual = place.settings
    place.settings = usual.model_copy(update={"deadline_seconds": 1})

    def break_down(*_: object) -> None:
        place.gateway.faults.server_errors = 100

    assert place.sync(on_progress=break_down).added == 100
    place.gateway.faults.clear()
    place.settings = usual
    with place.library.write() as connection:
        connection.execute("UPDATE sources SET cursor = replace(cursor, 'video_0100', 'video_lost')")
    report = place.sync()
    assert (report.error, report.mode, report.added) == (None, "resumed", 150)
    assert place.value("SELECT cursor IS NULL AND walked_at IS NOT NULL FROM sources")


def test_the_retention_of_a_record_in_a_list_is_no_expiry_of_the_video(house: House) -> None:
    def retained(view: View) -> dict[str, Any]:
        return {**shapes.openai(view), "expires_at": NOW + 7 * 24 * HOUR if view.call == "listed" else None}

    place = house(Family("aibrix", {"shape": retained, "echoes_prompt": False}), job(1))
    place.sync()
    assert place.rows("SELECT expires_at, json_extract(extra, '$.record_expires_at') FROM videos") == [
        (None, NOW + 7 * 24 * HOUR)
    ]


def test_a_retrieve_that_answers_with_another_id_fills_the_row_of_the_id_asked_for(house: House) -> None:
    def renamed(view: View) -> dict[str, Any]:
        return {**shapes.openai(view), "id": f"video_dev_{view.now}"}

    place = house(Family("aquiles", {"shape": renamed}), job(1))
    place.add("video_0001")
    assert place.rows("SELECT remote_id, status FROM videos") == [("video_0001", "completed")]


# Characters


def cast(house: Studio, *character_ids: str) -> None:
    """Tell the library that a job's request named these characters."""
    house.sync()
    with house.library.write() as connection:
        links = [("character", one) for one in character_ids]
        store.save_links(connection, "studio", 1, links, origin="request")


def characters(house: Studio) -> list[tuple[Any, ...]]:
    return house.rows("SELECT remote_id, name, created_at FROM characters ORDER BY remote_id")


def test_a_character_is_asked_for_once_and_its_name_is_kept(house: House) -> None:
    place = house(Family("openai"))
    place.gateway.jobs.characters["char_1"] = Character("char_1", "Mossy", NOW - HOUR)
    cast(place, "char_1")
    place.sync()
    place.sync()
    assert characters(place) == [("char_1", "Mossy", "2026-11-18T10:06:40.000Z")]
    assert place.gateway.count("GET", "/characters/") == 1


def test_a_character_that_is_gone_or_no_id_is_told_once_and_not_asked_for_again(house: House) -> None:
    place = house(Family("openai"))
    cast(place, "char_gone", "../admin")
    assert [remark for remark in place.sync().notes if "char" in remark]
    assert not place.sync().notes
    assert characters(place) == [("../admin", None, None), ("char_gone", None, None)]
    assert place.gateway.count("GET", "/characters/") == 1


def test_a_server_in_trouble_is_asked_for_characters_again_the_next_time(house: House) -> None:
    place = house(Family("openai"))
    place.gateway.jobs.characters["char_1"] = Character("char_1", "Mossy", NOW)
    cast(place, "char_1")
    place.settings = place.settings.model_copy(update={"deadline_seconds": 0.3})
    place.gateway.faults.only, place.gateway.faults.server_errors = "characters", 100
    report = place.sync()
    assert (report.error, characters(place)) == (None, [])
    place.gateway.faults.clear()
    place.sync()
    assert [row[1] for row in characters(place)] == ["Mossy"]


def test_a_family_without_characters_is_never_asked_for_one(house: House) -> None:
    place = house(Family("sglang"))
    cast(place, "char_1")
    place.sync()
    assert place.gateway.count("GET", "/characters/") == 0


def test_every_family_that_the_gateway_can_be_is_held_to_the_contract() -> None:
    assert {family.name for family in FAMILIES} == set(DIALECTS)
