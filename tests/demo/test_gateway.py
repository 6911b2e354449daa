"""The gateway over HTTP, in the OpenAI format: every call, its errors, and how it is served."""

from __future__ import annotations

import io
import json
import os
import re
import socket
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import av
import httpx
import pytest
from PIL import Image

from catalog.demo.gateway import Gateway
from catalog.demo.gateway.dialects import dialect
from catalog.demo.gateway.jobs import Character
from catalog.demo.gateway.problems import openai_error
from catalog.demo.media import Media
from tests.demo.conftest import NOW, failed, job, some_jobs
from tests.house import LONG

if TYPE_CHECKING:
    from catalog.demo.gateway.jobs import Clock
    from catalog.demo.gateway.problems import Problem

PNG = io.BytesIO()
Image.new("RGB", (720, 1280)).save(PNG, "PNG")


def error(answer: httpx.Response) -> tuple[int, str | None, str | None]:
    """Status, parameter and code of an answer in the documented error shape."""
    body = answer.json()["error"]
    assert set(body) == {"message", "type", "param", "code"}
    return answer.status_code, body["param"], body["code"]


def listed(client: httpx.Client, **query) -> dict:
    return client.get("/videos", params=query).json()


def ids(page: dict) -> list[str]:
    return [video["id"] for video in page["data"]]


# --- the key


def test_no_key_is_a_401(gateway: Gateway):
    assert error(httpx.get(f"{gateway.base_url}/videos")) == (401, None, None)


def test_a_wrong_key_is_an_invalid_api_key(gateway: Gateway):
    answer = httpx.get(f"{gateway.base_url}/videos", headers={"Authorization": "Bearer wrong"})
    assert error(answer) == (401, None, "invalid_api_key")


def test_the_key_may_be_any(start):
    _, client = start(key="another")
    assert client.get("/videos").status_code == 200


# --- the list


def test_a_page_has_twenty_jobs_newest_first(client: httpx.Client):
    page = listed(client)
    assert page["object"] == "list"
    assert ids(page) == [each.id for each in some_jobs()][:20]
    assert (page["first_id"], page["last_id"], page["has_more"]) == (ids(page)[0], ids(page)[-1], True)


def test_the_last_page_says_that_it_is(client: httpx.Client):
    page = listed(client, after=listed(client)["last_id"])
    assert ids(page) == [each.id for each in some_jobs()][20:]
    assert page["has_more"] is False


def test_a_list_can_begin_with_the_oldest(client: httpx.Client):
    assert ids(listed(client, order="asc", limit=2)) == [some_jobs()[-1].id, some_jobs()[-2].id]


def test_a_limit_of_nothing_gives_nothing_and_promises_more(client: httpx.Client):
    page = listed(client, limit=0)
    assert (page["data"], page["first_id"], page["last_id"], page["has_more"]) == ([], None, None, True)


def test_an_empty_account_has_an_empty_list(start):
    _, client = start([])
    assert listed(client) == {"object": "list", "data": [], "first_id": None, "last_id": None, "has_more": False}


@pytest.mark.parametrize(
    ("query", "param"),
    [
        ({"limit": "101"}, "limit"),
        ({"limit": "-1"}, "limit"),
        ({"limit": "many"}, "limit"),
        ({"order": "up"}, "order"),
        ({"after": "video_nope"}, "after"),
    ],
)
def test_a_bad_list_parameter_is_named(client: httpx.Client, query: dict, param: str):
    status, named, _ = error(client.get("/videos", params=query))
    assert (status, named) == (400, param)


def test_a_listed_job_is_the_retrieved_one(client: httpx.Client):
    video = listed(client, limit=1)["data"][0]
    assert client.get(f"/videos/{video['id']}").json() == video


# --- one job


def test_a_job_has_all_the_documented_keys(client: httpx.Client):
    assert client.get(f"/videos/{job(1).id}").json() == {
        "id": job(1).id,
        "object": "video",
        "model": "sora-2",
        "status": "completed",
        "progress": 100,
        "created_at": NOW - 60,
        "completed_at": NOW - 50,
        "expires_at": NOW - 50 + 86_400,
        "prompt": "Clip 1",
        "size": "720x1280",
        "seconds": "4",
        "remixed_from_video_id": None,
        "error": None,
    }


