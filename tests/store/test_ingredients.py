"""Links of what credentials say: to the right parent, whichever was checked first, and as the newest checks say."""

from __future__ import annotations

import contextlib
import shutil
from dataclasses import replace
from itertools import permutations
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from catalog import bitmaps, ingredients, store
from catalog.database import Database
from catalog.provenance import Ingredient, Manifest, check_file
from tests.manifests import CHILD, NAMED, PARENT, SHA, check, keep, manifest, put, save
from tests.store.conftest import Desk, job

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


LINKS = (
    "SELECT child.remote_id, parent.remote_id, relation FROM links JOIN videos AS child ON child.id = child_id "
    "JOIN videos AS parent ON parent.id = parent_id WHERE origin = 'c2pa' ORDER BY 1, 2"
)
KEPT = (
    "SELECT child_id, relation, origin, parent_source, parent_remote_id, parent_id, depth, is_circular "
    "FROM links ORDER BY 1, 2, 3, 4, 5"
)


def find(desk: Desk) -> list[tuple[str, str, str]]:
    """The links of credentials, which are those that making all of them again would give, and found in searches."""
    kept, links = desk.rows(KEPT), desk.rows(LINKS)
    with desk.library.write() as connection:
        bitmaps.check(connection)
        store.rebuild_ingredients(connection)
        store.rebuild_descent(connection)
    assert desk.rows(KEPT) == kept
    return links


def link(desk: Desk, child: str, parent: str, relation: str, origin: str = "request") -> None:
    with desk.library.write() as connection:
        video_id = store.find_ids(connection, "studio", [child])[child]
        store.save_links(connection, "studio", video_id, [(relation, parent)], origin=origin)


@pytest.mark.parametrize("order", [["parent", "child"], ["child", "parent"]])
def test_a_remix_that_was_really_signed_leads_to_its_parent(
    desk: Desk, signed: Any, tmp_path: Path, order: list[str]
) -> None:
    clips = {"parent": signed.clip, "child": signed.remix(signed.clip)}
    for name in order:
        (tmp_path / name).write_bytes(clips[name])
        found = check_file(tmp_path / name, profile=signed.profile)
        assert found.status == "intact_known_signer"
        save(desk, {keep(desk, name, found.sha256): found})
    assert find(desk) == [("child", "parent", "remix")]


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_a_line_of_three_is_linked_in_whatever_order_it_is_checked(desk: Desk, order: tuple[int, ...]) -> None:
    third = manifest("urn:third", Ingredient("parentOf", manifest="urn:child"))
    files = {keep(desk, "parent"): PARENT, keep(desk, "child"): CHILD, keep(desk, "third"): third}
    for number in order:
        file_id = [*files][number]
        save(desk, {file_id: check(files[file_id], replace(PARENT, is_active=False))})
    assert find(desk) == [("child", "parent", "remix"), ("third", "child", "remix")]
    assert desk.rows("SELECT depth FROM links ORDER BY child_id") == [(1,), (2,)]


@pytest.mark.parametrize(("relationship", "relation"), [("inputTo", "reference"), ("componentOf", "reference")])
def test_what_went_in_is_a_reference(desk: Desk, relationship: str, relation: str) -> None:
    made = manifest("urn:child", replace(NAMED, relationship=relationship))
    save(desk, {keep(desk, "parent"): check(PARENT), keep(desk, "child"): check(made)})
    assert find(desk) == [("child", "parent", relation)]


def test_a_parent_that_went_in_as_well_is_a_parent(desk: Desk) -> None:
    made = manifest("urn:child", replace(NAMED, relationship="inputTo"), NAMED, replace(NAMED, relationship=None))
    save(desk, {keep(desk, "parent"): check(PARENT), keep(desk, "child"): check(made)})
    assert find(desk) == [("child", "parent", "remix")]


@pytest.mark.parametrize("is_linked_first", [True, False])
def test_the_relation_is_that_of_another_link_between_the_two(desk: Desk, *, is_linked_first: bool) -> None:
    files = keep(desk, "parent"), keep(desk, "child")
    if is_linked_first:
        link(desk, "child", "parent", "extension")
    save(desk, dict(zip(files, (check(PARENT), check(CHILD)), strict=True)))
    if not is_linked_first:
        assert find(desk) == [("child", "parent", "remix")]
        link(desk, "child", "parent", "extension")
    assert find(desk) == [("child", "parent", "extension")]


