"""What credentials say of parents against what servers, requests and the user say: one word for each edge."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from catalog import reading, store
from catalog.provenance import Ingredient, check_file
from catalog.reading.evidence import list_evidence
from catalog.reading.lineage import read_lineage
from tests.house import Shelf
from tests.manifests import CHILD, NAMED, PARENT, SHA, check, keep, manifest, put, save
from tests.signed import alter_media

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from catalog.database import Database
    from catalog.family_reports import EvidenceRow
    from catalog.reports import LineageNode

UNKNOWN = manifest("urn:child", Ingredient("parentOf", title="elsewhere.mp4", manifest="urn:elsewhere"))
SILENT = manifest("urn:child")


@pytest.fixture
def desk(library: Database) -> Shelf:
    return Shelf(library)


def number_of(desk: Shelf, name: str) -> int:
    return int(desk.value("SELECT id FROM videos WHERE remote_id = ?", name))


def read(desk: Shelf) -> list[EvidenceRow]:
    with desk.library.read() as connection:
        ids = [row[0] for row in connection.execute("SELECT id FROM videos ORDER BY id")]
        return list(list_evidence(connection, ids))


def words(desk: Shelf) -> list[tuple[str, str | None, str]]:
    """The child, the parents, and what the evidence is."""
    return [
        (row.child.removeprefix("studio:"), ",".join(row.parents).replace("studio:", "") or None, row.evidence)
        for row in read(desk)
    ]


def link(desk: Shelf, child: str, parent: str, relation: str = "edit", origin: str = "request") -> None:
    with desk.library.write() as connection:
        store.save_links(connection, "studio", number_of(desk, child), [(relation, parent)], origin=origin)


@pytest.mark.parametrize(
    ("claimed", "found", "status", "expected"),
    [
        ("parent", CHILD, "intact_known_signer", ("parent", "agree")),
        ("parent", CHILD, "history_problem", ("parent", "agree")),
        ("parent", SILENT, "intact_known_signer", ("parent", "api_only")),
        ("parent", None, "absent", ("parent", "api_only")),
        ("parent", None, "unreadable", ("parent", "api_only")),
        ("parent", None, None, ("parent", "api_only")),
        ("lost", SILENT, "intact_expired", ("lost", "api_only")),
        (None, CHILD, "intact_known_signer", ("parent", "credentials_only")),
        ("other", CHILD, "intact_known_signer", ("other,parent", "disagree")),
        ("lost", CHILD, "intact_known_signer", ("lost,parent", "disagree")),
        ("parent", UNKNOWN, "intact_known_signer", ("parent", "parent_unknown")),
        (None, UNKNOWN, "intact_known_signer", (None, "parent_unknown")),
        ("parent", CHILD, "changed", ("parent", "not_intact")),
        ("other", CHILD, "broken", ("other", "not_intact")),
        ("parent", SILENT, "broken", ("parent", "not_intact")),
        (None, CHILD, "changed", (None, "not_intact")),
        (None, UNKNOWN, "changed", (None, "not_intact")),
        (None, SILENT, "changed", None),
        (None, SILENT, "intact_known_signer", None),
        (None, None, None, None),
    ],
)
def test_an_edge_has_one_word(desk: Shelf, claimed: Any, found: Any, status: Any, expected: Any) -> None:
    keep(desk, "other", remixed_from_video_id=None)
    save(desk, {keep(desk, "parent"): check(PARENT)})
    child = keep(desk, "child", remixed_from_video_id=claimed)
    if status is not None:
        save(desk, {child: check(*([found] if found else []), status=status)})
    assert words(desk) == ([("child", *expected)] if expected else [])


def test_a_row_says_who_says_it_and_by_what_the_parent_was_recognized(desk: Shelf) -> None:
    save(desk, {keep(desk, "parent"): check(PARENT), keep(desk, "child", remixed_from_video_id="parent"): check(CHILD)})
    link(desk, "child", "parent", "remix")
    (row,) = read(desk)
    assert (row.origins, row.credentials, row.matched) == (
        ("api", "request", "c2pa"),
        "intact_unknown_signer",
        "manifest",
    )
    assert (row.parent, row.named, row.relation) == ("studio:parent", ("studio:parent",), "remix")


def test_a_parent_that_is_not_here_is_named_by_its_title(desk: Shelf) -> None:
    save(desk, {keep(desk, "child"): check(UNKNOWN)})
    (row,) = read(desk)
    assert (row.parent, row.parents, row.title, row.origins) == (None, (), "elsewhere.mp4", ("c2pa",))


def test_what_is_not_intact_is_shown_and_counts_for_nothing(desk: Shelf) -> None:
    save(desk, {keep(desk, "parent"): check(PARENT)})
    save(desk, {keep(desk, "child", remixed_from_video_id="other"): check(CHILD, status="changed")})
    (row,) = read(desk)
    assert (row.evidence, row.parent, row.named, row.origins) == (
        "not_intact", "studio:other", ("studio:parent",), ("api",),
    )  # fmt: skip


@pytest.mark.parametrize("relation", ["remix", "edit", "extension"])
def test_what_the_user_says_is_a_claim(desk: Shelf, relation: str) -> None:
    keep(desk, "other")
    save(desk, {keep(desk, "parent"): check(PARENT), keep(desk, "child"): check(CHILD)})
    link(desk, "child", "other", relation, "user")
    assert words(desk) == [("child", "other,parent", "disagree")]
    link(desk, "child", "parent", relation, "user")
    assert words(desk) == [("child", "other", "api_only"), ("child", "parent", "agree")]


@pytest.mark.parametrize("relation", ["reference", "character"])
def test_what_went_in_is_in_no_dispute_with_the_parent(desk: Shelf, relation: str) -> None:
    keep(desk, "other")
    save(desk, {keep(desk, "parent"): check(PARENT), keep(desk, "child"): check(CHILD)})
    link(desk, "child", "other", relation)
    assert words(desk) == [("child", "other", "api_only"), ("child", "parent", "credentials_only")]


def test_a_parent_is_in_no_dispute_with_what_went_in(desk: Shelf) -> None:
    went_in = manifest("urn:child", replace(NAMED, relationship="inputTo"))
    keep(desk, "other")
    save(
        desk, {keep(desk, "parent"): check(PARENT), keep(desk, "child", remixed_from_video_id="other"): check(went_in)}
    )
    assert words(desk) == [("child", "other", "api_only"), ("child", "parent", "credentials_only")]


def test_of_several_clips_one_that_is_intact_speaks(desk: Shelf) -> None:
    save(
        desk,
        {
            keep(desk, "parent"): check(PARENT),
            keep(desk, "child", remixed_from_video_id="parent"): check(CHILD, status="changed"),
        },
    )
    assert words(desk) == [("child", "parent", "not_intact")]
    with desk.library.write() as connection:
        image = put(connection, "child", SHA["other"], "image")
    save(desk, {image: check(CHILD)})
    assert words(desk) == [("child", "parent", "agree")]
    assert read(desk)[0].credentials == "intact_unknown_signer"


def test_ten_thousand_parents_that_are_not_here_are_one_row(desk: Shelf) -> None:
    many = manifest(
        "urn:child", *(Ingredient("parentOf", title="x" * 900, manifest=f"urn:{number}") for number in range(10_000))
    )
    save(desk, {keep(desk, "child"): check(many)})
    assert words(desk) == [("child", None, "parent_unknown")]
    assert len(read(desk)[0].title or "") == 200


def test_a_family_has_its_evidence_at_each_edge(desk: Shelf) -> None:
    keep(desk, "other")
    third = manifest("urn:third", Ingredient("parentOf", manifest="urn:child"))
    save(desk, {keep(desk, "parent"): check(PARENT), keep(desk, "child", remixed_from_video_id="parent"): check(CHILD)})
    save(desk, {keep(desk, "third", remixed_from_video_id="other"): check(third, status="intact_expired")})
    with desk.library.read() as connection:
        family = read_lineage(connection, number_of(desk, "child"))
    found = {
        (node.ref, above and above.ref, node.relation, node.origins, node.evidence, node.credentials)
        for above, node in list_nodes(family.roots)
    }
    intact = "intact_unknown_signer"
    assert found == {
        ("studio:parent", None, None, (), None, intact),
        ("studio:child", "studio:parent", "remix", ("api", "c2pa"), "agree", intact),
        ("studio:third", "studio:child", "remix", ("c2pa",), "disagree", "intact_expired"),
    }
    assert [(node.origins, node.evidence) for node in family.ancestors] == [(("api", "c2pa"), "agree")]


def list_nodes(roots: tuple[LineageNode, ...]) -> Iterator[tuple[LineageNode | None, LineageNode]]:
    """Each node with the one above it."""
    waiting: list[tuple[LineageNode | None, LineageNode]] = [(None, root) for root in roots]
    while waiting:
        above, node = waiting.pop()
        yield above, node
        waiting += [(node, child) for child in node.children]


def test_clips_that_were_really_signed_are_told_apart(desk: Shelf, signed: Any, tmp_path: Path) -> None:
    remix = signed.remix(signed.clip)
    clips = {
        "parent": (signed.clip, None),
        "agreeing": (remix, "parent"),
        "unclaimed": (signed.remix(signed.clip), None),
        "disagreeing": (signed.remix(signed.clip), "other"),
        "altered": (alter_media(remix), "parent"),
        "stripped": (remix.replace(b"uuid\xd8\xfe\xc3\xd6", b"free\xd8\xfe\xc3\xd6", 1), "parent"),
        "foreign": (signed.remix(signed.sign()), "parent"),
    }
    keep(desk, "other")
    for name, (clip, claimed) in clips.items():
        path = tmp_path / f"{name}.mp4"
        path.write_bytes(clip)
        found = check_file(path, profile=signed.profile)
        save(desk, {keep(desk, name, found.sha256, remixed_from_video_id=claimed): found})
    assert {(child, word) for child, _, word in words(desk)} == {
        ("agreeing", "agree"),
        ("unclaimed", "credentials_only"),
        ("disagreeing", "disagree"),
        ("altered", "not_intact"),
        ("stripped", "api_only"),
        ("foreign", "parent_unknown"),
    }


def test_every_query_goes_by_an_index(desk: Shelf) -> None:
    with desk.library.read() as connection:
        for query in (reading.evidence._LINKS, reading.evidence._STATUSES, reading.evidence._REFS):
            plan = [row["detail"] for row in connection.execute(f"EXPLAIN QUERY PLAN {query}", {"ids": [1]})]
            assert not [step for step in plan if step.startswith("SCAN") and "json_each" not in step], plan
