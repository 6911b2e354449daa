"""JSON that somebody else wrote: strictly, as people save it, and leniently, as servers send it."""

from __future__ import annotations

import json

import pytest

from catalog.wire.documents import MAX_DEPTH, Unreadable, is_too_deep, read_json


def nested(depth: int) -> bytes:
    return b"[" * depth + b"]" * depth


@pytest.mark.parametrize("is_lenient", [False, True])
@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "empty"),
        (b" \n", "empty"),
        (b'{"a" 1}', "not JSON: Expecting ':' delimiter at column 6"),
        (b'{"a": 1,\n "b"}', "not JSON: Expecting ':' delimiter at line 2, column 5"),
        (b'"\xe9"', "not UTF-8: byte 2 is 0xe9"),
        (b"9" * 5000, "not JSON: a number has too many digits"),
        (nested(100_000), "nested too deeply"),
    ],
)
def test_the_fault_is_named_with_its_position(data: bytes, reason: str, is_lenient: bool):
    with pytest.raises(Unreadable) as caught:
        read_json(data, is_lenient=is_lenient)
    assert str(caught.value) == reason


def test_what_people_saved_says_one_thing_under_one_key():
    assert read_json(b'{"a": 1, "a": 1}') == {"a": 1}
    with pytest.raises(Unreadable, match="the key 'a' stands twice"):
        read_json(b'{"a": 1, "a": 2}')
    assert read_json(b'{"a": 1, "a": 2}', is_lenient=True) == {"a": 2}


def test_depth_counts_levels_of_lists_and_objects():
    assert not is_too_deep(json.loads(nested(MAX_DEPTH)))
    assert is_too_deep(json.loads(nested(MAX_DEPTH + 1)))
    assert not is_too_deep("text")


def test_an_answer_has_a_bound_and_a_document_of_many_values_has_none():
    assert read_json(nested(MAX_DEPTH), is_lenient=True)
    assert read_json(nested(MAX_DEPTH + 1))
    with pytest.raises(Unreadable, match="nested too deeply"):
        read_json(nested(MAX_DEPTH + 1), is_lenient=True)
