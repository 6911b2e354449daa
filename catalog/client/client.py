"""The one HTTP client: asks a server that speaks `/v1/videos` and returns what it answered, parsed.

It knows a base URL, a key and a dialect, and nothing of the configuration or the database. A body that is the job asked
for counts as an answer whatever its HTTP status: some servers report a failed job as HTTP 500. `catalog.client.session`
explains how a call is kept safe and bounded.
"""

from __future__ import annotations

import math
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from catalog.client.addresses import Base, Guard, Resolver, resolve
from catalog.client.content import Content, Resumption
from catalog.client.failures import Subject
from catalog.client.hosts import ENVIRONMENT, require_proxy
from catalog.client.session import Bounds, Clock, Exchange, Session, usable_key
from catalog.errors import ConfigError, Refused
from catalog.redaction import redact_text
from catalog.wire.dialects import Dialect, find_dialect
from catalog.wire.ids import raw_id
from catalog.wire.parse import only_about, parse_videos

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping

    import httpx

    from catalog.client.network import Deadline
    from catalog.wire.answers import Answer

__all__ = ["Bounds", "Client", "Clock", "Content", "Reply", "Resumption"]

JSON_HEADERS = {"Accept": "application/json", "Accept-Encoding": "gzip"}
MEDIA_HEADERS = {"Accept": "*/*", "Accept-Encoding": "identity"}
RESULTS = frozenset({"video", "image"})  # the variants that are what a job made, and need no name
LONGEST_POLL = 3600.0
LONGEST_NAME = 80


@dataclass(frozen=True, slots=True)
class Reply:
    """What a server answered: HTTP status, JSON body as received and parsed, and what its headers say.

    `poll_after` is how many seconds the server wants us to wait before asking for this job again.
    """

    status: int
    payload: Any
    answer: Answer
    poll_after: float | None = None
    request_id: str | None = None


