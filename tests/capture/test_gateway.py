"""A day with the official SDK against the sample gateway, and the library that comes of it."""

from __future__ import annotations

import io
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import openai
import pytest
from PIL import Image

from catalog import capture
from catalog.demo.gateway import Gateway
from catalog.demo.gateway.dialects import DIALECTS
from catalog.library import open_library
from tests.house import LONG, read_rows

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.filterwarnings("ignore:The Sora API is scheduled:DeprecationWarning")


@pytest.fixture
def gateway() -> Iterator[Gateway]:
    with Gateway([], queues_for=0, runs_for=0, dialect=replace(DIALECTS["openai"], echoes_prompt=False)) as running:
        yield running


@pytest.fixture
def sdk(gateway: Gateway, library_path: Path) -> Iterator[openai.OpenAI]:
    client = capture.client(library_path, sources={"demo": gateway.base_url}, trust_env=False)
    with openai.OpenAI(base_url=gateway.base_url, api_key=gateway.key, http_client=client) as sdk:
        yield sdk


def rows(library: Path, query: str) -> list[tuple[Any, ...]]:
    assert capture.flush(library, LONG)
    with closing(open_library(library, create=False)) as database:
        return read_rows(database, query)


def picture() -> tuple[str, bytes, str]:
    data = io.BytesIO()
    Image.new("RGB", (720, 1280)).save(data, "PNG")
    return "fox.png", data.getvalue(), "image/png"


def test_prompts_and_lineage_survive_a_server_that_drops_them(sdk, library_path):
    first = sdk.videos.create_and_poll(prompt="a fox", model="sora-2", seconds="4", input_reference=picture())
    remix = sdk.videos.remix(first.id, prompt="at night")
    edit = sdk.post("/videos/edits", cast_to=openai.types.Video, body={"prompt": "in rain", "video": {"id": first.id}})
    assert {video.prompt for video in sdk.videos.list()} == {None}
    assert rows(library_path, "SELECT source, remote_id, prompt FROM videos ORDER BY id") == [
        ("demo", first.id, "a fox"),
        ("demo", remix.id, "at night"),
        ("demo", edit.id, "in rain"),
    ]
    links = "SELECT relation, parent_remote_id FROM links WHERE origin = 'request' ORDER BY id"
    assert rows(library_path, links) == [("reference", "fox.png"), ("remix", first.id), ("edit", first.id)]
    assert rows(library_path, "SELECT status FROM videos WHERE prompt = 'a fox'") == [("completed",)]


def test_a_video_downloaded_through_the_hook_is_the_same_video(sdk, gateway):
    video = sdk.videos.create_and_poll(prompt="a fox", model="sora-2", seconds="4")
    with openai.OpenAI(base_url=gateway.base_url, api_key=gateway.key) as plain:
        expected = plain.videos.download_content(video.id).read()
    with sdk.videos.with_streaming_response.download_content(video.id) as response:
        assert b"".join(response.iter_bytes(4096)) == expected