def test_a_failed_job_says_why(start):
    _, client = start([failed(1)])
    video = client.get(f"/videos/{job(1).id}").json()
    assert (video["status"], video["completed_at"], video["error"]["code"]) == ("failed", None, "moderation_blocked")


def test_a_job_moves_with_the_clock(start, clock: Clock):
    _, client = start([], queues_for=5, runs_for=10)
    path = "/videos/" + client.post("/videos", json={"prompt": "p"}).json()["id"]
    seen = []
    for _ in range(5):
        video = client.get(path).json()
        seen.append((video["status"], video["progress"]))
        clock.advance(5)
    assert seen == [("queued", 0), ("in_progress", 0), ("in_progress", 50), ("completed", 100), ("completed", 100)]


def test_an_unfinished_job_says_when_to_ask_again(start, clock: Clock):
    _, client = start([])
    created = client.post("/videos", json={"prompt": "p"})
    path = "/videos/" + created.json()["id"]
    assert created.headers["openai-poll-after-ms"] == client.get(path).headers["openai-poll-after-ms"] == "500"
    clock.advance(100)
    assert "openai-poll-after-ms" not in client.get(path).headers


def test_the_metadata_of_a_job_are_told(start):
    _, client = start([job(1, metadata={"project": "spot"})])
    assert client.get(f"/videos/{job(1).id}").json()["metadata"] == {"project": "spot"}


def test_an_unknown_job_is_a_404(client: httpx.Client):
    assert error(client.get("/videos/video_nope")) == (404, None, "video_not_found")


def test_a_deleted_job_is_gone(client: httpx.Client):
    answer = client.delete(f"/videos/{job(1).id}")
    assert answer.json() == {"id": job(1).id, "object": "video.deleted", "deleted": True}
    assert error(client.get(f"/videos/{job(1).id}"))[0] == 404
    assert job(1).id not in ids(listed(client))


def test_a_running_job_cannot_be_deleted(start):
    _, client = start([job(1, runs_for=9999)])
    assert error(client.delete(f"/videos/{job(1).id}"))[0] == 400


# --- new jobs


def test_a_job_is_created_from_json(client: httpx.Client):
    asked = {"prompt": "A fox", "model": "sora-2-pro", "seconds": "12", "size": "1280x720", "metadata": {"k": "v"}}
    video = client.post("/videos", json=asked).json()
    assert {name: video[name] for name in asked} == asked
    assert (video["status"], video["created_at"]) == ("queued", NOW)


def test_a_job_is_created_from_multipart_with_a_reference_image(client: httpx.Client):
    files = {"input_reference": ("fox.png", PNG.getvalue(), "image/png")}
    video = client.post("/videos", data={"prompt": "A fox", "seconds": "8"}, files=files).json()
    assert (video["prompt"], video["seconds"]) == ("A fox", "8")


def test_a_created_job_is_the_first_of_the_list(client: httpx.Client):
    video = client.post("/videos", json={"prompt": "A fox"}).json()
    assert ids(listed(client))[0] == video["id"]


@pytest.mark.parametrize(
    ("params", "param"),
    [
        ({}, "prompt"),
        ({"prompt": ""}, "prompt"),
        ({"prompt": 7}, "prompt"),
        ({"prompt": "x" * 32_001}, "prompt"),
        ({"prompt": "p", "seconds": "7"}, "seconds"),
        ({"prompt": "p", "size": "huge"}, "size"),
        ({"prompt": "p", "model": "sora-9"}, "model"),
        ({"prompt": "p", "metadata": "none"}, "metadata"),
        ({"prompt": "p", "characters": [{"id": "char_nope"}]}, "characters"),
        ({"prompt": "p", "characters": "char_1"}, "characters"),
    ],
)
def test_a_bad_parameter_is_named(client: httpx.Client, params: dict, param: str):
    status, named, _ = error(client.post("/videos", json=params))
    assert (status, named) == (400, param)