class Client:
    """Calls to one account on one server; a context manager, safe to share between threads.

    `deadline` bounds one call in seconds, waiting and retrying included, and overrides the one in `bounds`, which holds
    the rarer bounds. `proxy` is the URL of a proxy, or `env` for those that the environment names. `transport` replaces
    the network.
    Every call raises a SourceError or ConfigError; the constructor raises ConfigError for a base URL, a proxy, a
    dialect or a key that cannot be used.
    """

    def __init__(
        self,
        base_url: str,
        *,
        key: str | None = None,
        dialect: Dialect | str = "openai",
        source: str | None = None,
        deadline: float | None = None,
        bounds: Bounds | None = None,
        proxy: str | None = None,
        clock: Clock | None = None,
        resolver: Resolver = resolve,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self.dialect = find_dialect(dialect) if isinstance(dialect, str) else dialect
        self.base = Base.parse(base_url, source=source)
        self.source = source or self.base.host
        secret = usable_key(key, self.source)
        self._session = Session(
            self.base,
            key=secret,
            key_header=self.dialect.auth_header(secret),
            bounds=(bounds or Bounds()).with_deadline(deadline),
            proxy=proxy if proxy in {None, ENVIRONMENT} else require_proxy(proxy),
            clock=clock or Clock(),
            resolver=resolver,
            transport=transport,
        )

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"Client({redact_text(str(self.base))!r}, dialect={self.dialect.name!r}, source={self.source!r})"

    def close(self) -> None:
        """Close every connection."""
        self._session.close()

    def interrupt(self) -> None:
        """End the calls that are on their way in other threads, and refuse further ones: each raises Unavailable."""
        self._session.interrupt()

    @property
    def requests_made(self) -> int:
        """HTTP requests sent so far, retries and redirects included."""
        return self._session.requests_made

    def list_page(self, after: str | None = None, limit: int | None = None, order: str = "desc") -> Reply:
        """One page of the account's jobs, newest first unless `order` is `asc`.

        `after` is the cursor that the page before gave (the page number in a dialect with numbered pages). `limit`
        defaults to the most that the dialect allows, and never exceeds it.
        """
        subject = Subject(self.source, "listing videos")
        template = self._path(
            subject, "list_path", "cannot list", f"add the ids you have: catalog add {self.source} ID ..."
        )
        query = self._list_query(after, limit, order)
        exchange = self._ask(subject, template, query=query)
        answer = parse_videos(exchange.payload)
        if answer.kind != "list" and not answer.videos:
            raise subject.misanswered(exchange.status, exchange.payload, "the answer is not a list of videos")
        return _reply(exchange, answer)

    def retrieve(self, remote_id: str, *, known_as: Collection[str] = ()) -> Reply:
        """The job with this id, as the server describes it now; `known_as` are other ids the server may give it.

        An answer about another job is not refused here: its video has an `answered_id`.
        """
        subject = Subject(self.source, f"retrieving {_named(remote_id)}", remote_id)
        own = {raw_id(name) for name in (remote_id, *known_as)}
        exchange = self._ask(
            subject, self.dialect.retrieve_path, remote_id, is_answer=lambda payload: _is_job_of(payload, own)
        )
        answer = parse_videos(exchange.payload, asked_id=remote_id)
        if not answer.videos:
            raise subject.misanswered(exchange.status, exchange.payload, "the answer is not a video")
        return _reply(exchange, only_about(answer, remote_id, known_as))

    def get_character(self, character_id: str) -> Reply:
        """The character with this id: `payload` holds its id, name and time of creation."""
        subject = Subject(self.source, f"retrieving character {_named(character_id)}", character_id)
        template = self._path(subject, "character_path", "have no characters")
        exchange = self._ask(subject, template, character_id)
        answer = parse_videos(exchange.payload)
        if not isinstance(exchange.payload, dict) or answer.kind == "error":
            raise subject.misanswered(exchange.status, exchange.payload, "the answer is not a character")
        return _reply(exchange, answer)

    def media_deadline(self) -> Deadline:
        """The deadline of one file that is begun now, however many calls it takes."""
        return self._session.media_deadline()

    @contextmanager
    def open_content(
        self,
        remote_id: str,
        variant: str = "video",
        url: str | None = None,
        *,
        resumption: Resumption | None = None,
        deadline: Deadline | None = None,
    ) -> Iterator[Content]:
        """The bytes of one variant of a job, from `url` where an answer named one, else from the content path.

        `resumption` asks for the rest of a file that broke off; `Content.starts_at` is the offset that the server
        chose: 0 where it does not go on with the very same file. `deadline` is that of `media_deadline`, by default
        a new one.
        An error page with a good status raises BadPayload. A 404 from the content path often means "not ready": Gone,
        like every other failure here, says nothing about the job itself.
        """
        subject = Subject(self.source, f"fetching the {variant} of {_named(remote_id)}", remote_id)
        address = self._content_address(subject, remote_id, variant, url)
        with self._session.open_media(subject, address, MEDIA_HEADERS, resumption, deadline) as content:
            yield content

    def _content_address(
        self, subject: Subject, remote_id: str, variant: str, url: str | None
    ) -> Callable[[Guard], httpx.URL]:
        if url is not None:
            return lambda guard: guard.read(url)
        template = self._path(subject, "content_path", "have no content path", "pass the URL that an answer gave")
        if variant in RESULTS:
            return lambda _guard: self.base.url(template, remote_id)
        if variant not in self.dialect.variants:
            raise subject.error(Refused, f"servers of dialect {self.dialect.name} have no {variant}")
        query = {"variant": variant}
        return lambda _guard: self.base.url(template, remote_id, query)

    def _path(self, subject: Subject, field: str, lack: str, advice: str = "") -> str:
        path: str | None = getattr(self.dialect, field)
        if path is None:
            raise subject.error(Refused, f"servers of dialect {self.dialect.name} {lack}", advice=advice)
        return path

    def _list_query(self, after: str | None, limit: int | None, order: str) -> dict[str, str]:
        dialect = self.dialect
        if dialect.missing_query:
            names = ", ".join(dialect.missing_query)
            advice = f'set list_query = {{ {dialect.missing_query[0]} = "..." }} for this source'
            raise ConfigError(
                f"source {self.source}: servers of dialect {dialect.name} list only with {names}: {advice}"
            )
        size = str(max(1, min(limit or dialect.max_limit, dialect.max_limit)))
        cursor = after if dialect.paging != "whole" else None
        wanted = ((dialect.limit_param, size), (dialect.order_param, order), (dialect.after_param, cursor))
        return {**dialect.list_query, **{name: value for name, value in wanted if name and value is not None}}

    def _ask(
        self,
        subject: Subject,
        template: str,
        remote_id: str | None = None,
        query: Mapping[str, str] | None = None,
        is_answer: Callable[[object], bool] = lambda _payload: False,
    ) -> Exchange:
        def address(_guard: Guard) -> httpx.URL:
            return self.base.url(template, remote_id, query)

        return self._session.ask_json(self._session.call(subject, address, JSON_HEADERS, is_answer))


def _is_job_of(payload: object, own: set[str]) -> bool:
    """Whether the body of a failed call is the job that was asked for: it has one of its ids and a status word."""
    return any(
        video.provider_status and not own.isdisjoint((video.remote_id, *video.aliases))
        for video in parse_videos(payload).videos
    )


def _reply(exchange: Exchange, answer: Answer) -> Reply:
    request_id = exchange.headers.get("x-request-id", "")[:128]
    wait = _milliseconds(exchange.headers.get("openai-poll-after-ms", ""))
    return Reply(
        status=exchange.status,
        payload=exchange.payload,
        answer=answer,
        poll_after=wait if wait is not None else answer.poll_after,
        request_id=request_id if request_id.isprintable() and request_id else None,
    )


def _milliseconds(text: str) -> float | None:
    try:
        seconds = float(text) / 1000
    except ValueError:
        return None
    return min(seconds, LONGEST_POLL) if math.isfinite(seconds) and seconds >= 0 else None


def _named(remote_id: str) -> str:
    """An id as a message may show it: on one line, and cut where it is long."""
    shown = remote_id if remote_id.isprintable() and remote_id else ascii(remote_id)
    return shown if len(shown) <= LONGEST_NAME else f"{shown[:LONGEST_NAME]}…"
