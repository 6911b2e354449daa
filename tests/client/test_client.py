"""The client against servers that answer badly: everything here happens on a real socket unless it cannot."""

from __future__ import annotations

import gzip
import json
import logging
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from email.utils import formatdate
from typing import Any

import httpx
import pytest

from catalog.client.client import Bounds, Client, Clock
from catalog.client.paging import walk
from catalog.errors import (
    BadPayload,
    ConfigError,
    Gone,
    RateLimited,
    Refused,
    SourceError,
    Unauthorized,
    Unavailable,
)
from catalog.wire.dialects import customise, find_dialect
from tests.client.server import RawServer, always, in_turn, response
from tests.house import LONG, wait_until

KEY = "sk-test-0123456789abcdef"
JOB = {"id": "video_1", "object": "video", "status": "completed", "model": "sora-2"}
PAGE = {"object": "list", "data": [JOB], "first_id": "video_1", "last_id": "video_1", "has_more": False}
MOVIE = b"\x00\x00\x00\x18ftypmp42" + bytes(range(256)) * 40


class Time:
    """A clock that only moves when somebody waits."""

    def __init__(self) -> None:
        self.waits: list[float] = []
        self._now = 1000.0

    def clock(self, **others: Any) -> Clock:
        return Clock(now=self.now, sleep=self.sleep, jitter=lambda: 0.0, **others)

    def now(self) -> float:
        return self._now

    def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        self._now += seconds


Serve = Callable[..., RawServer]


@pytest.fixture
def serve() -> Iterator[Serve]:
    with ExitStack() as stack:
        yield lambda answer: stack.enter_context(RawServer(answer))


@pytest.fixture
def still() -> Time:
    return Time()


@pytest.fixture
def connect(still: Time) -> Iterator[Callable[..., Client]]:
    """Clients whose waits take no time; `deadline=` for tests in which time passes is real."""
    with ExitStack() as stack:

        def open_client(server: RawServer | str, **settings: Any) -> Client:
            url = server if isinstance(server, str) else server.base_url
            if not settings.pop("real_time", False):
                settings = {"clock": still.clock(), **settings}
            return stack.enter_context(Client(url, **{"key": KEY, "source": "studio", **settings}))

        yield open_client


def body_of(client: Client, **asked: Any) -> bytes:
    with client.open_content("video_1", **asked) as content:
        return b"".join(content.iter_bytes())


# What is asked


def test_a_list_asks_for_its_page_with_the_key(serve, connect):
    server = serve(always(PAGE))
    connect(server).list_page(after="video_0", limit=20, order="asc")
    request = server.requests[0]
    assert request.target == "/v1/videos?limit=20&order=asc&after=video_0"
    assert request.headers["authorization"] == f"Bearer {KEY}"


def test_a_list_asks_for_no_more_than_the_dialect_allows(serve, connect):
    server = serve(always(PAGE))
    connect(server).list_page(limit=5000)
    assert "limit=100&" in server.requests[0].target


PROVIDERS = [
    ("kling", "/videos/text2video/t-1", {"data": {"task_id": "t-1", "task_status": "succeed"}, "code": 0}),
    ("dashscope", "/tasks/t-1", {"request_id": "r", "output": {"task_id": "t-1", "task_status": "SUCCEEDED"}}),
    ("ark", "/contents/generations/tasks/t-1", {"id": "t-1", "status": "succeeded"}),
    ("minimax", "/query/video_generation?task_id=t-1", {"task_id": "t-1", "status": "Success"}),
    ("runway", "/tasks/t-1", {"id": "t-1", "status": "SUCCEEDED", "output": []}),
    ("luma", "/generations/t-1", {"id": "t-1", "state": "completed"}),
    ("vidu", "/tasks/t-1/creations", {"id": "t-1", "state": "success", "creations": []}),
    ("replicate", "/predictions/t-1", {"id": "t-1", "status": "succeeded"}),
    (
        "wavespeed",
        "/predictions/t-1/result",
        {"code": 200, "message": "success", "data": {"id": "t-1", "status": "completed"}},
    ),
    ("kie", "/jobs/recordInfo?taskId=t-1", {"code": 200, "msg": "ok", "data": {"taskId": "t-1", "state": "success"}}),
    ("novita", "/async/task-result?task_id=t-1", {"task": {"task_id": "t-1", "status": "TASK_STATUS_SUCCEED"}}),
    ("zhipu", "/async-result/t-1", {"id": "t-1", "task_status": "SUCCESS"}),
]


