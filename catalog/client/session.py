"""How one GET is made safely: retried, redirected, bounded in time and size, with the key only where it may go.

Every call ends within its deadline, waiting and retrying included, reads no more than its cap, and either returns or
raises one `SourceError`. The key travels to the configured origin alone. Redirects and URLs from answers that lead
elsewhere are followed without it, over separate connections, after their addresses are judged.

Every call is a read, so every call may be retried.
"""

from __future__ import annotations

import random
import re
import threading
import time
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeVar

import httpx

from catalog.client.addresses import Base, Guard, Resolver, UnsafeURL, resolve
from catalog.client.content import Content, Pace, Resumption, is_part, media_type, starts_at
from catalog.client.faults import is_certificate_fault, is_refusal, reason_of, server_of
from catalog.client.network import CONNECT_SECONDS, Deadline, Transport, proxy_for, within
from catalog.client.retry import backoff, requested_wait, should_retry
from catalog.client.transfer import BadBody, BodyTooLarge, inflated
from catalog.errors import BadPayload, ConfigError, Refused, SourceError, Unavailable
from catalog.redaction import cut_secrets, find_credentials, know_secrets
from catalog.spellings import Secrets
from catalog.wire.documents import Unreadable, read_json
from catalog.wire.faults import error_headers

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from catalog.client.failures import Subject

MIB = 1024 * 1024
MOST_HOPS = 5
MOST_ATTEMPTS = 30
REDIRECTS = frozenset({301, 302, 303, 307, 308})
PAGES = frozenset({"application/json", "application/problem+json", "text/html", "application/xml", "text/xml"})
USER_AGENT = "video-catalog"

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """How long and how much: seconds for one call and for one file, bytes of JSON and of media.

    `retries` bounds retries after waits of our own choice; where the server names the wait, only the deadline does.
    The head of an answer with media has `header_seconds`, its body has to come at `min_rate` bytes a second, over
    `rate_seconds`. `media_cap` counts the bytes after decoding.
    """

    deadline: float = 60.0
    content_deadline: float = 600.0
    header_seconds: float = 30.0
    min_rate: float = 1024.0
    rate_seconds: float = 30.0
    json_cap: int = 32 * MIB
    media_cap: int = 4096 * MIB
    retries: int = 4

    def with_deadline(self, seconds: float | None) -> Bounds:
        """These bounds with another deadline; unchanged for None."""
        return self if seconds is None else replace(self, deadline=seconds)


@dataclass(frozen=True, slots=True, kw_only=True)
class Clock:
    """Time and chance, as arguments: a monotonic clock, a way to wait, Unix time, and numbers from 0 to 1.

    Without a way to wait of their own, waits end when the session is interrupted.
    """

    now: Callable[[], float] = time.monotonic
    sleep: Callable[[float], object] | None = None
    unix: Callable[[], float] = time.time
    jitter: Callable[[], float] = random.random


def _never(_payload: object) -> bool:
    return False


@dataclass(frozen=True, slots=True)
class Call:
    """One GET: what it is about, where it goes, and which body counts as an answer in spite of a bad status.

    `takes_pages` says that a body that a person or a program reads as text is one of a file.
    """

    subject: Subject
    url: httpx.URL
    headers: Mapping[str, str]
    deadline: Deadline
    is_answer: Callable[[object], bool] = _never
    head_seconds: float | None = None
    takes_pages: bool = False


@dataclass(frozen=True, slots=True)
class Exchange:
    """A complete answer: HTTP status, headers, JSON body."""

    status: int
    headers: httpx.Headers
    payload: Any


class _Transient(Exception):
    """A failure that may pass: the error to raise when it does not, and the wait that the server named."""

    def __init__(self, error: SourceError, wait: float | None = None) -> None:
        super().__init__(str(error))
        self.error = error
        self.wait = wait


class _NotContinued(Exception):
    """The answer is not the rest of the file that was asked for: it has to be asked for as a whole."""


