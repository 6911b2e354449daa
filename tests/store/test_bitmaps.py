"""The bitmaps are true to the rows after whatever happens to a library, and after a crash."""

from __future__ import annotations

import contextlib
import shutil
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from hypothesis import settings
from hypothesis import strategies as some
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from catalog import bitmaps, fulltext, store
from catalog.database import Database
from catalog.pricing import Price
from catalog.records import Facet, Probe
from tests.store.conftest import Desk, job

if TYPE_CHECKING:
    from pathlib import Path

MODELS = some.sampled_from(["sora-2", "Sora-2", "wan", None])
STATUSES = some.sampled_from(["queued", "completed", "failed"])
ID = some.integers(65_533, 65_538)  # three in the first chunk, three in the second
IDS = some.lists(ID, min_size=1, max_size=3, unique=True)
TAGS = some.dictionaries(
    some.sampled_from(["campaign", "a=b", "項目"]), some.sampled_from(["", "launch", "b"]), max_size=2
)
FACETS = some.lists(
    some.sampled_from(
        [("style", "noir"), ("style", "anime"), ("subject", "fox"), ("model", "no column"), ("own", "1")]
    ),
    max_size=3,
)
GIVEN = some.dictionaries(
    some.sampled_from(["style", "subject"]), some.lists(some.sampled_from(["noir", "fox"]), max_size=2), min_size=1
)
PRICE = Price("studio", "sora-2", "base", Decimal("0.1"), origin="user")


