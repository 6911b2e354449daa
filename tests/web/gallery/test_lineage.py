"""The page of a family, as it is sent: a tree that can be read, whoever is in it and however many."""

from __future__ import annotations

import re
from html import unescape
from itertools import pairwise
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, quote, urlsplit

import pytest
from datasette.utils import tilde_encode

from catalog import Catalog, store
from catalog.library import open_library
from catalog.reports import LineageNode
from catalog.web.gallery import lineage
from catalog.web.gallery.application import respond
from catalog.web.gallery.branches import choose_branches
from catalog.web.gallery.svg import Room, fit, lay_out, measure, wrap
from catalog.web.gallery.visits import Answer, Visit
from tests.web.conftest import add_link, add_video, fill

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

NASTY = "\"'><script>alert(1)</script>&/?#%2F~41 ü"
ROOM = Room(width=100, height=40, small_height=20, across=50, down=10)


@pytest.fixture
def catalog(library_path: Path) -> Iterator[Catalog]:
    fill(library_path)
    with Catalog.open(library_path) as catalog:
        yield catalog


def make_family(path: Path, parents: dict[str, list[str]], **columns: object) -> Catalog:
    """A library with these videos, each with the ids of its parents."""
    library = open_library(path)
    with library.write() as connection:
        for number, (name, above) in enumerate(parents.items()):
            row = {
                "prompt": f"prompt of {name}",
                "model": "sora-2",
                "created_at": f"2026-01-01T00:00:00.{number % 1000:03d}Z",
            }
            child = add_video(connection, name, **{**row, **columns})
            for parent in above:
                add_link(connection, child, parent)
        store.rebuild_descent(connection)
        store.rebuild_bitmaps(connection)
    library.close()
    return Catalog.open(path)


def ask(catalog: Catalog, *path: str, **query: str) -> Answer:
    return respond(Visit(catalog, path=path, query=query))


def read(catalog: Catalog, ref: str) -> str:
    answer = ask(catalog, "lineage", ref)
    assert answer.status == 200
    return answer.body.decode()


def list_nodes(text: str) -> list[tuple[str, str]]:
    """The names and addresses of what is drawn, in the order of the document."""
    found = re.findall(r'<a class="node [^"]*"[^>]* href="([^"]*)" aria-label="([^"]*)"', text)
    return [(unescape(name), unescape(href)) for href, name in found]


def test_each_video_is_a_link_named_by_its_prompt(catalog: Catalog) -> None:
    text = read(catalog, "studio:child")
    assert '<svg role="group" aria-label="Family of studio:child"' in text
    names = [name for name, _ in list_nodes(text)]
    assert names[0].startswith("A neon street in the rain. Slow push in.")
    assert names[1:] == ["A remix", "A remix"]
    assert [href for _, href in list_nodes(text)][1] == "/?open=studio%3Achild"
    assert text.count('aria-current="true"') == 1


def test_each_edge_says_what_it_is_and_who_says_so(catalog: Catalog) -> None:
    text = read(catalog, "studio:child")
    assert text.count('class="relation">remix<') == 2
    assert text.count(">API, request</text>") == 2
    [table] = re.findall(r"<tbody>(.*?)</tbody>", text, re.DOTALL)
    assert table.count("<tr>") == 2
    assert "<td>API, request</td>" in table


@pytest.mark.parametrize("encode", [str, tilde_encode])
def test_an_address_is_read_as_both_encodings(library_path: Path, encode: Callable[[str], str]) -> None:
    with make_family(library_path, {NASTY: []}) as catalog:
        assert "It was not made from another video" in read(catalog, encode(f"studio:{NASTY}"))


def test_an_unknown_video_is_not_found(catalog: Catalog) -> None:
    answer = ask(catalog, "lineage", "studio:<nobody>~41")
    assert answer.status == 404
    assert "no video studio:&lt;nobody&gt;~41 in this library" in answer.body.decode()


def test_a_parent_that_nobody_knows_is_drawn_and_leads_nowhere(catalog: Catalog) -> None:
    text = read(catalog, "studio:lost")
    assert 'class="node lost" role="img" aria-label="studio:unheard-of, not in this library"' in text
    assert len(list_nodes(text)) == 1


def test_a_circle_is_called_one(catalog: Catalog) -> None:
    text = read(catalog, "studio:yin")
    assert "a circle: it stands above" in text
    assert [href for _, href in list_nodes(text)][-1].startswith("/lineage/")


def test_a_video_with_two_parents_is_drawn_once_and_named_twice(library_path: Path) -> None:
    with make_family(library_path, {"a": [], "b": [], "c": ["a", "b"], "d": ["c"]}) as catalog:
        text = read(catalog, "studio:c")
    names = [name for name, _ in list_nodes(text)]
    assert names.count("prompt of c") == 2
    assert names.count("prompt of d") == 1
    assert "drawn elsewhere in this picture" in text


@pytest.mark.parametrize("focus", [0, 1, 150, 399])
def test_a_large_family_is_drawn_in_part_and_counted_whole(library_path: Path, focus: int) -> None:
    parents: dict[str, list[str]] = {"v0": []} | {f"v{n}": [f"v{(n - 1) // 3}"] for n in range(1, 400)}
    with make_family(library_path, parents) as catalog:
        text, second = read(catalog, f"studio:v{focus}"), read(catalog, f"studio:v{focus}")
        family = catalog.lineage(f"studio:v{focus}")
    assert text == second
    nodes = list_nodes(text)
    names = [name for name, _ in nodes]
    assert len(nodes) < 140
    above = [f"prompt of {node.ref.removeprefix('studio:')}" for node in family.ancestors]
    assert {f"prompt of v{focus}", *above} <= set(names)
    hidden = [int(name.split()[0].replace(",", "")) for name in names if name.startswith("+")]
    assert sum(hidden) + len(names) - len(hidden) == 400
    assert all(href.startswith(("/lineage/", "/?q=")) for name, href in nodes if name.startswith("+"))