def test_a_server_that_changes_its_mind_changes_which_copy_counts(desk: Desk) -> None:
    copies = [keep(desk, name, SHA["parent"]) for name in ("parent", "other", "third")]
    save(desk, {keep(desk, "child"): check(CHILD), **dict.fromkeys(copies, check(PARENT))})
    for claimed, counted in (("third", "third"), ("other", "other"), ("lost", "parent")):
        desk.hear(job("child", remixed_from_video_id=claimed))
        assert find(desk) == [("child", counted, "remix")]


@pytest.mark.parametrize("status", ["changed", "broken", "unreadable", "absent", "unsupported", "remote_only"])
def test_only_intact_credentials_link_and_the_newest_check_counts(desk: Desk, status: str) -> None:
    parent, child = keep(desk, "parent"), keep(desk, "child")
    save(desk, {parent: check(PARENT), child: check(CHILD, status=status)})
    assert find(desk) == []
    save(desk, {child: check(CHILD, status="history_problem")})
    assert find(desk) == [("child", "parent", "remix")]
    save(desk, {child: check(CHILD, status=status)})
    assert find(desk) == []


def test_a_parent_whose_credentials_are_gone_is_not_recognized_any_more(desk: Desk) -> None:
    parent, child = keep(desk, "parent"), keep(desk, "child")
    save(desk, {parent: check(PARENT), child: check(CHILD)})
    save(desk, {parent: check(status="absent")})
    assert find(desk) == []
    save(desk, {parent: check(PARENT, status="changed")})  # it still is the file that the child was made from
    assert find(desk) == [("child", "parent", "remix")]


def test_other_bytes_in_the_place_of_a_file_are_due_and_link_nothing(desk: Desk) -> None:
    parent, child = keep(desk, "parent"), keep(desk, "child")
    save(desk, {parent: check(PARENT), child: check(CHILD)})
    keep(desk, "parent", SHA["other"])
    assert find(desk) == []
    save(desk, {parent: check(PARENT)})
    assert find(desk) == [("child", "parent", "remix")]
    keep(desk, "child", SHA["third"])
    assert find(desk) == []


def test_a_label_with_another_hash_is_another_file_whatever_else_fits(desk: Desk) -> None:
    other = replace(PARENT, hash="B" * 43 + "=")
    made = manifest("urn:child", replace(NAMED, instance_id="xmp:iid:parent"))
    save(desk, {keep(desk, "parent"): check(other), keep(desk, "child"): check(made)})
    assert find(desk) == []
    save(desk, {keep(desk, "third"): check(PARENT)})
    assert find(desk) == [("child", "third", "remix")]


@pytest.mark.parametrize("known", [None, "B" * 87 + "="])
def test_hashes_that_cannot_be_compared_do_not_count(desk: Desk, known: str | None) -> None:
    made = manifest("urn:child", replace(NAMED, manifest_hash=known))
    save(desk, {keep(desk, "parent"): check(PARENT), keep(desk, "child"): check(made)})
    assert find(desk) == [("child", "parent", "remix")]


def test_an_instance_id_counts_only_where_one_other_video_has_it(desk: Desk) -> None:
    shared = "xmp:iid:shared"
    made = manifest("urn:child", Ingredient("parentOf", instance_id=shared), instance_id=shared)
    parent, child, other = (keep(desk, name) for name in ("parent", "child", "other"))
    save(desk, {child: check(made)})
    assert find(desk) == []  # never itself
    save(desk, {parent: check(replace(PARENT, instance_id=shared))})
    assert find(desk) == [("child", "parent", "remix")]
    save(desk, {other: check(manifest("urn:other", instance_id=shared))})
    assert find(desk) == []
    save(desk, {other: check(status="absent")})
    assert find(desk) == [("child", "parent", "remix")]


def test_two_children_of_a_parent_that_is_not_here_are_no_parents_of_each_other(desk: Desk) -> None:
    shared = "xmp:iid:shared"
    made = [
        manifest(label, Ingredient("parentOf", instance_id=shared), instance_id=shared) for label in ("urn:1", "urn:2")
    ]
    save(desk, {keep(desk, "child"): check(made[0]), keep(desk, "other"): check(made[1])})
    assert find(desk) == []


@pytest.mark.parametrize("text", ["{}", "sha256:{}", "urn:sha256:{}", "xmp:iid:{}"])
@pytest.mark.parametrize("field", ["instance_id", "document_id"])
@pytest.mark.parametrize("is_child_first", [True, False])
def test_a_hash_in_an_id_is_that_of_a_file(desk: Desk, text: str, field: str, *, is_child_first: bool) -> None:
    written = text.format(SHA["parent"].upper() if text == "{}" else SHA["parent"])
    made = check(manifest("urn:child", Ingredient("parentOf", **{field: written})))
    if is_child_first:
        save(desk, {keep(desk, "child"): made})
        keep(desk, "parent")
    else:
        keep(desk, "parent")
        save(desk, {keep(desk, "child"): made})
    assert find(desk) == [("child", "parent", "remix")]


