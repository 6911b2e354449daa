"""Clients and transports that let every call pass and note what matters, for httpx2 and for httpx.

The two libraries have classes of the same names, and a program may have either: neither is imported before it is asked
for, and what is written here once is mixed into the classes of both.
"""

from __future__ import annotations

import sys
from functools import cache, partial
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Literal, overload

from catalog.capture.watcher import Note, Watcher, WatchOptions, watch
from catalog.client.hosts import environment_proxy
from catalog.errors import ConfigError

if TYPE_CHECKING:
    import os
    from collections.abc import AsyncIterator, Iterator
    from typing import Unpack

    import httpx
    import httpx2

    Library = str | os.PathLike[str]

Flavour = Literal["httpx2", "httpx"]
Mode = Literal["", "Async"]  # what the names of a library's classes begin with

FLAVOURS: tuple[Flavour, ...] = ("httpx2", "httpx")
CONNECTIONS = {"max_connections": 1000, "max_keepalive_connections": 100}  # as the SDK's own client has


class TransportOptions(WatchOptions, total=False):
    """What the transports of httpx2 and httpx take besides; the values are theirs to judge."""

    verify: Any
    cert: Any
    trust_env: bool
    http1: bool
    http2: bool
    limits: Any
    proxy: Any
    uds: str | None
    local_address: str | None
    retries: int
    socket_options: Any


class ClientOptions(TransportOptions, total=False):
    """What the clients of httpx2 and httpx take besides, all but `transport`."""

    auth: Any
    params: Any
    headers: Any
    cookies: Any
    mounts: Any
    timeout: Any
    follow_redirects: bool
    max_redirects: int
    event_hooks: Any
    base_url: Any
    default_encoding: Any


@overload
def client(
    library: Library = ..., *, flavour: Literal["httpx"], inner: Any = None, **options: Unpack[ClientOptions]
) -> httpx.Client: ...
@overload
def client(
    library: Library = ..., *, flavour: None = None, inner: httpx.BaseTransport, **options: Unpack[ClientOptions]
) -> httpx.Client: ...
@overload
def client(
    library: Library = ...,
    *,
    flavour: Literal["httpx2"] | None = None,
    inner: httpx2.BaseTransport | None = None,
    **options: Unpack[ClientOptions],
) -> httpx2.Client: ...
def client(
    library: Library = "catalog.db", *, flavour: Flavour | None = None, inner: Any = None, **options: Any
) -> Any:
    """A client that keeps what passes through it: hand it to the SDK as `http_client`.

    `source` names the source whose calls these are; `sources` maps names of sources to base URLs, and a call belongs to
    the one it goes to; without either, `catalog.toml` decides. `metadata` becomes tags of every video that is made.
    `facets` (one text or several under each name) are given to it and outrank what its prompt says. `flavour` is the
    library whose client you want: httpx2 where it is installed. `inner` is the transport that sends. All other options
    are those of the library's client. Raises ConfigError where the source is not clear, or a facet cannot be given.
    """
    return _make_client("", library, flavour, inner, options)


@overload
def async_client(
    library: Library = ..., *, flavour: Literal["httpx"], inner: Any = None, **options: Unpack[ClientOptions]
) -> httpx.AsyncClient: ...
@overload
def async_client(
    library: Library = ..., *, flavour: None = None, inner: httpx.AsyncBaseTransport, **options: Unpack[ClientOptions]
) -> httpx.AsyncClient: ...
@overload
def async_client(
    library: Library = ...,
    *,
    flavour: Literal["httpx2"] | None = None,
    inner: httpx2.AsyncBaseTransport | None = None,
    **options: Unpack[ClientOptions],
) -> httpx2.AsyncClient: ...
def async_client(
    library: Library = "catalog.db", *, flavour: Flavour | None = None, inner: Any = None, **options: Any
) -> Any:
    """The same as `client`, for the asynchronous SDK."""
    return _make_client("Async", library, flavour, inner, options)


