"""The receiver of webhooks over real sockets: what it takes, what it refuses, and what comes of a delivery."""

from __future__ import annotations

import asyncio
import base64
import http.client
import json
import os
import resource
import select
import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from catalog import store
from catalog.client.client import Client
from catalog.database import Database
from catalog.errors import ConfigError
from catalog.facets import count_due
from catalog.hooks import growing_pause, read_secrets, serve_hooks
from catalog.hooks.listener import KEEP_SECONDS, LINGER_SECONDS
from catalog.hooks.senders import Senders
from catalog.reading.sources import list_sources
from catalog.wire.parse import parse_videos
from catalog.wire.webhooks import sign
from tests import house
from tests.client.server import RawServer, always, in_turn, response
from tests.house import LONG, Shelf, wait_until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from catalog.hooks import Receiver
    from tests.client.server import Request

SECRET = "whsec_" + base64.b64encode(b"a key of ours, thirty-two bytes!").decode()
OLD_SECRET = "whsec_" + base64.b64encode(b"the key we had before this one!!").decode()
HOLD = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("BEGIN IMMEDIATE")
print("held", flush=True)
sys.stdin.read()
"""
RUN = """
import sys
from catalog.library import open_library
from catalog.hooks import serve_hooks
from catalog.client.client import Client
serve_hooks(
    open_library(sys.argv[1]), "studio", lambda: Client(sys.argv[2], deadline=1), [sys.argv[3]],
    port=0, on_ready=lambda server: print(server.url, flush=True),
)
"""


def job(remote_id: str = "video_1", status: str = "completed", **fields: Any) -> dict[str, Any]:
    return house.job(remote_id, status=status, **fields)


def event(video_id: str = "video_1", kind: str = "video.completed") -> bytes:
    told = {"id": "evt_1", "object": "event", "created_at": 1_790_000_100, "type": kind, "data": {"id": video_id}}
    return json.dumps(told).encode()


def signed(body: bytes, webhook_id: str = "wh_1", *, secret: str = SECRET, at: float | None = None) -> dict[str, str]:
    moment = int(time.time() if at is None else at)
    return {
        "webhook-id": webhook_id,
        "webhook-timestamp": str(moment),
        "webhook-signature": sign(secret, webhook_id, moment, body),
        "content-type": "application/json",
    }


def asked_for(**fields: Any) -> Callable[[Request], Iterable[bytes]]:
    """A server that answers every retrieve with the finished job asked for."""
    return lambda request: response(job(request.target.rpartition("/")[2], **fields))


class Running(Shelf):
    """A receiver in a thread, ways to deliver to it, and a look at the library."""

    def __init__(self, receiver: Receiver, library: Database) -> None:
        super().__init__(library)
        self.receiver = receiver
        self.events: list[str] = []

    @property
    def address(self) -> tuple[str, int]:
        host, _, port = self.receiver.url.removeprefix("http://").rpartition(":")
        return host, int(port)

    def post(
        self, body: bytes, headers: dict[str, str] | None = None, path: str = "/webhook", method: str = "POST"
    ) -> int:
        return self.ask(body, headers, path, method)[0]

    def ask(
        self, body: bytes, headers: dict[str, str] | None = None, path: str = "/webhook", method: str = "POST"
    ) -> tuple[int, dict[str, str]]:
        connection = http.client.HTTPConnection(*self.address, timeout=LONG)
        try:
            connection.request(method, path, body=body, headers=signed(body) if headers is None else headers)
            answer = connection.getresponse()
            answer.read()
            return answer.status, {name.lower(): value for name, value in answer.getheaders()}
        finally:
            connection.close()

    def send_raw(self, data: bytes) -> bytes:
        with socket.create_connection(self.address, timeout=LONG) as connection:
            connection.sendall(data)
            return b"".join(iter(lambda: connection.recv(65536), b""))

    def wait_for(self, query: str, expected: list[tuple[Any, ...]]) -> None:
        with suppress(AssertionError):  # what there is instead says more
            wait_until(lambda: self.rows(query) == expected)
        assert self.rows(query) == expected


@contextmanager
def running(
    library: Database,
    base_url: str = "http://127.0.0.1:1/v1",
    *,
    secrets: tuple[str, ...] = (SECRET,),
    words: dict[str, Any] | None = None,
    now: Callable[[], datetime] | None = None,
    pause: float = 0.05,
    read_seconds: float = LONG,
    keep_seconds: float = KEEP_SECONDS,
    max_senders: int | None = None,
    on_event: Callable[[str], object] | None = None,
    client: Callable[[], Any] | None = None,
    download: Callable[[], Any] | None = None,
    check: Callable[[Callable[[], bool]], Any] | None = None,
) -> Iterator[Running]:
    ready: list[Receiver] = []
    is_ready = threading.Event()
    failures: list[BaseException] = []

    def on_ready(server: Receiver) -> None:
        ready.append(server)
        is_ready.set()

    def serve() -> None:
        try:
            serve_hooks(
                library,
                "studio",
                client or (lambda: Client(base_url, source="studio", deadline=0.5)),
                secrets,
                port=0,
                words=words,
                on_ready=on_ready,
                on_event=on_event or events.append,
                now=now,
                pause=lambda _: pause,
                read_seconds=read_seconds,
                keep_seconds=keep_seconds,
                max_senders=max_senders,
                download=download,
                check=check,
            )
        except BaseException as error:  # noqa: BLE001 - told to the test
            failures.append(error)
            is_ready.set()

    events: list[str] = []
    thread = threading.Thread(target=serve)
    thread.start()
    assert is_ready.wait(LONG)
    assert not failures, failures
    one = Running(ready[0], library)
    one.events = events
    try:
        yield one
    finally:
        ready[0].stop()
        thread.join(LONG)
    assert not thread.is_alive()
    assert not failures, failures


@pytest.fixture
def hooks(library: Database) -> Iterator[Running]:
    with running(library, pause=3600) as one:
        yield one


def request(body: bytes, webhook_id: str = "wh_1") -> bytes:
    lines = [f"{name}: {value}" for name, value in signed(body, webhook_id).items()]
    head = "\r\n".join(["POST /webhook HTTP/1.1", "host: x", f"content-length: {len(body)}", *lines])
    return head.encode() + b"\r\n\r\n" + body


STATES = "SELECT webhook_id, state FROM deliveries ORDER BY id"
VIDEOS = "SELECT remote_id, status FROM videos ORDER BY id"


def test_a_delivery_is_followed_by_a_retrieve_that_decides(library):
    with RawServer(always(job(status="failed", error={"code": "x", "message": "no"}))) as server:
        with running(library, server.base_url) as hooks:
            assert hooks.post(event(kind="video.completed")) == 200
            hooks.wait_for(STATES, [("wh_1", "done")])
            assert hooks.rows(VIDEOS) == [("video_1", "failed")]
            assert hooks.rows("SELECT channel FROM observations ORDER BY id") == [("webhook",), ("get",)]
        assert [request.target for request in server.requests] == ["/v1/videos/video_1"]


def test_a_redelivery_is_acknowledged_and_has_no_effect(library):
    with RawServer(asked_for()) as server, running(library, server.base_url) as hooks:
        assert hooks.post(event()) == 200
        hooks.wait_for(STATES, [("wh_1", "done")])
        before = hooks.rows("SELECT * FROM observations")
        assert hooks.post(event()) == 200
        assert hooks.post(event("video_2")) == 200
        assert hooks.rows(STATES) == [("wh_1", "done")]
        assert hooks.rows("SELECT * FROM observations") == before
        assert hooks.post(event("video_3"), signed(event("video_3"), "wh_2")) == 200
        hooks.wait_for(STATES, [("wh_1", "done"), ("wh_2", "done")])
        assert [request.target for request in server.requests] == ["/v1/videos/video_1", "/v1/videos/video_3"]


def test_many_at_once_of_the_same_delivery_have_one_effect(hooks):
    statuses: list[int] = []
    threads = [threading.Thread(target=lambda: statuses.append(hooks.post(event()))) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(LONG)
    assert statuses == [200] * 12
    assert hooks.rows("SELECT count(*) FROM deliveries") == [(1,)]
    assert hooks.rows("SELECT times_seen FROM observations") == [(1,)]


def test_an_unknown_job_is_kept_before_anybody_could_retrieve_it(hooks):
    assert hooks.post(event("video_new")) == 200
    assert hooks.rows(VIDEOS) == [("video_new", "unknown")]
    assert hooks.rows(STATES) == [("wh_1", "waiting")]


def test_a_retrieve_is_tried_again_until_it_works(library):
    answers = [response({"error": {"message": "busy"}}, 400), response(job(status="in_progress")), response(job())]
    with RawServer(in_turn(*answers)) as server, running(library, server.base_url) as hooks:
        assert hooks.post(event()) == 200
        hooks.wait_for("SELECT state, attempts, message FROM deliveries", [("done", 3, None)])
        assert hooks.rows(VIDEOS) == [("video_1", "completed")]


def test_a_job_that_the_server_does_not_know_is_asked_for_again(library):
    answers = [response({"error": {"message": "no such video"}}, 404), response(job())]
    with RawServer(in_turn(*answers)) as server, running(library, server.base_url) as hooks:
        assert hooks.post(event()) == 200
        hooks.wait_for(STATES, [("wh_1", "done")])
        assert hooks.rows("SELECT status, gone_at FROM videos") == [("completed", None)]


def test_a_job_that_the_server_does_not_know_is_not_marked_as_gone(library):
    missing = always({"error": {"message": "no such video"}}, 404)
    with RawServer(missing) as server, running(library, server.base_url, pause=3600) as hooks:
        assert hooks.post(event()) == 200
        hooks.wait_for("SELECT state, attempts FROM deliveries", [("waiting", 1)])
        assert hooks.rows("SELECT status, gone_at FROM videos") == [("unknown", None)]


def test_an_answer_about_another_job_changes_nothing_and_makes_the_source_suspect(library):
    known = [job("video_1", status="queued", prompt="a fox"), job("video_2", prompt="an owl")]
    with library.write() as connection:
        store.save_videos(
            connection, "studio", parse_videos(known).videos, channel="list", received_at=datetime.now(UTC)
        )
    with RawServer(always(known[1])) as server, running(library, server.base_url, pause=3600) as hooks:
        assert hooks.post(event()) == 200
        hooks.wait_for("SELECT state, attempts FROM deliveries", [("waiting", 1)])
        assert hooks.rows("SELECT status, prompt FROM videos ORDER BY id") == [
            ("queued", "a fox"),
            ("completed", "an owl"),
        ]
        assert hooks.rows("SELECT asked_id, answered_id, channel FROM stray_answers") == [("video_1", "video_2", "get")]
        assert hooks.rows("SELECT health FROM sources") == [("suspect",)]
        assert (
            "asked for video_1: the answer is about the job video_2"
            in hooks.rows("SELECT message FROM deliveries")[0][0]
        )


def test_deliveries_that_fail_keep_no_new_one_waiting(library):
    def answer(request: Request) -> Iterable[bytes]:
        name = request.target.rpartition("/")[2]
        return response({"error": {"message": "boom"}}, 400) if name.startswith("bad") else response(job(name))

    with RawServer(answer) as server, running(library, server.base_url, pause=0.01) as hooks:
        for number in range(5):
            assert hooks.post(event(f"bad_{number}"), signed(event(f"bad_{number}"), f"wh_bad_{number}")) == 200
        hooks.wait_for("SELECT count(*) FROM deliveries WHERE attempts > 1", [(5,)])
        assert hooks.post(event("good"), signed(event("good"), "wh_good")) == 200
        hooks.wait_for("SELECT state FROM deliveries WHERE webhook_id = 'wh_good'", [("done",)])
        assert hooks.rows("SELECT count(*) FROM deliveries WHERE state = 'waiting'") == [(5,)]


def test_jobs_that_hang_keep_no_other_waiting_and_no_more_are_asked_for_at_once_than_may_be(library):
    may_answer, lock = threading.Event(), threading.Lock()
    together = [0, 0]  # now, and at most

    def answer(request: Request) -> Iterable[bytes]:
        name = request.target.rpartition("/")[2]
        with lock:
            together[0] += 1
            together[1] = max(together)
        if name.startswith("slow"):
            may_answer.wait(LONG)
        with lock:
            together[0] -= 1
        return response(job(name))

    def deliver(name: str) -> None:
        assert hooks.post(event(name), signed(event(name), f"wh_{name}")) == 200

    with (
        RawServer(answer) as server,
        running(library, client=lambda: Client(server.base_url, source="studio", deadline=LONG)) as hooks,
    ):
        for number in range(3):
            deliver(f"slow_{number}")
        wait_until(lambda: together[0] == 3)
        for number in range(3):
            deliver(f"good_{number}")
        done = "SELECT webhook_id FROM deliveries WHERE state = 'done' ORDER BY 1"
        hooks.wait_for(done, [("wh_good_0",), ("wh_good_1",), ("wh_good_2",)])
        for number in range(3, 8):
            deliver(f"slow_{number}")
        wait_until(lambda: together[0] == 4)
        may_answer.set()
        hooks.wait_for("SELECT count(*) FROM deliveries WHERE state = 'done'", [(11,)])
        assert together[1] == 4
        names = [request.target for request in server.requests]
        assert len(names) == len(set(names))


def test_a_job_at_which_the_client_itself_fails_keeps_no_other_waiting(library):
    class Failing(Client):
        def retrieve(self, remote_id: str, **options: Any) -> Any:
            if remote_id == "bad":
                raise TypeError("nobody foresaw it")
            return super().retrieve(remote_id, **options)

    with (
        RawServer(asked_for()) as server,
        running(library, pause=3600, client=lambda: Failing(server.base_url, source="studio", deadline=0.5)) as hooks,
    ):
        for name in ("bad", "good"):
            assert hooks.post(event(name), signed(event(name), f"wh_{name}")) == 200
        hooks.wait_for(STATES, [("wh_bad", "waiting"), ("wh_good", "done")])


def test_after_72_hours_a_retrieve_is_given_up(library):
    moment = [datetime.now(UTC)]
    with running(library, now=lambda: moment[0]) as hooks:
        assert hooks.post(event()) == 200
        hooks.wait_for("SELECT attempts > 0, state FROM deliveries", [(1, "waiting")])
        moment[0] += timedelta(hours=73)
        hooks.wait_for("SELECT state, message IS NOT NULL FROM deliveries", [("refused", 1)])


def test_waiting_deliveries_are_taken_up_on_start(library):
    with running(library, pause=3600) as hooks:
        assert hooks.post(event()) == 200
    with RawServer(always(job())) as server, running(library, server.base_url) as hooks:
        hooks.wait_for(STATES, [("wh_1", "done")])


def test_deliveries_about_one_job_are_settled_together(library):
    with running(library, pause=3600) as hooks:
        assert hooks.post(event()) == 200
        assert hooks.post(event(), signed(event(), "wh_2")) == 200
    with RawServer(always(job())) as server, running(library, server.base_url) as hooks:
        hooks.wait_for(STATES, [("wh_1", "done"), ("wh_2", "done")])
        assert len(server.requests) == 1


def test_an_event_about_something_else_is_acknowledged_and_left_alone(hooks):
    body = json.dumps({"type": "batch.completed", "data": {"id": "batch_1"}}).encode()
    assert hooks.post(body, signed(body)) == 200
    assert hooks.rows(STATES) == [("wh_1", "done")]
    assert hooks.rows(VIDEOS) == []


FACETS = "SELECT facet, value FROM facet_values JOIN video_facets ON value_id = facet_values.id WHERE facet = '{}'"
NEON = [("lighting", "neon")]
LIT = "A street at night, lit by a neon sign."


def test_a_delivery_that_is_the_finished_job_needs_no_retrieve(hooks):
    body = {"task_id": "k-1", "task_status": "succeed", "task_result": {"videos": [{"url": "https://a.example/k.mp4"}]}}
    assert hooks.post(json.dumps(body).encode()) == 200
    assert hooks.rows("SELECT state, type, remote_id FROM deliveries") == [("done", "job", "k-1")]
    assert hooks.rows("SELECT remote_id, status, output_urls FROM videos") == [
        ("k-1", "completed", '["https://a.example/k.mp4"]')
    ]
    assert hooks.rows("SELECT channel FROM observations") == [("webhook",)]


def test_a_delivery_that_is_a_running_job_is_followed_by_a_retrieve(library):
    with RawServer(always(job())) as server, running(library, server.base_url) as hooks:
        assert hooks.post(b'{"id": "video_1", "status": "processing"}') == 200
        hooks.wait_for("SELECT state FROM deliveries", [("done",)])
        assert hooks.rows("SELECT status FROM videos") == [("completed",)]


def test_the_prompt_of_a_job_is_read_after_it_was_retrieved(library):
    with RawServer(always(job(prompt=LIT))) as server, running(library, server.base_url) as hooks:
        assert hooks.post(event()) == 200
        hooks.wait_for(FACETS.format("lighting"), NEON)


def test_prompts_that_are_due_since_before_are_read_too(library):
    with library.write() as connection:
        videos = parse_videos(job(prompt=LIT)).videos
        store.save_videos(connection, "studio", videos, channel="get", received_at=datetime.now(UTC))
    with running(library) as hooks:
        hooks.wait_for(FACETS.format("lighting"), NEON)


def test_the_words_of_the_user_count(library):
    words = {"client": {"acme": ["Acme"]}}
    with (
        RawServer(always(job(prompt="A van of Acme."))) as server,
        running(library, server.base_url, words=words) as hooks,
    ):
        assert hooks.post(event()) == 200
        hooks.wait_for(FACETS.format("client"), [("client", "acme")])


def test_prompts_that_cannot_be_read_do_not_stop_the_retrieving(library):
    words = {"client": {"acme": "not a list of [forms"}, "style": 5}
    with RawServer(asked_for(prompt=LIT)) as server, running(library, server.base_url, words=words) as hooks:
        for number in (1, 2):
            assert hooks.post(event(f"video_{number}"), signed(event(f"video_{number}"), f"wh_{number}")) == 200
            hooks.wait_for("SELECT count(*) FROM deliveries WHERE state = 'done'", [(number,)])
        wait_until(lambda: [line for line in hooks.events if line.startswith("cannot read prompts: ")])


def fail(_: str) -> None:
    raise BrokenPipeError


@pytest.mark.parametrize("on_event", [fail, lambda _: threading.Event().wait(LONG)])
def test_remarks_that_nobody_takes_hold_up_nothing(library, on_event):
    with RawServer(always(job())) as server, running(library, server.base_url, on_event=on_event) as hooks:
        for number in range(5):
            assert hooks.post(event(f"video_{number}"), signed(event(f"video_{number}"), f"wh_{number}")) == 200
        hooks.wait_for("SELECT count(*) FROM deliveries WHERE attempts > 0", [(5,)])


class Stumbling(Client):
    """A client with a fault that nobody foresaw, once."""

    has_stumbled = False

    def retrieve(self, *arguments: Any, **options: Any) -> Any:
        if not self.has_stumbled:
            self.has_stumbled = True
            raise TypeError("nobody foresaw sk-0123456789abcdef")
        return super().retrieve(*arguments, **options)


def test_an_unforeseen_fault_is_told_without_secrets_and_retrieving_goes_on(library):
    with (
        RawServer(always(job())) as server,
        running(library, client=lambda: Stumbling(server.base_url, source="studio", deadline=0.5)) as hooks,
    ):
        assert hooks.post(event()) == 200
        hooks.wait_for(STATES, [("wh_1", "done")])
        wait_until(lambda: any("TypeError: nobody foresaw" in line for line in hooks.events))
        assert not any("sk-0123" in line for line in hooks.events)


def test_a_delivery_that_cannot_be_kept_for_an_unforeseen_reason_is_asked_for_again(library):
    with running(library, pause=3600) as hooks:
        with library.write() as connection:
            connection.execute("ALTER TABLE deliveries RENAME TO others")
        assert hooks.post(event()) == 503
        with library.write() as connection:
            connection.execute("ALTER TABLE others RENAME TO deliveries")
        assert hooks.post(event()) == 200


def test_a_delivery_goes_before_prompts(library):
    """Some thousand are due, which takes seconds; a job is retrieved between two batches of them."""
    jobs = [job(f"video_due_{number}", prompt=f"{LIT} Take {number}.") for number in range(2000)]
    with library.write() as connection:
        videos = parse_videos({"object": "list", "data": jobs}).videos
        store.save_videos(connection, "studio", videos, channel="list", received_at=datetime.now(UTC))
    with RawServer(always(job())) as server, running(library, server.base_url) as hooks:
        hooks.wait_for("SELECT count(*) > 0 FROM video_facets", [(1,)])
        assert hooks.post(event()) == 200
        hooks.wait_for(STATES, [("wh_1", "done")])
        assert count_due(library) > 0


def test_old_and_new_secrets_count_during_a_rotation(library):
    with running(library, secrets=(SECRET, OLD_SECRET), pause=3600) as hooks:
        assert hooks.post(event(), signed(event(), "wh_1", secret=OLD_SECRET)) == 200
        assert hooks.post(event(), signed(event(), "wh_2")) == 200


def test_a_secret_that_we_do_not_hold_is_refused(hooks):
    assert hooks.post(event(), signed(event(), secret=OLD_SECRET)) == 401


@pytest.mark.parametrize("age", [-302, 302])
def test_a_delivery_from_another_time_is_refused(hooks, age):
    assert hooks.post(event(), signed(event(), at=time.time() + age)) == 401
    assert hooks.rows(STATES) == []


def test_a_forged_body_is_refused(hooks):
    assert hooks.post(event("video_2"), signed(event("video_1"))) == 401
    assert hooks.rows(VIDEOS) == []


def test_a_delivery_without_signature_is_refused(hooks):
    assert hooks.post(event(), {}) == 401


@pytest.mark.parametrize(
    "body", [b"", b"\xff", b"{", b"[]", b'{"type": 5}', b'{"type": "video.completed", "data": {}}', b"[" * 99_999]
)
def test_a_signed_body_that_is_no_event_is_bad(hooks, body):
    assert hooks.post(body, signed(body)) == 400
    assert hooks.rows(STATES) == []


def test_a_lone_surrogate_in_an_event_is_stored_or_refused_but_never_a_failure(hooks):
    body = b'{"type": "video.completed", "note": "\\ud800", "data": {"id": "video_1"}}'
    assert hooks.post(body, signed(body)) == 200
    body = b'{"type": "video.completed\\ud800", "data": {"id": "video_1"}}'
    assert hooks.post(body, signed(body, "wh_2")) == 400


@pytest.mark.parametrize("path", ["/other", "/webhook/x", "/../webhook", "/webhook%00"])
def test_another_path_is_not_found(hooks, path):
    assert hooks.post(event(), path=path) == 404


@pytest.mark.parametrize("path", ["/", "/webhook", "/webhooks?from=studio", "/hooks"])
def test_senders_may_use_any_of_the_usual_paths(hooks, path):
    assert hooks.post(event(), path=path) == 200


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "HEAD", "BREW"])
def test_another_method_is_not_allowed(hooks, method):
    status, headers = hooks.ask(b"", method=method)
    assert (status, headers["allow"]) == (405, "POST")


def test_a_body_over_the_cap_is_refused_by_its_length(hooks):
    head = b"POST /webhook HTTP/1.1\r\nhost: x\r\ncontent-length: 99999999\r\n\r\n"
    assert hooks.send_raw(head).startswith(b"HTTP/1.1 413")


def test_a_body_over_the_cap_is_refused_when_its_length_is_not_told(hooks):
    chunk = b"10000\r\n" + bytes(0x10000) + b"\r\n"
    head = b"POST /webhook HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n"
    assert hooks.send_raw(head + chunk * 20).startswith(b"HTTP/1.1 413")


@pytest.mark.parametrize(
    "data",
    [
        b"nonsense\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01",
        b"POST /webhook HTTP/9.9\r\n\r\n",
        b"POST /webhook HTTP/1.1\r\n\r\n",
        b"POST /webhook HTTP/1.1\r\nhost: x\r\ncontent-length: many\r\n\r\n",
        b"POST /webhook HTTP/1.1\r\nhost: x\r\ncontent-length: -1\r\n\r\n",
        b"POST /webhook HTTP/1.1\r\nhost: x\r\ntransfer-encoding: gzip\r\n\r\n",
        b"POST /webhook HTTP/1.1\r\nhost: x\r\nno colon\r\n\r\n",
        b"POST /webhook HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\nZZ\r\n",
        b"POST /webhook HTTP/1.1\r\nhost: x\r\nlong: " + b"x" * 40_000 + b"\r\n\r\n",
        b"GET " + b"/" * 70_000,
    ],
)
def test_what_is_no_http_is_a_fault_of_the_sender(hooks, data):
    assert hooks.send_raw(data)[:10] == b"HTTP/1.1 4"
    assert hooks.post(event()) == 200


def test_a_connection_that_says_nothing_and_goes_is_no_matter(hooks):
    assert socket.create_connection(hooks.address).close() is None
    with socket.create_connection(hooks.address) as connection:
        connection.sendall(b"POST /webhook HTTP/1.1\r\nhost: x\r\ncontent-length: 10\r\n\r\nabc")
    assert hooks.post(event()) == 200


def test_bytes_that_drip_in_have_one_deadline(library):
    with (
        running(library, pause=3600, read_seconds=0.6) as hooks,
        socket.create_connection(hooks.address, timeout=LONG) as connection,
    ):
        started = time.monotonic()
        connection.sendall(b"POST /webhook HTTP/1.1\r\nhost: x\r\n")
        connection.settimeout(0.1)
        answer = b""
        while not answer and time.monotonic() - started < LONG:  # each byte is early enough for itself
            connection.sendall(b"x-drip: y\r\n")
            try:
                answer = connection.recv(1000)
            except TimeoutError:
                continue
        assert answer.startswith(b"HTTP/1.1 408")


def test_many_slow_senders_do_not_keep_a_delivery_out(hooks):
    slow = [socket.create_connection(hooks.address) for _ in range(200)]
    try:
        for connection in slow:
            connection.sendall(b"POST /webhook HTTP/1.1\r\n")
        assert hooks.post(event()) == 200
        assert select.select(slow, [], [], 0)[0] == []  # all of them still wait
    finally:
        for connection in slow:
            connection.close()


@contextmanager
def senders(address: tuple[str, int], count: int, *beginnings: bytes) -> Iterator[list[socket.socket]]:
    """So many connections, each of which has sent one of these beginnings of a request and says no more."""
    connections = [socket.create_connection(address, timeout=LONG) for _ in range(count)]
    try:
        for number, connection in enumerate(connections):
            with suppress(ConnectionError):  # it had to go already
                connection.sendall(beginnings[number % len(beginnings)])
        yield connections
    finally:
        for connection in connections:
            connection.close()


SLOW = (
    b"",
    b"POST /webhook HTTP/1.1\r\nhost: x\r\n",
    b"POST /webhook HTTP/1.1\r\nhost: x\r\ncontent-length: 9\r\n\r\n",
)


def test_a_delivery_is_kept_when_all_connections_are_taken(library):
    with running(library, pause=3600, max_senders=8) as hooks, senders(hooks.address, 100, *SLOW) as slow:
        for number in range(20):
            assert hooks.post(event(), signed(event(), f"wh_{number}")) == 200
        assert select.select(slow[-6:], [], [], 0)[0] == []  # those that came last still wait


def test_a_sender_that_has_to_go_is_answered(library):
    with running(library, pause=3600, max_senders=8) as hooks, senders(hooks.address, 8, SLOW[1]) as slow:
        with senders(hooks.address, 2, SLOW[1]):
            answer = slow[0].recv(1000)
        assert answer.startswith(b"HTTP/1.1 503")
        assert b"\r\nRetry-After: 30\r\n" in answer


def test_a_sender_that_has_long_said_nothing_goes_before_one_that_has_begun():
    async def main() -> list[str]:
        left: list[str] = []
        moment = [0.0]
        present = Senders(4, clock=lambda: moment[0])

        async def stay(name: str, size: int) -> None:
            task = asyncio.current_task()
            assert task is not None
            sender = present.admit(task)
            present.count_bytes(sender, size)
            try:
                await asyncio.Event().wait()
            finally:
                left.append(name)

        tasks = []
        for name, size in [("begun", 9), ("silent", 0), ("silent too", 0), ("new", 9), ("a", 9), ("b", 9), ("c", 0)]:
            tasks.append(asyncio.create_task(stay(name, size)))
            moment[0] += 0.9
            await asyncio.sleep(0)
            await asyncio.sleep(0)
        goers = left.copy()
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
        return goers

    assert asyncio.run(main()) == ["silent", "silent too", "begun"]


def test_requests_that_are_sent_in_part_hold_a_bounded_memory(library):
    part = b"POST /webhook HTTP/1.1\r\nhost: x\r\ncontent-length: 1000000\r\n\r\n" + bytes(900_000)
    with running(library, pause=3600) as hooks, senders(hooks.address, 80, part) as slow:
        wait_until(lambda: select.select(slow, [], [], 0)[0])
        assert hooks.post(event()) == 200
        assert 4 <= len(select.select(slow, [], [], 0)[0]) <= 20


def test_a_process_that_may_open_few_files_takes_deliveries_too(library):
    def few() -> None:
        resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))

    arguments = [sys.executable, "-c", RUN, str(library.path), "http://127.0.0.1:1/v1", SECRET]
    streams = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    with subprocess.Popen(arguments, preexec_fn=few, **streams) as process:  # noqa: PLW1509 - no threads yet
        host, _, port = process.stdout.readline().strip().removeprefix("http://").rpartition(":")
        try:
            with senders((host, int(port)), 150, *SLOW):
                connection = http.client.HTTPConnection(host, int(port), timeout=LONG)
                connection.request("POST", "/webhook", body=event(), headers=signed(event()))
                assert connection.getresponse().status == 200
                connection.close()
        finally:
            process.kill()
        assert process.stderr.read() == ""  # nor does a connection too many become a traceback


def test_forged_deliveries_do_not_wait_behind_those_that_wait_for_the_library(library_path):
    replies: list[tuple[int, dict[str, str]]] = []
    holding = [sys.executable, "-c", HOLD, str(library_path)]
    with (
        closing(Database(library_path, busy_timeout=LONG)) as library,
        running(library, pause=3600, keep_seconds=2) as hooks,
        subprocess.Popen(holding, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder,
    ):
        assert holder.stdout.readline() == b"held\n"

        def deliver(webhook_id: str) -> None:
            replies.append(hooks.ask(event(), signed(event(), webhook_id)))

        threads = [threading.Thread(target=deliver, args=(f"wh_{number}",)) for number in range(12)]
        for thread in threads:
            thread.start()
        assert [hooks.post(event("video_2"), signed(event())) for _ in range(20)] == [401] * 20
        assert replies == []
        for thread in threads:  # no sender waits as long as the library is busy
            thread.join(LONG / 2)
        holder.stdin.close()
        holder.wait(5)
    assert [(status, headers["retry-after"]) for status, headers in replies] == [(503, "30")] * 12


def test_a_known_id_with_another_body_raises_an_alarm(hooks):
    assert hooks.send_raw(request(event())).endswith(b'{"message": "kept"}')
    answer = hooks.send_raw(request(event("video_2")))
    assert answer.startswith(b"HTTP/1.1 200")
    assert b"another body" in answer
    wait_until(lambda: any("ALARM" in line for line in hooks.events))  # said after the answer
    assert len([line for line in hooks.events if "ALARM" in line and "wh_1" in line and "\n" not in line]) == 1
    assert hooks.rows("SELECT webhook_id, remote_id FROM deliveries") == [("wh_1", "video_1")]
    assert hooks.rows(VIDEOS) == [("video_1", "unknown")]
    ((health, message),) = hooks.rows("SELECT health, message FROM sources")
    assert health == "suspect"
    assert message.startswith("webhook wh_1 came again with another body at ")


def test_an_alarm_stays_until_it_is_seen_whatever_comes_of_the_job_and_of_syncs(library):
    def health() -> tuple[str, str | None]:
        with library.read() as connection:
            (state,) = list_sources(connection, ())
        return state.health, state.message

    def see_to_it() -> None:
        with library.write() as connection:
            store.see_alarms(connection, "studio")

    with RawServer(asked_for()) as server, running(library, server.base_url) as hooks:
        for number in (1, 2):
            assert hooks.post(event(), signed(event(), f"wh_{number}")) == 200
            assert hooks.post(event("video_2"), signed(event("video_2"), f"wh_{number}")) == 200
        hooks.wait_for(STATES, [("wh_1", "done"), ("wh_2", "done")])
        for outcome in ({"health": "ok", "message": None}, {"health": "failing", "message": "busy"}):
            with library.write() as connection:
                store.save_source(connection, "studio", **outcome)
            now, message = health()
            assert now == ("suspect" if outcome["health"] == "ok" else "failing")
            assert "webhook wh_2 came again with another body at " in message
            assert message.endswith("(and 1 more): the first is kept; check who else holds its secret, "
                                    "then run `catalog sources --seen studio`")  # fmt: skip
            assert message.startswith("webhook" if outcome["health"] == "ok" else "busy; webhook")
        see_to_it()
        assert health() == ("failing", "busy")
        assert hooks.post(event("video_2"), signed(event("video_2"))) == 200
        assert health()[0] == "suspect"
        see_to_it()
        assert health() == ("new", None)


@pytest.mark.parametrize(
    "body",
    [
        event(),
        json.dumps({"type": "x", "data": {"url": "https://a.example/v.mp4?X-Amz-Signature=abc", "n": 1e400}}).encode(),
        '{"type": "x", "é": "\\ud800 東京", "a": {"b": [1.0, -0.0, 12345678901234567890]}}'.encode(),
    ],
)
def test_the_same_body_again_is_no_alarm(hooks, body):
    if b"Infinity" in body:
        body = body.replace(b"Infinity", b"1e400")
    assert [hooks.post(body, signed(body)) for _ in range(3)] == [200] * 3
    assert not [line for line in hooks.events if "ALARM" in line]


def test_an_event_that_only_tells_another_time_of_sending_is_no_alarm(hooks):
    later = event().replace(b"1790000100", b"1790000200")
    assert later != event()
    assert [hooks.post(body, signed(body)) for body in (event(), later)] == [200] * 2
    assert not [line for line in hooks.events if "ALARM" in line]


def test_a_sender_that_asks_before_it_sends_is_told_to_go_on(hooks):
    body = event()
    lines = [f"{name}: {value}" for name, value in signed(body).items()]
    head = "\r\n".join(["POST /webhook HTTP/1.1", "host: x", f"content-length: {len(body)}", *lines])
    with socket.create_connection(hooks.address, timeout=LONG) as connection:
        connection.sendall(head.encode() + b"\r\nexpect: 100-continue\r\n\r\n")
        assert connection.recv(1000).startswith(b"HTTP/1.1 100")
        connection.sendall(body)
        assert connection.recv(1000).startswith(b"HTTP/1.1 200")


def test_a_busy_library_asks_for_a_redelivery(library_path):
    with closing(Database(library_path, busy_timeout=0.2)) as library, running(library, pause=3600) as hooks:
        with subprocess.Popen(
            [sys.executable, "-c", HOLD, str(library.path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        ) as holder:
            assert holder.stdout.readline() == b"held\n"
            status, headers = hooks.ask(event())
            assert (status, headers["retry-after"]) == (503, "30")
            assert hooks.post(event("video_2"), signed(event())) == 401
            holder.stdin.close()
            holder.wait(5)
        assert hooks.post(event()) == 200
        assert hooks.rows(VIDEOS) == [("video_1", "unknown")]


def test_what_was_acknowledged_survives_a_kill(library):
    arguments = [sys.executable, "-c", RUN, str(library.path), "http://127.0.0.1:1/v1", SECRET]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True) as process:
        host, _, port = process.stdout.readline().strip().removeprefix("http://").rpartition(":")
        connection = http.client.HTTPConnection(host, int(port), timeout=LONG)
        connection.request("POST", "/webhook", body=event(), headers=signed(event()))
        assert connection.getresponse().status == 200
        process.kill()
        connection.close()
    with RawServer(always(job())) as server, running(library, server.base_url) as hooks:
        hooks.wait_for(STATES, [("wh_1", "done")])


def test_an_interrupt_ends_the_receiver_at_once(library):
    arguments = [sys.executable, "-c", RUN, str(library.path), "http://127.0.0.1:1/v1", SECRET]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline().startswith("http://127.0.0.1:")
        os.kill(process.pid, signal.SIGINT)
        _, errors = process.communicate(timeout=LONG)
        assert "KeyboardInterrupt" in errors
        assert "Task was destroyed" not in errors


def test_half_a_request_holds_the_end_no_longer_than_it_has_to_arrive(library):
    def seconds_to_end() -> float:
        with socket.socket() as half:
            with running(library) as hooks:
                half.connect(hooks.address)
                half.sendall(request(event())[:100])
                assert hooks.post(event()) == 200  # so that the half is there, too
                started = time.monotonic()
            return time.monotonic() - started

    assert min(seconds_to_end() for _ in range(2)) < LINGER_SECONDS


def test_no_secret_and_no_signature_is_ever_told(hooks):
    hooks.post(event("video_2"), signed(event()))
    hooks.post(event())
    wait_until(lambda: len(hooks.events) >= 2)
    assert not [line for line in hooks.events if "whsec" in line or "v1," in line]


@pytest.mark.parametrize("secrets", [[], [""], ["whsec_???"]])
def test_a_receiver_without_a_usable_secret_does_not_start(library, secrets):
    with pytest.raises(ConfigError):
        serve_hooks(library, "studio", lambda: Client("http://127.0.0.1:1/v1"), secrets, port=0)


def test_secrets_come_from_the_environment_by_name():
    assert read_secrets(["NEW", "OLD"], {"NEW": f" {SECRET}\n", "OLD": OLD_SECRET}) == [SECRET, OLD_SECRET]


@pytest.mark.parametrize("value", ["", "whsec_???"])
def test_a_faulty_secret_is_named_by_its_variable(value):
    with pytest.raises(ConfigError, match="HOOK_SECRET"):
        read_secrets(["HOOK_SECRET"], {"HOOK_SECRET": value})


def test_pauses_grow_up_to_an_hour():
    assert [growing_pause(attempts) for attempts in (1, 2, 3, 50)] == [2.0, 4.0, 8.0, 3600.0]
