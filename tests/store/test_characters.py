"""Characters: known once, filled in, never blanked."""

from __future__ import annotations

from datetime import UTC, datetime

from catalog import store

MADE = datetime(2026, 11, 1, tzinfo=UTC)


def save(desk, name=None, created_at=None):
    with desk.library.write() as connection:
        return store.save_character(connection, "studio", "char_1", name=name, created_at=created_at, seen_at=desk.now)


def test_a_character_is_new_once(desk):
    assert [save(desk, "Nova"), save(desk, "Nova")] == [True, False]
    assert desk.rows("SELECT source, remote_id, name FROM characters") == [("studio", "char_1", "Nova")]


def test_what_is_learnt_later_is_filled_in(desk):
    save(desk)
    save(desk, "Nova", MADE)
    save(desk)
    assert desk.rows("SELECT name, created_at FROM characters") == [("Nova", "2026-11-01T00:00:00.000Z")]