@pytest.mark.parametrize(
    "upload", [("a.png", b"not a picture", "image/png"), ("a.gif", b"GIF", "image/gif"), ("a.png", b"", "image/png")]
)
def test_a_bad_reference_image_is_named(client: httpx.Client, upload: tuple):
    answer = client.post("/videos", data={"prompt": "p"}, files={"input_reference": upload})
    assert error(answer)[:2] == (400, "input_reference")


def test_a_reference_image_must_match_the_size(client: httpx.Client):
    files = {"input_reference": ("fox.png", PNG.getvalue(), "image/png")}
    answer = client.post("/videos", data={"prompt": "p", "size": "1280x720"}, files=files)
    assert error(answer)[:2] == (400, "input_reference")


def test_a_remix_cites_its_source_and_keeps_its_format(client: httpx.Client):
    video = client.post(f"/videos/{job(1).id}/remix", json={"prompt": "at dusk"}).json()
    assert (video["remixed_from_video_id"], video["prompt"], video["size"]) == (job(1).id, "at dusk", job(1).size)


def test_an_unfinished_job_cannot_be_remixed(start):
    _, client = start([job(1, runs_for=9999)])
    answer = client.post(f"/videos/{job(1).id}/remix", json={"prompt": "p"})
    assert error(answer) == (400, "video", "video_not_completed")


def test_an_edit_is_a_new_job_that_does_not_tell_its_source(client: httpx.Client):
    video = client.post("/videos/edits", json={"prompt": "teal", "video": {"id": job(1).id}}).json()
    assert (video["prompt"], video["status"], video["remixed_from_video_id"]) == ("teal", "queued", None)


def test_an_edit_may_name_its_source_with_brackets_or_bring_it(client: httpx.Client):
    named = client.post("/videos/edits", files={"prompt": (None, "p"), "video[id]": (None, job(1).id)})
    brought = client.post("/videos/edits", data={"prompt": "p"}, files={"video": ("a.mp4", b"mp4", "video/mp4")})
    assert (named.status_code, brought.status_code) == (200, 200)


def test_an_edit_needs_a_source_that_exists(client: httpx.Client):
    assert error(client.post("/videos/edits", json={"prompt": "p"})) == (400, "video", "missing_required_parameter")
    answer = client.post("/videos/edits", json={"prompt": "p", "video": {"id": "video_nope"}})
    assert error(answer) == (404, None, "video_not_found")


def test_an_extension_has_the_seconds_of_both(client: httpx.Client):
    asked = {"prompt": "on", "seconds": "8", "video": {"id": job(1).id}}
    assert client.post("/videos/extensions", json=asked).json()["seconds"] == "12"


def test_an_extension_cannot_go_beyond_two_minutes(start):
    _, client = start([job(1, seconds="116")])
    asked = {"prompt": "on", "seconds": "8", "video": {"id": job(1).id}}
    assert error(client.post("/videos/extensions", json=asked))[:2] == (400, "seconds")


def test_a_character_is_made_used_and_retrieved(client: httpx.Client):
    files = {"video": ("mossy.mp4", b"mp4", "video/mp4")}
    character = client.post("/videos/characters", data={"name": "Mossy"}, files=files).json()
    assert (character["name"], character["created_at"]) == ("Mossy", NOW)
    assert client.get(f"/videos/characters/{character['id']}").json() == character
    asked = {"prompt": "Mossy walks", "characters": [{"id": character["id"]}]}
    assert client.post("/videos", json=asked).status_code == 200


def test_a_character_needs_a_name_and_a_clip(client: httpx.Client):
    files = {"video": ("mossy.mp4", b"mp4", "video/mp4")}
    assert error(client.post("/videos/characters", files=files))[:2] == (400, "name")
    assert error(client.post("/videos/characters", data={"name": "x" * 81}, files=files))[:2] == (400, "name")
    assert error(client.post("/videos/characters", json={"name": "Mossy"}))[:2] == (400, "video")


