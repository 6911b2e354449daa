"""JSON that somebody else wrote: strictly, as people save it, and leniently, as servers send it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from catalog.wire.documents import (
    MAX_DEPTH,
    MAX_ITEMS,
    MAX_KEYS,
    MAX_VALUES,
    MOST_SAVED,
    Unreadable,
    find_excess,
    read_json,
)

if TYPE_CHECKING:
    from collections.abc import Callable


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
    assert find_excess(json.loads(nested(MAX_DEPTH))) is None
    assert "nested" in str(find_excess(json.loads(nested(MAX_DEPTH + 1))))
    assert find_excess("text") is None


def test_an_object_and_a_list_have_a_width():
    wide, long = dict.fromkeys(map(str, range(MAX_KEYS))), [0] * MAX_ITEMS
    assert find_excess([{"a": wide}, long]) is None
    assert find_excess([{"a": wide | {"b": 1}}]) == "an object of more than 10,000 keys"
    assert find_excess({"a": [*long, 0]}) == "a list of more than 100,000 values"


TOO_MANY: dict[str, Callable[[int], bytes]] = {
    "objects": lambda most: b"[" + b"{}," * most + b"{}]",
    "lists": lambda most: b"[" + b"[]," * most + b"0]",
    "texts": lambda most: b'["' + b'","' * most + b'"]',
    "keys": lambda most: b"{" + b",".join(b'"%x":0' % number for number in range(most + 1)) + b"}",
    "brackets": lambda most: b"[" * (most + 1),
}


@pytest.mark.parametrize(("is_lenient", "most"), [(False, MOST_SAVED), (True, MAX_VALUES)])
@pytest.mark.parametrize("kind", TOO_MANY)
def test_a_text_of_too_many_values_is_refused_before_it_is_read(kind: str, is_lenient: bool, most: int):
    with pytest.raises(Unreadable, match=f"^JSON of more than {most:,} values$"):
        read_json(TOO_MANY[kind](most), is_lenient=is_lenient)


@pytest.mark.parametrize("is_lenient", [False, True])
@pytest.mark.parametrize(
    "prompt", ["neon, [rain], {close-up} " * 500_000, '\\"[{,' * 500_000], ids=["plain", "escaped"]
)
def test_what_stands_in_a_text_is_not_counted_as_values(prompt: str, is_lenient: bool):
    assert read_json(json.dumps({"prompt": prompt}).encode(), is_lenient=is_lenient) == {"prompt": prompt}


def test_an_answer_has_a_bound_and_a_document_of_many_values_has_none():
    assert read_json(nested(MAX_DEPTH), is_lenient=True)
    assert read_json(nested(MAX_DEPTH + 1))
    with pytest.raises(Unreadable, match="nested too deeply"):
        read_json(nested(MAX_DEPTH + 1), is_lenient=True)
