"""What went into a job: the names that requests and answers give, and the role of each."""

from __future__ import annotations

from typing import Any

import pytest

from catalog.wire.parse import parse_videos
from catalog.wire.requests import read_request
from catalog.wire.roles import read_inputs


def asked(body: dict[str, Any], path: str = "/v1/videos") -> list[tuple[str, str]]:
    video = read_request({"method": "POST", "url": path, "body": body}, "v1")
    assert video is not None
    return [tuple(named) for named in read_inputs(video)]


def answered(**fields: Any) -> list[tuple[str, str]]:
    return [tuple(named) for named in read_inputs(parse_videos({"id": "v1", "object": "video", **fields}).videos[0])]


@pytest.mark.parametrize(
    ("body", "inputs"),
    [
        ({"input_reference": {"file_id": "file_1"}}, [("reference", "file_1")]),
        ({"input_reference": {"image_url": "https://a.example/x.png?Sig=1"}}, [("reference", "https://a.example/x.png")]),
        ({"input_reference[file_id]": "file_1"}, [("reference", "file_1")]),
        ({"characters[][id]": ["char_1", "char_2"]}, [("character", "char_1"), ("character", "char_2")]),
        ({"character_ids": ["char_1"]}, [("character", "char_1")]),
        ({"image": "a.png", "tail_image_url": "https://a.example/b.png"},
         [("reference", "a.png"), ("last_frame", "https://a.example/b.png")]),
        ({"first_frame_image": "a.png", "mask": "m.png"}, [("first_frame", "a.png"), ("mask", "m.png")]),
        ({"content": [{"type": "image_url", "image_url": {"url": "https://a.example/f.png"}, "role": "first_frame"}]},
         [("first_frame", "https://a.example/f.png")]),
        ({"metadata": {"source_video_url": "https://a.example/v.mp4", "character": "Bob"}},
         [("source", "https://a.example/v.mp4")]),
        ({"base_video_task_id": "task_1"}, [("source", "task_1")]),
        ({"image_size": "1024x1024", "reference_strength": "0.5", "video_length": "5s", "watermark": "no"}, []),
        ({"prompt": {"characters": [{"id": "a woman"}]}}, []),
    ],
)  # fmt: skip
def test_inputs_of_a_request(body: dict[str, Any], inputs: list[tuple[str, str]]) -> None:
    assert asked({"prompt": "a fox", **body}) == inputs


def test_sources_of_calls_that_change_a_clip() -> None:
    assert asked({"prompt": "x"}, "/v1/videos/video_1/remix") == [("source", "video_1")]
    assert asked({"prompt": "x", "video": {"id": "video_1"}}, "/v1/videos/edits") == [("source", "video_1")]
    assert asked({"prompt": "x", "video[id]": "video_1"}, "/v1/videos/extensions") == [("source", "video_1")]


def test_inputs_of_an_answer() -> None:
    assert answered(input_reference="file_1", video="https://a.example/v.mp4") == [("reference", "file_1")]
    assert answered(input={"image_url": "https://a.example/x.png"}) == [("reference", "https://a.example/x.png")]
    assert answered(remixed_from_video_id="video_0") == [("source", "video_0")]
    assert answered(output={"last_frame_url": "https://a.example/x.png"}) == []
    assert answered(prompt="a fox") == []
