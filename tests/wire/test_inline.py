"""Media inside answers and requests: where they are found, what they are to the job, and how they are decoded."""

from __future__ import annotations

from base64 import b64encode, urlsafe_b64encode
from typing import Any

import pytest

from catalog.errors import BadMedia
from catalog.wire.inline import Inline, find_inline, may_hold_inline
from catalog.wire.parts import FilePart

DATA = bytes(range(256)) * 3
BASE64 = b64encode(DATA).decode()
URL = f"data:video/mp4;base64,{BASE64}"


def find(payload: dict[str, Any]) -> list[Inline]:
    found = list(find_inline(payload))
    assert may_hold_inline(payload) or not found
    return found


def read(inline: Inline) -> bytes:
    return b"".join(inline.read())


@pytest.mark.parametrize(
    "payload",
    [
        {"b64_json": BASE64},
        {"B64_JSON": BASE64},
        {"output": [{"type": "video", "b64_json": BASE64}]},
        {"data": [{"b64_json": URL}]},
        {"video_url": URL},
        {"metadata": {"url": URL.replace("data:", "DATA:")}},
        {"a": {"b": [[{"c": {"d": URL}}]]}},
        {"message": f"here it is: ![clip]({URL})."},
        {"result": '{"videos": [{"url": "' + URL.replace("/", "\\/") + '"}]}'},
        {"error": {"detail": URL}},
    ],
)
def test_media_are_found_at_any_level(payload: dict[str, Any]) -> None:
    (inline,) = find({"id": "v1", **payload})
    assert (inline.use, inline.role, read(inline)) == ("output", None, DATA)


@pytest.mark.parametrize(
    "text",
    [
        "\n".join(BASE64[start : start + 76] for start in range(0, len(BASE64), 76)),
        f"  {BASE64[:100]}\t{BASE64[100:]}\r\n",
        urlsafe_b64encode(DATA).decode(),
        BASE64.rstrip("="),
        BASE64.replace("+", "%2B").replace("/", "%2F"),
    ],
)
def test_base64_is_read_in_every_form(text: str) -> None:
    assert [read(inline) for inline in find({"b64_json": text})] == [DATA]
    assert [read(inline) for inline in find({"url": f"data:video/mp4;base64,{text}"})] == [DATA]


@pytest.mark.parametrize("text", [f"{BASE64[:-5]}!{BASE64[-4:]}", BASE64[:101], f"{BASE64[:98]}=={BASE64}", "é" * 64])
def test_bad_base64_is_refused(text: str) -> None:
    (inline,) = find({"b64_json": text})
    with pytest.raises(BadMedia, match="is not base64"):
        read(inline)


def test_padding_before_the_end_is_refused_also_between_two_pieces() -> None:
    piece = "A" * ((1 << 20) - 2) + "=="
    (inline,) = find({"b64_json": piece + "AAAA"})
    with pytest.raises(BadMedia):
        read(inline)


def test_what_a_picture_is_to_the_job_its_keys_say() -> None:
    answer = {
        "cover_url": URL,
        "spritesheet": {"b64_json": BASE64},
        "input": {"image": URL, "last_frame_image": URL},
        "input_reference": {"image_url": URL},
        "user": {"avatar": URL},
        "output": URL,
    }
    assert sorted((inline.use, inline.role or "") for inline in find(answer)) == [
        ("output", ""),
        ("reference", "last_frame"),
        ("reference", "reference"),
        ("reference", "reference"),
        ("spritesheet", ""),
        ("thumbnail", ""),
    ]


def test_the_order_of_keys_says_nothing() -> None:
    one = {"output": [{"b64_json": BASE64}, {"b64_json": BASE64[:64]}], "extra": URL, "video": BASE64}
    other = dict(reversed(list(one.items())))
    assert find(one) == find(other)
    assert [len(inline.content) for inline in find(one)][:2] == [len(BASE64), 64]


def test_media_of_a_request_are_what_went_into_the_job() -> None:
    body = {
        "prompt": "a fox",
        "image": URL,
        "input_reference": FilePart("cat.png", content=DATA),
        "mask[image_url]": URL,
        "video": FilePart("clip.mp4", content=DATA),
    }
    found = find_inline({"method": "POST", "url": "/v1/videos", "body": body})
    assert {(inline.role, inline.name, read(inline)) for inline in found} == {
        ("reference", None, DATA),
        ("reference", "cat.png", DATA),
        ("mask", None, DATA),
        ("source", "clip.mp4", DATA),
    }


def test_media_come_with_the_address_that_stands_beside_them() -> None:
    (inline,) = find({"output": [{"url": "https://cdn.example/a.mp4", "b64_json": BASE64}]})
    assert inline.beside == "https://cdn.example/a.mp4"


@pytest.mark.parametrize(
    "payload",
    [
        {"id": "video_68d7512d07848190b3e45da0ecbebcde004da08e1e0678d5", "prompt": "a fox " * 100},
        {"url": "https://cdn.example/" + "a" * 100},
        {"prompt": "how data: URLs are written", "b64_json": None},
        {"b64_json": "", "url": "data:,"},
    ],
)
def test_most_payloads_hold_none(payload: dict[str, Any]) -> None:
    assert not may_hold_inline(payload)
    assert not find(payload)
