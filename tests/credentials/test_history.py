"""Two kept checks of a file: whether one is worth repeating, and why the other found another status."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from catalog.credentials.history import could_move, explain_move, find_lost
from catalog.reading.credentials import KeptCheck

THEN = datetime(2026, 3, 1, tzinfo=UTC)
NOW = datetime(2026, 11, 30, tzinfo=UTC)
ENDED = datetime(2026, 4, 15, tzinfo=UTC)
LIST = {"uri": "list:a", "name": "a", "sha256": "01"}
READER = "c2pa-python 0.38.1, c2pa-rs 0.91.3"


def kept(status: str = "intact_known_signer", **other: Any) -> KeptCheck:
    values: dict[str, Any] = {
        "id": 1, "file_id": 1, "checked_at": THEN, "status": status, "reason": None, "sha256": "ab", "size": 1,
        "type": "video/mp4", "is_detached": False, "has_media": True, "codes": {}, "signer_list": None,
        "remote_url": None, "lists": [LIST], "reader": READER, "store_id": 1,
    }  # fmt: skip
    return KeptCheck(**values | other)


def moves(check: KeptCheck, **other: Any) -> bool:
    values: dict[str, Any] = {
        "sha256": "ab", "lists": [("list:a", "01")], "reader": "c2pa-python 0.38.1,", "now": NOW, "end": None,
    }  # fmt: skip
    return could_move(check, **values | other)


@pytest.mark.parametrize(
    ("check", "today"),
    [
        (kept("unreadable"), {}),
        (kept("absent", is_detached=True), {}),
        (kept("changed"), {"sha256": "cd"}),
        (kept("absent"), {"reader": "c2pa-python 0.38.10,"}),
        (kept("absent", reader=None), {}),
        (kept(), {"lists": []}),
        (kept("intact_unknown_signer"), {"lists": [("list:a", "02")]}),
        (kept("intact_expired"), {"lists": [("list:a", "01"), ("list:tsa", "03")]}),
        (kept(), {"end": ENDED}),
    ],
)
def test_a_check_is_worth_repeating_where_something_moved(check: KeptCheck, today: dict[str, Any]) -> None:
    assert moves(check, **today)


@pytest.mark.parametrize(
    ("check", "today"),
    [
        (kept(), {}),
        (kept(), {"end": NOW + timedelta(days=1)}),
        (kept(), {"end": THEN - timedelta(days=1)}),
        (kept(lists=[LIST, {**LIST, "uri": "list:b"}]), {"lists": [("list:b", "01"), ("list:a", "01")]}),
        *((kept(status), {"lists": [], "end": ENDED}) for status in ("absent", "changed", "broken", "unsupported")),
    ],
)
def test_and_where_nothing_did_it_is_not(check: KeptCheck, today: dict[str, Any]) -> None:
    assert not moves(check, **today)


def explain(before: KeptCheck, status: str, **other: Any) -> str | None:
    return explain_move(before, kept(status, checked_at=NOW, **other), ENDED)


def test_a_status_that_stays_needs_no_reason() -> None:
    assert explain(kept(), "intact_known_signer", sha256="cd", lists=[]) is None


@pytest.mark.parametrize(
    ("before", "status", "other", "reason"),
    [
        (kept(), "changed", {"sha256": "cd", "lists": []}, "the file: its bytes are others"),
        (kept(), "unreadable", {"sha256": None}, "the file: it could not be read this time"),
        (kept("unreadable", sha256=None), "absent", {}, "the file: it could not be read then"),
        (kept("absent"), "intact_expired", {"is_detached": True}, "the file: the detached manifest beside it came"),
        (kept(), "intact_expired", {}, "the certificate: it ended on 2026-04-15"),
        (kept(), "intact_expired", {"lists": []}, "the certificate: it ended on 2026-04-15"),
        (
            kept(checked_at=ENDED + timedelta(days=1)),
            "intact_expired",
            {"lists": []},
            'the trust lists: "a" was removed',
        ),
        (
            kept("intact_unknown_signer"),
            "intact_known_signer",
            {"lists": [{**LIST, "sha256": "02"}, {"uri": "list:b", "name": "\x1b[31mb", "sha256": "03"}]},
            'the trust lists: "[31mb" was added, "a" was renewed',
        ),
        (
            kept("absent", reader="c2pa-python 0.1"),
            "intact_unknown_signer",
            {"lists": []},
            f"the reader: c2pa-python 0.1 then, {READER} now",
        ),
        (kept("absent"), "broken", {}, "for a reason that the checks do not tell"),
    ],
)  # fmt: skip
def test_a_status_that_moved_has_its_reason(before: KeptCheck, status: str, other: dict[str, Any], reason: str) -> None:
    assert explain(before, status, **other) == reason


def test_many_lists_that_moved_are_counted() -> None:
    lists = [{"uri": f"list:{number}", "name": str(number), "sha256": "01"} for number in range(9)]
    words = explain(kept("intact_unknown_signer", lists=[]), "intact_known_signer", lists=lists)
    assert str(words).endswith('"4" was added, 4 more')


def test_credentials_are_lost_where_the_newest_check_finds_none() -> None:
    none = kept("absent", store_id=None, checked_at=NOW)
    remote = kept("remote_only", store_id=None, checked_at=ENDED)
    assert find_lost([kept(), kept("unreadable", store_id=None), none]) == THEN
    assert find_lost([kept(), remote, none]) == ENDED
    assert find_lost([none, none]) is None
    assert find_lost([none, kept()]) is None
    assert find_lost([kept(), kept("unreadable", store_id=None)]) is None
    assert find_lost([]) is None
