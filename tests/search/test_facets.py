"""What prompts ask for, as fields and as counts."""

from __future__ import annotations

import tomllib
from importlib.resources import files
from typing import TYPE_CHECKING

import pytest

from catalog.bitmaps import COMMON
from catalog.errors import QueryError
from catalog.facets import inherit_due
from catalog.search.completions import complete_word
from catalog.search.facets import CONTROLLED, NARROWER
from catalog.search.page import count_facets

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.search.conftest import Library


@pytest.fixture
def asked(library: Library) -> Library:
    """A library of four videos, `a` to `d`, that ask for different things."""
    library.add(
        "a",
        prompt="neon",
        facets={"camera_movement": ["push_in", "pan_left"], "shot_size": ["close_up"], "subject": ["red fox"]},
    )
    library.add(
        "b",
        prompt="neon",
        facets={"camera_movement": ["whip_pan"], "lens": ["35mm"], "shot_size": ["medium"], "subject": ["foxes"]},
    )
    library.add(
        "c",
        prompt="dark",
        tags=["keeper"],
        facets={"brand": ["Acme Corp"], "lighting": ["neon"], "dialogue": ["Don't run, Ana — wait!"]},
    )
    library.add("d", prompt="dark", facets={"subject": ["赤い狐"], "style": ["100%_real"]})
    return library


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("camera_movement:push_in", ["a"]),
        ("camera_movement:push-in", ["a"]),
        ('camera_movement:"Push In"', ["a"]),
        ("CAMERA-MOVEMENT:pushin", ["a"]),
        ('lens:"35 mm"', ["b"]),
        ("lens:35MM", ["b"]),
        ("camera_movement:push", []),
        ("camera_movement:push*", ["a"]),
        ('camera_movement:"push i"*', ["a"]),
        ("camera_movement:p_*", ["a"]),
        ("camera_movement:*", ["a", "b"]),
        ("has:camera_movement", ["a", "b"]),
        ("-has:camera_movement", ["c", "d"]),
        ("has:mood", []),
        ("shot_size:close_up,medium", ["a", "b"]),
        ('shot_size:"close_up,medium"', []),
        ("-lighting:neon", ["a", "b", "d"]),
        ("-camera_movement:pan dark", ["c", "d"]),
        ("camera_movement:pan", ["a", "b"]),
        ("camera_movement:pan,push_in -shot_size:medium", ["a"]),
        ("camera_movement:pan shot_size:medium", ["b"]),
        ("camera_movement:dolly", ["a"]),
        ("neon camera_movement:pan -shot_size:medium", ["a"]),
        ("neon -camera_movement:push_in", ["b"]),
        ("subject:fox", ["a"]),
        ("subject:fox*", ["a", "b"]),
        ('subject:"red fox"', ["a"]),
        ("subject:red-fox", ["a"]),
        ('subject:"fox red"', []),
        ("subject:狐", ["d"]),
        ("dialogue:wait", ["c"]),
        ("dialogue:DON'T", ["c"]),
        ('dialogue:"run Ana wait"', ["c"]),
        ("dialogue:ru", []),
        ("dialogue:!", []),
        ("brand:acme_corp", ["c"]),
        ("BRAND:acme*", ["c"]),
        ("has:brand", ["c"]),
        ("tag:keeper has:brand", ["c"]),
        ("tag:keeper -brand:acme*", []),
        ("-tag:keeper -subject:fox*", ["d"]),
        ("style:100%*", ["d"]),
        ("style:%*", []),
        ("status:completed lens:35mm", ["b"]),
    ],
)
def test_a_facet_finds_its_values(asked: Library, query: str, found: list[str]) -> None:
    assert sorted(asked.find(query)) == found
    assert sorted(asked.find(query, sort="status")) == found


def test_a_facet_that_the_library_does_not_have_is_text(asked: Library) -> None:
    asked.add("e", prompt="brands:acme")
    page = asked.page("brands:acme")
    assert [video.remote_id for video in page.videos] == ["e"]
    assert page.notes == ('no field "brands", searched for as text: did you mean brand?',)