def test_a_job_has_at_most_two_characters(gateway: Gateway, client: httpx.Client):
    gateway.jobs.characters["char_1"] = Character("char_1", "Mossy", NOW)
    asked = [
        client.post("/videos", json={"prompt": "p", "characters": [{"id": "char_1"}] * number}) for number in (2, 3)
    ]
    assert [answer.status_code for answer in asked] == [200, 400]


def test_an_unknown_character_is_a_404(client: httpx.Client):
    assert error(client.get("/videos/characters/char_nope")) == (404, None, "character_not_found")


# --- content


def content(client: httpx.Client, number: int = 1, **kind) -> httpx.Response:
    return client.get(f"/videos/{job(number).id}/content", **kind)


def test_content_is_a_clip_that_plays(client: httpx.Client):
    answer = content(client)
    assert answer.headers["content-type"] == "video/mp4"
    assert int(answer.headers["content-length"]) == len(answer.content)
    with av.open(io.BytesIO(answer.content)) as container:
        assert sum(1 for _ in container.decode(video=0)) == 48


@pytest.mark.parametrize(("variant", "kind"), [("thumbnail", "image/webp"), ("spritesheet", "image/jpeg")])
def test_content_has_variants(client: httpx.Client, variant: str, kind: str):
    answer = content(client, params={"variant": variant})
    assert answer.headers["content-type"] == kind
    assert Image.open(io.BytesIO(answer.content)).size


def test_an_unknown_variant_is_named(client: httpx.Client):
    assert error(content(client, params={"variant": "gif"}))[:2] == (400, "variant")


def test_content_of_an_unfinished_job_is_not_ready(start):
    _, client = start([job(1, runs_for=9999)])
    assert error(content(client)) == (404, None, "video_not_ready")


def test_content_expires(start, clock: Clock):
    _, client = start([job(1, keeps_for=100)])
    assert content(client).status_code == 200
    clock.advance(51)
    assert error(content(client)) == (404, None, "video_expired")


@pytest.mark.parametrize(
    ("wanted", "part"),
    [
        ("bytes=0-9", slice(0, 10)),
        ("bytes=100-", slice(100, None)),
        ("bytes=-7", slice(-7, None)),
        ("bytes=5-99999999", slice(5, None)),
    ],
)
def test_a_range_of_content_can_be_asked_for(client: httpx.Client, wanted: str, part: slice):
    whole = content(client).content
    answer = content(client, headers={"Range": wanted})
    begin = part.indices(len(whole))[0]
    assert answer.status_code == 206
    assert answer.content == whole[part]
    assert answer.headers["content-range"] == f"bytes {begin}-{begin + len(answer.content) - 1}/{len(whole)}"


@pytest.mark.parametrize("wanted", ["bytes=99999999-", "bytes=-0", "bytes=9-3"])
def test_a_range_outside_the_content_is_a_416(client: httpx.Client, wanted: str):
    answer = content(client, headers={"Range": wanted})
    assert answer.status_code == 416
    assert re.fullmatch(r"bytes \*/\d+", answer.headers["content-range"])


@pytest.mark.parametrize("wanted", ["bytes=-", "bytes=0-1,4-5", "lines=1-2", "bytes=x-"])
def test_a_range_that_cannot_be_read_gives_everything(client: httpx.Client, wanted: str):
    assert content(client, headers={"Range": wanted}).status_code == 200


def test_a_range_of_another_version_gives_everything(client: httpx.Client):
    tag = content(client).headers["etag"]
    ranged = {"Range": "bytes=1-2"}
    assert content(client, headers={**ranged, "If-Range": tag}).status_code == 206
    assert content(client, headers={**ranged, "If-Range": '"other"'}).status_code == 200


def test_head_tells_the_length_without_the_bytes(client: httpx.Client):
    answer = client.head(f"/videos/{job(1).id}/content")
    assert answer.content == b""
    assert int(answer.headers["content-length"]) > 1000
    assert content(client).status_code == 200


# --- how it is served


def test_an_unknown_path_is_a_404(client: httpx.Client):
    assert error(client.get("/images"))[0] == 404


