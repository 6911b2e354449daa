"""The engine on bitmaps: it finds, counts and sorts what SQL on the rows does, and reads no more than it needs."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from catalog import store
from catalog.facets import inherit_due
from catalog.organising import list_levels
from catalog.search.bits import Bits
from catalog.search.explain import explain
from catalog.search.fields import SORTED_BY, Fields, get_order
from catalog.search.grammar import parse
from catalog.search.matches import list_matches
from catalog.search.ordering import Orderer
from catalog.search.page import count_facets, search
from catalog.search.plan import make_plan
from tests.search.conftest import NOW
from tests.search.oracle import find_by_rows
from tests.search.test_agreement import ROWS, TREES

if TYPE_CHECKING:
    from collections.abc import Callable

    from catalog.records import Page
    from tests.search.conftest import Library

SCANNING = (
    "extra:trace", "metadata:project", "url:example", "negative:blur", "param:steps", "param:steps=30", "note:zebra",
)  # fmt: skip
FORMS = (
    "", "neon", '"red car"', "neo*", "-rain", "neon street", "neon OR rain", "(neon OR rain) -street", "雨夜",
    "prompt:neon", "error:red", "prompt:neon,rain", "model:sora-2", "model:=Sora-2", "model:sora*",
    "model:sora-2,wan*", "-model:sora-2", "status:failed,queued", "seconds:8", "seconds:>=8", "seconds:4..8.2",
    "seconds:*", "width:1280", "height:<=720", "size:1280x720", "size:1280×720", "size:128*", "progress:>=50",
    "cost:>0.5", "created:2026-10", "created:-30d..", "month:2026-10", "completed:2026-10-05", "expires:<1h",
    "first_seen:2026", "last_seen:>=2026-09", "gone:2026", "deleted:2026", "has:model", "missing:model",
    "missing:model,seconds", "has:tag", "has:lens,seed", "has:deleted", "has:relation", "has:latency",
    "has:id", "is:failed", "is:failed,queued", "is:unfinished", "is:terminal", "is:expiring", "is:stalled",
    "is:remix", "is:root", "is:gone", "is:deleted", "-is:deleted neon", "is:expiring,failed", "relation:remix",
    "latency:>300", "latency:0..1000000", "depth:0", "depth:>=1", "tag:keeper", "tag:KEEPER", "tag:camp*",
    "tag:campaign=launch", "tag:campaign=LAUNCH,keeper", "tag:campaign=two*", "tag:nothing",
    "camera_movement:pan", "camera_movement:=pan", "camera_movement:push-in,dolly", "lens:wide*", "brand:acme",
    "subject:fox", "subject:=fox", "effective.camera_movement:pan", "effective.camera_movement:=pan,push-in",
    "effective.lens:*", "effective.brand:ac*", "effective.subject:fox", "has:effective.lens", "missing:effective.brand",
    "missing:effective.lens,effective.subject", "has:lens,effective.brand", "seed:42", "seed:4*", "seed:*",
    "remixed_from:v1", "remixed_from:V*",
    "custom_id:x", "id:v1", "id:v", "ref:studio:v1", "descends:v1", "ancestor:v2", "family:v2", "parent:v1",
    "descends:v1,v2", "ancestor:v2,v4", "parent:v1,v2", "depth:0,2", "depth:1..3", "-depth:0", "remote_id:v1",
    "remote_id:v*", "kind:video", "source:studio", "quality:*", "tier:standard", "cost_basis:reported,unknown",
    "error_code:*", "rating:5", "rating:>=3", "rating:1..2,5", "rating:*", "-rating:5", "has:rating", "missing:rating",
    "verdict:keep", "verdict:KEEP,reject", "verdict:undecided", "verdict:u*", "has:verdict", "missing:verdict",
    "has:note", "missing:note", "collection:launch", "collection:Launch/teasers", "collection:launch/*",
    "collection:launch,archive", "collection:teasers", "has:collection", "-has:collection", "has:note,collection",
    "query:keepers", "query:KEEPERS", "-query:keepers", "query:keepers,foxes", "query:foxes rating:5", "query:nested",
    'query:"rated without credentials"',
)  # fmt: skip
SAVED = {
    "keepers": "rating:>=4 verdict:keep sort:-rating",
    "foxes": "subject:fox OR neon",
    "nested": "query:keepers OR (query:foxes -rating:5)",
}
OF_A_LIST = re.compile(r"json_each\(|IN :ids")  # which a filter is made of at once
READS_ALL = re.compile(
    r"SCAN (videos|tags|links|lost|bitmaps|video_facets|inherited_facets|video_aliases|annotations|collection_videos)\b"
    r"(?! USING INDEX ix_videos_unextracted)"
)
IN_ORDER = re.compile(r"SCAN videos USING (COVERING )?INDEX ix_videos_\w+: .* ORDER BY ")
SORTS = tuple(f"{minus}{name}" for name in SORTED_BY for minus in ("", "-"))


@pytest.fixture(scope="module")
def filled(make_library: Callable[[], Library]) -> Any:
    """A library with a value, a missing one and an equal one in every column that a query can name."""
    library = make_library()
    rows = [dict(row) for row in ROWS]
    for number, row in enumerate(rows):
        row["completed_at"] = f"2026-10-0{1 + number % 9}T0{number % 7}:00:00.000Z" if number % 3 else None
        row["size_text"] = ("1280x720", "720x1280", None)[number % 3]
        row["negative_prompt"] = "blur" if number % 7 == 0 else None
        row["metadata"] = {"project": f"p{number % 4}"} if number % 2 else None
        row["output_urls"] = [f"https://cdn.example.com/{number}.mp4"] if number % 5 == 0 else None
        row["rating"] = number % 7 if number % 7 < 6 else None
        row["verdict"] = (None, "keep", None, "reject")[number % 4]
        row["note"] = ("zebra crossing", None, "a zebra 雨夜", None, None)[number % 5]
        row["collection"] = (None, "launch", "launch/teasers", "archive", None, None)[number % 6]
        row["gone_at"] = "2026-10-02T00:00:00.000Z" if number % 11 == 0 and not row["deleted_at"] else None
        row["extra"] = {"seed": number % 43, "steps": (20, 30)[number % 2], "trace": f"t{number}"} if number % 4 else {}
        if 0 < number < 12:
            row["extra"] = {**row["extra"], "remixed_from_video_id": f"v{number - 1 - number % 3}"}
    library.add_all(*rows)
    inherit_due(library.database)
    with library.database.write() as connection:
        for name, query in SAVED.items():
            store.save_search(connection, name, query, made_at=NOW)
    yield library
    library.database.close()


@pytest.mark.parametrize("query", [*FORMS, *SCANNING])
def test_bitmaps_find_what_the_rows_say(filled: Library, query: str) -> None:
    assert_agreement(filled, query)
    assert_agreement(filled, f"-({query}) OR failed" if query else "is:deleted")


@settings(deadline=None, max_examples=100)
@given(tree=TREES, form=st.sampled_from([*FORMS[1:], *SCANNING]))
def test_a_tree_of_bitmaps_finds_what_the_rows_say(filled: Library, tree: Any, form: str) -> None:
    assert_agreement(filled, f"({tree[0]}) OR {form}")
    assert_agreement(filled, f"{form} {tree[0]}")


def assert_agreement(library: Library, query: str) -> None:
    with library.database.read() as connection:
        plan = make_plan(parse(query), connection, Fields(connection), now=NOW)
        assert set(plan.find(Bits(connection))) == find_by_rows(connection, query, NOW)


@pytest.mark.parametrize("query", ["-completed:2026-10-05", "is:completed"])
@pytest.mark.parametrize("sort", SORTS)
def test_pages_make_up_the_answer_in_order(filled: Library, sort: str, query: str) -> None:
    field = get_order(sort.removeprefix("-"))
    way = "DESC" if sort.startswith("-") else "ASC"
    order = f"({field.order}) {way} NULLS LAST, id {way}"
    found, after = [], None
    with filled.database.read() as connection:
        ids = ", ".join(map(str, find_by_rows(connection, query, NOW)))
        rows = connection.execute(f"SELECT ref FROM videos WHERE id IN ({ids}) ORDER BY {order}").fetchall()
        while True:
            page = search(connection, query, sort=sort, limit=7, after=after, now=NOW)
            found += [video.ref for video in page.videos]
            after = page.next
            if after is None:
                break
        assert found == [row[0] for row in rows]
        names = {row["id"]: row["ref"] for row in connection.execute("SELECT id, ref FROM videos")}
        assert [names[video_id] for video_id in list_matches(connection, query, sort=sort, now=NOW)] == found


@pytest.mark.parametrize("options", [{}, {"stack": "prompt"}], ids=["videos", "stacks"])
@pytest.mark.parametrize("query", ["-completed:2026-10-05", "is:completed", "street OR -street"])
@pytest.mark.parametrize("sort", [*SORTS, "relevance"])
def test_the_way_back_shows_the_pages_of_the_way_there(
    filled: Library, sort: str, query: str, options: dict[str, str]
) -> None:
    with filled.database.read() as connection:

        def read(**cursor: str) -> Page:
            return search(connection, query, sort=sort, limit=7, now=NOW, **options, **cursor)

        pages = [read()]
        while pages[-1].next:
            pages.append(read(after=pages[-1].next))
        assert len(pages) > 2
        assert pages[0].previous is None
        back = [pages[-1]]
        while back[-1].previous:
            back.append(read(before=back[-1].previous))
        found = [[video.ref for video in page.videos] for page in pages]
        assert [[video.ref for video in page.videos] for page in reversed(back)] == found
        assert [page.next is None for page in reversed(back)] == [page.next is None for page in pages]
        assert read(after=back[-1].next).videos == pages[1].videos


@pytest.mark.parametrize("query", FORMS)
def test_no_form_but_four_reads_every_row(filled: Library, query: str) -> None:
    recorder = record(filled, query)
    assert [line for line in recorder.lines if is_of_all(line)] == []


@pytest.mark.parametrize("query", SCANNING)
def test_what_reads_every_row_says_so(filled: Library, query: str) -> None:
    with filled.database.read() as connection:
        [part] = explain(connection, query, now=NOW).parts
    assert "reads every row" in part.ways


@pytest.mark.parametrize("sort", SORTS)
def test_an_order_is_walked_through_an_index_or_sorts_only_matches(filled: Library, sort: str) -> None:
    walks = [line for query in ("", "is:completed", "id:v1") for line in record(filled, query, sort=sort).walks]
    assert [line for line in walks if is_of_all(line) and not IN_ORDER.match(line)] == []
    assert [line for line in walks if "TEMP B-TREE" in line and not OF_A_LIST.search(line)] == []


def record(library: Library, query: str, **options: Any) -> Recorder:
    with library.database.read() as connection:
        recorder = Recorder(connection)
        search(recorder, query, limit=5, now=NOW, **options)
    return recorder


def is_of_all(line: str) -> bool:
    """Whether a step of SQLite's goes through a whole table, for its rows or for a filter."""
    return bool(("BLOOM FILTER" in line and not OF_A_LIST.search(line)) or READS_ALL.match(line))