def test_a_column_outranks_a_facet_of_the_same_name(library: Library) -> None:
    library.add("a", model="sora-2", facets={"model": ["clay"]})
    assert library.find("model:sora-2") == ["a"]
    assert library.find("model:clay") == []


def test_a_video_is_found_once_however_often_it_asks(library: Library) -> None:
    library.add("a", facets={"camera_movement": ["pan_left", "pan_left", "pan_right"]})
    assert library.find("camera_movement:pan") == ["a"]


def test_deleted_videos_are_not_found_by_what_they_ask_for(asked: Library) -> None:
    asked.add("e", deleted_at="2026-10-01T00:00:00.000Z", facets={"lens": ["35mm"]})
    assert asked.find("lens:35mm") == ["b"]
    assert sorted(asked.find("lens:35mm", include_deleted=True)) == ["b", "e"]
    assert counts(asked, "lens") == {"lens": [("35mm", 1)]}


@pytest.fixture(scope="module", params=[11, 2_002])
def shot_on_35mm(request: pytest.FixtureRequest, make_library: Callable[[], Library]) -> Iterator[tuple[Library, int]]:
    """A library of few or of many videos of one lens, five others in it, and how many they are."""
    library, total = make_library(), request.param
    days = [f"2026-10-{number % 5 + 10}T00:00:00.000Z" if number % 7 else None for number in range(total + 5)]
    library.add_all(
        *(
            {"remote_id": f"v{number}", "created_at": day, "facets": {"lens": ["35mm"]} if number >= 5 else {}}
            for number, day in enumerate(days)
        )
    )
    yield library, total
    library.database.close()