@pytest.mark.parametrize(("name", "target", "answer"), PROVIDERS, ids=[name for name, *_ in PROVIDERS])
def test_a_provider_is_asked_at_its_own_path(serve, connect, name, target, answer):
    server = serve(always(answer))
    (video,) = connect(server, dialect=name).retrieve("t-1").answer.videos
    assert (video.remote_id, video.status) == ("t-1", "completed")
    assert server.requests[0].target == f"/v1{target}"
    assert server.requests[0].headers["authorization"].endswith(f" {KEY}")


def test_a_provider_gets_the_headers_that_go_with_its_key(serve, connect):
    server = serve(always({"id": "t-1", "status": "SUCCEEDED"}))
    connect(server, dialect="runway").retrieve("t-1")
    assert server.requests[0].headers["x-runway-version"] == "2024-11-06"


@pytest.mark.parametrize(("name", "parameter"), [("kling", "pageNum"), ("dashscope", "page_no"), ("ark", "page_num")])
def test_numbered_pages_that_do_not_say_their_number_are_counted(serve, connect, name, parameter):
    full = {"items": [{"id": f"t-{number}", "status": "succeeded"} for number in range(2)]}
    server = serve(in_turn(response(full), response({"items": [{"id": "t-9", "status": "succeeded"}]})))
    pages = list(walk(connect(server, dialect=replace(find_dialect(name), max_limit=2))))
    assert [video.remote_id for page in pages for video in page.videos] == ["t-0", "t-1", "t-9"]
    assert server.requests[1].target.endswith(f"{parameter}=2")


def test_a_list_in_numbered_pages_asks_by_number(serve, connect):
    server = serve(always(PAGE))
    connect(server, dialect="paged").list_page(after="2", limit=10)
    assert server.requests[0].target == "/v1/videos?page_size=10&page=2"


def test_a_list_that_comes_whole_is_asked_without_a_cursor(serve, connect):
    server = serve(always(PAGE))
    dialect = customise(find_dialect("litellm"), {"list_query": {"custom_llm_provider": "openai"}})
    connect(server, dialect=dialect).list_page(after="video_0")
    assert server.requests[0].target == "/v1/videos?custom_llm_provider=openai&limit=100&order=desc"


def test_a_list_that_lacks_a_needed_parameter_is_a_config_error(serve, connect):
    with pytest.raises(ConfigError, match=r'set list_query = { custom_llm_provider = "..." }'):
        connect("http://127.0.0.1:1/v1", dialect="litellm").list_page()


def test_a_dialect_without_a_list_refuses_before_asking(connect):
    client = connect("http://127.0.0.1:1/v1", dialect="newapi")
    with pytest.raises(
        Refused, match=r"studio: listing videos failed: .*cannot list; add the ids you have: catalog add studio ID"
    ):
        client.list_page()
    assert client.requests_made == 0


def test_a_task_server_is_asked_on_its_own_path(serve, connect):
    server = serve(always({"code": 200, "data": {"id": "task_1", "status": "processing"}}))
    reply = connect(server, dialect="apimart").retrieve("task_1")
    assert server.requests[0].target == "/v1/tasks/task_1"
    assert reply.answer.videos[0].status == "in_progress"


def test_an_id_travels_percent_encoded(serve, connect):
    server = serve(always({**JOB, "id": "a/b:c=="}))
    connect(server).retrieve("a/b:c==")
    assert server.requests[0].target == "/v1/videos/a%2Fb%3Ac%3D%3D"


@pytest.mark.parametrize("remote_id", ["", ".", "..", "../../admin", "a\x00b", "\ud800"])
def test_an_unsafe_id_is_refused_before_asking(connect, remote_id):
    client = connect("http://127.0.0.1:1/v1")
    with pytest.raises(Refused, match=r"studio: retrieving .* failed: the address was refused") as caught:
        client.retrieve(remote_id)
    assert client.requests_made == 0
    assert "\n" not in str(caught.value)
    assert caught.value.remote_id == remote_id


def test_a_character_is_asked_by_id(serve, connect):
    server = serve(always({"id": "char_1", "name": "Ada", "created_at": 1}))
    assert connect(server).get_character("char_1").payload["name"] == "Ada"
    assert server.requests[0].target == "/v1/videos/characters/char_1"