class Recorder:
    """A connection that keeps how SQLite goes about every statement, `walks` those that end before they have read all.

    A walk in the order of an index is one, and not the sort of whatever is found.
    """

    shared: dict[str, Any] | None = None

    def __init__(self, connection: Any) -> None:
        self._connection = connection
        self.lines: list[str] = []
        self.walks: list[str] = []

    def execute(self, sql: str, parameters: Any = ()) -> Any:
        steps = [row["detail"] for row in self._connection.execute(f"EXPLAIN QUERY PLAN {sql}", parameters)]
        is_walk = "LIMIT" in sql or "ORDER BY sort_value" in sql
        (self.walks if is_walk else self.lines).extend(f"{step}: {sql}" for step in steps)
        return self._connection.execute(sql, parameters)


@pytest.mark.parametrize("count", [1, 5, 30, 60])
def test_the_newest_are_the_first_by_date(filled: Library, count: int) -> None:
    with filled.database.read() as connection:
        plan = make_plan(parse("has:prompt"), connection, Fields(connection), now=NOW)
        bits = Bits(connection)
        orderer = Orderer(connection, bits, plan.order(None), None)
        newest = orderer.list_newest(plan.find(bits), count)
        assert min(count, 58) <= len(newest) < count + 25
        assert list(newest) == sorted(list_matches(connection, "has:prompt", now=NOW)[: len(newest)])


