"""Datasette's own pages of a library: few columns, facets of our own, and other databases as they were."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest
from datasette.app import Datasette

from catalog import Catalog
from catalog.web.metadata import metadata_path
from tests.web.test_plugin import ask, library, visiting  # noqa: F401  # `library` is a fixture

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.filterwarnings("default")
VIDEOS = "/my~2Eclips/videos"
HEAD = re.compile(r'<th class="col-(\w+)"')
IS_OLD = hasattr(Datasette, "permission_allowed")


def metadata() -> dict[str, Any]:
    words = json.loads(metadata_path().read_text(encoding="utf-8"))
    words["databases"] = {"my.clips": words["databases"]["catalog"]}
    return words


def list_columns(page: str) -> list[str]:
    return HEAD.findall(page)


def test_the_page_of_videos_has_few_columns_the_prompt_first(library: Path) -> None:  # noqa: F811
    few, chosen, all_but_one, rows = ask(
        library, VIDEOS, f"{VIDEOS}?_col=model", f"{VIDEOS}?_nocol=grams", f"{VIDEOS}.json?_shape=objects"
    )
    assert list_columns(few.text)[:3] == ["id", "prompt", "ref"]
    assert len(list_columns(few.text)) == 8
    assert list_columns(chosen.text) == ["id", "model"]
    assert len(list_columns(all_but_one.text)) > 30
    assert "grams" not in list_columns(all_but_one.text)
    if IS_OLD:
        assert len(rows.json()["rows"][0]) > 30


def test_other_pages_keep_their_columns(library: Path) -> None:  # noqa: F811
    tags, others = ask(library, "/my~2Eclips/tags", "/other/videos")
    assert "origin" in list_columns(tags.text)
    assert list_columns(others.text) == ["id", "title"]
    assert "tables.css" not in others.text
    assert "tables.css" in tags.text


def test_refs_lead_to_the_gallery(library: Path) -> None:  # noqa: F811
    (page,) = ask(library, VIDEOS)
    assert '<a href="/-/catalog/my~2Eclips/?open=studio%3Aroot">studio:root</a>' in page.text


def test_descriptions_are_folded_and_videos_come_first(library: Path) -> None:  # noqa: F811
    page, database, other = ask(library, VIDEOS, "/my~2Eclips", "/other", config=metadata())
    assert re.search(
        r'<details class="glossary"><summary>[\w ]+</summary>\s*<dl class="column-descriptions">', page.text
    )
    tables = re.findall(r'<h3><a href="/my~2Eclips/(\w+)">', database.text)
    assert tables[0] == "videos"
    assert tables[1:] == sorted(tables[1:], key=tables[1:].index)
    assert "glossary" not in other.text


@pytest.mark.parametrize("query", ["", "neon", "status:failed", "model:sora-2-pro"])
def test_facets_are_those_of_the_query_language(library: Path, query: str) -> None:  # noqa: F811
    names = ["status", "model", "size", "tag"]
    (answer,) = ask(library, f"{VIDEOS}.json?_search={query}&_extra=facet_results", config=metadata())
    found = answer.json()["facet_results"]
    found = found.get("results", found)
    with Catalog.open(library) as catalog:
        counts = catalog.facets(names, query=query)
    for name in names:
        values = [(item["value"], item["count"]) for item in found[name]["results"]]
        assert values == [(item.value, item.count) for item in counts[name]]


def test_a_value_of_a_facet_leads_to_its_videos_and_back(library: Path) -> None:  # noqa: F811
    def failed(answer: Any) -> dict[str, Any]:
        found = answer.json()["facet_results"]
        return next(item for item in found.get("results", found)["status"]["results"] if item["value"] == "failed")

    async def steps(client: Any, _: Datasette) -> None:
        place = f"{VIDEOS}.json?_extra=facet_results,count&_facet_catalog=status"
        first = failed(await client.get(place))
        answer = await client.get(first["toggle_url"].replace("http://localhost", ""))
        assert answer.json().get("count", answer.json().get("filtered_table_rows_count")) == first["count"] == 3
        again = failed(answer)
        assert (first["selected"], again["selected"], again["count"]) == (False, True, 3)
        assert "_search=status" not in again["toggle_url"]

    visiting(library, steps)


def test_facets_are_left_out_where_the_table_is_filtered_otherwise(library: Path) -> None:  # noqa: F811
    query = "_facet_catalog=status&_extra=facet_results"
    for filters, is_counted in (
        ("status=failed", True),
        ("status__exact=failed&_search=neon", True),
        ("deleted_at__isnull=1", True),
        ("prompt__contains=neon", False),
        ("_search_prompt=neon", False),
        ("nonsense=1", False),
    ):
        (answer,) = ask(library, f"{VIDEOS}.json?{query}&{filters}")
        found = answer.json().get("facet_results", {})
        assert bool(found.get("results", found)) is is_counted, filters
    (unknown,) = ask(library, f"{VIDEOS}.json?_facet_catalog=nonsense")
    assert unknown.status_code == 200


def test_named_queries_answer_in_both_versions(library: Path) -> None:  # noqa: F811
    for config in (None, metadata()):
        rows, page = ask(
            library, "/my~2Eclips/failed_by_code.json?_shape=array", "/my~2Eclips/failed_by_code", config=config
        )
        assert [(row["error_code"], row["videos"]) for row in rows.json()] == [("moderation", 2), ("(none)", 1)]
        assert "Failures by error code" in page.text


def test_hostile_refs_stay_text(library: Path) -> None:  # noqa: F811
    import sqlite3
    from contextlib import closing

    hostile = "\"'><script>alert(1)</script>"
    with closing(sqlite3.connect(library)) as connection, connection:
        connection.execute("UPDATE videos SET remote_id = ?, prompt = ? WHERE id = 1", (hostile, hostile))
    (page,) = ask(library, VIDEOS)
    assert "<script>alert" not in page.text
    assert "open=studio%3A%22%27%3E%3Cscript%3E" in page.text