def test_a_dialect_without_characters_refuses(connect):
    with pytest.raises(Refused, match="no characters"):
        connect("http://127.0.0.1:1/v1", dialect="unified").get_character("char_1")


def test_no_key_sends_no_header(serve, connect):
    server = serve(always(JOB))
    connect(server, key=None).retrieve("video_1")
    assert "authorization" not in server.requests[0].headers


@pytest.mark.parametrize("key", ["two words", "line\nbreak", "clé-secrète"])
def test_a_key_that_no_header_can_carry_is_refused_and_not_repeated(key):
    with pytest.raises(ConfigError, match="source studio: the key") as caught:
        Client("https://host/v1", key=key, source="studio")
    assert key not in str(caught.value)


def test_the_key_is_not_in_the_repr():
    with Client("https://host/v1", key=KEY) as client:
        assert repr(client) == "Client('https://host/v1', dialect='openai', source='host')"


# What is answered


def test_a_job_is_answered_parsed_and_as_received(serve, connect):
    reply = connect(serve(always(JOB, x_request_id="req_1", openai_poll_after_ms="2500"))).retrieve("video_1")
    assert (reply.status, reply.payload, reply.request_id, reply.poll_after) == (200, JOB, "req_1", 2.5)
    assert reply.answer.videos[0].remote_id == "video_1"


def test_the_interval_in_the_body_counts_where_no_header_names_one(serve, connect):
    reply = connect(serve(always({**JOB, "polling_interval_seconds": 12}))).retrieve("video_1")
    assert reply.poll_after == 12


@pytest.mark.parametrize("text", ["soon", "-5", "nan", "inf"])
def test_a_poll_interval_without_a_meaning_is_none(serve, connect, text):
    assert connect(serve(always(JOB, openai_poll_after_ms=text))).retrieve("video_1").poll_after is None


@pytest.mark.parametrize("status", [400, 404, 409, 422, 500, 503])
def test_a_body_that_is_the_job_is_an_answer_whatever_the_status(serve, connect, status):
    failed = {**JOB, "status": "failed", "error": {"code": 500, "message": "out of memory"}}
    server = serve(always(failed, status))
    reply = connect(server).retrieve("video_1")
    assert (reply.status, reply.answer.videos[0].status, len(server.requests)) == (status, "failed", 1)


def test_a_failed_call_whose_body_is_another_job_is_a_failure(serve, connect):
    with pytest.raises(Unavailable):
        connect(serve(always({**JOB, "id": "video_2", "status": "failed"}, 500))).retrieve("video_1")


def test_a_failed_call_whose_body_is_the_job_under_a_known_alias_is_an_answer(serve, connect):
    client = connect(serve(always({**JOB, "id": "video_2", "status": "failed"}, 500)))
    assert client.retrieve("video_1", known_as=["video_2"]).answer.videos[0].remote_id == "video_1"


def test_a_failed_call_with_an_id_but_no_status_is_a_failure(serve, connect):
    with pytest.raises(Refused):
        connect(serve(always({"id": "video_1", "error": {"message": "no"}}, 400))).retrieve("video_1")


def test_an_answer_without_an_id_is_the_job_asked_for(serve, connect):
    reply = connect(
        serve(always({"status": "done", "video": {"url": "https://x.test/v.mp4"}})), dialect="xai"
    ).retrieve("r1")
    assert reply.answer.videos[0].remote_id == "r1"


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, Refused),
        (401, Unauthorized),
        (403, Unauthorized),
        (404, Gone),
        (408, Unavailable),
        (409, Unavailable),
        (410, Gone),
        (422, Refused),
        (429, RateLimited),
        (500, Unavailable),
        (503, Unavailable),
    ],
)
def test_every_status_has_its_error(serve, connect, status, kind):
    error = {"error": {"code": "c1", "message": "Nothing\nhere.", "type": None, "param": None}}
    with pytest.raises(SourceError) as caught:
        connect(serve(always(error, status))).retrieve("video_1")
    raised = caught.value
    assert type(raised) is kind
    assert (raised.source, raised.remote_id, raised.status, raised.payload) == ("studio", "video_1", status, error)
    assert str(raised).startswith(f"studio: retrieving video_1 failed: HTTP {status} (Nothing here.); ")


