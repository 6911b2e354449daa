"""Answers that no server should give, by name: each is a function from a request to the bytes that are sent back."""

from __future__ import annotations

import gzip
import json
import time
from itertools import count, repeat
from typing import TYPE_CHECKING, Any

from tests.client.server import response
from tests.house import job
from tests.soak.kills import KEY

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.client.server import Answer, Request

FINISHED = job("v1", prompt="a fox on a neon street", model="sora-2", seconds="8")
UNFINISHED = job(
    "v2", prompt="a paper boat at dusk", model="sora-2-pro", status="in_progress", created_at=1_790_000_500
)
OTHER = job("other", prompt="nobody asked for this", model="wan", created_at=1_700_000_000)
DRIP = 0.05  # seconds between the bytes of a slow answer
PATIENCE = 6.0  # seconds after which a server that stalls gives up by itself


def listed(*jobs: object, **more: object) -> dict[str, Any]:
    return {"object": "list", "data": list(jobs), "has_more": False, **more}


def is_list(request: Request) -> bool:
    return request.target.partition("?")[0].endswith("/videos")


def always(body: object, status: int = 200, **headers: str) -> Answer:
    return lambda _: response(body, status, **headers)


def retrieved(body: object, status: int = 200, **headers: str) -> Answer:
    """An honest list, and this answer to every question about a job."""
    return lambda request: response(listed()) if is_list(request) else response(body, status, **headers)


def instead(body: object) -> Answer:
    """An honest list, an honest answer about the finished job, and this one about any other."""
    honest, hostile = response(FINISHED), retrieved(body)
    return lambda request: honest if request.target.partition("?")[0].endswith("/v1") else hostile(request)


def in_list(*jobs: object) -> Answer:
    """A list of these jobs and a good one, and an honest answer about the one that is asked for."""
    return lambda request: response(listed(*jobs, job("good"))) if is_list(request) else response(UNFINISHED)


def field(**fields: object) -> Answer:
    """A job of a list with these fields."""
    return in_list({**OTHER, **fields})


def raw(*pieces: bytes) -> Answer:
    return lambda _: pieces


def endless(piece: bytes, first: bytes = b"") -> Answer:
    """A body without end, sent as long as the client takes it."""

    def answer(_: Request) -> Iterator[bytes]:
        yield b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close\r\n\r\n" + first
        end = time.monotonic() + PATIENCE
        for part in repeat(piece):
            if time.monotonic() > end:
                return
            yield part

    return answer


def slowly(data: bytes) -> Answer:
    def answer(_: Request) -> Iterator[bytes]:
        for number in range(min(len(data), int(PATIENCE / DRIP))):
            yield data[number : number + 1]
            time.sleep(DRIP)

    return answer


def stalling(first: bytes) -> Answer:
    def answer(_: Request) -> Iterator[bytes]:
        yield first
        time.sleep(PATIENCE)

    return answer


def cut(length: int, body: object = None) -> Answer:
    """An answer that announces more than it sends."""
    whole = b"".join(response(listed(UNFINISHED) if body is None else body))
    return raw(whole[:length])


def pages(make: Callable[[int], dict[str, Any]]) -> Answer:
    """A list of pages, each with its number."""
    numbers = count()
    return lambda request: response(make(next(numbers)) if is_list(request) else UNFINISHED)


def header(name: str, value: str) -> Answer:
    return always(listed(UNFINISHED), **{name: value})


HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close\r\n"
CHUNKED = HEAD + b"transfer-encoding: chunked\r\n\r\n"
DEEP = 100_000

