"""The bodies of requests: brackets, files, and bytes that must come through unchanged."""

from __future__ import annotations

import random

import httpx
import pytest

from catalog.demo.gateway.bodies import Upload, nest, read_params
from catalog.demo.gateway.dialects import FORM, JSON, MULTIPART
from catalog.demo.gateway.problems import Problem
from catalog.demo.gateway.serving import Request


def request_of(**kind) -> Request:
    sent = httpx.Request("POST", "http://localhost/v1/videos", **kind)
    return Request("POST", "/v1/videos", {}, sent.headers, sent.read())  # type: ignore[arg-type]


def params_of(**kind) -> dict:
    return read_params(request_of(**kind), (JSON, MULTIPART, FORM))


@pytest.mark.parametrize(
    ("pairs", "params"),
    [
        ([("prompt", "p")], {"prompt": "p"}),
        ([("video[id]", "v")], {"video": {"id": "v"}}),
        ([("characters[][id]", "a"), ("characters[][id]", "b")], {"characters": [{"id": "a"}, {"id": "b"}]}),
        ([("c[][id]", "a"), ("c[][name]", "n")], {"c": [{"id": "a", "name": "n"}]}),
        ([("tags[]", "a"), ("tags[]", "b")], {"tags": ["a", "b"]}),
        ([("metadata[a][b]", "x"), ("metadata[c]", "y")], {"metadata": {"a": {"b": "x"}, "c": "y"}}),
        ([("a", "x"), ("a[]", "y"), ("a[b]", "z")], {"a": {"b": "z"}}),
        ([("", "x"), ("[", "y"), ("]]", "z")], {"": "z"}),
    ],
)
def test_bracket_keys_become_nested_values(pairs, params):
    assert nest(pairs) == params


def test_json_is_read():
    assert params_of(json={"prompt": "é", "characters": [{"id": "a"}]}) == {
        "prompt": "é",
        "characters": [{"id": "a"}],
    }


def test_a_form_is_read():
    assert params_of(data={"prompt": "é", "video[id]": "v"}) == {"prompt": "é", "video": {"id": "v"}}


def test_a_file_keeps_every_byte():
    data = random.Random(1).randbytes(70_000) + b"\r\n--\r\n\n\r\x1c\x85\0--"
    params = params_of(data={"prompt": "é"}, files={"video": ("clip.mp4", data, "video/mp4")})
    assert params == {"prompt": "é", "video": Upload("clip.mp4", "video/mp4", data)}


@pytest.mark.parametrize("body", [b"", b"[]", b'"text"', b"{", b"\xff", b"[" * 100_000])
def test_json_that_is_no_object_is_a_400(body: bytes):
    with pytest.raises(Problem) as caught:
        params_of(content=body, headers={"Content-Type": JSON})
    assert caught.value.status == 400


def test_multipart_without_a_boundary_is_a_400():
    with pytest.raises(Problem) as caught:
        params_of(content=b"prompt=x", headers={"Content-Type": MULTIPART})
    assert caught.value.status == 400


@pytest.mark.parametrize("kind", ["text/plain", "", "application/xml"])
def test_another_media_type_is_a_415(kind: str):
    with pytest.raises(Problem) as caught:
        params_of(content=b"x", headers={"Content-Type": kind})
    assert caught.value.status == 415