def test_an_unknown_task_at_http_400_is_gone(serve, connect):
    answer = always({"code": "task_not_exist", "message": "task_not_exist", "data": None}, 400)
    with pytest.raises(Gone):
        connect(serve(answer), dialect="newapi").retrieve("task_1")


def test_an_error_inside_a_good_answer_is_an_error(serve, connect):
    with pytest.raises(Unauthorized, match="bad token"):
        connect(serve(always({"error": {"code": 401, "message": "bad token"}}))).retrieve("video_1")


def test_a_missing_list_is_no_lost_job(serve, connect):
    with pytest.raises(Refused, match="check the base URL") as caught:
        connect(serve(always({"detail": "Not Found"}, 404))).list_page()
    assert caught.value.status == 404


def test_an_empty_list_is_an_answer(serve, connect):
    reply = connect(serve(always({"object": "list", "data": [], "has_more": False}))).list_page()
    assert (reply.answer.kind, reply.answer.videos) == ("list", [])


@pytest.mark.parametrize("body", [{}, [], "text", 7, None, {"hello": "world"}], ids=repr)
def test_json_that_is_no_job_is_a_bad_payload(serve, connect, body):
    with pytest.raises(BadPayload) as caught:
        connect(serve(always(body))).retrieve("video_1")
    assert caught.value.status == 200


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        (b"", "empty"),
        (b"<html>hello</html>", "not JSON"),
        (b'{"id": "video_1", ', "not JSON"),
        (b'{"id": "\xff\xfe"}', "not UTF-8"),
        (b"[" * 100_000 + b"]" * 100_000, "nested too deeply"),
        (b'{"a":' * 500 + b"1" + b"}" * 500, "nested too deeply"),
        (b'{"id": "video_1", "n": ' + b"9" * 5000 + b"}", "too many digits"),
    ],
    ids=["empty", "html", "cut", "latin", "deep", "nested", "long number"],
)
def test_a_body_that_is_no_json_is_a_bad_payload(serve, connect, body, problem):
    with pytest.raises(BadPayload, match=problem):
        connect(serve(always(body))).retrieve("video_1")


def test_of_a_repeated_key_the_last_counts(serve, connect):
    body = b'{"id": "video_1", "status": "queued", "status": "completed"}'
    assert connect(serve(always(body))).retrieve("video_1").answer.videos[0].status == "completed"


def test_numbers_that_are_none_are_unknown(serve, connect):
    body = b'{"id": "video_1", "status": "queued", "progress": NaN, "seconds": -Infinity, "fps": 1e999}'
    reply = connect(serve(always(body))).retrieve("video_1")
    assert reply.payload == {"id": "video_1", "status": "queued", "progress": None, "seconds": None, "fps": None}


def test_half_a_surrogate_becomes_a_replacement_character(serve, connect):
    body = b'{"id": "video_1", "status": "queued", "prompt": "a\\ud800b \\ud83d\\ude00"}'
    assert connect(serve(always(body))).retrieve("video_1").payload["prompt"] == "a\ufffdb 😀"


def test_a_byte_order_mark_is_no_fault(serve, connect):
    body = b"\xef\xbb\xbf" + json.dumps(JOB).encode()
    assert connect(serve(always(body))).retrieve("video_1").payload == JOB


# Keys and logs


def test_a_key_that_the_server_echoes_reaches_no_error(serve, connect):
    error = {"error": {"code": "invalid_api_key", "message": f"Incorrect API key provided: {KEY}"}}
    with pytest.raises(Unauthorized) as caught:
        connect(serve(always(error, 401))).retrieve("video_1")
    assert KEY not in str(caught.value) + json.dumps(caught.value.payload)


def test_a_key_that_the_server_echoes_reaches_no_payload(serve, connect):
    reply = connect(serve(always({**JOB, "debug": f"Bearer {KEY}"}))).retrieve("video_1")
    assert KEY not in json.dumps(reply.payload)


def test_nothing_is_logged_of_keys_and_signed_queries(serve, connect, caplog):
    caplog.set_level(logging.DEBUG)
    movie = serve(always(MOVIE, content_type="video/mp4"))
    server = serve(always(status=302, location=f"{movie.origin}/v.mp4?X-Amz-Signature=topsecret"))
    assert body_of(connect(server)) == MOVIE
    assert "topsecret" not in caplog.text
    assert KEY not in caplog.text


