"""The official SDK, its calls captured: prompts, inputs, characters and lineage that no server echoes."""

from __future__ import annotations

import asyncio
import json

import pytest
from openai import BadRequestError, NotFoundError

from catalog import capture
from tests.capture.server import MP4

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")

PNG = b"\x89PNG\r\n\x1a\n" + bytes(2000)
PROMPTS = "SELECT remote_id, prompt FROM videos ORDER BY id"
LINKS = "SELECT relation, parent_remote_id FROM links WHERE origin = 'request' ORDER BY id"


def test_a_prompt_that_the_server_never_echoes_is_kept(studio):
    video = studio.sdk().videos.create(prompt="a fox in the snow", seconds="8", size="1280x720")
    assert studio.rows(PROMPTS) == [(video.id, "a fox in the snow")]
    assert studio.rows("SELECT source, status, model, seconds, width, height FROM videos") == [
        ("studio", "queued", "sora-2", 8.0, 1280, 720)
    ]


def test_the_metadata_of_the_client_becomes_tags_of_the_user(studio):
    studio.sdk(metadata={"campaign": "launch", "take": 3}).videos.create(prompt="a fox")
    assert studio.rows("SELECT key, value, origin FROM tags ORDER BY key") == [
        ("campaign", "launch", "user"),
        ("take", "3", "user"),
    ]


def test_the_metadata_in_a_request_is_kept_with_the_video(studio):
    studio.sdk(metadata=None).videos.create(prompt="a fox", extra_body={"metadata": {"shot": "7"}})
    assert studio.rows("SELECT key, value, origin FROM tags") == [("shot", "7", "provider")]


def test_a_reference_picture_is_a_link_by_its_name_and_none_of_its_bytes_is_kept(studio):
    studio.sdk().videos.create(prompt="a fox", input_reference=("fox.png", PNG, "image/png"))
    assert studio.rows(LINKS) == [("reference", "fox.png")]
    payloads = json.dumps(studio.rows("SELECT payload FROM observations"))
    assert "PNG" not in payloads
    assert "fox.png" in payloads


def test_a_picture_without_a_name_is_a_link_by_its_hash(studio):
    studio.sdk().videos.create(prompt="a fox", input_reference=PNG)
    ((relation, parent),) = studio.rows(LINKS)
    assert relation == "reference"
    assert parent.startswith("sha256:")


def test_a_remix_an_edit_and_an_extension_link_to_their_parent(studio):
    sdk = studio.sdk()
    sdk.videos.remix("video_9", prompt="at night")
    sdk.videos.edit(prompt="in rain", video=("cut.mp4", MP4))
    sdk.post("/videos/edits", cast_to=object, body={"prompt": "in fog", "video": {"id": "video_8"}})
    sdk.post("/videos/extensions", cast_to=object, body={"prompt": "on", "seconds": "8", "video": {"id": "video_7"}})
    assert studio.rows(LINKS) == [
        ("remix", "video_9"),
        ("edit", "cut.mp4"),
        ("edit", "video_8"),
        ("extension", "video_7"),
    ]
    assert [prompt for _, prompt in studio.rows(PROMPTS)] == ["at night", "in rain", "in fog", "on"]


def test_characters_in_a_form_are_links(studio):
    body = {"prompt": "a fox", "characters": [{"id": "char_1"}, {"id": "char_2"}]}
    studio.sdk().post(
        "/videos",
        cast_to=object,
        body=body,
        files=[("input_reference", ("fox.png", PNG))],
        options={"headers": {"Content-Type": "multipart/form-data"}},
    )
    assert b'name="characters[][id]"' in studio.server.received[-1][2]
    assert studio.rows(LINKS) == [("character", "char_1"), ("character", "char_2"), ("reference", "fox.png")]


def test_a_character_that_was_made_is_known_by_name(studio):
    studio.sdk().videos.create_character(name="Nova", video=("nova.mp4", MP4))
    assert studio.rows("SELECT source, remote_id, name, created_at FROM characters") == [
        ("studio", "char_1", "Nova", "2026-09-21T14:13:20.000Z")
    ]


def test_answers_to_retrieve_list_and_delete_are_kept(studio):
    first, second = studio.server.make_video(), studio.server.make_video(status="completed", progress=100)
    sdk = studio.sdk()
    sdk.videos.retrieve(first["id"])
    list(sdk.videos.list())
    sdk.videos.delete(second["id"])
    assert studio.rows("SELECT remote_id, status FROM videos ORDER BY id") == [
        (first["id"], "queued"),
        (second["id"], "deleted"),
    ]
    assert studio.rows("SELECT DISTINCT channel FROM observations") == [("capture",)]


def test_a_refused_request_makes_no_video(studio):
    studio.server.refuses = True
    with pytest.raises(BadRequestError):
        studio.sdk(metadata=None).videos.create(prompt="a fox")
    assert studio.rows(PROMPTS) == []


def test_a_job_that_nobody_knows_makes_no_video(studio):
    with pytest.raises(NotFoundError):
        studio.sdk().videos.retrieve("video_404")
    assert studio.rows(PROMPTS) == []


def test_a_streamed_download_arrives_whole_and_leaves_no_note(studio):
    sdk = studio.sdk()
    with sdk.videos.with_streaming_response.download_content("video_1") as response:
        assert b"".join(response.iter_bytes(1000)) == MP4
    assert studio.rows(PROMPTS) == []
    assert studio.notes() == []


def test_an_answer_read_in_pieces_is_kept(studio):
    with studio.sdk().videos.with_streaming_response.create(prompt="a fox") as response:
        assert b"".join(response.iter_bytes(7)) == studio.server.answered[-1]
    assert [prompt for _, prompt in studio.rows(PROMPTS)] == ["a fox"]


def test_a_compressed_answer_is_read(studio):
    studio.server.zips = True
    studio.sdk().videos.create(prompt="a fox")
    assert [prompt for _, prompt in studio.rows(PROMPTS)] == ["a fox"]


def test_the_asynchronous_sdk_is_captured(studio):
    from openai import AsyncOpenAI

    async def create() -> str:
        http_client = capture.async_client(studio.library, source="studio", metadata={"by": "async"}, trust_env=False)
        async with AsyncOpenAI(api_key="sk-x", base_url=studio.server.base_url, http_client=http_client) as sdk:
            video = await sdk.videos.create(prompt="a fox", input_reference=("fox.png", PNG))
            content = await sdk.videos.download_content(video.id)
            assert content.read() == MP4
            return video.id

    video_id = asyncio.run(create())
    assert studio.rows(PROMPTS) == [(video_id, "a fox")]
    assert studio.rows(LINKS) == [("reference", "fox.png")]


def test_no_key_reaches_the_library_or_the_spool(studio):
    body = {"prompt": "a fox", "input_reference": {"image_url": "https://x.example/a.png?sig=abc&token=t0"}}
    studio.sdk().post("/videos", cast_to=object, body=body)
    assert studio.rows(LINKS) == [("reference", "https://x.example/a.png")]
    stored = studio.library.read_bytes() + studio.library.with_name("catalog.db-wal").read_bytes()
    assert b"very-secret" not in stored
    assert b"token=t0" not in stored
