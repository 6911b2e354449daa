"""What passes through a capturing transport: the same bytes both ways, for both libraries, whatever happens behind."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from typing import TYPE_CHECKING

import httpx
import httpx2
import pytest

from catalog import capture
from catalog.errors import ConfigError

if TYPE_CHECKING:
    from types import ModuleType

FORM = {"prompt": "a fox", "size": "1280x720"}
PROMPTS = "SELECT prompt FROM videos ORDER BY id"


@pytest.fixture(params=[httpx, httpx2], ids=lambda library: library.__name__)
def library(request: pytest.FixtureRequest) -> ModuleType:
    return request.param


def files() -> dict[str, tuple[str, bytes, str]]:
    return {"input_reference": ("fox.png", bytes(range(256)) * 900, "image/png")}


def test_a_client_of_either_library_is_captured(studio, library):
    with studio.client(flavour=library.__name__) as client:
        assert type(client) is library.Client
        client.post(f"{studio.server.base_url}/videos", json=FORM)
        client.post(f"{studio.server.base_url}/videos", data={**FORM, "prompt": "a hare"}, files=files())
    assert studio.rows(PROMPTS) == [("a fox",), ("a hare",)]


def test_without_httpx2_the_client_is_one_of_httpx(studio, monkeypatch):
    monkeypatch.setitem(sys.modules, "httpx2", None)
    with studio.client() as client:
        assert type(client) is httpx.Client
        client.post(f"{studio.server.base_url}/videos", json=FORM)
    assert studio.rows(PROMPTS) == [("a fox",)]


def test_a_request_and_its_answer_pass_byte_for_byte(studio, library):
    headers = {"content-type": "multipart/form-data; boundary=fixed"}
    url = f"{studio.server.base_url}/videos"
    with library.Client(trust_env=False) as plain:
        expected = plain.post(url, data=FORM, files=files(), headers=headers)
    with library.Client(transport=capture.transport(studio.library, source="studio", flavour=library.__name__)) as own:
        answer = own.post(url, data=FORM, files=files(), headers=headers)
    (*_, first), (*_, second) = studio.server.received
    assert first == second
    assert answer.content == studio.server.answered[-1]
    assert list(answer.headers) == list(expected.headers)
    assert studio.rows(PROMPTS) == [("a fox",)]


def test_a_body_sent_in_pieces_of_unknown_length_is_captured(studio, library):
    pieces = [b'{"prompt": "a ', b"fox", b'"}']
    with studio.client(flavour=library.__name__) as client:
        client.post(f"{studio.server.base_url}/videos", content=iter(pieces), headers={"content-type": "text/json"})
        client.post(
            f"{studio.server.base_url}/videos", content=iter(pieces), headers={"content-type": "application/json"}
        )
    assert [body for *_, body in studio.server.received] == [b"".join(pieces)] * 2
    assert studio.rows(PROMPTS) == [(None,), ("a fox",)]


def test_a_form_that_cannot_be_read_is_sent_as_it_is(studio, library):
    body = b"--wrong\r\nnonsense"
    with studio.client(flavour=library.__name__) as client:
        answer = client.post(
            f"{studio.server.base_url}/videos",
            content=body,
            headers={"content-type": "multipart/form-data; boundary=right"},
        )
    assert answer.status_code == 200
    assert studio.server.received[-1][2] == body


def test_a_form_without_a_boundary_is_sent_as_it_is(studio):
    with studio.client() as client:
        url = f"{studio.server.base_url}/videos"
        answer = client.post(url, content=b"x", headers={"content-type": "multipart/form-data"})
    assert answer.json()["object"] == "video"


def test_an_answer_that_is_no_json_is_passed_on(studio, library):
    def answer(_request):
        return library.Response(200, content=b"<html>")

    with studio.client(inner=library.MockTransport(answer)) as client:
        assert client.post("http://any.example/v1/videos", json=FORM).content == b"<html>"
    assert studio.rows(PROMPTS) == []


def test_a_failing_connection_raises_what_it_always_raises(studio, library):
    with studio.client(flavour=library.__name__) as client, pytest.raises(library.ConnectError):
        client.post("http://127.0.0.1:1/v1/videos", json=FORM)


def test_a_transport_handed_in_is_used(studio, library):
    def answer(_request):
        return library.Response(200, json={"id": "video_1", "object": "video", "status": "queued"})

    own = capture.transport(studio.library, source="studio", inner=library.MockTransport(answer))
    with library.Client(transport=own) as client:
        client.post("http://any.example/v1/videos", json=FORM)
    assert studio.rows(PROMPTS) == [("a fox",)]


def test_a_redirected_form_is_read_once(studio, library):
    def answer(request):
        if request.url.path == "/old/videos":
            return library.Response(307, headers={"location": "/v1/videos"})
        return library.Response(200, json={"id": "video_1", "object": "video", "status": "queued"})

    with studio.client(inner=library.MockTransport(answer)) as client:
        client.post("http://any.example/old/videos", data=FORM, files=files())
    assert studio.rows(PROMPTS) == [("a fox",)]


def test_an_asynchronous_transport_is_captured(studio, library):
    async def post():
        own = capture.async_transport(studio.library, source="studio", flavour=library.__name__, trust_env=False)
        async with library.AsyncClient(transport=own) as client:
            return await client.post(f"{studio.server.base_url}/videos", data=FORM, files=files())

    assert asyncio.run(post()).content == studio.server.answered[-1]
    assert studio.rows(PROMPTS) == [("a fox",)]


def test_an_asynchronous_client_of_either_library_is_captured(studio, library):
    async def post():
        options = {"source": "studio", "flavour": library.__name__, "trust_env": False}
        async with capture.async_client(studio.library, **options) as client:
            assert type(client) is library.AsyncClient
            await client.post(f"{studio.server.base_url}/videos", json=FORM)

    asyncio.run(post())
    assert studio.rows(PROMPTS) == [("a fox",)]


def test_a_call_belongs_to_the_source_whose_base_url_it_has(studio):
    sources = {"other": "http://elsewhere.example/v1", "mine": studio.server.base_url}
    with studio.client(source=None, sources=sources) as client:
        client.post(f"{studio.server.base_url}/videos", json=FORM)
    assert studio.rows("SELECT source FROM videos") == [("mine",)]


def test_a_call_to_no_known_base_url_belongs_to_the_source_that_is_named(studio):
    with studio.client(source="named", sources={"other": "http://elsewhere.example/v1"}) as client:
        client.post(f"{studio.server.base_url}/videos", json=FORM)
    assert studio.rows("SELECT source FROM videos") == [("named",)]


def test_a_call_to_a_server_that_is_no_source_is_left_alone(studio):
    with studio.client(source=None, sources={"other": "http://elsewhere.example/v1"}) as client:
        client.post(f"{studio.server.base_url}/videos", json=FORM)
    assert studio.rows(PROMPTS) == []


def test_the_configuration_tells_the_source_when_the_caller_does_not(studio):
    toml = f'[sources.studio2]\nbase_url = "{studio.server.base_url}"\n'
    studio.library.with_name("catalog.toml").write_text(toml)
    with studio.client(source=None) as client:
        client.post(f"{studio.server.base_url}/videos", json=FORM)
    assert studio.rows("SELECT source FROM videos") == [("studio2",)]


@pytest.mark.parametrize(
    "options",
    [
        {"source": None},
        {"source": None, "sources": {}},
        {"source": "No Good"},
        {"sources": {"studio": "elsewhere"}},
        {"flavour": "requests"},
        {"inner": object()},
        {"metadata": {" ": "x"}},
    ],
)
def test_what_cannot_work_is_said_when_the_client_is_made(studio, monkeypatch, options):
    for name in ("OPENAI_BASE_URL", "CATALOG_BASE_URL"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(ConfigError):
        studio.client(**options)


def test_importing_the_hook_imports_no_http_library():
    code = (
        "import sys, catalog.capture; sys.exit(any(name in sys.modules for name in ('httpx', 'httpx2', 'sqlalchemy')))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