def test_a_failure_names_no_signed_query(serve, connect):
    server = serve(always(b"<Error/>", 403, content_type="application/xml"))
    with pytest.raises(Refused, match="expired or is private") as caught:
        body_of(
            connect("https://gateway.example/v1", resolver=lambda *_: ["127.0.0.1"]),
            url=f"{server.origin}/a?sig=topsecret",
        )
    assert "topsecret" not in str(caught.value)


# Retries


def test_a_passing_fault_is_waited_out(serve, connect, still):
    server = serve(in_turn(response(b"", 500), response(b"", 503), response(JOB)))
    client = connect(server)
    assert client.retrieve("video_1").status == 200
    assert (still.waits, client.requests_made) == ([0.5, 1.0], 3)


@pytest.mark.parametrize(
    ("headers", "wait"),
    [
        ({"retry_after": "3"}, 3),
        ({"retry_after_ms": "1500", "retry_after": "9"}, 1.5),
        ({"llm_provider-retry-after": "4"}, 4),
        ({"x_ratelimit_reset_requests": "2s"}, 2),
    ],
    ids=str,
)
def test_a_named_wait_is_kept(serve, connect, still, headers, wait):
    server = serve(in_turn(response({"error": {"message": "slow down"}}, 429, **headers), response(JOB)))
    connect(server).retrieve("video_1")
    assert still.waits == [wait]


def test_a_wait_named_as_a_date_is_kept(serve, connect, still):
    limited = response(b"", 429, retry_after=formatdate(2_000_000_020, usegmt=True))
    connect(serve(in_turn(limited, response(JOB))), clock=still.clock(unix=lambda: 2_000_000_000.0)).retrieve("video_1")
    assert still.waits == [20]


def test_a_wait_named_inside_the_error_is_kept(serve, connect, still):
    error = {"error": {"message": "busy", "headers": {"Retry-After": "6"}}}
    connect(serve(in_turn(response(error, 429), response(JOB)))).retrieve("video_1")
    assert still.waits == [6]


def test_a_wait_beyond_the_deadline_fails_at_once(serve, connect, still):
    server = serve(always({"error": {"message": "slow down"}}, 429, retry_after="3600"))
    with pytest.raises(RateLimited, match="asks to wait 3600 seconds") as caught:
        connect(server).retrieve("video_1")
    assert (caught.value.retry_after, still.waits, len(server.requests)) == (3600, [], 1)


def test_a_server_that_is_always_busy_ends_at_the_deadline(serve, connect, still):
    server = serve(always(b"", 429, retry_after="7"))
    with pytest.raises(RateLimited) as caught:
        connect(server, deadline=30).retrieve("video_1")
    assert (caught.value.retry_after, still.waits) == (7, [7, 7, 7, 7])


def test_a_server_that_is_always_broken_is_left_after_four_retries(serve, connect, still):
    server = serve(always(b"", 500))
    with pytest.raises(Unavailable):
        connect(server).retrieve("video_1")
    assert still.waits == [0.5, 1, 2, 4]


def test_a_server_that_names_no_time_at_all_is_not_asked_for_ever(serve, connect):
    server = serve(always(b"", 429, retry_after_ms="1"))
    with pytest.raises(RateLimited):
        connect(server).retrieve("video_1")
    assert len(server.requests) == 30


def test_a_server_may_forbid_a_retry(serve, connect, still):
    with pytest.raises(Unavailable):
        connect(serve(always(b"", 503, x_should_retry="false"))).retrieve("video_1")
    assert still.waits == []


def test_a_connection_that_is_refused_is_retried_and_then_unavailable(connect, still):
    with RawServer(always(JOB)) as server:
        url = server.base_url
    with pytest.raises(
        Unavailable, match=r"cannot connect to 127\.0\.0\.1:\d+ \(Connection refused\); check the address"
    ):
        connect(url).retrieve("video_1")
    assert len(still.waits) == 4


def test_an_answer_that_is_no_http_is_unavailable(serve, connect):
    with pytest.raises(Unavailable, match="broke off or is not HTTP"):
        connect(serve(lambda _request: [b"220 mail.example ESMTP\r\n"])).retrieve("video_1")


def test_a_truncated_answer_is_asked_for_again(serve, connect):
    server = serve(in_turn(response(JOB, length=5000), response(JOB)))
    assert connect(server).retrieve("video_1").payload == JOB


