"""What was perhaps meant by a query, as another query."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from catalog.records import FacetCount
from catalog.search.clauses import Refiner, refine
from catalog.search.counts import _COUNTED, _FEW
from catalog.search.page import count_facets
from catalog.search.suggestions import suggest
from tests.search.conftest import NOW, Library

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory, _migrated: Path) -> Library:
    path = tmp_path_factory.mktemp("suggestions") / "catalog.db"
    path.write_bytes(_migrated.read_bytes())
    library = Library(path)
    library.add("a", prompt="An old lighthouse in the fog", model="sora-2", tags=["hero"], extra={"seed": 7})
    library.add("b", prompt="A neon street, rain", model="sora-2-pro", tags=["hero", "take=1"], extra={"seed": 7})
    library.add("c", prompt="An astronaut under neon", status="failed", tags=["take=2"], extra={"seed": 8})
    return library


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("modle:sora-2", [("modle:", "model:", "model:sora-2", None)]),
        ("-modle:x rain", [("modle:", "model:", "-model:x rain", None)]),
        ("model:sroa-2", [("sroa-2", "sora-2", "model:sora-2", None)]),
        ("noen", [("noen", "neon", "neon", None)]),
        ("noen rain", [("noen", "neon", "neon rain", None), ("noen", None, "rain", 1)]),
        ("neon lighthouse", [("neon", None, "lighthouse", 1), ("lighthouse", None, "neon", 2)]),
        ("neon", []),
        ("", []),
    ],
)
def test_a_suggestion_is_another_query(library: Library, query: str, expected: list[tuple[object, ...]]) -> None:
    with library.database.read() as connection:
        found = suggest(connection, query, now=NOW)
    assert [(each.old, each.new, each.query, each.videos) for each in found] == expected


@pytest.mark.parametrize(
    "query", ["", "neon", 'neon "open', "model:a -status:failed", "a OR b", "(model:a OR missing:model)"]
)
def test_many_values_are_refined_as_one_is(query: str) -> None:
    values = ["a", "b c", None, "", 'q"uote', "x,y", "-d", "2.0"]
    refined = Refiner(query).refine_all({"model": values})["model"]
    for value in values:
        each = refined[value]
        assert (each.only, each.either, each.without) == tuple(
            refine(query, "model", value, way) for way in ("only", "or", "not")
        )


def test_a_page_without_details_leaves_them_out(library_path: Path) -> None:
    library = Library(library_path)
    more = {"metadata": {"project": "owls"}, "extra": {"trace": 7}, "output_urls": ["https://x.test/a.mp4"]}
    library.add("a", prompt="An owl", model="sora-2", tags=["hero"], **more)
    [brief] = library.page("owl", details=False).videos
    [whole] = library.page("owl").videos
    left_out = ("tags", "facets", "inputs", "collections", "output_urls", "parameters", "metadata", "extra", "flaws")
    kept = [name for name in whole.to_dict() if name not in left_out]
    assert [getattr(brief, name) for name in kept] == [getattr(whole, name) for name in kept]
    assert not any(getattr(brief, name) for name in left_out)
    assert all(getattr(whole, name) for name in ("tags", "output_urls", "metadata", "extra"))


def test_seeds_are_counted_where_they_are_asked_for(library: Library) -> None:
    with library.database.read() as connection:
        assert count_facets(connection, ["seed"], now=NOW) == {"seed": (FacetCount("7", 2), FacetCount("8", 1))}
        assert count_facets(connection, multi=["seed"], query="seed:8", now=NOW)["seed"][0] == FacetCount("7", 2)
        assert "seed" not in count_facets(connection, now=NOW)


@pytest.mark.parametrize(("few", "counted"), [(_FEW, _COUNTED), (0, _COUNTED), (0, 1)])
def test_rare_tags_are_counted_alike_either_way(
    library: Library, monkeypatch: pytest.MonkeyPatch, few: int, counted: int
) -> None:
    monkeypatch.setattr("catalog.search.counts._FEW", few)
    monkeypatch.setattr("catalog.search.counts._COUNTED", counted)
    with library.database.read() as connection:
        tags = count_facets(connection, ["tag"], now=NOW)["tag"]
    assert tags == (FacetCount("hero", 2), FacetCount("take=1", 1), FacetCount("take=2", 1))