def test_leaves_that_are_much_the_same_become_one(library_path: Path) -> None:
    parents: dict[str, list[str]] = {"top": []} | {f"v{number}": ["top"] for number in range(200)}
    with make_family(library_path, parents) as catalog:
        nodes = list_nodes(read(catalog, "studio:v100"))
        assert catalog.count('parent:"studio:top"') == 200
    assert [name for name, _ in nodes] == [
        "prompt of top",
        "prompt of v0",
        "prompt of v1",
        "prompt of v100",
        "+197 similar",
    ]
    query = parse_qs(urlsplit(nodes[-1][1]).query)["q"][0]
    with Catalog.open(library_path) as catalog:
        found = {video.ref for video in catalog.iterate(query)}
    drawn = {f"studio:{name.removeprefix('prompt of ')}" for name, _ in nodes[:-1]}
    assert len(found) == 197
    assert not found & drawn


def test_a_long_chain_is_open_down_to_the_video(library_path: Path) -> None:
    parents: dict[str, list[str]] = {"v0": []} | {f"v{number}": [f"v{number - 1}"] for number in range(1, 90)}
    with make_family(library_path, parents) as catalog:
        names = [name for name, _ in list_nodes(read(catalog, "studio:v80"))]
    assert names[:81] == [f"prompt of v{number}" for number in range(81)]


def test_what_a_remix_changes_stands_beside_its_edge(library_path: Path) -> None:
    library = open_library(library_path)
    with library.write() as connection:
        add_video(
            connection,
            "first",
            prompt="A fox in a forest at night, slow push in.",
            created_at="2026-01-01T00:00:00.000Z",
        )
        child = add_video(connection, "second", prompt="A fox in a forest at dawn, slow push in, rain.")
        add_link(connection, child, "first")
        store.rebuild_descent(connection)
        store.rebuild_bitmaps(connection)
    library.close()
    with Catalog.open(library_path) as catalog:
        text = read(catalog, "studio:second")
    assert re.search(r'<li class="added">\+ \w+: \w+</li>', text)
    assert re.search(r'<li class="removed">− \w+: \w+</li>', text)


def test_nothing_from_outside_is_markup(library_path: Path) -> None:
    with make_family(
        library_path, {NASTY: ["<b>lost</b>"], "x": [NASTY]}, prompt=f"{NASTY} \u202e", model=NASTY
    ) as catalog:
        text = read(catalog, f"studio:{NASTY}")
    assert "<script>alert" not in text
    assert "<b>" not in text
    assert "\u202e" not in re.sub(r'<p class="prompt">.*?</p>', "", text)


@pytest.mark.parametrize("form", lineage.FORMS)
def test_a_family_can_be_downloaded(catalog: Catalog, form: str) -> None:
    answer = ask(catalog, "-", "gallery", "family", form, "studio:child")
    ending, kind = lineage.FORMS[form]
    assert answer.type == kind
    assert answer.headers["content-disposition"] == f'attachment; filename="studio-child.{ending}"'
    pieces: list[str] = []
    catalog.export_lineage("studio:child", form, pieces.append, limit=lineage.MOST_EXPORTED)
    assert answer.body.decode() == "".join(pieces)


def test_a_form_that_is_not_one_is_not_found(catalog: Catalog) -> None:
    assert ask(catalog, "-", "gallery", "family", "xml", "studio:child").status == 404
    assert ask(catalog, "-", "gallery", "family", "json", "studio:nobody").status == 404


def test_the_links_of_a_page_lead_below_its_base(catalog: Catalog) -> None:
    text = respond(Visit(catalog, path=("lineage", "studio:child"), base="/-/catalog/x")).body.decode()
    links = re.findall(r'(?:href|src)="([^"#]*)"', text)
    assert [link for link in links if not link.startswith(("/-/catalog/x/", "/catalog"))] == []
    assert f'href="/-/catalog/x/-/gallery/family/dot/{quote("studio:child", safe="")}"' in text


def make_tree(width: int, depth: int, name: str = "n") -> LineageNode:
    below = tuple(make_tree(width, depth - 1, f"{name}.{number}") for number in range(width)) if depth else ()
    return LineageNode(name, None, children=below)


def test_no_two_boxes_overlap() -> None:
    branches = choose_branches([make_tree(4, 5), make_tree(1, 90, "chain")], "n.1.2.3.0", 80)
    boxes, width, height = lay_out(branches, ROOM)
    for box in boxes:
        assert 0 <= box.x <= width - box.width
        assert 0 <= box.y <= height - box.height + 1e-6
    for column in {box.x for box in boxes}:
        ordered = sorted((box for box in boxes if box.x == column), key=lambda box: box.y)
        for upper, lower in pairwise(ordered):
            assert upper.y + upper.height <= lower.y + 1e-6


@pytest.mark.parametrize("text", ["", "a", "word " * 50, "x" * 300, "東京の夜" * 40, "a\u0301" * 100, " \n\t"])
def test_a_text_fits_its_columns(text: str) -> None:
    assert all(measure(line) <= 20 for line in wrap(text, 20, 3))
    assert len(wrap(text, 20, 3)) <= 3
    assert measure(fit(text, 20)) <= 20
