"""One file as a whole: what is asked for again where it breaks off, and when that is given up."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import pytest

from catalog.client.client import Bounds, Client, Clock
from catalog.client.fetching import OVERLAP, fetch_content
from catalog.errors import BadPayload, Refused, Unavailable
from tests.client.server import RawServer, always, in_turn, response

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

MOVIE = bytes(range(256)) * 40
ETAG = '"one"'
HALF = len(MOVIE) // 2


class Sink:
    """Keeps what is written."""

    def __init__(self) -> None:
        self.data = b""

    @property
    def size(self) -> int:
        return len(self.data)

    def write(self, data: bytes) -> None:
        self.data += data

    def restart(self) -> None:
        self.data = b""


@pytest.fixture
def fetch() -> Iterator[Callable[..., tuple[bytes, RawServer]]]:
    """Fetches a clip from a server that answers so, and returns it with the server."""
    with ExitStack() as stack:

        def run(*answers: Iterable[bytes], sink: Sink | None = None, **bounds: Any) -> tuple[bytes, RawServer]:
            server = stack.enter_context(RawServer(in_turn(*answers)))
            clock = Clock(sleep=lambda _: None)
            client = stack.enter_context(
                Client(server.base_url, key="k", source="studio", clock=clock, bounds=Bounds(retries=0, **bounds))
            )
            sink = sink or Sink()
            fetch_content(client, "video_1", sink)
            return sink.data, server

        yield run


def broken(etag: str = ETAG, length: int = len(MOVIE)) -> list[bytes]:
    """The first half of the clip, then the end of the connection."""
    return response(MOVIE[:HALF], length=length, content_type="video/mp4", **({"etag": etag} if etag else {}))


def rest(start: int = HALF - OVERLAP, label: str | None = None, **headers: str) -> list[bytes]:
    """The clip from an offset on, as an answer to a range."""
    label = f"bytes {start}-{len(MOVIE) - 1}/{len(MOVIE)}" if label is None else label
    given = {"content_range": label} if label else {}
    return response(MOVIE[start:], 206, content_type="video/mp4", **{"etag": ETAG, **given, **headers})


WHOLE = response(MOVIE, content_type="video/mp4", etag=ETAG)


def test_the_rest_is_asked_for_under_the_strong_etag_and_overlaps_what_is_there(fetch) -> None:
    data, server = fetch(broken(), rest())
    assert data == MOVIE
    first, second = server.requests
    assert "range" not in first.headers
    assert second.headers["range"] == f"bytes={HALF - OVERLAP}-"
    assert second.headers["if-range"] == ETAG
    assert second.headers["accept-encoding"] == "identity"


@pytest.mark.parametrize("etag", ["", 'W/"one"', "one", '"one'])
def test_without_a_strong_etag_no_range_is_asked_for(fetch, etag) -> None:
    data, server = fetch(broken(etag), WHOLE)
    assert data == MOVIE
    assert ["range" in request.headers for request in server.requests] == [False, False]


WRONG = {
    "another start": rest(HALF),
    "another total": rest(label=f"bytes {HALF - OVERLAP}-{len(MOVIE) - 1}/{len(MOVIE) + 1}"),
    "another end": rest(label=f"bytes {HALF - OVERLAP}-{len(MOVIE) - 2}/{len(MOVIE)}"),
    "no Content-Range": rest(label=""),
    "a Content-Range that cannot be read": rest(label="bytes some"),
    "another ETag": rest(etag='"two"'),
    "a coding": rest(content_encoding="gzip"),
    "416": response(b"", 416),
}


@pytest.mark.parametrize("name", WRONG)
def test_an_answer_that_is_not_the_rest_means_from_the_beginning(fetch, name) -> None:
    data, server = fetch(broken(), WRONG[name], WHOLE)
    assert data == MOVIE
    assert "range" not in server.requests[2].headers


def test_other_bytes_under_the_right_label_are_found_out(fetch) -> None:
    start = HALF - OVERLAP
    label = f"bytes {start}-{len(MOVIE) - 1}/{len(MOVIE)}"
    wrong = response(MOVIE[1:][: len(MOVIE) - start], 206, content_type="video/mp4", content_range=label, etag=ETAG)
    data, _ = fetch(broken(), wrong, WHOLE)
    assert data == MOVIE


def test_an_attempt_that_brings_nothing_ends_it(fetch) -> None:
    sink = Sink()
    with pytest.raises(Unavailable, match="broke off"):
        fetch(broken(""), broken(""), WHOLE, sink=sink)
    assert sink.data == MOVIE[:HALF]


def test_a_part_that_nobody_asked_for_is_refused(fetch) -> None:
    with pytest.raises(BadPayload, match="sent a part"):
        fetch(rest())


def test_a_file_that_is_larger_than_the_cap_is_refused_across_attempts(fetch) -> None:
    with pytest.raises(Refused, match="larger than its cap"):
        fetch(broken(length=len(MOVIE)), rest(), media_cap=len(MOVIE) - 1)


def test_a_server_that_sends_too_little_is_given_up() -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Type: video/mp4\r\nContent-Length: 10240\r\n\r\n"

    def drip(_request: object) -> Iterable[bytes]:
        yield head
        yield from server.drip(MOVIE, 0.02)

    bounds = Bounds(min_rate=100_000, rate_seconds=0.3, retries=0)
    with (
        RawServer(drip) as server,
        Client(server.base_url, source="studio", bounds=bounds) as client,
        pytest.raises(Unavailable, match=r"fewer than 100,000 bytes a second for 0\.3 seconds"),
    ):
        fetch_content(client, "video_1", Sink())
    assert len(server.requests) == 1


def test_a_server_that_is_fast_enough_has_all_the_time_of_its_deadline() -> None:
    def drip(_request: object) -> Iterable[bytes]:
        yield b"HTTP/1.1 200 OK\r\nContent-Type: video/mp4\r\nContent-Length: 40\r\n\r\n"
        yield from server.drip(MOVIE[:40], 0.02)

    bounds = Bounds(min_rate=10, rate_seconds=0.3, retries=0)
    sink = Sink()
    with RawServer(drip) as server, Client(server.base_url, source="studio", bounds=bounds) as client:
        fetch_content(client, "video_1", sink)
    assert sink.data == MOVIE[:40]


def test_a_head_that_never_ends_has_its_own_deadline() -> None:
    def endless(_request: object) -> Iterable[bytes]:
        yield b"HTTP/1.1 200 OK\r\n"
        while not server.stopping.wait(0.02):
            yield b"X-More: 1\r\n"

    bounds = Bounds(header_seconds=0.3, retries=0)
    with (
        RawServer(endless) as server,
        Client(server.base_url, source="studio", bounds=bounds) as client,
        pytest.raises(Unavailable, match=r"no complete answer within 0\.3 seconds"),
    ):
        fetch_content(client, "video_1", Sink())


def test_a_picture_is_asked_for_without_a_variant() -> None:
    with RawServer(always(MOVIE, content_type="image/png")) as server:
        with Client(server.base_url, source="studio", dialect="sglang") as client:
            fetch_content(client, "video_1", Sink(), "image")
        assert server.requests[0].target == "/v1/videos/video_1/content"