def test_a_method_that_is_not_allowed_is_a_405(client: httpx.Client):
    answer = client.put("/videos")
    assert answer.status_code == 405
    assert answer.headers["allow"] == "GET, POST"


def test_a_body_in_chunks_is_read(client: httpx.Client):
    body = json.dumps({"prompt": "in pieces"}).encode()
    pieces = (body[at : at + 5] for at in range(0, len(body), 5))
    answer = client.post("/videos", content=pieces, headers={"Content-Type": "application/json"})
    assert answer.json()["prompt"] == "in pieces"


@pytest.mark.parametrize("length", ["-5", "many", str(1 << 40)])
def test_a_body_of_an_impossible_length_closes_the_connection(gateway: Gateway, length: str):
    host, port = gateway.origin.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=LONG) as connection:
        connection.sendall(f"POST /v1/videos HTTP/1.1\r\nHost: x\r\nContent-Length: {length}\r\n\r\n".encode())
        assert connection.recv(100).startswith(b"HTTP/1.1 400")


def test_one_connection_serves_many_requests(client: httpx.Client):
    first = client.get("/videos").extensions["network_stream"].get_extra_info("client_addr")
    second = client.get("/videos").extensions["network_stream"].get_extra_info("client_addr")
    assert first == second


def test_requests_are_answered_side_by_side(start):
    together = threading.Barrier(8)

    def wait_for_the_others(problem: Problem) -> dict[str, Any]:
        together.wait(LONG)
        return openai_error(problem)

    _, client = start(dialect=dialect(error=wait_for_the_others))
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(client.get, ["/videos/video_nope"] * 8))
    assert [answer.status_code for answer in answers] == [404] * 8


def test_the_log_tells_what_was_asked_and_answered(gateway: Gateway, client: httpx.Client):
    client.get("/videos", params={"limit": 3})
    client.get("/videos/video_nope")
    assert [entry[:4] for entry in gateway.requests] == [
        ("GET", "/v1/videos", 200, {"limit": "3"}),
        ("GET", "/v1/videos/video_nope", 404, {}),
    ]
    assert (gateway.count("GET"), gateway.count("GET", "/videos$"), gateway.count("POST")) == (2, 1, 0)


def test_every_answer_has_a_request_id_of_its_own(client: httpx.Client):
    assert client.get("/videos").headers["x-request-id"] != client.get("/videos").headers["x-request-id"]


def test_a_stopped_gateway_leaves_nothing_behind():
    before = threading.active_count()
    with Gateway([job(1)]) as gateway, httpx.Client(headers={"Authorization": "Bearer demo-key"}) as client:
        client.get(f"{gateway.base_url}/videos")
        url = gateway.base_url
    assert threading.active_count() == before
    with pytest.raises(httpx.ConnectError):
        httpx.get(url)


def test_a_gateway_listens_on_loopback_only(gateway: Gateway):
    assert gateway.base_url.startswith("http://127.0.0.1:")
    assert gateway.base_url.endswith("/v1")


def test_a_port_that_is_taken_is_an_os_error(gateway: Gateway):
    port = int(gateway.origin.rpartition(":")[2])
    with pytest.raises(OSError, match="in use"), Gateway([], port=port):
        pass


def test_a_gateway_that_does_not_run_has_no_url():
    with pytest.raises(RuntimeError, match="not running"):
        _ = Gateway([]).base_url


def test_eager_media_are_ready_when_the_gateway_answers(start):
    gateway, _ = start(media=Media(eager=2))
    assert len(gateway.media) == 2


def test_the_sample_library_is_there_unless_jobs_are_given():
    with Gateway() as gateway:
        assert len(gateway.jobs) == 240


def test_the_gateway_runs_by_itself():
    command = [sys.executable, "-m", "catalog.demo.gateway", "--count", "5", "--key", "k"]
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment, cwd=Path.cwd()) as process:
        try:
            url = process.stdout.readline().split()[0]
            answer = httpx.get(f"{url}/videos", headers={"Authorization": "Bearer k"})
            assert len(answer.json()["data"]) == 5
        finally:
            process.terminate()