def transport(
    library: Library = "catalog.db",
    *,
    flavour: Flavour | None = None,
    inner: Any = None,
    **options: Unpack[TransportOptions],
) -> Any:
    """The transport of `client` alone, for a client of your own; all other options are those of its transport."""
    return _make_transport("", library, flavour, inner, dict(options))


def async_transport(
    library: Library = "catalog.db",
    *,
    flavour: Flavour | None = None,
    inner: Any = None,
    **options: Unpack[TransportOptions],
) -> Any:
    """The same as `transport`, for asynchronous clients."""
    return _make_transport("Async", library, flavour, inner, dict(options))


def _make_client(mode: Mode, library: Library, flavour: Flavour | None, inner: Any, options: dict[str, Any]) -> Any:
    of_transport, of_client = _split(options, TransportOptions.__optional_keys__)
    if "trust_env" in options:
        of_client["trust_env"] = options["trust_env"]  # a client also looks for credentials in the environment
    sender = _make_transport(mode, library, flavour, inner, of_transport)
    make = getattr(import_module(_choose_flavour(flavour, inner)), f"{mode}Client")
    return make(transport=sender, **{"follow_redirects": True, **of_client})


def _make_transport(mode: Mode, library: Library, flavour: Flavour | None, inner: Any, options: dict[str, Any]) -> Any:
    of_watcher, of_transport = _split(options, WatchOptions.__optional_keys__)
    watcher = watch(library, **of_watcher)
    return getattr(_classes(_choose_flavour(flavour, inner)), f"{mode}Transport")(watcher, inner, of_transport)