@pytest.mark.parametrize("order", list(permutations(["parent", "child", "reference"])))
def test_an_input_with_the_bytes_of_a_file_of_another_video_is_that_video(desk: Desk, order: tuple[str, ...]) -> None:
    made = check(manifest("urn:child", Ingredient("inputTo", title="image.png", manifest="urn:elsewhere")))
    for each in order:
        if each == "reference":
            keep(desk, "child", SHA["parent"], "reference")
        elif each == "parent":
            keep(desk, "parent")
        else:
            save(desk, {keep(desk, "child"): made})
    assert find(desk) == [("child", "parent", "reference")]
    with desk.library.write() as connection:
        file_id = put(connection, "parent")
    save(desk, {file_id: check(PARENT)})  # with a manifest of its own, it is not the one that the ingredient has
    assert find(desk) == []


def test_the_input_of_a_job_without_ingredients_is_no_link(desk: Desk) -> None:
    keep(desk, "parent")
    save(desk, {keep(desk, "child"): check(manifest("urn:child"))})
    keep(desk, "child", SHA["parent"], "reference")
    assert find(desk) == []


def test_of_copies_of_a_file_the_one_that_is_named_otherwise_counts_else_the_first(desk: Desk) -> None:
    copies = [keep(desk, name, SHA["parent"]) for name in ("parent", "other", "third")]
    save(desk, {keep(desk, "child"): check(CHILD), **dict.fromkeys(copies, check(PARENT))})
    assert find(desk) == [("child", "parent", "remix")]
    link(desk, "child", "third", "edit", origin="user")
    assert find(desk) == [("child", "third", "edit")]
    save(desk, {copies[2]: check(status="absent")})
    assert find(desk) == [("child", "parent", "remix")]


def test_a_manifest_that_names_itself_links_nothing_not_even_copies(desk: Desk) -> None:
    itself = manifest("urn:parent", NAMED, instance_id="xmp:iid:parent")
    save(desk, {keep(desk, "parent"): check(itself), keep(desk, "other", SHA["parent"]): check(itself)})
    assert find(desk) == []


def test_manifests_that_name_each_other_make_a_circle_and_no_more(desk: Desk) -> None:
    made = [
        manifest("urn:1", Ingredient("parentOf", manifest="urn:2")),
        manifest("urn:2", Ingredient("parentOf", manifest="urn:1")),
    ]
    save(desk, {keep(desk, "parent"): check(made[0]), keep(desk, "child"): check(made[1])})
    assert find(desk) == [("child", "parent", "remix"), ("parent", "child", "remix")]
    assert desk.rows("SELECT DISTINCT is_circular FROM links") == [(1,)]


def test_thumbnails_and_references_speak_for_nobody(desk: Desk) -> None:
    keep(desk, "child"), keep(desk, "parent")
    with desk.library.write() as connection:
        thumbnail, reference = (
            put(connection, "parent", SHA["other"], "thumbnail"),
            put(connection, "child", SHA["third"], "reference"),
        )
    save(desk, {thumbnail: check(PARENT), reference: check(CHILD)})
    assert find(desk) == []
    with desk.library.write() as connection:
        ids = put(connection, "parent", variant="image"), put(connection, "child", variant="image")
    save(desk, {ids[0]: check(PARENT), ids[1]: check(CHILD)})
    assert find(desk) == [("child", "parent", "remix")]


@pytest.mark.parametrize("text", ["", "x" * 900_000, "\x1b[31m\u202e<script>", "\ud800", "a\x00b", "%_'\"", "None"])
def test_hostile_labels_and_ids_link_what_fits_and_break_nothing(desk: Desk, text: str) -> None:
    made = Ingredient("parentOf", title=text, instance_id=text, document_id=text, manifest=text, manifest_hash=text)
    hostile = manifest(text, made, instance_id=text, hash=text)
    files = keep(desk, "parent"), keep(desk, "child")
    save(
        desk,
        {files[0]: check(hostile), files[1]: check(manifest("urn:child", made, replace(made, manifest_hash=None)))},
    )
    assert find(desk) in ([], [("child", "parent", "remix")])
    save(desk, dict.fromkeys(files, check(hostile)))
    assert find(desk) == []


