"""Watches the calls that pass a transport: which source each belongs to, and what its bodies say."""

from __future__ import annotations

import os
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypedDict
from urllib.parse import urlsplit

from catalog.capture.bodies import LONGEST_BODY, LONGEST_FILE, Body, PlainBody, body_reader
from catalog.capture.exchanges import Call, Exchange, make_note, read_call
from catalog.capture.media import MEDIA
from catalog.capture.recorder import Recorder, guarded, recorder_of
from catalog.client.hosts import DEFAULT_PORTS
from catalog.errors import ConfigError
from catalog.prompts.given import require_given
from catalog.records import utc_text
from catalog.redaction import cut_secrets, find_credentials
from catalog.spellings import Secrets
from catalog.wire.documents import read_json
from catalog.wire.ids import require_source_name
from catalog.wire.routes import routes_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from typing import Unpack

    import httpx

    from catalog.config import Source
    from catalog.wire.routes import OwnRoute


class WatchOptions(TypedDict, total=False):
    """Whose calls are watched, and what is added to the videos they make."""

    source: str | None
    sources: Mapping[str, str] | None
    metadata: Mapping[str, object] | None
    facets: Mapping[str, str | Sequence[str]] | None


def watch(library: str | os.PathLike[str], **options: Unpack[WatchOptions]) -> Watcher:
    """What watches with these options; raises ConfigError where the source is not clear, or a facet cannot be given."""
    path = Path(library)
    source, bases = options.get("source"), options.get("sources")
    configured = _read_sources(path, with_environment=source is None and bases is None)
    if bases is None:
        bases = {name: account.base_url for name, account in configured.items() if source in (None, name)}
    _check_sources(source, bases)
    tags, facets = _read_tags(options.get("metadata") or {}), require_given(options.get("facets"))
    routes = {name: routes_of(account.server) for name, account in configured.items()}
    return Watcher(recorder_of(path), source, dict(bases), routes, tags, facets)


def _check_sources(source: str | None, bases: Mapping[str, str]) -> None:
    if source is not None:
        require_source_name(source)
    elif not bases:
        raise ConfigError("capture cannot tell whose calls these are: name a source, or configure one in catalog.toml")
    for name, base in bases.items():
        require_source_name(name)
        if urlsplit(base).scheme not in DEFAULT_PORTS or not urlsplit(base).hostname:
            raise ConfigError(f"base URL of source {name}: write it as https://host/v1")


def _read_tags(metadata: Mapping[str, object]) -> dict[str, str]:
    tags = {str(key).strip(): "" if value is None else str(value).strip() for key, value in metadata.items()}
    if "" in tags:
        raise ConfigError("metadata has an empty key: name it")
    return tags


class Watcher(NamedTuple):
    """Where notes go and what each of them says besides the call.

    `bases` are the base URLs and `routes` the calls of sources with paths of their own, by the names of the sources.
    """

    recorder: Recorder
    source: str | None
    bases: Mapping[str, str]
    routes: Mapping[str, Sequence[OwnRoute]]
    tags: dict[str, str]
    facets: Mapping[str, Sequence[str]]

    def open(self, request: httpx.Request) -> Note | None:
        """A note for the call, None for one that is not recorded."""
        with guarded():
            source, mount = self._source_of(request.url)
            path = request.url.raw_path.decode("ascii", "replace")
            call = source and read_call(request.method, path, self.routes.get(source, ()), mount)
            return Note(self, call, source, request) if call and source else None
        return None

    def _source_of(self, url: httpx.URL) -> tuple[str | None, str | None]:
        """The source that a call to this URL belongs to, and the path of the base URL that it lies under, if any."""
        server = (url.scheme, url.host, url.port or DEFAULT_PORTS.get(url.scheme))
        path = url.raw_path.decode("ascii", "replace")
        matches = [name for name, base in self.bases.items() if _lies_under(server, path, base)]
        if not matches:
            return self.source, None
        name = self.source if self.source in matches else max(matches, key=lambda match: len(self.bases[match]))
        return name, urlsplit(self.bases[name]).path


class Note:
    """One call on its way: what its bodies say, until the answer is complete.

    Nothing here raises: a call whose note fails goes on without a note.
    """

    def __init__(self, watcher: Watcher, call: Call, source: str, request: httpx.Request) -> None:
        self._watcher = watcher
        self._call = call
        self._source = source
        self._content_type = request.headers.get("content-type", "")
        self._request: Body | None = None
        self._answer = PlainBody(LONGEST_FILE if call.kind == "results" else LONGEST_BODY)
        self._decode: Callable[[bytes], bytes] = bytes
        self._secrets = Secrets(find_credentials(request.headers.items(), str(request.url)))
        self._status = self._size = 0
        self._is_open, self._is_complete = True, False

    def start_request(self) -> None:
        """Read the request from its beginning: it may be sent again."""
        with self._step():
            self._request = body_reader(self._content_type, needs_files=self._call.kind == "upload")

    def feed_request(self, data: bytes) -> None:
        """Take the next piece of the request."""
        with self._step():
            if self._is_open and self._request is not None:
                self._size += len(data)
                self._request.feed(data)

    def expect(self, status: int, decode: Callable[[bytes], bytes]) -> None:
        """Set the status of the answer, and how its bytes are decoded."""
        self._status, self._decode = status, decode

    def feed_answer(self, data: bytes) -> None:
        """Take the next piece of the answer."""
        with self._step():
            if self._is_open:
                self._size += len(data)
                self._answer.feed(data)

    def complete(self) -> None:
        """Mark the answer as complete."""
        self._is_complete = True

    def close(self) -> None:
        """Keep the note, once, if the answer is complete."""
        if self._is_open and self._is_complete:
            with self._step():
                self._watcher.recorder.keep(partial(self._make, utc_text(datetime.now(UTC))), self._size)
        self._is_open = False

    @contextmanager
    def _step(self) -> Iterator[None]:
        with guarded(self._secrets.cut):
            try:
                yield
            except Exception:
                self._is_open = False
                raise

    def _make(self, at: str) -> dict[str, Any] | None:
        note = make_note(Exchange(self._call, self._read_request(), self._status, self._read_answer()))
        if note is None:
            return None
        common = {"source": self._source, "at": at, "tags": self._watcher.tags, "facets": self._watcher.facets}
        media = note.pop(MEDIA, [])
        plain: dict[str, Any] = cut_secrets(cut_secrets(common | note, self._secrets))
        return {**plain, MEDIA: media} if media else plain

    def _read_request(self) -> object:
        return self._request.value() if self._request is not None and self._call.method == "POST" else None

    def _read_answer(self) -> object:
        content = self._decode(self._answer.value())
        if self._call.kind == "results":
            return content
        try:
            return read_json(content, is_lenient=True)
        except ValueError:
            return None


def _lies_under(server: tuple[str, str, int | None], path: str, base: str) -> bool:
    parts = urlsplit(base)
    base_server = (parts.scheme, parts.hostname or "", parts.port or DEFAULT_PORTS.get(parts.scheme))
    return base_server == server and path.startswith(parts.path.rstrip("/") + "/")


def _read_sources(library: Path, *, with_environment: bool) -> Mapping[str, Source]:
    from catalog.settings import find_file, load_settings

    return load_settings(find_file(library), os.environ if with_environment else {}).sources