class Session:
    """GETs on behalf of one source; thread-safe. `key_header` is the header that carries `key`."""

    def __init__(
        self,
        base: Base,
        *,
        key: str,
        key_header: Mapping[str, str],
        bounds: Bounds,
        clock: Clock,
        resolver: Resolver = resolve,
        transport: httpx.BaseTransport | None = None,
        proxy: str | None = None,
    ) -> None:
        self._base = base
        self._proxy = proxy
        secrets = [key, *find_credentials(url=str(base))]
        know_secrets(*secrets)
        self._secrets = Secrets(secrets)
        self._key_header = key_header
        self._bounds = bounds
        self._clock = clock
        self._guard = Guard(base, resolver)
        self._home = transport or Transport(resolver=resolver, judge=None, proxy=proxy)
        self._abroad = transport or Transport(resolver=resolver, judge=self._guard.judge, proxy=proxy)
        self._lock = threading.Lock()
        self._interrupted = threading.Event()
        self.requests_made = 0

    def close(self) -> None:
        """Close every connection."""
        self._home.close()
        self._abroad.close()

    def interrupt(self) -> None:
        """End the calls of other threads, and refuse further ones."""
        self._interrupted.set()
        for transport in (self._home, self._abroad):
            if isinstance(transport, Transport):
                transport.hang_up()

    def call(
        self,
        subject: Subject,
        address: Callable[[Guard], httpx.URL],
        headers: Mapping[str, str],
        is_answer: Callable[[object], bool] = _never,
    ) -> Call:
        """A call whose deadline starts now; an unsafe address raises Refused."""
        with _refusals(subject):
            url = address(self._guard)
        return Call(subject, url, headers, Deadline(self._bounds.deadline, self._clock.now), is_answer)

    def ask_json(self, call: Call) -> Exchange:
        """The JSON answer to a call: one with a good status, or a body that `is_answer` accepts."""
        return self._persist(call, lambda: self._exchange(call))

    def media_deadline(self) -> Deadline:
        """The deadline of one file that is begun now."""
        return Deadline(self._bounds.content_deadline, self._clock.now)

    @contextmanager
    def open_media(
        self,
        subject: Subject,
        address: Callable[[Guard], httpx.URL],
        headers: Mapping[str, str],
        resumption: Resumption | None = None,
        deadline: Deadline | None = None,
        *,
        takes_pages: bool = False,
    ) -> Iterator[Content]:
        """The bytes of a file as a stream, the rest of it or all; an error page raises, whatever its status."""
        deadline = deadline or self.media_deadline()
        call = replace(
            self.call(subject, address, {**headers, **(resumption.headers if resumption else {})}),
            deadline=deadline,
            head_seconds=self._bounds.header_seconds,
            takes_pages=takes_pages,
        )
        with ExitStack() as stack:
            try:
                response = self._persist(call, lambda: self._open(call, stack, resumption))
            except _NotContinued:
                whole = replace(call, headers=headers)
                response = self._persist(whole, lambda: self._open(whole, stack, None))
            bounds = self._bounds
            pace = Pace(deadline, bounds.min_rate, bounds.rate_seconds, self._clock.now)
            yield Content(response, self._media(subject, response, pace), pace)

    def _persist(self, call: Call, attempt: Callable[[], Result]) -> Result:
        guesses = attempts = 0
        while True:
            try:
                return attempt()
            except _Transient as fault:
                attempts += 1
                wait = backoff(guesses, self._clock.jitter) if fault.wait is None else fault.wait
                guesses += fault.wait is None
                is_spent = guesses > self._bounds.retries or attempts >= MOST_ATTEMPTS
                if is_spent or wait >= call.deadline.seconds_left() or self._interrupted.is_set():
                    raise fault.error from fault.__cause__
                (self._clock.sleep or self._interrupted.wait)(wait)

    def _exchange(self, call: Call) -> Exchange:
        with self._answer(call) as (response, landed):
            status = response.status_code
            payload = self._read(call, response) if response.is_success else self._read_page(call, response)
            if response.is_success or call.is_answer(payload):
                return Exchange(status, response.headers, payload)
            raise self._failure(call, response, payload, landed)

    def _open(self, call: Call, stack: ExitStack, resumption: Resumption | None) -> httpx.Response:
        """The answer, open as long as the stack; raises _NotContinued where it does not go on as asked."""
        with ExitStack() as attempt:
            response, landed = attempt.enter_context(self._answer(call))
            status = response.status_code
            if resumption and (status == 416 or (status == 206 and not resumption.is_continued_by(response))):
                raise _NotContinued
            if status not in {200, 206}:
                raise self._failure(call, response, self._read_page(call, response), landed)
            if media_type(response.headers) in PAGES and not call.takes_pages:
                page = self._read_page(call, response)
                raise call.subject.misanswered(status, page, "the answer is a page, not media")
            if resumption is None and is_part(response):
                raise call.subject.error(
                    BadPayload, "the server sent a part, and was asked for the whole", status=status
                )
            stack.enter_context(attempt.pop_all())
            return response

    def _failure(self, call: Call, response: httpx.Response, payload: object, landed: httpx.URL) -> Exception:
        status, now = response.status_code, self._clock.unix()
        wait = requested_wait(status, response.headers, now=now)
        wait = wait or requested_wait(status, error_headers(payload), now=now)
        is_foreign = not self._base.is_origin_of(landed)
        error = call.subject.answered(status, payload, retry_after=wait, is_foreign=is_foreign)
        return _Transient(error, wait) if should_retry(status, response.headers) else error

    @contextmanager
    def _answer(self, call: Call) -> Iterator[tuple[httpx.Response, httpx.URL]]:
        """The answer after at most five redirects, and its URL; a chain that left the base gets no key again."""
        url, with_key = call.url, True
        for _ in range(MOST_HOPS + 1):
            with_key = with_key and self._base.is_origin_of(url)
            response = self._send(call, url, self._key_header if with_key else {})
            try:
                location = response.headers.get("location")
                if response.status_code not in REDIRECTS or not location:
                    yield response, url
                    return
            finally:
                response.close()
            with _refusals(call.subject):
                url = _next_hop(url, location)
        raise call.subject.error(Refused, f"more than {MOST_HOPS} redirects")

    def _send(self, call: Call, url: httpx.URL, key_header: Mapping[str, str]) -> httpx.Response:
        deadline = call.deadline if call.head_seconds is None else call.deadline.at_most(call.head_seconds)
        seconds = deadline.seconds_left()
        timeouts = {"connect": min(CONNECT_SECONDS, seconds), "read": seconds, "write": seconds, "pool": seconds}
        headers = {**call.headers, **key_header, "User-Agent": USER_AGENT}
        is_home = self._base.is_origin_of(url)
        server = server_of(url, proxy_for(url, self._proxy))
        with _refusals(call.subject), _faults(call.subject, deadline, server), within(deadline):
            request = httpx.Request("GET", url if is_home else self._guard.check(url), headers=headers)
            request.extensions["timeout"] = timeouts
            with self._lock:
                self.requests_made += 1
            return (self._home if is_home else self._abroad).handle_request(request)

    def _read(self, call: Call, response: httpx.Response) -> Any:
        """The JSON body of an answer, without the key where the server echoes it."""
        subject, cap = call.subject, self._bounds.json_cap
        try:
            body = b"".join(_chunks(subject, response, cap, call.deadline))
            return cut_secrets(read_json(body, is_lenient=True), self._secrets)
        except (BadBody, Unreadable) as error:
            status = response.status_code
            raise subject.error(BadPayload, f"the answer is {error} (HTTP {status})", status=status) from error

    def _read_page(self, call: Call, response: httpx.Response) -> Any:
        """The JSON body of an answer that is a failure anyway; None where it cannot be read."""
        try:
            return self._read(call, response)
        except (BadPayload, Refused):
            return None

    def _media(self, subject: Subject, response: httpx.Response, pace: Pace) -> Iterator[bytes]:
        cap = self._bounds.media_cap - starts_at(response.status_code, response.headers)
        try:
            yield from _chunks(subject, response, cap, pace)
        except _Transient as fault:
            raise fault.error from fault.__cause__
        except BadBody as error:
            raise subject.error(BadPayload, f"the answer is {error}") from error


