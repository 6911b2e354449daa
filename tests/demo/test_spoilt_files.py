"""Everything that a server may send in place of the bytes that were asked for, seen by clients that believe it."""

from __future__ import annotations

import gzip
import io
import re
import socket
import time
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from PIL import Image

from catalog.demo.gateway.faults import MEDIA, Faults
from catalog.demo.gateway.spoiling import BOMB, HUGE_SIDE
from catalog.demo.media import Media
from tests.demo.conftest import job
from tests.house import LONG

if TYPE_CHECKING:
    from catalog.demo.gateway import Gateway

SIZE = 20_000
CONTENT = f"/videos/{job(1).id}/content"


@pytest.fixture
def place(start) -> tuple[Gateway, httpx.Client]:
    gateway, client = start([job(1)], media=Media(clip_bytes=SIZE))
    gateway.faults.only = MEDIA
    return gateway, client


@pytest.fixture
def faults(place) -> Faults:
    return place[0].faults


@pytest.fixture
def client(place) -> httpx.Client:
    return place[1]


@pytest.fixture
def whole(place) -> bytes:
    """The bytes of a server that is well."""
    return place[0].media.asset(job(1), "video").data


def get(client: httpx.Client, **headers: str) -> httpx.Response:
    return client.get(CONTENT, headers=headers)


def get_part(client: httpx.Client, wanted: str = "100-199", **headers: str) -> tuple[int, str | None, bytes]:
    """HTTP status, Content-Range and bytes of a range."""
    answer = get(client, Range=f"bytes={wanted}", **headers)
    return answer.status_code, answer.headers.get("content-range"), answer.content


def send(gateway: Gateway, *, until: int = 1 << 20, timeout: float = LONG) -> tuple[bytes, bytes]:
    """Head and body as they come, until the server closes the connection, or has sent so much."""
    host, port = gateway.origin.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=timeout) as connection:
        asked = (
            f"GET /v1{CONTENT} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {gateway.key}\r\nConnection: close\r\n\r\n"
        )
        connection.sendall(asked.encode())
        received = b""
        while len(received) < until and (piece := connection.recv(1 << 16)):
            received += piece
    head, _, body = received.partition(b"\r\n\r\n")
    return head, body


# --- what the bytes are


@pytest.mark.parametrize(("body", "kind", "begin"), [("html", "text/html", b"<"), ("json", "application/json", b"{")])
def test_an_error_page_has_a_good_status(faults: Faults, client: httpx.Client, body: Any, kind: str, begin: bytes):
    faults.body = body
    answer = get(client, Range="bytes=5-")
    assert (answer.status_code, answer.headers["content-type"], answer.content[:1]) == (200, kind, begin)
    assert "etag" not in answer.headers


def test_a_picture_has_the_type_of_a_clip(faults: Faults, client: httpx.Client):
    faults.body = "picture"
    answer = get(client)
    assert answer.headers["content-type"] == "video/mp4"
    assert Image.open(io.BytesIO(answer.content)).format == "PNG"


def test_a_picture_says_that_it_has_ten_thousand_million_pixels(faults: Faults, client: httpx.Client):
    faults.body = "huge_picture"
    data = get(client).content
    with pytest.raises(Image.DecompressionBombError):
        Image.open(io.BytesIO(data))
    assert int.from_bytes(data[16:20]) == int.from_bytes(data[20:24]) == HUGE_SIDE


