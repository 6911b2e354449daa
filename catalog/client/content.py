"""An open download: what its head says, how it goes on where an earlier one broke off, and how fast it has to be."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from catalog.client.network import Deadline

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    import httpx

_STRONG = re.compile(r'"[\x21\x23-\x7e]*"')  # RFC 9110, 8.8.3; a weak one begins with W/
_RANGE = re.compile(r"bytes (\d{1,18})-(\d{1,18})/(?:(\d{1,18})|\*)")  # RFC 9110, 14.4


class _Range(NamedTuple):
    """Which bytes an answer holds, first and last, and how many there are in all; None where that is not said."""

    first: int
    last: int
    total: int | None


class Resumption(NamedTuple):
    """From where a download goes on, under the strong ETag that it began with; `total` is the size it was said to have.

    A range is never asked for without a strong validator: nothing else says that both parts are of one file.
    """

    start: int
    etag: str
    total: int | None = None

    @property
    def headers(self) -> dict[str, str]:
        """The headers that ask for the rest if the file is still the same, else for all of it."""
        return {"Range": f"bytes={self.start}-", "If-Range": self.etag}

    def is_continued_by(self, response: httpx.Response) -> bool:
        """Whether an answer holds the rest: as asked for, of a file of the same size, under the same ETag."""
        sent = _read_range(response.headers)
        if response.status_code != 206 or sent is None or not _is_plain(response.headers):
            return False
        is_whole = sent.total is None or sent.last + 1 == sent.total
        is_same = self.total is None or sent.total == self.total
        return sent.first == self.start and is_whole and is_same and _strong_etag(response.headers) in {self.etag, None}


class Content:
    """An open download: its status, headers and length are here, its bytes arrive as they are read."""

    def __init__(self, response: httpx.Response, chunks: Iterator[bytes], pace: Pace) -> None:
        self.status = response.status_code
        self.headers = response.headers
        self._chunks = chunks
        self._pace = pace

    @property
    def media_type(self) -> str:
        """The media type without its parameters, in lower case; empty where the server does not name one."""
        return media_type(self.headers)

    @property
    def length(self) -> int | None:
        """Bytes still to come, where the server says so."""
        text = self.headers.get("content-length", "")
        return int(text) if _is_plain(self.headers) and text.isascii() and text.isdigit() else None

    @property
    def starts_at(self) -> int:
        """The offset of the first byte: 0 unless the server honoured the range that was asked for."""
        return starts_at(self.status, self.headers)

    @property
    def total(self) -> int | None:
        """The bytes of the whole file, where the server says so."""
        if self.status != 206:
            return self.length
        sent = _read_range(self.headers)
        return sent and sent.total

    @property
    def etag(self) -> str | None:
        """The strong ETag under which the rest can be asked for later; None where there is none, or a coding."""
        return _strong_etag(self.headers) if _is_plain(self.headers) else None

    @property
    def is_too_slow(self) -> bool:
        """Whether it was given up because too few bytes came, or the deadline of the file has passed."""
        return self._pace.seconds_left() <= 0

    def iter_bytes(self) -> Iterator[bytes]:
        """The body in pieces, once; raises Unavailable when it breaks off or stalls, Refused past the cap."""
        return self._chunks


class Pace(Deadline):
    """A deadline for a body that also has to come fast enough: `least` bytes a second, over `window` seconds.

    Each time as many bytes have come as that makes, the next as many have the same seconds.
    """

    def __init__(self, whole: Deadline, least: float, window: float, clock: Callable[[], float]) -> None:
        super().__init__(window, clock)
        self._whole = whole
        self._least = least
        self._wanted = least * window
        self._received = 0

    def seconds_left(self) -> float:
        """The seconds until the body is too late, or too slow."""
        return min(self._whole.seconds_left(), super().seconds_left())

    @property
    def problem(self) -> str:
        """What is wrong when it has passed."""
        if self._whole.seconds_left() <= 0:
            return self._whole.problem
        return f"fewer than {self._least:,.0f} bytes a second for {self.seconds:g} seconds"

    def counted(self, chunks: Iterable[bytes]) -> Iterator[bytes]:
        """The same chunks, as they come off the wire."""
        for chunk in chunks:
            self._received += len(chunk)
            if self._received >= self._wanted:
                self._received = 0
                self.restart()
            yield chunk


def media_type(headers: httpx.Headers) -> str:
    """The media type in a head, without its parameters and in lower case; empty where there is none."""
    text: str = headers.get("content-type", "")
    return text.partition(";")[0].strip().lower()


def starts_at(status: int, headers: httpx.Headers) -> int:
    """The offset of the first byte of a body."""
    sent = _read_range(headers) if status == 206 else None
    return sent.first if sent else 0


def is_part(response: httpx.Response) -> bool:
    """Whether an answer holds a part of a file only, or does not say which."""
    sent = _read_range(response.headers)
    return response.status_code == 206 and (sent is None or (sent.first, sent.last + 1) != (0, sent.total))


def _read_range(headers: httpx.Headers) -> _Range | None:
    match = _RANGE.fullmatch(headers.get("content-range", "").strip().lower())
    return _Range(int(match[1]), int(match[2]), int(match[3]) if match[3] else None) if match else None


def _strong_etag(headers: httpx.Headers) -> str | None:
    text: str = headers.get("etag", "").strip()
    return text if _STRONG.fullmatch(text) else None


def _is_plain(headers: httpx.Headers) -> bool:
    return headers.get("content-encoding", "identity").strip().lower() in {"", "identity"}
