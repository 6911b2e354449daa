"""Families: chains, branches, circles, dangling parents, and trees too high to be drawn as one."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

import pytest

from catalog import store
from catalog.reading import lineage
from catalog.reading.lineage import MAX_DEPTH, read_lineage
from catalog.reading.names import get_name
from catalog.records import to_json

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from catalog.database import Database
    from catalog.reports import Lineage, LineageNode

    Family = Callable[[Iterable[str], str], Lineage]

ADD_VIDEO = (
    "INSERT INTO videos (source, remote_id, kind, status, created_at) VALUES ('studio', ?, 'video', 'completed', ?)"
)
ADD_LINK = """
INSERT INTO links (child_id, relation, origin, parent_source, parent_remote_id)
SELECT id, ?, ?, ?, ? FROM videos WHERE remote_id = ?
"""


@pytest.fixture
def family(library: Database) -> Family:
    """Makes videos out of lines such as `c < a b`, child and parents in order of creation, and reads a lineage.

    A parent that has no line of its own is unknown to the library.
    """

    def make(lines: Iterable[str], asked: str) -> Lineage:
        parsed = [line.partition(" < ") for line in lines]
        with library.write() as connection:
            videos = [
                (child.strip(), f"2026-01-01T00:00:00.{number:03}Z") for number, (child, _, _) in enumerate(parsed)
            ]
            connection.executemany(ADD_VIDEO, videos)
            links = [
                ("remix", "api", "studio", parent, child.strip())
                for child, _, parents in parsed
                for parent in parents.split()
            ]
            if links:
                connection.executemany(ADD_LINK, links)
            store.rebuild_descent(connection)
        return look(library, asked)

    return make


def look(library: Database, asked: str, limit: int | None = None) -> Lineage:
    with library.read() as connection:
        return read_lineage(connection, get_name(connection, f"studio:{asked}").id, limit)


def draw(node: LineageNode) -> str:
    """`a(b c(d))`; `?` for an unknown video, `*` for a repeat."""
    mark = ("?" if node.video is None else "") + ("*" if node.is_repeat else "")
    children = f"({' '.join(map(draw, node.children))})" if node.children else ""
    return f"{node.ref.removeprefix('studio:')}{mark}{children}"


def trees(found: Lineage) -> list[str]:
    return [draw(root) for root in found.roots]


def ancestors(found: Lineage) -> list[tuple[str, int]]:
    return [(node.ref.removeprefix("studio:"), node.depth) for node in found.ancestors]


def nodes(roots: Iterable[LineageNode]) -> Iterator[LineageNode]:
    for root in roots:
        yield root
        yield from nodes(root.children)


def chain(length: int) -> list[str]:
    return ["v0", *(f"v{number} < v{number - 1}" for number in range(1, length))]


def test_a_video_on_its_own_is_a_family_of_one(family: Family) -> None:
    found = family(["a", "b"], "a")
    assert (found.ref, trees(found), ancestors(found), found.descendants) == ("studio:a", ["a"], [], 0)


def test_a_chain_is_drawn_from_its_oldest_ancestor(family: Family) -> None:
    found = family(chain(5), "v2")
    assert trees(found) == ["v0(v1(v2(v3(v4))))"]
    assert ancestors(found) == [("v1", -1), ("v0", -2)]
    assert found.descendants == 2


def test_every_node_has_its_depth_its_relation_and_its_video(family: Family) -> None:
    (root,) = family(chain(3), "v2").roots
    found = [(node.depth, node.relation, node.video.remote_id if node.video else None) for node in nodes([root])]
    assert found == [(0, None, "v0"), (1, "remix", "v1"), (2, "remix", "v2")]


def test_children_stand_in_order_of_creation(library: Database, family: Family) -> None:
    family(["a", "b < a", "c < a", "d < a", "e < a"], "a")
    with library.write() as connection:
        connection.execute("UPDATE videos SET created_at = NULL WHERE remote_id = 'b'")
        connection.execute("UPDATE videos SET created_at = '2020-01-01T00:00:00.000Z' WHERE remote_id = 'e'")
    assert trees(look(library, "a")) == ["a(e c d b)"]


def test_the_branches_beside_an_ancestor_belong_to_the_family(family: Family) -> None:
    found = family(["a", "b < a", "c < a", "d < b"], "d")
    assert trees(found) == ["a(b(d) c)"]
    assert found.descendants == 0


def test_a_video_with_two_parents_stands_under_both_and_branches_under_the_first(family: Family) -> None:
    found = family(["a", "b", "c < a b", "d < c"], "c")
    assert sorted(trees(found)) == ["a(c*)", "b(c(d))"]
    assert ancestors(found) == [("a", -1), ("b", -1)]


def test_a_diamond_is_one_tree(family: Family) -> None:
    found = family(["a", "b < a", "c < a", "d < b c", "e < d"], "e")
    assert trees(found) == ["a(b(d(e)) c(d*))"]
    assert ancestors(found) == [("d", -1), ("b", -2), ("c", -2), ("a", -3)]


def test_an_ancestor_reached_on_two_ways_has_its_shortest_distance(family: Family) -> None:
    assert ancestors(family(["a", "b < a", "c < b", "d < c a"], "d")) == [("a", -1), ("c", -1), ("b", -2)]


def test_an_unknown_parent_is_kept_by_its_ref(family: Family) -> None:
    found = family(["b < lost", "c < lost"], "b")
    assert trees(found) == ["lost?(b c)"]
    assert ancestors(found) == [("lost", -1)]
    assert found.ancestors[0].video is None


def test_a_parent_may_stand_in_another_source(library: Database, family: Family) -> None:
    family(["a"], "a")
    with library.write() as connection:
        connection.execute(ADD_LINK, ("reference", "user", "other", "x:y", "a"))
        store.rebuild_descent(connection)
    found = look(library, "a")
    assert [(node.ref, node.relation) for node in found.ancestors] == [("other:x:y", "reference")]
    assert trees(found) == ["other:x:y?(a)"]


def test_two_links_between_the_same_two_are_one_branch(library: Database, family: Family) -> None:
    family(["a", "b < a"], "a")
    with library.write() as connection:
        connection.execute(ADD_LINK, ("reference", "user", "studio", "a", "b"))
        store.rebuild_descent(connection)
    found = look(library, "b")
    assert trees(found) == ["a(b)"]
    assert [node.relation for node in nodes(found.roots)] == [None, "remix"]


@pytest.mark.parametrize(
    ("lines", "asked", "tree", "above", "below"),
    [
        (["a < a"], "a", ["a(a*)"], [], 0),
        (["a < b", "b < a"], "a", ["b(a(b*))"], [("b", -1)], 1),
        (["a < c", "b < a", "c < b"], "a", ["b(c(a(b*)))"], [("c", -1), ("b", -2)], 2),
        (["a < b", "b < a", "c < a"], "c", ["b(a(b* c))"], [("a", -1), ("b", -2)], 0),
        (["a", "b < a c", "c < b"], "c", ["a(b(c(b*)))"], [("b", -1), ("a", -2)], 1),
    ],
    ids=["itself", "two", "three", "a circle above", "a circle with a way out"],
)
def test_a_circle_is_drawn_once(
    family: Family, lines: list[str], asked: str, tree: list[str], above: list[tuple[str, int]], below: int
) -> None:
    found = family(lines, asked)
    assert (trees(found), ancestors(found), found.descendants) == (tree, above, below)


def test_a_tangle_where_all_descend_from_all_ends_at_once(family: Family) -> None:
    names = [f"v{number}" for number in range(60)]
    found = family([f"{name} < {' '.join(names)}" for name in names], "v0")
    assert len(found.ancestors) == found.descendants == 59
    drawn = [node.ref for node in nodes(found.roots) if not node.is_repeat]
    assert sorted(drawn) == sorted(f"studio:{name}" for name in names)


def test_a_deleted_video_still_holds_its_branches(library: Database, family: Family) -> None:
    family(chain(3), "v0")
    with library.write() as connection:
        connection.execute("UPDATE videos SET deleted_at = created_at WHERE remote_id = 'v1'")
    found = look(library, "v2")
    assert trees(found) == ["v0(v1(v2))"]
    assert [node.video.deleted_at is not None for node in found.ancestors if node.video] == [True, False]


@pytest.mark.parametrize("asked", ["v0", "v250", f"v{MAX_DEPTH}", "v1199"])
def test_a_chain_too_high_for_one_tree_goes_on_in_the_next(family: Family, asked: str) -> None:
    found = family(chain(1200), asked)
    number = int(asked[1:])
    assert ancestors(found) == [(f"v{number - steps}", -steps) for steps in range(1, number + 1)]
    assert found.descendants == 1199 - number
    everyone = list(nodes(found.roots))
    assert max(node.depth for node in everyone) == MAX_DEPTH
    assert [node.ref for node in everyone if not node.is_repeat] == [f"studio:v{step}" for step in range(1200)]
    ends = [node.ref for node in everyone if node.is_repeat]
    assert ends == [root.ref for root in found.roots[1:]]


def test_the_highest_tree_leaves_readers_half_of_the_stack(family: Family) -> None:
    found = family(chain(MAX_DEPTH + 1), "v0")
    frames = 0
    frame: Any = sys._getframe()
    while frame:
        frames, frame = frames + 1, frame.f_back
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(frames + limit // 2)
    try:
        text = json.dumps(to_json(found))
        assert draw(found.roots[0]).startswith("v0(v1(")
    finally:
        sys.setrecursionlimit(limit)
    assert text.count('"children"') == MAX_DEPTH + 1


def test_a_large_family_is_read_whole(family: Family) -> None:
    lines = ["v0", *(f"v{number} < v{(number - 1) // 3}" for number in range(1, 2000))]
    found = family(lines, "v1999")
    assert sum(1 for _ in nodes(found.roots)) == 2000
    assert found.descendants == 0


@pytest.mark.parametrize(
    ("asked", "limit", "drawn", "above"),
    [
        ("d", 1, ["d"], []),
        ("d", 2, ["b(d)"], ["b"]),
        ("d", 3, ["a(b(d))"], ["b", "a"]),
        ("d", 5, ["a(b(d(e f)))"], ["b", "a"]),
        ("d", 6, ["a(b(d(e f(g))))"], ["b", "a"]),
        ("d", 7, ["a(b(d(e f(g))) c)"], ["b", "a"]),
        ("d", 8, ["a(b(d(e f(g))) c(h))"], ["b", "a"]),
        ("d", None, ["a(b(d(e f(g))) c(h))"], ["b", "a"]),
        ("j", 1, ["lost?(j)"], ["lost"]),
        ("j", 2, ["lost?(i j)"], ["lost"]),
    ],
)
def test_of_a_large_family_the_nearest_are_shown_and_all_are_counted(
    library: Database, family: Family, asked: str, limit: int | None, drawn: list[str], above: list[str]
) -> None:
    family(["a", "b < a", "c < a", "d < b", "e < d", "f < d", "g < f", "h < c", "i < lost", "j < lost"], "a")
    found = look(library, asked, limit)
    assert trees(found) == drawn
    assert [name for name, _ in ancestors(found)] == above
    counts = (found.ancestor_count, found.descendants, found.members)
    assert counts == ((2, 3, 8) if asked == "d" else (1, 0, 3))


def test_the_first_of_a_large_family_are_read_without_the_others(library: Database, family: Family) -> None:
    family(["v0", *(f"v{number} < v{(number - 1) // 3}" for number in range(1, 500))], "v0")
    found = look(library, "v1", 10)
    assert sum(1 for _ in nodes(found.roots)) == 10
    assert (found.ancestor_count, found.members) == (1, 500)


@pytest.mark.parametrize("query", [*lineage._WALKS, lineage._COUNT_DESCENDANTS, lineage._COUNT_FAMILY])
def test_the_walk_uses_the_indexes(library: Database, query: str) -> None:
    with library.read() as connection:
        plan = [row["detail"] for row in connection.execute(f"EXPLAIN QUERY PLAN {query}", {"me": 1})]
        assert not [step for step in plan if step.startswith(("SCAN videos", "SCAN links")) or "BLOOM" in step], plan


def test_the_members_are_read_by_their_rows(library: Database) -> None:
    with library.read() as connection:
        for query in (lineage._VIDEOS, lineage._EDGES):
            rows = connection.execute(f"EXPLAIN QUERY PLAN {query}", {"ids": [1, 2]})
            assert not [row["detail"] for row in rows if row["detail"].startswith(("SCAN videos", "SCAN links"))]