def test_ten_thousand_ingredients_are_linked(desk: Desk) -> None:
    desk.hear(*(job(f"v{number}") for number in range(300)))
    with desk.library.write() as connection:
        checks = {
            put(connection, f"v{number}", f"{number:064x}"): check(manifest(f"urn:{number}")) for number in range(300)
        }
    parts = tuple(
        Ingredient("componentOf", manifest=f"urn:{number}", instance_id=f"iid:{number}") for number in range(10_000)
    )
    save(desk, checks)
    save(desk, {keep(desk, "child"): check(manifest("urn:child", *parts))})
    assert len(find(desk)) == 300


LABEL = some.sampled_from(["urn:1", "urn:2", "urn:3"])
INSTANCE = some.sampled_from([None, "iid:1", "iid:2", SHA["parent"], f"sha256:{SHA['other']}"])
HASH = some.sampled_from([None, "A" * 44, "B" * 44])
MADE_OF = some.builds(
    Ingredient,
    relationship=some.sampled_from(ingredients.RELATIONSHIPS),
    instance_id=INSTANCE,
    document_id=INSTANCE,
    manifest=some.none() | LABEL,
    manifest_hash=HASH,
)
MANIFEST = some.builds(
    Manifest,
    label=LABEL,
    is_active=some.just(True),
    ingredients=some.lists(MADE_OF, max_size=2).map(tuple),
    instance_id=INSTANCE,
    hash=HASH,
)
STATUS = some.sampled_from(["intact_known_signer", "history_problem", "changed", "absent"])
NAME = some.sampled_from(["parent", "child", "other"])
# What may happen: a file is checked, other bytes come in its place or into the job, somebody names a parent.
EVENT = some.one_of(
    some.tuples(some.just("check"), NAME, MANIFEST, STATUS),
    some.tuples(some.sampled_from(["video", "reference"]), NAME, some.sampled_from([*SHA.values()])),
    some.tuples(some.sampled_from(["edit", "remix"]), NAME, NAME),
)


class TakenBack(Exception):
    """Ends a transaction that shall leave nothing."""


@pytest.fixture(scope="module")
def shared(_migrated: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    library = Database(shutil.copy(_migrated, tmp_path_factory.mktemp("ingredients") / "catalog.db"))
    desk = Desk(library)
    for name in ("parent", "child", "other"):
        keep(desk, name)
    yield library
    library.close()


@settings(deadline=None)
@given(events=some.lists(EVENT, min_size=2, max_size=8))
def test_what_is_kept_is_what_would_be_made_of_everything(shared: Database, events: list[Any]) -> None:
    with contextlib.suppress(TakenBack), shared.write() as connection:
        names = store.find_ids(connection, "studio", ["parent", "child", "other"])
        for kind, name, *more in events:
            if kind == "check":
                query = "SELECT id FROM files WHERE video_id = :id AND variant = 'video'"
                file_id = connection.execute(query, {"id": names[name]}).fetchone()[0]
                found = () if more[1] == "absent" else (more[0],)
                store.save_checks(connection, {file_id: check(*found, status=more[1])})
            elif kind in {"video", "reference"}:
                put(connection, name, more[0], kind)
            else:
                store.save_links(connection, "studio", names[name], [(kind, more[0])], origin="user")
        bitmaps.check(connection)
        kept = [tuple(row) for row in connection.execute(KEPT)]
        store.rebuild_ingredients(connection)
        store.rebuild_descent(connection)
        assert [tuple(row) for row in connection.execute(KEPT)] == kept
        connection.execute("DELETE FROM links WHERE origin = 'c2pa'")
        store.rebuild_ingredients(connection)
        assert [tuple(row) for row in connection.execute(KEPT)] == kept
        raise TakenBack


def test_every_query_goes_by_an_index(desk: Desk) -> None:
    from catalog.store import ingredients as links

    queries = [
        value
        for module in (ingredients, links)
        for name, value in vars(module).items()
        if isinstance(value, str) and "SELECT" in value and name != "_ALL"
    ]
    queries += ingredients._NAMING.values()
    values = {
        "ids": [1], "stores": [1], "labels": ["a"], "statuses": ["a"], "relationships": ["a"], "instance_id": "a",
        "sha256": "a", "names": ["a"], "hashes": ["a"],
    }  # fmt: skip
    assert len(queries) > 12
    with desk.library.read() as connection:
        for query in queries:
            used = {name: value for name, value in values.items() if f":{name}" in query}
            plan = [row["detail"] for row in connection.execute(f"EXPLAIN QUERY PLAN {query}", used)]
            scans = [step for step in plan if step.startswith("SCAN") and "json_each" not in step]
            assert not scans, (query, plan)
            assert not [step for step in plan if "AUTOMATIC" in step], (query, plan)
