"""Sources that retire: what stops asking them, what is lost with them, and how they come back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from catalog import Catalog, CatalogError, ConfigError, store
from catalog.demo.gateway import Gateway
from catalog.demo.sample import sample_jobs
from tests.checking.conftest import NOW, Shelf
from tests.house import job

if TYPE_CHECKING:
    from pathlib import Path

DAY = datetime(2026, 11, 30, tzinfo=UTC)
AHEAD = datetime.now(UTC) + timedelta(days=30)


def fail(shelf: Shelf, name: str, reason: str, state: str = "failed", variant: str = "video") -> None:
    with shelf.library.write() as connection:
        video_id = connection.execute("SELECT id FROM videos WHERE remote_id = ?", (name,)).fetchone()[0]
        store.save_failure(connection, store.Spot(video_id, variant), state=state, reason=reason, at=NOW)


@pytest.fixture
def shop(shelf: Shelf) -> Shelf:
    """Of `studio`, `a` and `b` are held; `c` was refused once, `d` is an image job, `e` failed, `f` is unfinished."""
    shelf.hear(
        job("d", object="image.generation", kind="image"),
        job("e", status="failed"),
        job("f", status="queued"),
        job("c", cost_usd=0.4, cost={"amount": 0.4, "currency": "USD"}),
    )
    shelf.hear(job("other"), source="elsewhere")
    fail(shelf, "c", "is an HTML page, not a video")
    return shelf


def test_what_has_no_bytes_is_lost_and_found_as_such(shop: Shelf) -> None:
    report = shop.cat.retire("studio", as_of=DAY)
    assert (report.source, report.retired_at, report.is_due, report.count) == ("studio", DAY, True, 3)
    assert sorted(video.ref for video in report.lost) == ["studio:c", "studio:d", "studio:f"]
    assert shop.find("is:lost") == ["c", "d", "f"]
    assert (shop.file("d").state, shop.file("d").reason) == ("lost", "its source was retired on 2026-11-30")
    assert shop.file("c").reason == ("its source was retired on 2026-11-30; before that: is an HTML page, not a video")
    assert shop.file("a").state == "present"
    assert shop.cat.get("studio:e").files == ()
    assert shop.cat.check().is_sound


def test_it_is_listed_with_its_cost(shop: Shelf) -> None:
    shop.spoil("UPDATE videos SET cost_usd = 0.4, cost_basis = 'reported' WHERE remote_id = 'c'")
    shop.spoil("UPDATE videos SET cost_usd = 0.25, cost_basis = 'estimated' WHERE remote_id = 'd'")
    report = shop.cat.retire("studio", as_of=DAY)
    assert (report.cost.reported_usd, report.cost.estimated_usd, report.cost.unknown) == (0.4, 0.25, 1)
    assert {video.ref: video.cost_usd for video in report.lost} == {
        "studio:c": 0.4,
        "studio:d": 0.25,
        "studio:f": None,
    }


def test_it_can_be_done_twice_and_taken_back(shop: Shelf) -> None:
    fail(shop, "f", "the server has lost it", state="lost")
    before = shop.rows("SELECT video_id, variant, number, state, reason, sha256 FROM files ORDER BY id")
    assert shop.cat.retire("studio", as_of=DAY).count == 3
    assert shop.cat.retire("studio", as_of=DAY).count == 3
    report = shop.cat.retire("studio", undo=True)
    assert (report.retired_at, report.brought_back) == (None, 2)
    assert shop.find("is:lost") == ["f"]  # which was lost before
    assert shop.rows("SELECT video_id, variant, number, state, reason, sha256 FROM files ORDER BY id") == before
    assert shop.cat.retire("studio", undo=True).brought_back == 0
    assert shop.cat.check().is_sound


def test_a_day_that_lies_ahead_marks_nothing_yet(shop: Shelf) -> None:
    report = shop.cat.retire("studio", as_of=AHEAD)
    assert (report.is_due, report.count) == (False, 3)
    assert shop.find("is:lost") == []
    (state,) = [state for state in shop.cat.sources() if state.name == "studio"]
    assert (state.health, state.retired_at is not None) == ("new", True)


def test_an_unknown_source_is_refused_with_those_that_are_known(shop: Shelf) -> None:
    for undo in (False, True):
        with pytest.raises(ConfigError, match=r"no source 'studoi' is known: use one of .*elsewhere, studio"):
            shop.cat.retire("studoi", undo=undo)
    assert shop.rows("SELECT * FROM sources WHERE retired_at IS NOT NULL") == []


def test_bytes_that_come_after_all_are_not_lost(shop: Shelf) -> None:
    shop.cat.retire("studio", as_of=DAY)
    shop.keep("c")
    assert shop.find("is:lost") == ["d", "f"]
    assert shop.cat.retire("studio", undo=True).brought_back == 2
    assert shop.file("c").state == "present"


def test_nothing_asks_a_retired_source(library_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CATALOG_TEST_KEY", "a-key")
    with Gateway(jobs=sample_jobs(1_795_000_000, 5), clock=lambda: 1_795_000_000, key="a-key") as gateway:
        library_path.with_name("catalog.toml").write_text(
            "".join(
                f'[sources.{name}]\nbase_url = "{gateway.base_url}"\nkey_env = "CATALOG_TEST_KEY"\n'
                for name in ("studio", "other")
            )
        )
        with Catalog.open(library_path) as cat:
            cat.retire("studio", as_of=DAY)
            retired, other = cat.sync()
            assert (retired.source, retired.mode, retired.requests, retired.error) == ("studio", "retired", 0, None)
            assert retired.stopped == "retired on 2026-11-30: `catalog retire studio --undo` brings it back"
            assert other.added == 5
            for call in (lambda: cat.add("studio", ["x"]), lambda: cat.hooks("studio", secret_env=())):
                with pytest.raises(CatalogError, match=r"studio was retired on 2026-11-30: .*--undo"):
                    call()
            assert {state.name: state.health for state in cat.sources()} == {"studio": "retired", "other": "ok"}
            cat.retire("studio", undo=True)
            assert cat.sync("studio")[0].added == 5


def test_what_retires_later_is_lost_when_the_day_has_come(shop: Shelf) -> None:
    shop.path.with_name("catalog.toml").write_text('[sources.studio]\nbase_url = "http://127.0.0.1:9"\n')
    shop.cat.retire("studio", as_of=AHEAD)
    shop.spoil("UPDATE sources SET retired_at = '2026-11-01T00:00:00.000Z' WHERE name = 'studio'")
    with Catalog.open(shop.path) as cat:
        assert [report.mode for report in cat.sync()] == ["retired"]
    assert shop.find("is:lost") == ["c", "d", "f"]