# Time and size


def drip(server: list[RawServer], head: bool) -> Callable[..., Any]:
    def answer(_request: Any) -> Iterator[bytes]:
        first, body = response({**JOB, "pad": "x" * 1000})
        yield from server[0].drip(first + body, 0.02) if head else [first]
        yield from server[0].drip(body, 0.02)

    return answer


@pytest.mark.parametrize("head", [True, False], ids=["headers", "body"])
def test_an_answer_that_drips_ends_at_the_deadline(serve, connect, head):
    box: list[RawServer] = []
    box.append(serve(drip(box, head)))
    started = time.monotonic()
    with pytest.raises(Unavailable, match=r"no complete answer within 0\.3 seconds"):
        connect(box[0], real_time=True, deadline=0.3).retrieve("video_1")
    assert time.monotonic() - started < 15  # the whole answer takes more than 20


def test_a_server_that_says_nothing_ends_at_the_deadline(serve, connect):
    server = serve(lambda _request: server.drip(b"x", 30))
    with pytest.raises(Unavailable, match="no complete answer"):
        connect(server, real_time=True, deadline=0.2).retrieve("video_1")


def test_a_server_that_stalls_late_has_only_what_is_left_of_the_deadline(serve, connect):
    server = serve(lambda _request: _stall(server))
    started = time.monotonic()
    with pytest.raises(Unavailable, match="no complete answer"):
        connect(server, real_time=True, deadline=1.0).retrieve("video_1")
    assert time.monotonic() - started < 15


def _stall(server: RawServer) -> Iterator[bytes]:
    """Bytes that each come within a deadline of their own, for half a minute."""
    yield from server.drip(b"H" * 40, 0.8)


def test_a_body_that_comes_after_the_deadline_is_not_taken(connect, still):
    class Late(httpx.SyncByteStream):
        def __iter__(self) -> Iterator[bytes]:
            still.sleep(61)
            yield json.dumps(JOB).encode()

    transport = httpx.MockTransport(lambda _request: httpx.Response(200, stream=Late()))
    with pytest.raises(Unavailable, match="within 60 seconds"):
        connect("https://gateway.example/v1", transport=transport).retrieve("video_1")


def test_media_that_drip_end_at_their_own_deadline(serve, connect):
    head, _ = response(MOVIE, content_type="video/mp4")
    server = serve(lambda _request: _trickle(server, head))
    client = connect(server, real_time=True, bounds=Bounds(deadline=5, content_deadline=0.3))
    with client.open_content("video_1") as content, pytest.raises(Unavailable, match=r"within 0\.3 seconds"):
        list(content.iter_bytes())


def _trickle(server: RawServer, head: bytes) -> Iterator[bytes]:
    yield head
    yield from server.drip(MOVIE, 0.02)


def test_a_body_over_its_cap_is_refused(serve, connect):
    with pytest.raises(Refused, match="larger than its cap"):
        connect(serve(always({**JOB, "pad": "x" * 5000})), bounds=Bounds(json_cap=1000)).retrieve("video_1")


@pytest.mark.parametrize("coding", ["gzip", "deflate"])
def test_a_compressed_answer_is_read(serve, connect, coding):
    pack = gzip.compress if coding == "gzip" else zlib.compress
    server = serve(always(pack(json.dumps(JOB).encode()), content_encoding=coding))
    assert connect(server).retrieve("video_1").payload == JOB


def test_a_gzip_bomb_is_refused_at_the_cap(serve, connect):
    bomb = gzip.compress(bytes(64 * 1024 * 1024))
    with pytest.raises(Refused, match="larger than its cap"):
        connect(serve(always(bomb, content_encoding="gzip"))).retrieve("video_1")


def test_a_damaged_compressed_answer_is_a_bad_payload(serve, connect):
    body = gzip.compress(json.dumps(JOB).encode())[:-12]
    with pytest.raises(BadPayload, match="compressed body"):
        connect(serve(always(body, content_encoding="gzip"))).retrieve("video_1")


def test_a_coding_nobody_asked_for_is_a_bad_payload(serve, connect):
    with pytest.raises(BadPayload, match="content coding"):
        connect(serve(always(JOB, content_encoding="br"))).retrieve("video_1")


# Redirects and other hosts


