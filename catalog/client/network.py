"""The transport under the client: one deadline for a whole call, and connections to addresses that were judged.

A read time-out bounds only the wait for the next byte: a server that sends one byte a second holds its caller for ever.
Here every connect, read and write of a call, headers included, is capped by the time left until its deadline. A host
name is resolved here and nowhere else, and the socket is opened to the address that was resolved and judged, so a name
that changes its address in between leads nowhere; TLS and the Host header still carry the name.

While one of our calls runs, the HTTP libraries log nothing: their debug lines contain signed queries.

The seam to httpx: `session.Session._send` makes its Request, `Transport.handle_request` turns that into its Response,
`_as_httpx` raises its errors; beyond that, `addresses`, `session` and `client` read `httpx.URL` and `httpx.Headers`.
`Transport` mirrors httpx's own on httpcore. Moving to a successor means changing these.
"""

from __future__ import annotations

import functools
import logging
import socket
import threading
import weakref
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

import httpcore
import httpx

from catalog.client.hosts import DEFAULT_PORTS, ENVIRONMENT, environment_proxy, require_proxy
from catalog.redaction import redact_text

if TYPE_CHECKING:
    import ssl

    from catalog.client.addresses import Resolver

Judge = Callable[[list[str]], None]

CONNECT_SECONDS = 15.0
LIBRARY_LOGGERS = (
    "httpx",
    "httpcore.connection",
    "httpcore.http11",
    "httpcore.http2",
    "httpcore.proxy",
    "httpcore.socks",
)


class Deadline:
    """The moment a call must have ended by, `seconds` from now on the given clock."""

    def __init__(self, seconds: float, clock: Callable[[], float]) -> None:
        self.seconds = seconds
        self._clock = clock
        self._end = clock() + seconds

    def seconds_left(self) -> float:
        """The seconds until then; zero or less when it has passed."""
        return self._end - self._clock()

    @property
    def problem(self) -> str:
        """What is wrong when it has passed."""
        return f"no complete answer within {self.seconds:g} seconds"

    def restart(self) -> None:
        """Begin the seconds again."""
        self._end = self._clock() + self.seconds

    def counted(self, chunks: Iterable[bytes]) -> Iterator[bytes]:
        """The chunks of a body as they come off the wire, for a deadline that depends on them."""
        return iter(chunks)

    def at_most(self, seconds: float) -> Deadline:
        """This deadline, or one so many seconds from now where that is sooner."""
        return self if self.seconds_left() <= seconds else Deadline(seconds, self._clock)


_current: ContextVar[Deadline | None] = ContextVar("deadline of the running call", default=None)


@contextmanager
def within(deadline: Deadline) -> Iterator[None]:
    """End every network operation in the block by `deadline`."""
    token = _current.set(deadline)
    try:
        yield
    finally:
        _current.reset(token)


def _capped(seconds: float | None) -> float | None:
    deadline = _current.get()
    if deadline is None:
        return seconds
    seconds_left = deadline.seconds_left()
    if seconds_left <= 0:
        raise httpcore.ReadTimeout("deadline passed")
    return seconds_left if seconds is None else min(seconds, seconds_left)


