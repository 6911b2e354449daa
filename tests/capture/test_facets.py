"""Facets given to a capturing client: kept in the note, given with it, and worth more than what prompts say."""

from __future__ import annotations

import asyncio
from contextlib import closing

import pytest

from catalog import Catalog, capture, store
from catalog.capture.spool import write_note
from catalog.errors import ConfigError
from catalog.library import open_library
from catalog.wire.parse import parse_videos
from catalog.wire.requests import request_line
from tests.capture.test_batches import input_line, lines, output_line
from tests.capture.test_spool import held_by_another_process
from tests.ingest.conftest import NOW, job

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")

PROMPT = "A fox in the snow, slow push in."
GIVEN = "SELECT facet, value FROM given_facets ORDER BY id"
CAMERA = (
    "SELECT value, video_facets.origin FROM video_facets JOIN facet_values ON facet_values.id = value_id "
    "WHERE facet = 'camera_movement'"
)
ACME = [("client", "acme")]


def post(client, server, **body: object) -> None:
    with client:
        client.post(f"{server.base_url}/videos", json={"prompt": PROMPT, **body}).read()


def test_the_facets_of_the_client_are_given_to_every_video_that_is_made(studio):
    videos = studio.sdk(facets={"client": "acme", "look": ["noir", "rain"]}).videos
    videos.create(prompt="a fox")
    videos.create(prompt="a hare")
    assert studio.rows(GIVEN) == [("client", "acme"), ("look", "noir"), ("look", "rain")] * 2


def test_asking_for_a_video_gives_it_nothing(studio):
    made = studio.sdk().videos.create(prompt="a fox")
    studio.sdk(facets={"client": "acme"}).videos.retrieve(made.id)
    assert studio.rows(GIVEN) == []


def test_a_transport_for_a_client_of_ones_own_gives_facets(studio, server):
    import httpx

    own = capture.transport(studio.library, source="studio", facets={"client": "acme"}, flavour="httpx")
    post(httpx.Client(transport=own, trust_env=False), server)
    assert studio.rows(GIVEN) == ACME


def test_asynchronous_clients_and_transports_give_facets(studio, server):
    import httpx

    told = {"source": "studio", "facets": {"client": "acme"}, "flavour": "httpx"}

    async def ask() -> None:
        own = httpx.AsyncClient(transport=capture.async_transport(studio.library, **told), trust_env=False)
        for client in (own, capture.async_client(studio.library, trust_env=False, **told)):
            async with client:
                await client.post(f"{server.base_url}/videos", json={"prompt": PROMPT})

    asyncio.run(ask())
    assert studio.rows(GIVEN) == ACME * 2


def test_the_requests_of_a_batch_are_given_facets_with_their_videos(studio):
    sdk = studio.sdk(facets={"client": "acme"})
    sdk.files.create(file=("in.jsonl", lines(input_line("a", "a fox"))), purpose="batch")
    assert studio.rows(GIVEN) == []
    studio.server.files["file-out"] = lines(output_line("a", "video_a"))
    sdk.files.content("file-out").read()
    assert studio.rows(GIVEN) == ACME


def test_given_facets_outrank_prompts_and_survive_another_prompt_and_a_reindex(studio):
    made = studio.sdk(facets={"camera_movement": "crane_up"}).videos.create(prompt=PROMPT)
    assert capture.flush(studio.library, 300)
    with Catalog.open(studio.library) as catalog:
        catalog.reindex(facets=True)
        assert studio.look(CAMERA) == [("crane_up", "given")]
        with closing(open_library(studio.library)) as database, database.write() as connection:
            videos = parse_videos(job(made.id, prompt="A hare, pan left.")).videos
            store.save_videos(connection, "studio", videos, channel="get", received_at=NOW)
        catalog.reindex(facets=True)
        assert catalog.get(made.id).prompt == "A hare, pan left."
    assert studio.look(CAMERA) == [("crane_up", "given")]


def test_a_note_heard_twice_gives_nothing_anew(studio, server):
    with held_by_another_process(studio.library):
        post(studio.client(facets={"client": "acme"}), server)
        (note,) = studio.notes()
        text = note.read_bytes()
    before = studio.rows("SELECT id, facet, value FROM given_facets")
    note.parent.mkdir(exist_ok=True)
    note.write_bytes(text)
    with closing(open_library(studio.library)) as database, database.write() as connection:
        store.save_given(connection, {1: {"client": ["globex"]}})
    assert len(before) == len(studio.notes()) == 1
    studio.take_in()
    assert studio.look(GIVEN) == [("client", "globex")]


NOTE = {
    "kind": "answer",
    "source": "studio",
    "at": "2026-11-21T10:00:00.000Z",
    "tags": {},
    "status": 200,
    "asked_id": None,
    "answer": job("v1"),
    "request": {"line": request_line("POST", "/v1/videos", {"prompt": PROMPT}), "links": []},
}


def test_a_note_of_an_older_version_has_no_facets_and_is_taken_in(studio):
    write_note(studio.library, NOTE)
    assert studio.take_in() == 1
    assert studio.look("SELECT prompt FROM videos") == [(PROMPT,)]
    assert studio.look(GIVEN) == []


@pytest.mark.parametrize("facets", [5, "noir", {"Style": "noir"}, {"style": [7]}, {"style": {"a": "b"}}])
def test_a_note_with_facets_of_another_shape_is_set_aside(studio, facets):
    write_note(studio.library, NOTE | {"facets": facets})
    told: list[str] = []
    assert studio.take_in(on_broken=lambda _, reason: told.append(reason)) == 0
    assert len(studio.broken()) == 1
    assert "facet" in told[0]


@pytest.mark.parametrize(
    "facets", [{"Client": "acme"}, {"client": 3}, {"client": ["x"] * 51}, {"client": "x" * 201}, "client"]
)
def test_facets_that_cannot_be_given_are_an_error_when_the_client_is_made(studio, facets):
    with pytest.raises(ConfigError, match="facet"):
        studio.client(facets=facets)
