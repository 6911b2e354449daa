"""A day with the official SDK against the sample gateway, and the library that comes of it."""

from __future__ import annotations

import io
import tomllib
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
    with closing(open_library(library)) as database:
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


OWN = """
[sources.{name}]
base_url = "{base_url}"
dialect = "generic"
create_path = "/jobs"
list_path = "/jobs"
retrieve_path = "/jobs/{{id}}"
remix_path = "/jobs/{{id}}/variation"
edit_path = "/jobs/changes"
extend_path = "/jobs/longer"
characters_path = "/actors"
character_path = "/actors/{{id}}"
"""
LINKS = "SELECT relation, parent_remote_id FROM links WHERE origin = 'request' ORDER BY id"


@pytest.fixture
def own_gateway() -> Iterator[Gateway]:
    """A server whose paths are nobody else's."""
    settings = tomllib.loads(OWN.format(name="own", base_url=""))["sources"]["own"]
    paths = {name: value for name, value in settings.items() if name.endswith("_path")}
    family = replace(DIALECTS["generic"], echoes_prompt=False, **paths)
    with Gateway([], queues_for=0, runs_for=0, dialect=family) as running:
        yield running


@pytest.mark.parametrize("named", [{}, {"source": "own"}], ids=["by its base URL", "by its name"])
def test_calls_of_a_source_with_paths_of_its_own_are_kept(own_gateway, library_path, named):
    base_url = own_gateway.base_url
    (library_path.parent / "catalog.toml").write_text(OWN.format(name="own", base_url=base_url))
    with capture.client(
        library_path, trust_env=False, headers={"authorization": f"Bearer {own_gateway.key}"}, **named
    ) as http:
        first = http.post(f"{base_url}/jobs", json={"prompt": "a fox", "model": "sora-2", "seconds": "4"}).json()
        http.post(f"{base_url}/jobs/{first['id']}/variation", json={"prompt": "at night"}).raise_for_status()
        http.post(
            f"{base_url}/jobs/changes", json={"prompt": "in rain", "video": {"id": first["id"]}}
        ).raise_for_status()
        longer = {"prompt": "on and on", "video": {"id": first["id"]}, "seconds": "4"}
        http.post(f"{base_url}/jobs/longer", json=longer).raise_for_status()
        http.get(f"{base_url}/jobs/{first['id']}").raise_for_status()
        assert http.get(f"{base_url}/jobs").json()["data"]
    prompts = rows(library_path, "SELECT source, prompt FROM videos ORDER BY id")
    assert prompts == [("own", "a fox"), ("own", "at night"), ("own", "in rain"), ("own", "on and on")]
    assert rows(library_path, LINKS) == [("remix", first["id"]), ("edit", first["id"]), ("extension", first["id"])]
    assert rows(library_path, "SELECT status FROM videos WHERE prompt = 'a fox'") == [("completed",)]


def test_paths_of_one_source_are_not_those_of_another(own_gateway, library_path):
    base_url = own_gateway.base_url
    (library_path.parent / "catalog.toml").write_text(OWN.format(name="own", base_url="http://127.0.0.1:1/v1"))
    client = capture.client(library_path, sources={"other": base_url}, trust_env=False)
    with client as http:
        job = http.post(
            f"{base_url}/jobs", json={"prompt": "a fox"}, headers={"authorization": f"Bearer {own_gateway.key}"}
        )
        assert job.json()["id"]
    assert rows(library_path, "SELECT count(*) FROM videos") == [(0,)]


def test_the_environment_is_not_asked_for_a_source_that_is_named(library_path, monkeypatch):
    monkeypatch.setenv("OPENAI_BASE_URL", "no-url-at-all")
    capture.client(library_path, source="studio", trust_env=False).close()