def test_a_redirect_at_home_keeps_the_key(serve, connect):
    server = serve(in_turn(response(status=308, location="/v1/videos/video_1/"), response(JOB)))
    connect(server).retrieve("video_1")
    assert [request.headers.get("authorization") for request in server.requests] == [f"Bearer {KEY}"] * 2


def test_a_redirect_to_another_origin_does_not_carry_the_key(serve, connect):
    other = serve(always(JOB))
    connect(serve(always(status=302, location=f"{other.origin}/x"))).retrieve("video_1")
    assert KEY not in str(other.requests[0].headers)


def test_a_redirect_that_comes_back_home_has_lost_the_key(serve, connect):
    targets: list[str] = []
    other = serve(lambda _request: response(status=302, location=targets[0]))
    home = serve(in_turn(response(status=302, location=f"{other.origin}/x"), response(JOB)))
    targets.append(f"{home.origin}/v1/admin")
    connect(home).retrieve("video_1")
    assert [KEY in str(request.headers) for request in home.requests] == [True, False]


def test_more_than_five_redirects_are_refused(serve, connect):
    server = serve(always(status=302, location="/again"))
    with pytest.raises(Refused, match="more than 5 redirects"):
        connect(server).retrieve("video_1")
    assert len(server.requests) == 6


def test_a_redirect_from_https_to_http_is_refused(connect):
    transport = httpx.MockTransport(
        lambda _request: httpx.Response(302, headers={"location": "http://gateway.example/x"})
    )
    with pytest.raises(Refused, match="without TLS"):
        connect("https://gateway.example/v1", transport=transport).retrieve("video_1")


@pytest.mark.parametrize("location", ["file:///etc/passwd", "http://host:port/x", "http://169.254.169.254/latest/"])
def test_a_redirect_to_what_is_unsafe_is_refused(serve, connect, location):
    with pytest.raises(Refused, match="the address was refused"):
        connect(serve(always(status=302, location=location))).retrieve("video_1")


def test_a_name_in_an_answer_that_leads_to_this_machine_is_refused(serve, connect):
    server = serve(always(MOVIE, content_type="video/mp4"))
    names = {"gateway.example": "93.184.216.34", "cdn.example": "127.0.0.1"}
    client = connect("https://gateway.example/v1", resolver=lambda host, _port: [names[host]])
    with pytest.raises(Refused, match="loopback address"):
        body_of(client, url=f"http://cdn.example:{server.port}/v.mp4")
    assert server.requests == []


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "127.1", "2130706433", "0x7f000001", "localhost", "[::1]", "[::ffff:7f00:1]"]
)
def test_no_spelling_of_this_machine_gets_through(connect, host):
    home = {"gateway.example": ["93.184.216.34"]}

    def resolver(name: str, port: int) -> list[str]:
        from catalog.client.addresses import resolve

        return home.get(name) or resolve(name, port)

    with pytest.raises(Refused, match="the address was refused"):
        body_of(connect("https://gateway.example/v1", resolver=resolver), url=f"http://{host}:9/v.mp4")


def test_the_connection_goes_to_the_address_that_was_judged(serve, connect):
    server = serve(always(MOVIE, content_type="video/mp4"))
    asked: list[str] = []

    def resolver(host: str, _port: int) -> list[str]:
        asked.append(host)
        return ["127.0.0.1"]

    client = connect(f"http://gateway.example:{server.port}/v1", resolver=resolver)
    assert body_of(client, url=f"http://cdn.example:{server.port}/v.mp4") == MOVIE
    assert asked.count("cdn.example") == 1
    assert server.requests[0].headers["host"] == f"cdn.example:{server.port}"


# Content


def test_content_is_streamed_without_a_coding(serve, connect):
    server = serve(always(MOVIE, content_type="video/mp4; codecs=avc1"))
    with connect(server).open_content("video_1") as content:
        assert (content.status, content.media_type, content.length) == (200, "video/mp4", len(MOVIE))
        assert b"".join(content.iter_bytes()) == MOVIE
    request = server.requests[0]
    assert (request.target, request.headers["accept-encoding"]) == ("/v1/videos/video_1/content", "identity")


def test_another_variant_is_asked_for_by_name(serve, connect):
    server = serve(always(b"RIFF", content_type="image/webp"))
    body_of(connect(server), variant="thumbnail")
    assert server.requests[0].target == "/v1/videos/video_1/content?variant=thumbnail"