def _split(options: dict[str, Any], names: frozenset[str]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The options with these names, and the others."""
    return (
        {name: value for name, value in options.items() if name in names},
        {name: value for name, value in options.items() if name not in names},
    )


def _choose_flavour(wanted: Flavour | None, inner: Any) -> Flavour:
    """The library to build on: the one named, else that of `inner`, else the first that is installed."""
    usable = [name for name in FLAVOURS if find_spec(name) and (inner is None or _is_of(name, inner))]
    if inner is not None and not usable:
        raise ConfigError(f"the inner transport must be one of {' or '.join(FLAVOURS)}, not {type(inner).__name__}")
    if wanted is None:
        return usable[0]
    if wanted not in usable:
        raise ConfigError(f"flavour {wanted!r} cannot be used here: use {' or '.join(usable)}")
    return wanted


def _is_of(flavour: Flavour, inner: Any) -> bool:
    module = sys.modules.get(flavour)
    return module is not None and isinstance(inner, module.BaseTransport | module.AsyncBaseTransport)


class _RequestStream:
    """The body of a request; shows each piece to the note as it is sent."""

    def __init__(self, inner: Any, note: Note) -> None:
        self._inner = inner
        self._note = note

    def __iter__(self) -> Iterator[bytes]:
        self._note.start_request()
        for piece in self._inner:
            self._note.feed_request(piece)
            yield piece

    async def __aiter__(self) -> AsyncIterator[bytes]:
        self._note.start_request()
        async for piece in self._inner:
            self._note.feed_request(piece)
            yield piece

    def close(self) -> None:
        self._inner.close()

    async def aclose(self) -> None:
        await self._inner.aclose()


class _AnswerStream:
    """The body of an answer; shows each piece to the note as it is read."""

    def __init__(self, inner: Any, note: Note) -> None:
        self._inner = inner
        self._note = note

    def __iter__(self) -> Iterator[bytes]:
        for piece in self._inner:
            self._note.feed_answer(piece)
            yield piece
        self._note.complete()

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for piece in self._inner:
            self._note.feed_answer(piece)
            yield piece
        self._note.complete()

    def close(self) -> None:
        try:
            self._inner.close()
        finally:
            self._note.close()

    async def aclose(self) -> None:
        try:
            await self._inner.aclose()
        finally:
            self._note.close()


class _Transport:
    """Sends through `inner`, else over its own connections and the proxies of the environment, like any client."""

    classes: _Classes

    def __init__(self, watcher: Watcher, inner: Any, options: dict[str, Any]) -> None:
        self._watcher = watcher
        self._inner = inner
        self._options = options
        self._routes: dict[str | None, Any] = {}

    def _route(self, url: httpx.URL, kind: str) -> Any:
        if self._inner is not None:
            return self._inner
        proxy = None
        if "proxy" not in self._options and self._options.get("trust_env", True):
            proxy = environment_proxy(url.scheme, url.host)
        if proxy not in self._routes:
            module = self.classes.module
            options = {"limits": module.Limits(**CONNECTIONS), **({"proxy": proxy} if proxy else {}), **self._options}
            self._routes[proxy] = getattr(module, kind)(**options)
        return self._routes[proxy]

    def _opened(self) -> list[Any]:
        return [self._inner] if self._inner is not None else list(self._routes.values())

    def _prepare(self, request: httpx.Request, stream: str) -> tuple[httpx.Request, Note | None]:
        """The request to send, and the note about it."""
        note = self._watcher.open(request)
        if note is None:
            return request, None
        tapped = getattr(self.classes, stream)(request.stream, note)
        copy: httpx.Request = self.classes.module.Request(
            request.method, request.url, headers=request.headers, stream=tapped, extensions=request.extensions
        )
        return copy, note

    def _tap(self, response: httpx.Response, note: Note | None, stream: str) -> httpx.Response:
        if note is None:
            return response
        if response.is_closed:  # made in this process, with all of its content
            note.expect(response.status_code, bytes)
            note.feed_answer(response.content)
            note.complete()
            note.close()
            return response
        note.expect(response.status_code, partial(self._decode, response.status_code, response.headers))
        response.stream = getattr(self.classes, stream)(response.stream, note)
        return response

    def _decode(self, status: int, headers: Any, content: bytes) -> bytes:
        module = self.classes.module
        decoded: bytes = module.Response(status, headers=headers, stream=module.ByteStream(content)).read()
        return decoded


class _SyncTransport(_Transport):
    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send the request and return its answer, both unchanged."""
        sent, note = self._prepare(request, "RequestStream")
        response = self._route(request.url, "HTTPTransport").handle_request(sent)
        return self._tap(response, note, "AnswerStream")

    def close(self) -> None:
        """Close every connection."""
        for inner in self._opened():
            inner.close()


class _AsyncTransport(_Transport):
    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send the request and return its answer, both unchanged."""
        sent, note = self._prepare(request, "AsyncRequestStream")
        response = await self._route(request.url, "AsyncHTTPTransport").handle_async_request(sent)
        return self._tap(response, note, "AsyncAnswerStream")

    async def aclose(self) -> None:
        """Close every connection."""
        for inner in self._opened():
            await inner.aclose()


class _Classes:
    """The classes of this module as those of one library."""

    def __init__(self, module: Any) -> None:
        self.module = module
        streams = (module.SyncByteStream, module.AsyncByteStream)
        self.RequestStream = type("RequestStream", (_RequestStream, streams[0]), {})
        self.AsyncRequestStream = type("AsyncRequestStream", (_RequestStream, streams[1]), {})
        self.AnswerStream = type("AnswerStream", (_AnswerStream, streams[0]), {})
        self.AsyncAnswerStream = type("AsyncAnswerStream", (_AnswerStream, streams[1]), {})
        self.Transport = type("Transport", (_SyncTransport, module.BaseTransport), {"classes": self})
        self.AsyncTransport = type("AsyncTransport", (_AsyncTransport, module.AsyncBaseTransport), {"classes": self})


@cache
def _classes(flavour: Flavour) -> _Classes:
    return _Classes(import_module(flavour))