ANSWERS: dict[str, Answer] = {
    # about something else than what was asked
    "another job, retrieved": retrieved(OTHER),
    "the finished job instead, with another prompt": instead({**FINISHED, "prompt": "stolen", "model": "wan"}),
    "the finished job instead, failed": instead({**FINISHED, "status": "failed", "prompt": None}),
    "a list instead of a job": retrieved(listed(OTHER, FINISHED)),
    "another job inside an envelope": retrieved({"code": 0, "data": {"task": OTHER}}),
    "two jobs at once": retrieved([OTHER, {**OTHER, "id": "another"}]),
    "a job instead of a list": always(OTHER),
    "a job without an id": retrieved({"object": "video", "status": "in_progress", "model": None, "prompt": []}),
    "an id of another kind": retrieved({"id": 7, "object": "video", "status": "queued", "created_at": "soon"}),
    # statuses
    "500 everywhere": always({"error": {"message": "internal"}}, 500),
    "500 for each job": retrieved({"error": {"message": "internal"}}, 500),
    "502 as HTML": always(b"<html><h1>Bad gateway</h1></html>", 502, content_type="text/html"),
    "503 for ever": always(b"", 503, retry_after="999999999"),
    "429, negative": always(b"", 429, retry_after="-1"),
    "429, not a number": always(b"", 429, retry_after="NaN"),
    "429, in the past": always(b"", 429, retry_after="Thu, 01 Jan 1970 00:00:00 GMT"),
    "401": always({"error": {"message": f"Incorrect API key provided: {KEY}"}}, 401),
    "403 for each job": retrieved({"error": KEY}, 403),
    "404 for the list": always({"error": "no list"}, 404),
    "418": always(b"", 418),
    "204": always(b"", 204),
    "304": always(b"", 304),
    "999": always(listed(UNFINISHED), 999),
    "a redirect to itself": lambda request: response(b"", 302, location=request.target),
    "a redirect to a file": always(b"", 302, location="file:///etc/passwd"),
    "a redirect to nowhere": always(b"", 307, location="http://127.0.0.1:9/v1/videos"),
    "a redirect without an address": always(b"", 302),
    # size
    "a body without end": endless(b" " * 65536),
    "a text without end": endless(b"a" * 65536, b'{"object": "list", "data": [{"id": "'),
    "jobs without end": endless(json.dumps(OTHER).encode() + b", ", b'{"object": "list", "data": ['),
    "thirty million brackets": always(b"{}," * 10_000_000),
    "ten million empty jobs": always(b'{"object": "list", "data": [' + b"{}," * 10_000_000 + b"{}]}"),
    "a prompt of 8 MB": field(prompt="x" * 8_000_000),
    "an id of 1 MB": field(id="x" * 1_000_000),
    "a number of a million digits": always(
        b'{"object": "list", "data": [{"id": "a", "progress": ' + b"9" * 1_000_000 + b"}]}"
    ),
    "a hundred thousand keys": field(**{f"key{number}": number for number in range(100_000)}),
    "a bomb of gzip": always(gzip.compress(b" " * (256 << 20), 9), content_encoding="gzip"),
    "a header of 1 MB": header("x-long", "x" * 1_000_000),
    "a head without end": stalling(HEAD + b"x: y\r\n" * 100_000),
    "a gigabyte announced": raw(HEAD + b"content-length: 1000000000\r\n\r\n", b"{}"),
    # depth
    "brackets, deep": always(b"[" * DEEP),
    "lists, deep": always(b"[" * DEEP + b"]" * DEEP),
    "objects, deep": always(b'{"a":' * DEEP + b"1" + b"}" * DEEP),
    "a job, deep": always(b'{"data":' * 5000 + json.dumps(OTHER).encode() + b"}" * 5000),
    # lists that do not end
    "the same page for ever": pages(lambda _: listed(OTHER, has_more=True, last_id="other")),
    "empty pages for ever": pages(lambda number: listed(has_more=True, last_id=f"c{number}")),
    "a cursor of 1 MB": pages(lambda number: listed(job(f"p{number}"), has_more=number < 3, last_id="x" * 1_000_000)),
    "a cursor of another kind": pages(lambda number: listed(job(f"p{number}"), has_more=number < 3, last_id=[number])),
    "a next page elsewhere": pages(lambda _: listed(OTHER, has_more=True, next="http://127.0.0.1:9/steal")),
    # time
    "byte by byte": slowly(b"".join(response(listed(UNFINISHED)))),
    "a head that stalls": stalling(b"HTTP/1.1 200 OK\r\ncontent-"),
    "a body that stalls": stalling(HEAD + b'content-length: 100\r\n\r\n{"object"'),
    "a chunk that stalls": stalling(CHUNKED + b"5\r\n{"),
    "nothing for a while": stalling(b""),
    # cut
    "no answer": raw(b""),
    "half a head": cut(20),
    "half a body": cut(-30),
    "half a chunk": raw(CHUNKED + b"ff\r\n{"),
    "half of a gzip": raw(HEAD + b"content-encoding: gzip\r\n\r\n", gzip.compress(b"[]" * 500)[:30]),
    "no gzip": always(listed(UNFINISHED), content_encoding="gzip"),
    "an unknown encoding": always(listed(UNFINISHED), content_encoding="sorcery"),
    "two lengths": raw(HEAD + b"content-length: 2\r\ncontent-length: 5\r\n\r\n{}"),
    "a negative length": raw(HEAD + b"content-length: -5\r\n\r\n{}"),
    "a bad chunk": raw(CHUNKED + b"zz\r\n{}\r\n0\r\n\r\n"),
    "not HTTP": raw(b"SSH-2.0-OpenSSH_9.2\r\n"),
    # no JSON, or too much of it
    "nothing": always(b""),
    "spaces": always(b"   \n"),
    "HTML": always(b"<!doctype html><title>Log in</title>", content_type="text/html"),
    "two documents": always(json.dumps(listed(UNFINISHED)).encode() * 2),
    "half a document": always(json.dumps(listed(UNFINISHED)).encode()[:-5]),
    "NaN": always(b'{"object": "list", "data": [{"id": "a", "progress": NaN, "seconds": Infinity}]}'),
    "not UTF-8": always(b'{"object": "list", "data": [{"id": "a\xff", "prompt": "\xc3\x28"}]}'),
    "UTF-16": always(json.dumps(listed(UNFINISHED)).encode("utf-16")),
    "a byte order mark": always(b"\xef\xbb\xbf" + json.dumps(listed(UNFINISHED)).encode()),
    "a key twice": always(b'{"object": "list", "data": [{"id": "a", "id": "b", "status": "queued", "status": 1}]}'),
    # wrong types
    "null": always(b"null"),
    "true": always(b"true"),
    "a number": always(b"7"),
    "a text": always(b'"videos"'),
    "a list of anything": always([None, 1, "x", [], {}, [[]], {"": ""}]),
    "data that is a text": always({"object": "list", "data": "none"}),
    "data that is an object": always({"object": "list", "data": {"0": OTHER}}),
    "data of anything": in_list(None, 1, "x", [], {}, {"id": None}, {"id": []}),
    "status as a list": field(status=["completed"]),
    "status as an object": field(status={"state": "completed"}),
    "status unheard of": field(status="\x1b[31mdone\x1b[0m"),
    "time that is none": field(created_at="tomorrow", completed_at=[], expires_at={}),
    "time beyond time": field(created_at=1e300, completed_at=-1e300, expires_at=10**18),
    "progress beyond": field(progress=1e308, seconds="1e400", size="9999999999999x-1"),
    "a prompt as an object": field(prompt={"text": ["a", {"b": "c"}]}),
    "a prompt that controls": field(prompt="\x1b]0;owned\x07\x00\u202e\ud800"),
    "an id that controls": field(id="a\nb\x1b[2J\u202e"),
    "an id like a path": field(id="../../../etc/passwd"),
    "an id like a query": field(id="' OR 1=1; DROP TABLE videos; --"),
    "an error as a list": field(status="failed", error=[{"message": [KEY]}]),
    "addresses of anything": field(output_urls=[None, 1, {"url": []}, "javascript:alert(1)", "file:///etc/passwd"]),
    "metadata as a list": field(metadata=[1, 2, {"a": "b"}]),
    "a parent that is itself": field(remixed_from_video_id="other"),
    "a parent of another kind": field(remixed_from_video_id=["v1", None]),
    # the key
    "the key as a prompt": field(prompt=f"the key is {KEY}"),
    "the key as an address": field(video_url=f"https://cdn.example/{KEY}/v.mp4?key={KEY}"),
    "the key as a header": header("x-request-id", KEY),
    "the key as a reason": field(status="failed", error={"code": KEY, "message": f"no {KEY}"}),
    "the key as a cursor": pages(lambda number: listed(job(f"p{number}"), has_more=number < 2, last_id=KEY)),
    "the key in a redirect": always(b"", 302, location=f"/v1/videos?key={KEY}"),
}