class _SilentDuringCalls(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:  # noqa: ARG002
        return _current.get() is None


_silence = _SilentDuringCalls()
for _name in LIBRARY_LOGGERS:
    logging.getLogger(_name).addFilter(_silence)


class _Stream(httpcore.NetworkStream):
    """A connection whose every operation is capped by the deadline of the call that uses it."""

    def __init__(self, inner: httpcore.NetworkStream, streams: _Streams) -> None:
        self._inner = inner
        self._streams = streams
        streams.add(self)

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._inner.read(max_bytes, _capped(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._inner.write(buffer, _capped(timeout))

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        return _Stream(self._inner.start_tls(ssl_context, server_hostname, _capped(timeout)), self._streams)

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)


class _Streams:
    """The connections of a transport, so that another thread can end what waits for them."""

    def __init__(self) -> None:
        self._streams: weakref.WeakSet[_Stream] = weakref.WeakSet()
        self._lock = threading.Lock()
        self._is_over = False

    def add(self, stream: _Stream) -> None:
        with self._lock:
            if self._is_over:
                stream.close()
                raise httpcore.ConnectError("interrupted")
            self._streams.add(stream)

    def hang_up(self) -> None:
        """Shut every connection down, and every new one: whoever reads or writes is told that it has ended."""
        with self._lock:
            self._is_over, streams = True, list(self._streams)
        for stream in streams:
            with suppress(OSError):  # closed already
                socket.socket.shutdown(stream.get_extra_info("socket"), socket.SHUT_RDWR)


class _Backend(httpcore.NetworkBackend):
    """Opens connections to the addresses that it resolved and that its judge, where there is one, let pass."""

    def __init__(self, resolver: Resolver, judge: Judge | None, streams: _Streams) -> None:
        self._resolve = resolver
        self._judge = judge
        self._streams = streams
        self._sockets = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        fault: Exception = httpcore.ConnectError("the name does not have an address")
        for address in lookup(host, port, self._resolve, self._judge):
            try:
                stream = self._sockets.connect_tcp(address, port, _capped(timeout), local_address, socket_options)
                return _Stream(stream, self._streams)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                fault = error
        raise fault


def lookup(host: str, port: int, resolver: Resolver, judge: Judge | None) -> list[str]:
    """The addresses of a host, judged where there is a judge; raises UnsafeURL or httpcore.ConnectError."""
    try:
        addresses = resolver(host, port)
    except OSError as error:
        raise httpcore.ConnectError("the name cannot be resolved") from error
    if judge is not None:
        judge(addresses)
    return addresses


@functools.cache
def _tls(trust_env: bool) -> ssl.SSLContext:
    return httpx.create_ssl_context(trust_env=trust_env)


class Transport(httpx.BaseTransport):
    """An httpx transport for one class of URLs: the configured origin without a judge, everything else with one.

    `proxy` is the URL of a proxy, or `env` for the proxies and certificates that the environment names. A judge judges
    the addresses that we resolve for a proxied name; the proxy may resolve others.
    """

    def __init__(self, *, resolver: Resolver, judge: Judge | None, proxy: str | None = None) -> None:
        self._resolver = resolver
        self._judge = judge
        self._proxy = proxy
        self._pools: dict[tuple[str, str | None], httpcore.ConnectionPool] = {}
        self._lock = threading.Lock()
        self._streams = _Streams()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        url = request.url
        with _as_httpx():
            answer = self._pool(url).handle_request(
                httpcore.Request(
                    method=request.method,
                    url=httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path),
                    headers=request.headers.raw,
                    content=request.stream,
                    extensions=request.extensions,
                )
            )
        return httpx.Response(answer.status, headers=answer.headers, stream=_Body(answer))

    def close(self) -> None:
        """Close every connection."""
        with self._lock:
            pools, self._pools = list(self._pools.values()), {}
        for pool in pools:
            pool.close()

    def hang_up(self) -> None:
        """End what other threads wait for, and open no further connection."""
        self._streams.hang_up()

    def _pool(self, url: httpx.URL) -> httpcore.ConnectionPool:
        proxy = proxy_for(url, self._proxy)
        if proxy and self._judge:
            lookup(url.host, url.port or DEFAULT_PORTS[url.scheme], self._resolver, self._judge)
        with self._lock:
            key = (url.scheme, proxy)
            if key not in self._pools:
                self._pools[key] = self._open_pool(url.scheme, proxy)
            return self._pools[key]

    def _open_pool(self, scheme: str, proxy: str | None) -> httpcore.ConnectionPool:
        return httpcore.ConnectionPool(
            ssl_context=_tls(self._proxy == ENVIRONMENT) if scheme == "https" else None,
            proxy=_as_httpcore(httpx.Proxy(proxy)) if proxy else None,
            max_connections=20,
            max_keepalive_connections=10,
            keepalive_expiry=30.0,
            network_backend=_Backend(self._resolver, None if proxy else self._judge, self._streams),
        )


def proxy_for(url: httpx.URL, proxy: str | None) -> str | None:
    """The URL of the proxy that a call goes through, with its credentials; raises ConfigError for an unusable one."""
    if proxy != ENVIRONMENT:
        return proxy
    named = environment_proxy(url.scheme, url.host)
    return named and require_proxy(named)


def _as_httpcore(proxy: httpx.Proxy) -> httpcore.Proxy:
    url = proxy.url
    core = httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path)
    return httpcore.Proxy(core, auth=proxy.raw_auth)


class _Body(httpx.SyncByteStream):
    def __init__(self, answer: httpcore.Response) -> None:
        self._answer = answer

    def __iter__(self) -> Iterator[bytes]:
        with _as_httpx():
            yield from self._answer.iter_stream()

    def close(self) -> None:
        with _as_httpx():
            self._answer.close()


@contextmanager
def _as_httpx() -> Iterator[None]:
    try:
        yield
    except httpcore.RemoteProtocolError as error:
        # without its cause, which quotes what the server sent
        raise httpx.RemoteProtocolError(redact_text(str(error))) from None
    except (
        httpcore.TimeoutException,
        httpcore.NetworkError,
        httpcore.ProtocolError,
        httpcore.ProxyError,
        httpcore.UnsupportedProtocol,
    ) as error:
        raise getattr(httpx, type(error).__name__)(str(error)) from error
