"""Texts that are too long: cut once, told with their length and hash, and the same row whatever comes first."""

from __future__ import annotations

import json
from hashlib import sha256
from itertools import permutations
from typing import TYPE_CHECKING, Any

import pytest

from catalog import store
from catalog.library import open_library
from catalog.rows import json_text
from catalog.wire.cuts import CUT, MAX_PAYLOAD, MAX_TEXT, SHORT_TEXT, cut, cut_text, list_cuts
from tests.store.conftest import job

if TYPE_CHECKING:
    from catalog.database import Database
    from tests.store.conftest import Desk

LONG = "neon rain, close-up: " * 20_000


def whole(text: str) -> str:
    return f"{len(text.encode())} bytes, sha256 {sha256(text.encode()).hexdigest()}"


@pytest.mark.parametrize("letter", ["a", "é", "東", "🎬"])
def test_a_text_is_cut_between_two_characters(letter: str):
    width = len(letter.encode())
    fits = letter * (MAX_TEXT // width)
    assert cut_text(fits) is fits
    assert cut_text(fits + letter * 2) == fits
    assert cut_text("a" + fits + letter)[1:] == letter * ((MAX_TEXT - 1) // width)


def test_cutting_twice_is_cutting_once():
    payload = {"id": "v", "prompt": LONG, "output": [{"note": LONG + "x"}], LONG: 1}
    short = cut(payload, json_text(payload))
    assert cut(short, json_text(short)) is short
    assert list_cuts(short) == {
        "prompt": whole(LONG),
        "output.0.note": whole(LONG + "x"),
        "a key of the job": whole(LONG),
    }
    assert payload["prompt"] is LONG


def test_a_payload_of_many_long_texts_is_cut_further():
    texts = {f"note_{number}": f"{number}" + "x" * 200_000 for number in range(30)}
    payload = {"id": "v", **texts}
    short = cut(payload, json_text(payload))
    assert len(json.dumps(short)) < MAX_PAYLOAD
    assert short["note_7"] == texts["note_7"][:SHORT_TEXT]
    assert list_cuts(short)["note_7"] == whole(texts["note_7"])
    assert cut(short, json_text(short)) is short


def test_a_payload_within_bounds_is_the_same_object():
    payload = job(prompt="東" * 80_000)
    assert cut(payload, json_text(payload)) is payload


@pytest.mark.parametrize("field", ["prompt", "negative_prompt", "model", "quality"])
def test_a_long_text_is_cut_in_its_row_and_the_flaw_tells_the_whole(desk: Desk, field: str):
    saved = desk.hear(job("v1", **{field: LONG}))
    flaw = f"{field} is cut, the whole has {whole(LONG)}"
    assert saved.cuts == [f"v1: {flaw}"]
    assert desk.rows(f"SELECT {field}, flaws, extra FROM videos") == [(LONG[:MAX_TEXT], json.dumps([flaw]), None)]
    assert len(desk.value("SELECT payload FROM observations")) < MAX_TEXT + 1000


def test_a_long_error_is_cut_as_well(desk: Desk):
    desk.hear(job("v1", status="failed", error={"code": "bad", "message": LONG}))
    assert desk.rows("SELECT error_code, error_message FROM videos") == [("bad", LONG[:MAX_TEXT])]
    assert "error.message is cut" in desk.value("SELECT flaws FROM videos")


def test_texts_that_differ_only_beyond_the_cut_are_two_answers(desk: Desk):
    desk.hear(job("v1", prompt=LONG + "a"))
    assert desk.hear(job("v1", prompt=LONG + "a")).unchanged == ["v1"]
    desk.hear(job("v1", prompt=LONG + "b"))
    assert desk.value("SELECT count(*) FROM observations") == 2


def test_the_order_of_arrival_does_not_matter_to_what_is_cut(library: Database, tmp_path: Any):
    from tests.store.conftest import Desk

    library.close()
    answers = [
        job("v1", prompt=LONG + "a", status="queued"),
        job("v1", prompt="short", status="in_progress"),
        job("v1", prompt=LONG + "b"),
    ]
    rows = set()
    for number, order in enumerate(permutations(answers)):
        path = tmp_path / f"{number}.db"
        path.write_bytes(library.path.read_bytes())
        desk = Desk(open_library(path))
        for answer in order:
            desk.hear(answer)
        rows.add(desk.rows("SELECT status, prompt, flaws FROM videos")[0])
        desk.library.close()
    assert len(rows) == 1
    assert next(iter(rows))[1] == LONG[:MAX_TEXT]


def test_an_answer_kept_whole_by_an_older_version_folds_to_a_cut_row(desk: Desk):
    desk.hear(job("v1", prompt="short"))
    kept = json.dumps(job("v1", prompt=LONG))
    with desk.library.write() as connection:
        connection.execute("UPDATE observations SET payload = ?", (kept,))
        connection.execute("UPDATE videos SET prompt = ?", (LONG,))
        connection.execute("INSERT INTO videos_fts(videos_fts) VALUES ('rebuild')")
        assert store.refold_all(connection) == 1
    assert desk.rows("SELECT prompt, flaws FROM videos") == [
        (LONG[:MAX_TEXT], json.dumps([f"prompt is cut, the whole has {whole(LONG)}"]))
    ]
    assert desk.value("SELECT payload FROM observations") == kept
    with desk.library.write() as connection:
        connection.execute("INSERT INTO videos_fts(videos_fts, rank) VALUES ('integrity-check', 1)")


def test_rows_are_folded_again_by_the_length_of_their_answers(desk: Desk):
    desk.hear(*(job(name) for name in ("v1", "v2", "v3")), job("v4", prompt="a long answer" * 100), job("v5"))
    longest = desk.value("SELECT max(length(payload)) FROM observations WHERE video_id < 4")
    batches = []
    with desk.library.write() as connection:
        after = 0
        while after is not None:
            after = store.refold_all(connection, after, size=2 * longest)
            batches.append(after)
        assert store.refold_all(connection) == 5
    assert batches == [2, 3, 4, 5, None]


def test_a_change_of_a_long_prompt_is_recorded_within_bounds(desk: Desk):
    desk.hear(job("v1", prompt=LONG, status="queued"))
    desk.hear(job("v1", prompt="x" + LONG))
    rows = desk.rows("SELECT old, new FROM changes WHERE field = 'prompt'")
    assert rows == [(LONG[:MAX_TEXT], ("x" + LONG)[:MAX_TEXT])]


@pytest.mark.parametrize("claim", ["x", 1, ["a"], {"prompt": 1}, {"prompt": "1 bytes, sha256 zz"}, {"prompt": LONG}])
def test_what_a_server_writes_under_our_key_is_no_flaw(desk: Desk, claim: Any):
    desk.hear(job("v1", **{CUT: claim}))
    flaws = desk.value("SELECT flaws FROM videos")
    assert flaws is None or "sha256 zz" not in flaws