def test_relevance_orders_the_newest_and_says_so(filled: Library) -> None:
    with filled.database.read() as connection:
        whole = search(connection, "neon", now=NOW, limit=100)
        cut = search(connection, "neon", now=NOW, limit=2, ranked=3)
        rest = search(connection, "neon", now=NOW, limit=100, ranked=3, after=cut.next)
        newest = {
            video.ref for video in search(connection, "neon", sort="-created_at", limit=cut.ranked, now=NOW).videos
        }
    assert whole.ranked is None
    assert cut.total == whole.total > cut.ranked >= 3
    found = [video.ref for video in (*cut.videos, *rest.videos)]
    assert rest.next is None
    assert found == [video.ref for video in whole.videos if video.ref in newest]


def test_a_multi_facet_ignores_its_own_filter(filled: Library) -> None:
    with filled.database.read() as connection:
        query = "status:failed model:sora-2 -camera_movement:pan"
        page = search(connection, query, facets=["status", "model"], multi=["model", "camera_movement"], now=NOW)
        without = search(connection, "status:failed -camera_movement:pan", facets=["model"], limit=0, now=NOW)
        unfiltered = count_facets(connection, ["camera_movement"], "status:failed model:sora-2", now=NOW)
        counted = count_facets(connection, [], query, multi=["model"], now=NOW)
    assert page.facets["model"] == counted["model"] == without.facets["model"]
    assert page.facets["camera_movement"] == unfiltered["camera_movement"]
    assert [count.value for count in page.facets["status"]] == ["failed"]
    assert page.facets["status"][0].count == page.total < without.total