class Library(RuleBasedStateMachine):
    """A library to which anything may happen; its first rows lie in two chunks."""

    template: Path
    folder: Path

    @initialize()
    def begin(self) -> None:
        path = shutil.copy(self.template, self.folder / f"{id(self)}.db")
        self.desk = Desk(Database(path))
        with self.write() as connection:
            connection.execute("INSERT INTO sqlite_sequence (name, seq) VALUES ('videos', 65532)")
        self.desk.hear(*(job(name, model="sora-2", prompt="a red fox", seconds=8) for name in "abcdef"))
        with self.write() as connection:
            store.tag_videos(connection, [65_533, 65_536], {"campaign": "launch"}, made_at=self.desk.now)
            store.give_facets(connection, [65_535, 65_537], {"style": ["noir"]}, made_at=self.desk.now)
            store.delete_videos(connection, [65_538], deleted_at=self.desk.now)

    def teardown(self) -> None:
        if hasattr(self, "desk"):
            self.desk.library.close()
            self.desk.library.path.unlink()

    @contextlib.contextmanager
    def write(self) -> Any:
        self.desk.minutes += 1
        with self.desk.library.write() as connection:
            yield connection

    @rule(names=some.lists(some.sampled_from("abcdef"), min_size=1, max_size=4), model=MODELS, status=STATUSES,
          more=some.fixed_dictionaries({}, optional={
              "seconds": some.sampled_from([8, 7.6, "8"]),
              "size": some.sampled_from(["1280x720", "720p"]),
              "prompt": some.sampled_from(["a red fox", "海边的灯塔"]),
              "error": some.just({"code": "blocked", "message": "no"}),
              "metadata": TAGS,
              "remixed_from_video_id": some.sampled_from(["a", "z"]),
              "completed_at": some.sampled_from([1_789_999_999, 1_790_000_100]),
          }))  # fmt: skip
    def hear(self, names: list[str], model: str | None, status: str, more: dict[str, Any]) -> None:
        self.desk.hear(*(job(name, model=model, status=status, **more) for name in names))

    @rule(name=some.sampled_from("abz"))
    def miss(self, name: str) -> None:
        self.desk.miss(name)

    @rule(numbers=IDS, tags=TAGS, removed=some.lists(some.sampled_from(["campaign", "項目"]), max_size=1))
    def tag(self, numbers: list[int], tags: dict[str, str], removed: list[str]) -> None:
        with self.write() as connection:
            store.tag_videos(connection, numbers, tags, removed=removed, made_at=self.desk.now)

    @rule(number=ID, variant=some.sampled_from(["video", "reference"]), sha256=some.sampled_from("xy"),
          seconds=some.sampled_from([8.0, 4.0, None]))  # fmt: skip
    def file(self, number: int, variant: str, sha256: str, seconds: float | None) -> None:
        data = store.Bytes(sha256, 1, "video/mp4", f"{sha256}.mp4", Probe(seconds))
        with self.write() as connection:
            store.save_file(connection, store.Spot(number, variant), data, origin="download", at=self.desk.now)

    @rule(number=ID, state=some.sampled_from(["failed", "lost"]))
    def fail(self, number: int, state: str) -> None:
        with self.write() as connection:
            store.save_failure(connection, store.Spot(number, "video"), state=state, reason="no", at=self.desk.now)

    @rule(sha256=some.sampled_from("xy"), state=some.sampled_from(["present", "missing", "offline"]))
    def move(self, sha256: str, state: str) -> None:
        with self.write() as connection:
            store.save_places(connection, {f"{sha256}.mp4": state}, at=self.desk.now)

    @rule(sha256=some.sampled_from("xy"), what=some.sampled_from(["damage", "check", "archive", "forget"]))
    def examine(self, sha256: str, what: str) -> None:
        with self.write() as connection:
            if what == "damage":
                store.save_damage(connection, {sha256: "cut off"}, at=self.desk.now)
            elif what == "check":
                store.save_checked(connection, [sha256], at=self.desk.now)
            elif what == "archive":
                store.save_archived(connection, {sha256: f"s3://bucket/{sha256}"}, at=self.desk.now)
            else:
                store.forget_places(connection, [f"{sha256}.mp4"])

    @rule(numbers=IDS, given=GIVEN)
    def give(self, numbers: list[int], given: dict[str, list[str]]) -> None:
        with self.write() as connection:
            store.give_facets(connection, numbers, given, made_at=self.desk.now)

    @rule(numbers=IDS, facets=FACETS, avoided=some.sampled_from([None, "blur"]))
    def extract(self, numbers: list[int], facets: list[tuple[str, str]], avoided: str | None) -> None:
        prompts = dict(self.desk.rows("SELECT id, prompt FROM videos WHERE prompt IS NOT NULL"))
        found = [Facet(name, value, "prose", shot=shot) for name, value in facets for shot in (1, 2)]
        extracted = [
            store.Extracted(video_id, prompts[video_id], found, avoided) for video_id in numbers if video_id in prompts
        ]
        with self.write() as connection:
            store.save_extracted(connection, extracted, vocabulary="of the test")

    @rule(numbers=IDS, is_deleted=some.booleans())
    def delete(self, numbers: list[int], is_deleted: bool) -> None:
        with self.write() as connection:
            if is_deleted:
                store.delete_videos(connection, numbers, deleted_at=self.desk.now)
            else:
                store.undelete_videos(connection, numbers, made_at=self.desk.now)

    @rule(steps=some.integers(1, 3), is_redo=some.booleans())
    def undo(self, steps: int, is_redo: bool) -> None:
        with self.write() as connection:
            if is_redo:
                store.redo(connection, steps)
            else:
                store.undo(connection, steps, undone_at=self.desk.now)

    @rule(number=ID, relation=some.sampled_from(["remix", "edit"]), parent=some.sampled_from("az"))
    def link(self, number: int, relation: str, parent: str) -> None:
        with self.write() as connection:
            store.save_links(connection, "studio", number, [(relation, parent)], origin="request")

    @rule(prices=some.sampled_from([[], [PRICE]]))
    def price(self, prices: list[Price]) -> None:
        with self.write() as connection:
            store.save_source(connection, "studio", dialect="openai", provider="openai")
            store.save_prices(connection, prices)
            store.estimate_costs(connection)

    @rule(what=some.sampled_from(["rows", "fts", "bitmaps", "forget"]))
    def reindex(self, what: str) -> None:
        with self.write() as connection:
            if what == "rows":
                store.refold_all(connection)
            elif what == "fts":
                store.rebuild_texts(connection)
            elif what == "bitmaps":
                store.rebuild_bitmaps(connection)
            else:
                store.forget_extracted(connection)

    @invariant()
    def the_bitmaps_are_true(self) -> None:
        with self.desk.library.write() as connection:
            bitmaps.check(connection)
            fulltext.check(connection)


def test_the_bitmaps_are_true_to_the_rows_after_anything(library_path: Path, tmp_path: Path) -> None:
    class Here(Library):
        template, folder = library_path, tmp_path

    run_state_machine_as_test(Here, settings=settings(max_examples=20, stateful_step_count=20, deadline=None))
