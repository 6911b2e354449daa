"""Families as Mermaid, DOT, JSON and PROV-JSON: what is drawn, and that no text breaks out of its place."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree

import pytest
from prov.model import ProvDocument

from catalog import CatalogError
from catalog.api import Catalog
from catalog.exports import FORMS
from tests.exports.hostile import HOSTILE
from tests.families import add_family, add_links

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from catalog.database import Database

    Export = Callable[..., str]

SVG = "{http://www.w3.org/2000/svg}"

# The flowcharts that we write, and nothing else: a line is a node, an edge or a style.
LABEL = r'"((?:[\w <>-]|#\d+;)*)"'
NODE = re.compile(rf"    ([vx]\d+)\[{LABEL}\](?::::(asked|lost|failed))?")
EDGE = re.compile(rf"    ([vx]\d+) -->\|{LABEL}\| (v\d+)")
STYLE = re.compile(r"    classDef \w+ [a-z-]+:[\w ]+")


@pytest.fixture
def export(library: Database, library_path: Path) -> Iterator[Export]:
    """The family of a video, as one text."""
    with Catalog.open(library_path) as cat:

        def call(form: str, asked: str = "a", limit: int | None = None) -> str:
            pieces: list[str] = []
            cat.export_lineage(f"studio:{asked}", form, pieces.append, limit=limit)
            return "".join(pieces)

        yield call


def read_mermaid(text: str) -> tuple[dict[str, list[str]], list[tuple[str, str, str]], dict[str, str]]:
    """The lines of each node, the edges as parent, label and child, and the class of each marked node."""
    first, *lines = text.splitlines()
    assert first == "flowchart TD"
    nodes, edges, marks = {}, [], {}
    for line in lines:
        if node := NODE.fullmatch(line):
            nodes[node[1]] = [decode(part) for part in node[2].split("<br>")]
            marks |= {node[1]: node[3]} if node[3] else {}
        elif edge := EDGE.fullmatch(line):
            edges.append((edge[1], decode(edge[2]), edge[3]))
        else:
            assert STYLE.fullmatch(line), line
    return nodes, edges, marks


def decode(label: str) -> str:
    assert not re.search("<|>", label)
    return re.sub(r"#(\d+);", lambda match: chr(int(match[1])), label).replace("\u2060", "")


def read_dot(text: str) -> tuple[dict[str, list[str]], list[tuple[str, str, str]]]:
    """What Graphviz draws: the lines of each node, and the edges as parent, label and child."""
    if shutil.which("dot") is None:
        pytest.skip("graphs are drawn with Graphviz: apt-get install graphviz")
    drawn = subprocess.run(["dot", "-Tsvg"], input=text.encode(), capture_output=True, check=True).stdout
    nodes, edges = {}, []
    for group in ElementTree.fromstring(drawn).iter(f"{SVG}g"):
        title = group.findtext(f"{SVG}title") or ""
        lines = [part.text or "" for part in group.iter(f"{SVG}text")]
        if group.get("class") == "node":
            nodes[title] = lines
        elif group.get("class") == "edge":
            parent, _, child = title.partition("->")
            edges.append((parent, "".join(lines), child))
    return nodes, edges


def test_a_flowchart_has_each_member_once_and_each_edge(library: Database, export: Export) -> None:
    add_family(library, ["a", "b < a", "c < a lost"])
    nodes, edges, marks = read_mermaid(export("mermaid", "b"))
    names = {lines[0]: node for node, lines in nodes.items()}
    assert {lines[-1] for lines in nodes.values()} == {"completed", "not in the library"}
    assert nodes[names["studio:b"]] == ["studio:b", "A neon street.", "completed"]
    assert edges == [
        (names["studio:a"], "remix (api)", names["studio:b"]),
        (names["studio:a"], "remix (api)", names["studio:c"]),
        (names["studio:lost"], "remix (api)", names["studio:c"]),
    ]
    assert marks == {names["studio:b"]: "asked", names["studio:lost"]: "lost"}


def test_dot_has_each_member_once_and_each_edge(library: Database, export: Export) -> None:
    add_family(library, ["a", "b < a lost"])
    nodes, edges = read_dot(export("dot", "b"))
    names = {lines[0]: node for node, lines in nodes.items()}
    assert sorted(names) == ["studio:a", "studio:b", "studio:lost"]
    assert edges == [
        (names["studio:a"], "remix (api)", names["studio:b"]),
        (names["studio:lost"], "remix (api)", names["studio:b"]),
    ]
    assert nodes[names["studio:lost"]][-1] == "not in the library"


def test_each_relation_is_an_edge_with_all_that_says_so(library: Database, export: Export) -> None:
    add_family(library, ["a", "b < a"])
    add_links(library, [("remix", "user", "a", "b"), ("remix", "c2pa", "a", "b"), ("reference", "request", "a", "b")])
    labels = [label for _, label, _ in read_mermaid(export("mermaid"))[1]]
    assert labels == ["remix (api, c2pa, user)", "reference (request)"]
    assert [label for _, label, _ in read_dot(export("dot"))[1]] == labels
    edges = json.loads(export("json"))["edges"]
    assert [(edge["relation"], edge["origins"]) for edge in edges] == [
        ("remix", ["api", "c2pa", "user"]),
        ("reference", ["request"]),
    ]


def test_json_holds_whole_prompts_and_says_who_is_missing(library: Database, export: Export) -> None:
    add_family(library, ["a", "b < a lost"], prompt="A neon street. " * 100)
    document = json.loads(export("json", "b"))
    assert (document["format"], document["version"], document["ref"]) == ("catalog-family", 1, "studio:b")
    assert document["total"] == len(document["members"]) == 3
    members = {member["ref"]: member for member in document["members"]}
    assert members["studio:a"]["prompt"] == "A neon street. " * 100
    assert members["studio:lost"] == {"ref": "studio:lost", "is_in_library": False}
    assert {(edge["parent"], edge["child"]) for edge in document["edges"]} == {
        ("studio:a", "studio:b"),
        ("studio:lost", "studio:b"),
    }


def statements(document: ProvDocument, kind: str) -> list[dict[str, Any]]:
    """The statements of a kind, with the names of their attributes as text."""
    return [
        {str(name): str(value) for name, value in record.attributes}
        for record in document.get_records()
        if type(record).__name__ == kind
    ]


def test_prov_tells_entities_jobs_agents_and_derivations(library: Database, export: Export) -> None:
    add_family(library, ["a", "b < a lost"], completed_at="2026-02-01T00:00:00.000Z")
    document = ProvDocument.deserialize(content=export("prov", "b"), format="json")
    assert {str(record.identifier) for record in document.get_records() if record.identifier} >= {
        "catalog:clip/studio/a", "catalog:clip/studio/b", "catalog:clip/studio/lost", "catalog:job/studio/a",
        "catalog:job/studio/b", "catalog:server/studio", "catalog:model/sora-2", "catalog:user",
    }  # fmt: skip
    derivations = statements(document, "ProvDerivation")
    assert [(each["prov:generatedEntity"], each["prov:usedEntity"]) for each in derivations] == [
        ("catalog:clip/studio/b", "catalog:clip/studio/a"),
        ("catalog:clip/studio/b", "catalog:clip/studio/lost"),
    ]
    assert {(each["prov:type"], each["catalog:origin"]) for each in derivations} == {("catalog:relation/remix", "api")}
    assert len(statements(document, "ProvGeneration")) == 2
    assert len(statements(document, "ProvUsage")) == 2
    assert len(statements(document, "ProvAssociation")) == 6
    jobs = statements(document, "ProvActivity")
    assert {job["prov:endTime"] for job in jobs} == {"2026-02-01 00:00:00+00:00"}
    assert {job["catalog:prompt"] for job in jobs} == {"A neon street."}


def test_prov_says_of_a_failed_job_what_it_used_and_that_nothing_came_of_it(library: Database, export: Export) -> None:
    add_family(library, ["a", "b < a"], status="failed")
    document = ProvDocument.deserialize(content=export("prov"), format="json")
    assert len(statements(document, "ProvUsage")) == 1
    assert statements(document, "ProvGeneration") == statements(document, "ProvDerivation") == []


def test_prov_leaves_out_an_end_before_the_start(library: Database, export: Export) -> None:
    add_family(library, ["a"], completed_at="2025-01-01T00:00:00.000Z")
    (job,) = statements(ProvDocument.deserialize(content=export("prov"), format="json"), "ProvActivity")
    assert "prov:startTime" in job
    assert "prov:endTime" not in job


def test_prov_is_the_same_document_once_the_prov_package_has_read_and_written_it(
    library: Database, export: Export
) -> None:
    add_family(library, ["a < c", "b < a lost", "c < b"])
    document = ProvDocument.deserialize(content=export("prov"), format="json")
    assert ProvDocument.deserialize(content=document.serialize(format="json"), format="json") == document


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_a_hostile_prompt_and_id_stay_in_their_places(text: str, library: Database, export: Export) -> None:
    add_family(library, ["a", "b < a"], prompt=text, model=text[:2000])
    remote_id = text[:3000].replace("\x00", "") or "c"
    with library.write() as connection:
        connection.execute("UPDATE videos SET remote_id = ? WHERE remote_id = 'b'", (remote_id,))
    nodes, edges, _ = read_mermaid(export("mermaid"))
    assert (len(nodes), len(edges)) == (2, 1)
    dot_nodes, dot_edges = read_dot(export("dot"))
    assert dot_nodes == nodes
    assert dot_edges == edges
    assert max(len(line) for lines in nodes.values() for line in lines) <= 80
    members = json.loads(export("json"))["members"]
    assert {member["prompt"] for member in members} == {text}
    assert f"studio:{remote_id}" in {member["ref"] for member in members}
    document = ProvDocument.deserialize(content=export("prov"), format="json")
    assert {job.get("catalog:prompt") for job in statements(document, "ProvActivity")} == {text}
    assert len(statements(document, "ProvEntity")) == 2
    for form in FORMS:
        assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]", export(form))


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("lines", [["a < a"], ["a < b", "b < a"], ["a < c", "b < a", "c < b"]])
def test_a_circle_is_written_once(form: str, lines: list[str], library: Database, export: Export) -> None:
    add_family(library, lines)
    text = export(form)
    if form == "mermaid":
        assert len(read_mermaid(text)[1]) == len(lines)
    elif form == "dot":
        assert len(read_dot(text)[1]) == len(lines)
    elif form == "json":
        assert len(json.loads(text)["edges"]) == len(lines)
    else:
        document = ProvDocument.deserialize(content=text, format="json")
        assert len(statements(document, "ProvDerivation")) == len(lines)


@pytest.mark.parametrize("form", FORMS)
def test_a_chain_of_thousands_breaks_nothing(form: str, library: Database, export: Export) -> None:
    add_family(library, ["a", *(f"v{number} < {f'v{number - 1}' if number else 'a'}" for number in range(3000))])
    text = export(form, "v2999")
    assert len(text.splitlines()) > 6000
    if form in {"json", "prov"}:
        assert len(json.loads(text)["members" if form == "json" else "entity"]) == 3001


@pytest.mark.parametrize("form", FORMS)
def test_a_limit_takes_the_nearest_and_no_edge_to_the_others(form: str, library: Database, export: Export) -> None:
    add_family(library, ["a", "b < a", "c < b", "d < c"])
    text = export(form, "d", 2)
    assert ("studio" in text, "neon" in text) == (True, True)
    if form == "mermaid":
        nodes, edges, _ = read_mermaid(text)
        assert sorted(lines[0] for lines in nodes.values()) == ["studio:c", "studio:d"]
        assert len(edges) == 1


def test_an_export_says_what_it_holds(library: Database, library_path: Path) -> None:
    add_family(library, ["a", "b < a lost", "c < b"])
    with Catalog.open(library_path) as cat:
        report = cat.export_lineage("studio:c", "dot", lambda _: None)
        assert (report.ref, report.form, report.members, report.edges, report.total) == ("studio:c", "dot", 4, 3, 4)
        report = cat.export_lineage("studio:c", "dot", lambda _: None, limit=1)
        assert (report.members, report.edges, report.total) == (1, 0, 4)


def test_a_form_that_is_not_known_is_refused(library: Database, library_path: Path) -> None:
    add_family(library, ["a"])
    with Catalog.open(library_path) as cat, pytest.raises(CatalogError, match="choose from mermaid, dot, json, prov"):
        cat.export_lineage("studio:a", "svg", lambda _: None)


def test_the_words_of_a_prompt_in_json_stand_in_a_label(library: Database, export: Export) -> None:
    add_family(library, ["a"], prompt='{"scene": {"subject": "a fox", "setting": "snow"}}')
    (lines,) = read_mermaid(export("mermaid"))[0].values()
    assert lines[1].startswith("a fox")