def test_facets_of_few_and_many_matches_agree(filled: Library) -> None:
    meant = Counter(round(row["seconds"]) for row in ROWS if row["seconds"] and not row["deleted_at"])
    with filled.database.read() as connection:
        counts = count_facets(connection, ["seconds", "subject", "tag"], now=NOW)
    assert {count.value: count.count for count in counts["seconds"] if count.value} == {
        str(value): count for value, count in meant.items()
    }


@pytest.mark.parametrize("query", ["", "neon", "rating:>=3", "v1 OR v2 OR v3", "collection:launch", "nothing-like-it"])
def test_judgements_are_counted_as_the_rows_say(filled: Library, query: str) -> None:
    with filled.database.read() as connection:
        ids = ", ".join(map(str, find_by_rows(connection, query, NOW))) or "NULL"
        rows = connection.execute(
            "SELECT rating, ifnull(verdict, 'undecided'), (SELECT path FROM collection_videos JOIN collections ON "
            "collections.id = collection_id WHERE video_id = videos.id) "
            f"FROM videos LEFT JOIN annotations ON video_id = videos.id WHERE videos.id IN ({ids})"
        ).fetchall()
        counted = count_facets(connection, ["rating", "verdict", "collection"], query, now=NOW)
    found = {name: {value.value: value.count for value in values} for name, values in counted.items()}
    paths = [path for *_, path in rows if path]
    assert found["rating"] == dict(Counter(rating and str(rating) for rating, *_ in rows))
    assert found["verdict"] == dict(Counter(verdict for _, verdict, _ in rows))
    levels = Counter(level for path in paths for level in list_levels(path))
    assert found["collection"] == dict(levels)