@pytest.mark.parametrize("sort", [None, "created_at", "-created_at", "id"])
def test_pages_of_few_and_of_many_make_up_the_whole_answer(shot_on_35mm: tuple[Library, int], sort: str | None) -> None:
    library, total = shot_on_35mm
    found, after = [], None
    while True:
        page = library.page("lens:35mm", sort=sort, limit=max(3, total // 11), after=after)
        assert page.total == total
        found += [video.remote_id for video in page.videos]
        after = page.next
        if after is None:
            break
    assert len(found) == len(set(found)) == total


def counts(library: Library, *names: str, query: str = "", limit: int = 20) -> dict[str, list[tuple[str | None, int]]]:
    with library.database.read() as connection:
        found = count_facets(connection, names, query, limit)
    return {name: [(one.value, one.count) for one in values] for name, values in found.items()}


def test_values_are_counted_by_video_by_frequency_and_then_by_name(library: Library) -> None:
    library.add("a", facets={"camera_movement": ["pan_left", "pan_left", "push_in"]})
    library.add("b", facets={"camera_movement": ["pan_left", "crane_up"], "lens": ["35mm"]})
    library.add("c")
    assert counts(library, "lens", "camera_movement") == {
        "lens": [("35mm", 1)],
        "camera_movement": [("pan_left", 2), ("crane_up", 1), ("push_in", 1)],
    }
    assert counts(library, "camera_movement", limit=1) == {"camera_movement": [("pan_left", 2)]}


def test_values_are_counted_among_the_matches_and_beside_other_facets(asked: Library) -> None:
    page = asked.page("neon -lens:35mm", facets=["camera_movement", "status", "subject", "brand", "mood"])
    found = {name: [(one.value, one.count) for one in values] for name, values in page.facets.items()}
    assert found == {
        "camera_movement": [("pan_left", 1), ("push_in", 1)],
        "status": [("completed", 1)],
        "subject": [("red fox", 1)],
        "brand": [],
        "mood": [],
    }


def test_a_facet_in_other_case_is_counted_under_its_own_name(asked: Library) -> None:
    assert counts(asked, "Camera-Movement", "BRAND") == {
        "camera_movement": [("pan_left", 1), ("push_in", 1), ("whip_pan", 1)],
        "brand": [("Acme Corp", 1)],
    }


@pytest.mark.parametrize(
    ("name", "hint"),
    [("camera_movment", "camera_movement"), ("modle", "model"), ("brnd", "brand"), ("subjects", "subject")],
)
def test_a_misspelt_facet_of_either_kind_is_a_clear_error(asked: Library, name: str, hint: str) -> None:
    with pytest.raises(QueryError, match=f'no facet "{name}": did you mean {hint}'):
        counts(asked, name)
    assert f'no field "{name}": did you mean {hint}' in asked.page(f"has:{name}").notes[0]


def test_an_unknown_facet_names_those_there_are(asked: Library) -> None:
    with pytest.raises(QueryError, match=r'no facet "zzz": there are source, .*, model, .*, mood, .*, brand'):
        counts(asked, "zzz")


def test_open_values_that_are_rare_in_themselves_are_counted_with_what_is_inherited(library: Library) -> None:
    """Neither those who ask for a fox nor those who inherit it are enough for a bitmap, all together are."""
    half = COMMON * 2 // 3
    asking = [{"remote_id": f"a{n}", "prompt": "a fox", "facets": {"subject": ["fox"]}} for n in range(half)]
    wolves = [{"remote_id": f"w{n}", "prompt": "a wolf", "facets": {"subject": ["wolf"]}} for n in range(COMMON + 5)]
    remixes = [{"remote_id": f"r{n}", "prompt": "Add fog.", "parent": f"a{n}"} for n in range(half)]
    remixes += [{"remote_id": f"x{n}", "prompt": "Add a cat.", "parent": f"w{n}"} for n in range(3)]
    extracted = [{**row, "facets": {"weather": ["fog"]}} for row in remixes]
    library.add_all(*asking, *wolves, *extracted)
    inherit_due(library.database)
    for limit in (1, 2, 5):
        with library.database.read() as connection:
            counts = count_facets(connection, ["effective.subject", "subject"], limit=limit)
        found = {name: {one.value: one.count for one in values} for name, values in counts.items()}
        assert found["effective.subject"] == dict([("fox", 2 * half), ("wolf", COMMON + 8)][:limit])
        assert found["subject"] == dict([("wolf", COMMON + 5), ("fox", half)][:limit])
    assert library.page("effective.subject:fox", limit=0).total == 2 * half


def test_a_search_says_that_what_remixes_inherit_is_still_due(library: Library) -> None:
    library.add("a", prompt="a fox", facets={"subject": ["fox"]})
    library.add("b", prompt="Add fog.", facets={"weather": ["fog"]}, parent="a")
    remark = "not all is known of what remixes inherit: `catalog reindex --facets` finds it out"
    assert remark in library.page("effective.subject:fox").notes
    assert remark in library.page("", facets=["effective.subject"]).notes
    assert library.page("subject:fox").notes == ()
    inherit_due(library.database)
    assert library.page("effective.subject:fox").notes == ()


def test_effective_is_before_facets_of_prompts_alone(library: Library) -> None:
    library.add("a", prompt="neon", facets={"lens": ["35mm"], "brand": ["acme"]})
    for query in ("effective.lens:35mm", "Effective.LENS:35mm", "effective.brand:acme"):
        assert library.find(query) == ["a"]
    for name in ("model", "effective.lens", "nothing"):
        page = library.page(f"effective.{name}:35mm")
        assert page.total == 0
        with library.database.read() as connection, pytest.raises(QueryError):
            count_facets(connection, [f"effective.{name}"])


@pytest.mark.parametrize(
    ("word", "completions"),
    [
        ("effective.l", ["effective.lens:", "effective.lighting:"]),
        ("effective.lens:3", ["effective.lens:35mm"]),
        ("has:effective.bra", ["has:effective.brand"]),
        ("effective.brand:a", ["effective.brand:acme"]),
    ],
)
def test_effective_names_and_their_values_are_completed(library: Library, word: str, completions: list[str]) -> None:
    library.add("a", prompt="neon", facets={"lens": ["35mm"], "brand": ["acme"]})
    with library.database.read() as connection:
        assert complete_word(connection, word, 20) == completions


def test_the_facets_known_here_are_those_of_the_vocabulary() -> None:
    vocabulary = tomllib.loads(files("catalog.prompts").joinpath("vocabulary.toml").read_text("utf-8"))
    assert set(CONTROLLED) == set(vocabulary["facets"])
    assert {name: set(values) for name, values in NARROWER.items()} == {
        name: set(values) for name, values in vocabulary["broader"].items()
    }
