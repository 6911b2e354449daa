"""Trails: who stands on one and in which order, what vouches for each step, and what an audit never tells."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from catalog import CatalogError, NotFound, QueryError, store
from catalog.api import Catalog
from catalog.provenance import check_file
from tests.families import add_family, add_links
from tests.house import job

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from catalog import Trail, TrailStep
    from catalog.database import Database

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
BEGAN = 1_790_000_000


@pytest.fixture
def cat(library: Database, library_path: Path) -> Iterator[Catalog]:
    with Catalog.open(library_path) as cat:
        yield cat


@pytest.fixture
def hear(cat: Catalog, tmp_path: Path) -> Callable[..., None]:
    """Take in what a server says of jobs, of which each is made a minute after the one before."""

    def take_in(*jobs: dict[str, Any]) -> None:
        for number, fields in enumerate(jobs):
            fields.setdefault("created_at", BEGAN + 60 * number)
        path = tmp_path / "jobs.json"
        path.write_text(json.dumps(jobs))
        cat.import_path(path, source="studio")

    return take_in


def steps(trail: Trail) -> list[str]:
    return [step.remote_id for step in trail.steps]


def trails(cat: Catalog, *arguments: Any, **options: Any) -> list[list[str]]:
    return [steps(trail) for trail in cat.audit(*arguments, **options)]


@pytest.mark.parametrize(
    ("lines", "asked", "expected"),
    [
        (["a"], "a", "a"),
        (["a", "b < a", "c < b"], "c", "a b c"),
        (["a", "b < a", "c < a", "d < b"], "d", "a b d"),
        (["a", "b < a", "c < b", "d < c a"], "d", "a b c d"),
        (["a", "b < a", "c < a", "d < b c"], "d", "a b c d"),
        (["d < c", "c < b", "b < a", "a"], "d", "a b c d"),
        (["a < a"], "a", "a"),
        (["a < b", "b < a"], "a", "b a"),
        (["a < c", "b < a", "c < b"], "b", "c a b"),
        (["a < b", "b < a", "c < b"], "c", "a b c"),
        (["a < lost"], "a", "a"),
    ],
)
def test_parents_stand_before_children_and_the_video_at_the_end(
    lines: list[str], asked: str, expected: str, library: Database, cat: Catalog
) -> None:
    add_family(library, lines)
    (trail,) = cat.audit(f"studio:{asked}")
    assert steps(trail) == expected.split()
    assert trail.ref == trail.final.ref == f"studio:{asked}"
    assert not trail.is_cut


def test_siblings_and_descendants_are_not_on_the_trail(library: Database, cat: Catalog) -> None:
    add_family(library, ["a", "b < a", "c < a", "d < c", "e < d"])
    assert trails(cat, "studio:c") == [["a", "c"]]


def test_a_match_on_the_trail_of_another_is_audited_there(library: Database, cat: Catalog) -> None:
    add_family(library, ["a", "b < a", "c < a", "x"])
    store_again(cat)
    assert trails(cat) == [["x"], ["a", "c"], ["a", "b"]]
    assert trails(cat, refs=["a", "b"]) == [["a"], ["a", "b"]]


def store_again(cat: Catalog) -> None:
    """Bring the indexes up to date with what stands in the rows."""
    cat.reindex()


def test_a_query_that_is_a_name_means_that_video(library: Database, cat: Catalog) -> None:
    add_family(library, ["neon", "b"], prompt="neon")
    store_again(cat)
    assert trails(cat, "neon") == [["neon"]]
    assert sorted(trails(cat, "prompt:neon")) == [["b"], ["neon"]]


def test_matches_of_words_come_newest_first(library: Database, cat: Catalog) -> None:
    add_family(library, ["a", "b", "c"], prompt="neon")
    with library.write() as connection:
        connection.execute("UPDATE videos SET prompt = 'neon neon neon' WHERE remote_id = 'a'")
    store_again(cat)
    assert trails(cat, "neon") == [["c"], ["b"], ["a"]]


def test_what_cannot_be_found_is_told_at_the_call(cat: Catalog) -> None:
    with pytest.raises(NotFound):
        cat.audit(refs=["studio:nobody"])
    with pytest.raises(QueryError):
        cat.audit("x " * 5000)
    assert list(cat.audit("nobody")) == []


def test_the_oldest_steps_of_a_long_trail_are_left_out(library: Database, cat: Catalog) -> None:
    add_family(library, ["v0", *(f"v{number} < v{number - 1}" for number in range(1, 3000))])
    (trail,) = cat.audit("studio:v2999", limit=10)
    assert (steps(trail), trail.is_cut) == ([f"v{number}" for number in range(2990, 3000)], True)
    (trail,) = cat.audit("studio:v2999", limit=3000)
    assert (len(trail.steps), trail.steps[0].remote_id, trail.is_cut) == (3000, "v0", False)


def test_a_chain_of_matches_is_few_trails(library: Database, cat: Catalog) -> None:
    add_family(library, ["v0", *(f"v{number} < v{number - 1}" for number in range(1, 300))])
    store_again(cat)
    found = trails(cat, limit=100)
    assert [len(names) for names in found] == [100, 100, 100]
    assert {name for names in found for name in names} == {f"v{number}" for number in range(300)}


def test_a_step_says_what_is_known_of_its_job(hear: Callable[..., None], cat: Catalog) -> None:
    hear(
        job(
            "a", prompt="A neon street.", model="sora-2", seconds="8", size="1280x720", seed=7, completed_at=BEGAN + 90
        ),
        job("b", prompt="Make it rain.", model="sora-2", remixed_from_video_id="a", cost=0.5),
    )
    cat.tag("b", "campaign=launch")
    cat.give("b", style="noir")
    cat.untag("b", "campaign")
    cat.undo()
    (trail,) = cat.audit("studio:b")
    draft, final = trail.steps
    assert (draft.prompt, draft.is_instruction, draft.model, draft.seconds, draft.size, draft.seed) == (
        "A neon street.", False, "sora-2", 8, "1280x720", "7",
    )  # fmt: skip
    assert draft.created_at == datetime.fromtimestamp(BEGAN, UTC)
    assert (final.prompt, final.is_instruction, final.cost_usd, final.cost_basis) == (
        "Make it rain.", True, 0.5, "reported",
    )  # fmt: skip
    assert [link.to_dict() for link in final.links] == [
        {"parent": "studio:a", "relation": "remix", "origins": ["api"], "is_in_library": True, "evidence": "api_only"}
    ]
    assert [str(tag) for tag in final.tags] == ["campaign=launch"]
    assert [(facet.name, facet.value) for facet in final.given] == [("style", "noir")]
    assert [(edit.act, edit.undone_at is None) for edit in final.edits] == [
        ("tag", True), ("give", True), ("untag", False),
    ]  # fmt: skip
    assert trail.cost.reported_usd == 0.5
    assert draft.edits == ()


def test_the_cost_of_a_trail_tells_reported_from_estimated_and_unknown(library: Database, cat: Catalog) -> None:
    add_family(library, ["a", "b < a", "c < b", "d < c"])
    with library.write() as connection:
        connection.execute("UPDATE videos SET cost_usd = 0.1, cost_basis = 'reported' WHERE remote_id IN ('a', 'b')")
        connection.execute("UPDATE videos SET cost_usd = NULL, cost_basis = NULL WHERE remote_id = 'c'")
    (trail,) = cat.audit("studio:d")
    assert trail.cost.to_dict() == {
        "jobs": 4, "reported": 2, "estimated": 1, "unknown": 1, "reported_usd": 0.2, "estimated_usd": 0.4,
    }  # fmt: skip


def test_a_link_says_all_that_it_is_known_from(library: Database, cat: Catalog) -> None:
    add_family(library, ["a", "b < a lost"])
    add_links(library, [("remix", "user", "a", "b"), ("remix", "c2pa", "a", "b"), ("reference", "request", "a", "b")])
    (trail,) = cat.audit("studio:b")
    assert [(link.parent, link.relation, link.origins, link.is_in_library) for link in trail.final.links] == [
        ("studio:a", "remix", ("api", "c2pa", "user"), True),
        ("studio:lost", "remix", ("api",), False),
        ("studio:a", "reference", ("request",), True),
    ]


def keep(library: Database, remote_id: str, data: bytes, root: str = "") -> tuple[int, Path]:
    """Put a clip of a video into the media folder, or into a folder elsewhere: the row of its file."""
    folder = library.path.parent
    (folder / "media").mkdir(exist_ok=True)
    path = folder / "media" / f"{remote_id}.mp4"
    path.write_bytes(data)
    with library.write() as connection:
        video_id = store.find_ids(connection, "studio", [remote_id])[remote_id]
        held = store.Bytes(f"{len(data):064}", len(data), "video/mp4", f"media/{remote_id}.mp4")
        file_id = store.save_file(connection, store.Spot(video_id, "video"), held, origin="download", at=NOW)
        if root:
            connection.execute("UPDATE file_places SET root = ?, path = ?", (root, f"{remote_id}.mp4"))
    return file_id, path


def test_credentials_are_told_in_words_with_signer_time_and_lists(library: Database, cat: Catalog, signed: Any) -> None:
    add_family(library, ["a", "b < a"])
    file_id, path = keep(library, "a", signed.clip)
    check = replace(check_file(path, profile=signed.profile), checked_at=NOW)
    with library.write() as connection:
        store.save_checks(connection, {file_id: check})
    keep(library, "b", b"unsigned")
    (trail,) = cat.audit("studio:b")
    (kept,), (unchecked,) = (step.files for step in trail.steps)
    assert unchecked.credentials is None
    told = kept.credentials
    assert told is not None
    assert (told.status, told.signer, told.checked_at) == ("intact_known_signer", "OpenAI", NOW)
    assert told.words == check.words
    assert [(each["name"], each["issued"]) for each in told.lists] == [("a list", "2026-01-01")]
    assert kept.sha256
    assert (kept.size, kept.state) == (len(signed.clip), "present")


def test_a_link_says_whether_the_credentials_agree(library: Database, cat: Catalog, signed: Any) -> None:
    add_family(library, ["a", "b < a", "c < a"])
    for remote_id, clip in (("a", signed.clip), ("b", signed.remix(signed.clip)), ("c", b"unsigned")):
        file_id, path = keep(library, remote_id, clip)
        check = replace(check_file(path, profile=signed.profile), checked_at=NOW)
        with library.write() as connection:
            store.save_checks(connection, {file_id: check})
    said = {step.remote_id: [link.evidence for link in step.links] for step in read_steps(cat, "b", "c")}
    assert said == {"a": [], "b": ["agree"], "c": ["api_only"]}


def read_steps(cat: Catalog, *remote_ids: str) -> list[TrailStep]:
    return [step for trail in cat.audit(refs=[f"studio:{name}" for name in remote_ids]) for step in trail.steps]


def test_places_are_relative_to_the_library_and_others_are_names_alone(library: Database, cat: Catalog) -> None:
    add_family(library, ["a"])
    keep(library, "a", b"clip")
    (place,) = next(cat.audit("studio:a")).final.files[0].places
    assert place.to_dict() == {"path": "media/a.mp4", "state": "present", "is_outside": False}
    keep(library, "a", b"clip", root="/home/somebody/clips")
    text = json.dumps(next(cat.audit("studio:a")).to_dict())
    assert '"path": "a.mp4"' in text
    assert "somebody" not in text
    assert str(library.path.parent) not in text


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("/home/somebody/ref.png", "ref.png"),
        ("~/somebody/ref.png", "ref.png"),
        (r"C:\somebody\ref.png", "ref.png"),
        ("file:///home/somebody/ref.png", "ref.png"),
        ("../somebody/ref.png", "ref.png"),
        ("ref.png", "ref.png"),
        ("https://example.com/a/ref.png", "https://example.com/a/ref.png"),
        (None, None),
    ],
)
def test_an_input_is_told_without_the_folder_it_lay_in(
    name: str | None, told: str | None, library: Database, cat: Catalog
) -> None:
    add_family(library, ["a"])
    with library.write() as connection:
        connection.execute(
            "INSERT INTO video_inputs (video_id, role, number, name) VALUES (1, 'reference', 1, ?)", (name,)
        )
    assert [given.name for given in next(cat.audit("studio:a")).final.inputs] == [told]
    for form in ("json", "prov"):
        pieces: list[str] = []
        cat.export_lineage("studio:a", form, pieces.append)
        assert "somebody" not in "".join(pieces)
        assert told is None or told in "".join(pieces)


def export(cat: Catalog, form: str, query: str = "", **options: Any) -> str:
    pieces: list[str] = []
    cat.export_audit(query, form, pieces.append, **options)
    return "".join(pieces)


def test_the_document_is_the_same_twice_but_for_the_time_of_making(library: Database, cat: Catalog) -> None:
    add_family(library, ["a", "b < a", "c < b", "x"], cost_basis="reported")
    store_again(cat)
    first, second = (json.loads(export(cat, "json")) for _ in range(2))
    assert (first.pop("made_at"), second.pop("made_at")) > ("2026", "2026")
    assert first == second
    assert list(first) == ["format", "version", "query", "trails", "total"]
    assert (first["format"], first["version"]) == ("catalog-audit", 1)
    assert [trail["ref"] for trail in first["trails"]] == ["studio:x", "studio:c"]
    assert first["total"] == {
        "trails": 2,
        "videos": 4,
        "cost": {
            "jobs": 4, "reported": 4, "estimated": 0, "unknown": 0, "reported_usd": 1.6, "estimated_usd": None,
        },
    }  # fmt: skip
    assert first["trails"] == [trail.to_dict() for trail in cat.audit()]


def test_a_shared_draft_is_counted_once_in_all(library: Database, cat: Catalog) -> None:
    add_family(library, ["a", "b < a", "c < a"], cost_basis="reported")
    store_again(cat)
    document = json.loads(export(cat, "json"))
    assert [len(trail["steps"]) for trail in document["trails"]] == [2, 2]
    assert document["total"]["cost"]["reported_usd"] == 1.2


def test_a_form_that_is_not_known_is_refused(cat: Catalog) -> None:
    with pytest.raises(CatalogError, match="choose json or html"):
        export(cat, "pdf")


def test_trails_are_read_as_they_are_asked_for(library: Database, cat: Catalog) -> None:
    add_family(library, [f"v{number}" for number in range(1500)])
    store_again(cat)
    found = cat.audit()
    assert next(found).ref == "studio:v1499"
    cat.tag("v0", "keeper")
    *_, last = found
    assert (last.ref, [str(tag) for tag in last.final.tags]) == ("studio:v0", ["keeper"])
