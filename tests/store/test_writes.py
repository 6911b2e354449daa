"""What the store writes, and what writing loads: statements are made from names, and no ORM stands behind them."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from array import array
from typing import Any

import pytest
from sqlmodel import SQLModel

from catalog import store, tables
from catalog.media.marks import Mark, Marks
from catalog.prompts import load
from catalog.provenance import Action, Check, Ingredient, Manifest, TrustList
from catalog.records import Facet, Probe
from catalog.wire.answers import ParsedVideo
from catalog.wire.requests import request_line
from catalog.wire.webhooks import Delivery
from tests.store.conftest import Desk, job
from tests.store.test_costs import PRICE

INSERTS, UPDATES, DELETES = 18, 23, 9  # https://sqlite.org/c3ref/c_alter_table.html
INSERT = re.compile(r"INSERT INTO (\w+) \(([^)]*)\)")


def write_everything(desk: Desk) -> None:
    """Call every function of the store that writes, so that each writes something."""
    desk.hear(job("v1", prompt="a fox", metadata={"campaign": "launch"}))
    desk.hear(job("v2", prompt="a red fox", remixed_from_video_id="v1", metadata={"campaign": "spring"}))
    desk.hear(job("v2", prompt="a blue fox", remixed_from_video_id="v9", metadata={"campaign": "autumn"}))
    desk.hear(job("v4", prompt="the same, at night", remixed_from_video_id="v1"))
    desk.miss("v1")
    desk.miss("v1")
    now = desk.now
    with desk.library.write() as connection:
        alias = ParsedVideo("v3", ("task_v3",), payload={"id": "task_v3"})
        store.save_videos(connection, "studio", [alias], channel="import", received_at=now)
        store.save_source(connection, "studio", dialect="openai")
        store.lock_source(connection, "studio", holder="here:1", now=now, is_stale=lambda *_: False)
        store.unlock_source(connection, "studio", holder="here:1")
        other = ParsedVideo("v1", ("v2",), answered_id="v2", payload={"id": "v2"})
        for _ in range(2):
            assert store.save_videos(connection, "studio", [other], channel="get", received_at=now).strays
        failure = store.Failure(1, now, "HTTP 500")
        store.save_failures(connection, "studio", {"v1": failure}, failed_at=now)
        store.forget_failures(connection, "studio", ["v1"])
        counts = dict.fromkeys(("added", "changed", "unchanged", "unfinished", "failed", "requests"), 0)
        store.save_run(connection, source="studio", mode="full", started_at=now, finished_at=now, **counts)
        store.save_character(connection, "studio", "char_1", name=None, created_at=None, seen_at=now)
        store.save_character(connection, "studio", "char_1", name="Nova", created_at=now, seen_at=now)
        store.save_delivery(connection, "studio", Delivery("wh_1", 0, "video.completed", "v1", {}), received_at=now)
        store.save_attempt(connection, 1, "done", tried_at=now)
        store.save_prices(connection, [PRICE])
        store.estimate_costs(connection)
        store.save_links(connection, "studio", 1, [("reference", "v0")], origin="user")
        line = request_line("POST", "/v1/videos", {"prompt": "a fox", "model": "sora-2"})
        kept = [store.KeptRequest("v1", line, [("extension", "v0")])]
        store.save_requests(connection, "studio", kept, channel="capture", received_at=now, tags={"take": "1"})
        store.save_tags(connection, 1, {"keeper": ""})
        store.tag_videos(connection, [1], {}, removed=["keeper"], made_at=now)
        extracted = [store.Extracted(1, "a fox", [Facet("subject", "fox", "prose", 2, 5)], "rain")]
        store.save_extracted(connection, extracted, vocabulary="1")
        at_night = store.Extracted(3, "the same, at night", [Facet("time_of_day", "night", "prose", 13, 18)], None)
        store.save_extracted(connection, [at_night], vocabulary="1")
        assert store.inherit_next(connection, load)
        store.forget_inherited(connection)
        store.save_given(connection, {1: {"mood": ["calm"]}})
        store.forget_extracted(connection)
        store.rebuild_stacks(connection)
        store.forget_stacks(connection)
        store.save_stacks(connection, [store.Sketched(1, store.digest_prompt("a fox"), array("q", [1, 2]))])
        store.delete_videos(connection, [1], deleted_at=now)
        store.undelete_videos(connection, [1], made_at=now)
        store.tag_videos(connection, [1], {"keeper": ""}, made_at=now)
        store.give_facets(connection, [1], {"mood": ["tense"]}, made_at=now)
        store.undo(connection, 2, undone_at=now)
        store.redo(connection, 2)
        store.undo(connection, 1, undone_at=now)
        store.tag_videos(connection, [1], {"keeper": "2"}, made_at=now)
        store.rebuild_texts(connection)
        held = store.Bytes("ab", 1, "video/mp4", "media/ab.mp4", Probe(4.0))
        store.save_file(connection, store.Spot(1, "video"), held, origin="download", at=now)
        store.save_file(connection, store.Spot(1, "video"), held, origin="download", at=now)
        store.save_failure(connection, store.Spot(1, "thumbnail"), state="failed", reason="no", at=now, origin="made")
        store.save_damage(connection, {"ab": "cut off"}, at=now)
        store.save_checked(connection, ["ab"], at=now)
        store.save_places(connection, {"media/ab.mp4": "missing"}, at=now)
        store.save_place(connection, "ab", "media/ab.mp4", at=now)
        store.save_kept(connection, {"ab": "media/ab.mp4"}, at=now)
        store.save_archived(connection, {"ab": "s3://bucket/ab"}, at=now)
        store.save_input(connection, 1, "reference", 1, name="file-1")
        store.forget_places(connection, ["media/ab.mp4"])
        made = Manifest("a", is_active=True, actions=(Action("c2pa.created"),), ingredients=(Ingredient("parentOf"),))
        store.save_checks(connection, {1: Check("changed", checked_at=now, manifests=(made,), store=b"jumbf")})
        known = TrustList("a list", "list:own", ("certificate",))
        for content in (b"one", b"two"):
            store.save_trust_list(connection, known, content, at=now)
        store.remove_trust_list(connection, "list:own")
        label = Mark("aigc", "mdta", "AIGC", "{}", 2)
        graph = Mark("workflow", "mdta", "workflow", '{"nodes": []}', 13)
        found = store.Found("fox.mp4", (1, 2, 3, 4), "cd", "video/mp4", False, Probe(4.0), Marks((label, graph)))
        for _ in range(2):
            store.save_found(connection, "/clips", [found], source=None, at=now)
            store.save_root(connection, "/clips", device=1)
            store.save_scanned(connection, "/clips", {"half.mp4": ((1, 2, 3, 4), "growing", "is cut off")}, at=now)
        store.save_absences_of_places(connection, back=[], missed=[2], missing=[2], at=now)
        store.forget_scanned(connection, "/clips", ["half.mp4"])
        store.save_root(connection, "/more", is_watched=1)
        store.forget_root(connection, "/more")
        store.adopt_files(connection, {2: 1}, made_at=now)
        store.save_file(connection, store.Spot(1, "video", 9), held._replace(sha256="ef"), origin="download", at=now)
        assert store.save_read_marks(connection, {"ef": Marks((label,))}, at=now) == 1
        assert store.save_said(connection, [(1, Marks(prompt="a fox"))], at=now) == [1]
        store.complete_marks(connection)
        store.undo(connection, 1, undone_at=now)
        store.adopt_files(connection, {2: 1}, made_at=now)
        store.save_likenesses(connection, {"cd": 2**63 + 1, "ef": None})
        store.rate_videos(connection, [1], 5, made_at=now)
        store.judge_videos(connection, [1], "keep", made_at=now)
        store.note_videos(connection, [1], "a note", made_at=now)
        store.add_to_collection(connection, [1, 2], "a/b", made_at=now)
        store.move_in_collection(connection, "a/b", 2, 1, made_at=now)
        store.note_collection(connection, "a", "why", made_at=now)
        store.move_collection(connection, "a", "c/d", made_at=now)
        store.remove_from_collection(connection, [1], "c", made_at=now)
        store.remove_collection(connection, "c", made_at=now)
        for query in ("fox", "rain"):
            store.save_search(connection, "foxes", query, made_at=now)
        store.remove_search(connection, "foxes", made_at=now)
        store.undo(connection, 9, undone_at=now)
        store.redo(connection, 9)


def watch(connection: Any, written: dict[str, set[str]]) -> None:
    """Have the driver note the columns that each table gets, and the tables that rows are taken from."""

    def note_statement(statement: str) -> None:
        if match := INSERT.match(statement):
            written.setdefault(match[1], set()).update(re.findall(r'"(\w+)"', match[2]))

    def note_action(action: int, table: str | None, column: str | None, *_: object) -> int:
        if action == UPDATES and table and column:
            written.setdefault(table, set()).add(column)
        elif action in {INSERTS, DELETES} and table:
            written.setdefault(table, set())
        return 0

    connection.set_trace_callback(note_statement)
    connection.set_authorizer(note_action)


def test_every_table_and_column_that_is_written_is_declared(desk: Desk) -> None:
    written: dict[str, set[str]] = {}
    with desk.library.write() as connection:
        watch(connection, written)
    write_everything(desk)
    declared = {name: table.columns.keys() for name, table in SQLModel.metadata.tables.items()}
    written = {table: columns for table, columns in written.items() if not table.startswith(("videos_fts", "sqlite_"))}
    assert tables.Videos.__tablename__ in written
    assert set(written) == set(declared)
    assert {table: columns - set(declared[table]) for table, columns in written.items()} == {
        table: set() for table in declared
    }
    derived = {"id", "ref", "name"}  # numbered and computed by the database
    assert written["videos"] >= set(declared["videos"]) - derived
    assert written["facet_values"] == {"facet", "value"}


def test_rows_of_one_insert_may_have_columns_that_are_words_of_sql(desk: Desk) -> None:
    desk.hear(job(prompt="a fox"))
    with desk.library.write() as connection:
        facet = store.Extracted(1, "a fox", [Facet("subject", "fox", "prose", 2, 5)], None)
        store.save_extracted(connection, [facet], vocabulary="1")
    assert desk.rows('SELECT start, "end" FROM video_facets') == [(2, 5)]


WRITES = {
    "the store": "from catalog import store; store.save_videos",
    "a tag": "with Catalog.open(path) as cat: assert cat.tag('studio:v1', 'keeper').tags",
    "a deletion": "with Catalog.open(path) as cat: cat.delete('studio:v1')",
    "an import": "with Catalog.open(path) as cat: assert cat.import_path(path + '.json').added == 1",
    "a rebuilt index": "with Catalog.open(path) as cat: cat.reindex(fts=True)",
}


@pytest.mark.parametrize("program", WRITES.values(), ids=WRITES)
def test_writing_to_a_library_loads_neither_sqlalchemy_nor_alembic(desk: Desk, program: str) -> None:
    desk.hear(job(prompt="a fox"))
    path = desk.library.path
    path.with_name(f"{path.name}.json").write_text(json.dumps(job("v2", prompt="an owl")))
    script = f"import sys; from catalog import Catalog; path = {str(path)!r}\n{program}\nprint(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False, cwd=path.parent)
    assert done.returncode == 0, done.stderr
    loaded = {name.partition(".")[0] for name in done.stdout.split()}
    assert "catalog" in loaded
    assert not loaded & {"sqlalchemy", "sqlmodel", "alembic"}