def test_a_clip_is_cut_under_a_length_that_fits(faults: Faults, client: httpx.Client, whole: bytes):
    faults.body = "truncated"
    assert get(client).content == whole[: SIZE // 2]


def test_junk_follows_a_clip(faults: Faults, client: httpx.Client, whole: bytes):
    faults.body = "junk"
    data = get(client).content
    assert data.startswith(whole)
    assert len(data) > SIZE


def test_a_body_is_empty(faults: Faults, client: httpx.Client):
    faults.body = "empty"
    answer = get(client)
    assert (answer.status_code, answer.headers["content-length"]) == (200, "0")


def test_a_body_has_no_end(place, faults: Faults):
    faults.body = "endless"
    head, body = send(place[0], until=3_000_000)
    assert b"Transfer-Encoding: chunked" in head
    assert len(body) > 2_900_000


def test_the_bytes_are_others_each_time_and_the_tag_says_so(faults: Faults, client: httpx.Client):
    faults.body = "other"
    first, second = get(client), get(client)
    assert len(first.content) == len(second.content)
    assert first.content != second.content
    assert first.headers["etag"] != second.headers["etag"]
    assert get_part(client, **{"If-Range": first.headers["etag"]})[0] == 200


def test_bytes_come_packed_although_nobody_asked(faults: Faults, client: httpx.Client, whole: bytes):
    faults.body = "gzip"
    answer = get(client, **{"Accept-Encoding": "identity"})
    assert answer.headers["content-encoding"] == "gzip"
    assert answer.content == whole


def test_a_few_packed_bytes_are_many(place, faults: Faults):
    faults.body = "bomb"
    head, body = send(place[0])
    assert len(body) == int(re.search(rb"Content-Length: (\d+)", head)[1]) < BOMB / 500
    assert len(gzip.decompress(body)) == BOMB


# --- ranges and validators


def test_a_range_is_ignored(faults: Faults, client: httpx.Client, whole: bytes):
    faults.ranges = "ignored"
    assert get_part(client) == (200, None, whole)
    assert "accept-ranges" not in get(client, Range="bytes=1-").headers


def test_a_range_is_refused(faults: Faults, client: httpx.Client):
    faults.ranges = "refused"
    assert get_part(client) == (416, f"bytes */{SIZE}", b"")


def test_a_part_does_not_say_which_it_is(faults: Faults, client: httpx.Client, whole: bytes):
    faults.ranges = "unlabelled"
    assert get_part(client) == (206, None, whole[100:200])


def test_a_part_is_another_than_was_asked_for(faults: Faults, client: httpx.Client, whole: bytes):
    faults.ranges = "shifted"
    assert get_part(client) == (206, f"bytes 1-{SIZE - 1}/{SIZE}", whole[1:])


def test_a_part_says_that_it_is_another(faults: Faults, client: httpx.Client, whole: bytes):
    faults.ranges = "mislabelled"
    assert get_part(client) == (206, f"bytes 100-199/{SIZE}", whole[:100])


def test_a_part_is_one_of_another_total(faults: Faults, client: httpx.Client, whole: bytes):
    faults.ranges = "other_total"
    assert get_part(client) == (206, f"bytes 100-199/{SIZE + 1}", whole[100:200])


@pytest.mark.parametrize("ranges", ["unlabelled", "mislabelled", "other_total"])
def test_a_range_outside_of_the_file_is_refused_by_every_server(faults: Faults, client: httpx.Client, ranges: Any):
    faults.ranges = ranges
    assert get_part(client, f"{SIZE}-")[0] == 416


def test_a_weak_tag_is_no_ground_for_a_part(faults: Faults, client: httpx.Client):
    faults.validators = "weak"
    tag = get(client).headers["etag"]
    assert tag.startswith('W/"')
    assert get_part(client, **{"If-Range": tag})[0] == 200
    assert get_part(client)[0] == 206


@pytest.mark.parametrize(
    ("validators", "found"), [("strong", (True, True)), ("date", (False, True)), ("none", (False, False))]
)
def test_a_server_has_the_validators_it_has(faults: Faults, client: httpx.Client, validators: Any, found: tuple):
    faults.validators = validators
    headers = get(client).headers
    assert ("etag" in headers, "last-modified" in headers) == found


# --- on the way


def test_a_connection_is_cut(place, faults: Faults, client: httpx.Client, whole: bytes):
    faults.cut_after = 1234
    head, body = send(place[0])
    assert f"Content-Length: {SIZE}".encode() in head
    assert body == whole[:1234]
    with pytest.raises(httpx.RemoteProtocolError):
        get(client)


def test_so_many_answers_are_spoilt_and_no_more(faults: Faults, client: httpx.Client, whole: bytes):
    faults.body, faults.times = "empty", 2
    assert [get(client).content for _ in range(3)] == [b"", b"", whole]


def test_answers_that_say_no_are_not_counted_and_stay(faults: Faults, client: httpx.Client):
    faults.body, faults.times = "empty", 1
    refused = client.get(f"/videos/{job(2).id}/content")
    assert (refused.status_code, refused.json()["error"]["code"]) == (404, "video_not_found")
    assert faults.times == 1


def test_answers_without_bytes_are_not_spoilt_where_media_are_meant(faults: Faults, client: httpx.Client):
    faults.body = "html"
    assert client.get("/videos").json()["object"] == "list"


@pytest.mark.parametrize(("length", "told"), [("long", SIZE + 1000), ("short", SIZE // 2)])
def test_a_length_is_not_the_one_of_the_body(place, faults: Faults, whole: bytes, length: Any, told: int):
    faults.length = length
    head, body = send(place[0])
    assert int(re.search(rb"Content-Length: (\d+)", head)[1]) == told
    assert body == whole


@pytest.mark.parametrize("length", ["chunked", "closed"])
def test_a_length_is_not_said(faults: Faults, client: httpx.Client, whole: bytes, length: Any):
    faults.length = length
    answers = [get(client), get(client)]
    assert ["content-length" in answer.headers for answer in answers] == [False, False]
    assert [answer.content for answer in answers] == [whole, whole]


def test_a_body_in_chunks_is_cut(faults: Faults, client: httpx.Client):
    faults.length, faults.cut_after = "chunked", 100
    with pytest.raises(httpx.RemoteProtocolError):
        get(client)


def test_bytes_drip(faults: Faults, client: httpx.Client, whole: bytes):
    faults.bytes_per_second = 100_000
    begun = time.monotonic()
    assert get(client).content == whole
    assert time.monotonic() - begun >= 0.15


def test_no_byte_comes_after_the_head(place, faults: Faults):
    faults.bytes_per_second = 0
    with pytest.raises(TimeoutError):
        send(place[0], until=1 << 20, timeout=0.2)


def test_a_head_has_no_end(place, faults: Faults):
    faults.endless_head = True
    head, body = send(place[0], until=400)
    assert head.count(b"X-And-Then: more") >= 5
    assert body == b""


@pytest.mark.parametrize("url", ["http://169.254.169.254/", "http://10.0.0.1/a.mp4", "file:///etc/passwd"])
def test_an_answer_leads_elsewhere(faults: Faults, client: httpx.Client, url: str):
    faults.redirect_to = url
    answer = get(client)
    assert (answer.status_code, answer.headers["location"], answer.content) == (302, url, b"")


def test_an_answer_leads_to_itself_for_ever(faults: Faults, client: httpx.Client):
    faults.redirect_to = "itself"
    with pytest.raises(httpx.TooManyRedirects):
        client.get(CONTENT, follow_redirects=True)
    faults.times = 3
    assert client.get(CONTENT, follow_redirects=True).headers["content-type"] == "video/mp4"


@pytest.mark.parametrize("status", [429, 503])
def test_a_server_asks_to_wait(faults: Faults, client: httpx.Client, status: int):
    faults.rate_limits, faults.rate_limit_status, faults.retry_after = 1, status, 3
    answers = [get(client), get(client)]
    assert [answer.status_code for answer in answers] == [status, 200]
    assert answers[0].headers["retry-after"] == "3"


@pytest.mark.parametrize(
    "fault", [{"bytes_per_second": 0}, {"endless_head": True}, {"body": "endless", "bytes_per_second": 1}]
)
def test_a_gateway_that_stops_ends_what_has_no_end(start, fault: dict[str, Any]):
    gateway, _ = start([job(1)], media=Media(clip_bytes=SIZE), faults=Faults(only=MEDIA, **fault))
    host, port = gateway.origin.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=LONG) as connection:
        asked = f"GET /v1{CONTENT} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {gateway.key}\r\n\r\n"
        connection.sendall(asked.encode())
        assert connection.recv(10)
        begun = time.monotonic()
        gateway.__exit__(None, None, None)
        assert time.monotonic() - begun < 10