def usable_key(key: str | None, source: str) -> str:
    """The key without the white space around it; raises ConfigError for one that a header cannot carry."""
    key = (key or "").strip()
    if not re.fullmatch(r"[\x21-\x7e]*", key):
        raise ConfigError(f"source {source}: the key contains characters that a header cannot carry; copy it again")
    return key


def _chunks(subject: Subject, response: httpx.Response, cap: int, deadline: Deadline) -> Iterator[bytes]:
    coding = response.headers.get("content-encoding", "")
    received: Iterable[bytes] = response.stream  # type: ignore[assignment]
    with _faults(subject, deadline):
        chunks = iter(inflated(deadline.counted(received), coding, cap))
        while True:
            with within(deadline):
                chunk = next(chunks, None)
            if chunk is None:
                return
            if deadline.seconds_left() <= 0:
                raise httpx.ReadTimeout("deadline passed")
            yield chunk


@contextmanager
def _refusals(subject: Subject) -> Iterator[None]:
    try:
        yield
    except UnsafeURL as error:
        advice = "it is not fetched, to protect this machine and its network"
        raise subject.error(Refused, f"the address was refused: {error}", advice=advice) from error


@contextmanager
def _faults(subject: Subject, deadline: Deadline, server: str = "the server") -> Iterator[None]:
    """Turn what goes wrong on the wire into our errors; what may pass is transient."""
    try:
        yield
    except BodyTooLarge as error:
        advice = "raise the cap if you expect a body of this size"
        raise subject.error(Refused, "the answer is larger than its cap", advice=advice) from error
    except httpx.TimeoutException as error:
        raise _Transient(subject.error(Unavailable, deadline.problem)) from error
    except (httpx.UnsupportedProtocol, httpx.LocalProtocolError) as error:
        raise subject.error(Refused, "the request cannot be sent as HTTP") from error
    except httpx.TransportError as error:
        failure = subject.error(Unavailable, reason_of(error, server))
        raise (failure if is_certificate_fault(error) or is_refusal(error) else _Transient(failure)) from error


def _next_hop(url: httpx.URL, location: str) -> httpx.URL:
    try:
        target = url.join(location).copy_with(fragment=None)
    except (httpx.InvalidURL, UnicodeError) as error:
        raise UnsafeURL("it redirects to something that is not a URL") from error
    if url.scheme == "https" and target.scheme != "https":
        raise UnsafeURL("it redirects from https to an address without TLS")
    return target