def test_a_variant_the_dialect_lacks_is_refused_before_asking(connect):
    with pytest.raises(Refused, match="no thumbnail"):
        body_of(connect("http://127.0.0.1:1/v1", dialect="sglang"), variant="thumbnail")


def test_a_dialect_without_a_content_path_needs_a_url(connect):
    with pytest.raises(Refused, match="no content path"):
        body_of(connect("http://127.0.0.1:1/v1", dialect="xai"))


def test_a_url_at_home_gets_the_key(serve, connect):
    server = serve(always(MOVIE, content_type="video/mp4"))
    body_of(connect(server), url=f"{server.origin}/files/1")
    assert server.requests[0].headers["authorization"] == f"Bearer {KEY}"


def test_a_url_elsewhere_gets_no_key(serve, connect):
    home, other = serve(always(JOB)), serve(always(MOVIE, content_type="video/mp4"))
    assert body_of(connect(home), url=f"{other.origin}/v.mp4?sig=1") == MOVIE
    assert KEY not in str(other.requests[0].headers)


@pytest.mark.parametrize("media_type", ["application/json", "text/html; charset=utf-8"])
def test_an_error_page_with_a_good_status_is_no_content(serve, connect, media_type):
    with pytest.raises(BadPayload, match="a page, not media"):
        body_of(connect(serve(always({"status": "queued"}, content_type=media_type))))


def test_content_that_is_not_there_is_gone_with_its_status(serve, connect):
    with pytest.raises(Gone) as caught:
        body_of(connect(serve(always({"detail": "not ready"}, 404))))
    assert caught.value.status == 404


def test_truncated_content_breaks_off_with_an_error(serve, connect):
    server = serve(always(MOVIE, length=len(MOVIE) + 1, content_type="video/mp4"))
    with connect(server).open_content("video_1") as content, pytest.raises(Unavailable, match="broke off"):
        list(content.iter_bytes())


def test_content_over_its_cap_is_refused(serve, connect):
    server = serve(always(MOVIE, content_type="video/mp4"))
    with pytest.raises(Refused, match="larger than its cap"):
        body_of(connect(server, bounds=Bounds(media_cap=1000)))


def test_opening_content_is_retried(serve, connect, still):
    server = serve(in_turn(response(b"", 503), response(MOVIE, content_type="video/mp4")))
    assert body_of(connect(server)) == MOVIE
    assert still.waits == [0.5]


def test_one_client_serves_many_threads(serve, connect):
    client = connect(serve(always(JOB)))
    statuses: list[int] = []
    threads = [threading.Thread(target=lambda: statuses.append(client.retrieve("video_1").status)) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (statuses, client.requests_made) == ([200] * 12, 12)


def test_an_interrupted_client_ends_the_calls_of_other_threads_and_makes_no_more() -> None:
    ended: list[SourceError] = []

    def ask(client: Client) -> None:
        try:
            client.retrieve("v1")
        except SourceError as error:
            ended.append(error)

    with RawServer(lambda _: server.drip(b"HTTP/1.1 200 OK\r\n" + b"x" * 10_000, 0.1)) as server:
        clock = Clock(sleep=lambda _: None)
        with Client(server.base_url, deadline=LONG * 10, clock=clock) as client:
            asking = [threading.Thread(target=ask, args=(client,)) for _ in range(3)]
            for thread in asking:
                thread.start()
            wait_until(lambda: len(server.requests) == 3)
            client.interrupt()
            for thread in asking:
                thread.join(LONG)
            assert len(ended) == 3
            with pytest.raises(Unavailable):
                client.retrieve("v2")
    assert len(server.requests) == 3


def test_an_interrupted_client_waits_for_no_further_attempt() -> None:
    ended: list[SourceError] = []

    def ask(client: Client) -> None:
        try:
            client.retrieve("v1")
        except SourceError as error:
            ended.append(error)

    busy = always({"error": {"message": "busy"}}, 503, retry_after="50")
    with RawServer(busy) as asked, Client(asked.base_url, deadline=LONG * 10) as client:
        asking = threading.Thread(target=ask, args=(client,), daemon=True)
        asking.start()
        wait_until(lambda: len(asked.requests) == 1)
        client.interrupt()
        asking.join(LONG / 4)
        assert [type(error) for error in ended] == [Unavailable]
    assert len(asked.requests) == 1
