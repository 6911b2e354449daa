"""How an answer is written changes nothing: in which envelope, in which order, in which spelling, for which poll."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from hypothesis import given
from hypothesis import strategies as st

from catalog.wire.parse import parse_videos
from tests.wire.test_parse import LAW
from tests.wire.test_servers import read_cases

if TYPE_CHECKING:
    import random
    from collections.abc import Callable

    from catalog.wire.answers import ParsedVideo

CASES = [parameter.values[0] for parameter in read_cases()]
ONE_JOB = [
    case for case in CASES if case["kind"] == "video" and len(case["videos"]) == 1 and case["http_status"] == 200
]
ENVELOPES: list[Callable[[Any], Any]] = [
    lambda answer: {"code": 0, "data": answer},
    lambda answer: {"code": 200, "message": "success", "data": answer, "request_id": "rq-1"},
    lambda answer: {"success": True, "message": "", "data": answer},
    lambda answer: {"output": answer},
    lambda answer: {"response": answer},
    lambda answer: {"request_id": "rq-2", "output": answer},
    lambda answer: {"code": "success", "data": {"response": answer}},
]
USERS_KEYS = {"metadata", "aliases"}  # the keys in there are the user's own


def read(case: dict[str, Any], payload: Any) -> ParsedVideo:
    (video,) = parse_videos(payload, asked_id=case["asked_id"]).videos
    return video


def walk(value: Any, change: Callable[[dict[str, Any]], dict[str, Any]]) -> Any:
    """The value with every object in it changed, but the user's own."""
    if isinstance(value, dict):
        return change({key: inner if key in USERS_KEYS else walk(inner, change) for key, inner in value.items()})
    return [walk(inner, change) for inner in value] if isinstance(value, list) else value


def camel(key: str) -> str:
    return re.sub(r"_([a-z])", lambda match: match[1].upper(), key)


@given(st.sampled_from(ONE_JOB), st.sampled_from(ENVELOPES))
@LAW
def test_an_envelope_changes_nothing_of_a_job(case: dict[str, Any], wrap: Callable[[Any], Any]) -> None:
    assert read(case, wrap(case["payload"])) == read(case, case["payload"])


@given(st.sampled_from(CASES), st.randoms(use_true_random=False))
@LAW
def test_the_order_of_keys_changes_nothing(case: dict[str, Any], source: random.Random) -> None:
    shuffled = walk(case["payload"], lambda item: dict(source.sample(list(item.items()), len(item))))
    arguments = {"asked_id": case["asked_id"], "http_status": case["http_status"]}
    assert parse_videos(shuffled, **arguments) == parse_videos(case["payload"], **arguments)


@given(st.sampled_from(ONE_JOB))
@LAW
def test_camel_case_and_snake_case_read_the_same(case: dict[str, Any]) -> None:
    renamed = walk(case["payload"], lambda item: {camel(key): value for key, value in item.items()})
    assert replace(read(case, renamed), extra={}) == replace(read(case, case["payload"]), extra={})
