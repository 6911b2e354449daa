"""The sample gateway: a real HTTP server that speaks `/v1/videos` over jobs in memory.

It exists for trying out the catalog and for its tests. Everything about it is an argument: the jobs, their clock, the
family of servers it imitates, and switches for what goes wrong::

    with Gateway(key="demo-key") as gateway:
        gateway.faults.rate_limits = 2
        ...                                     # a client at gateway.base_url
        assert gateway.count("GET", "/videos$") == 3

It listens on loopback only. `python -m catalog.demo.gateway` runs it by itself.
"""

from __future__ import annotations

import hmac
import re
import threading
import time
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import unquote

import click

from catalog.demo.gateway.desk import FILES, PREFIX, Desk
from catalog.demo.gateway.dialects import DIALECTS, Dialect
from catalog.demo.gateway.faults import Faults
from catalog.demo.gateway.jobs import Job, Jobs
from catalog.demo.gateway.problems import Problem
from catalog.demo.gateway.serving import Answer, Request, Server
from catalog.demo.media import Media, playable
from catalog.demo.sample import sample_jobs
from catalog.demo.signing import Signing
from catalog.errors import CatalogError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from types import TracebackType

# Method, the dialect's path, and the desk's call; the first match answers.
ROUTES = (
    ("GET", "list_path", "list_videos"),
    ("POST", "create_path", "create"),
    ("POST", "edit_path", "edit"),
    ("POST", "extend_path", "extend"),
    ("POST", "characters_path", "create_character"),
    ("GET", "character_path", "retrieve_character"),
    ("GET", "retrieve_path", "retrieve"),
    ("DELETE", "delete_path", "delete"),
    ("GET", "content_path", "send_content"),
    ("POST", "remix_path", "remix"),
)


class Entry(NamedTuple):
    """One line of the log: method, path without the query, HTTP status (0 for no answer), parameters of the query.

    `headers` are those received, their names in small letters; `host` among them tells which origin was asked.
    """

    method: str
    path: str
    status: int
    query: dict[str, str]
    headers: dict[str, str]


class Route(NamedTuple):
    """Which requests a call answers; only a signed URL is answered without a key."""

    method: str
    pattern: re.Pattern[str]
    respond: Callable[..., Answer]
    needs_key: bool = True


class Gateway:
    """A server that runs inside a `with` block; see the module.

    `jobs` default to the sample library as of now; `clock` returns Unix seconds. A new job is queued for `queues_for`
    and runs for `runs_for` seconds. The media of `media.eager` jobs are made before the server answers. `dialect` is a
    row of `catalog.demo.gateway.dialects` or the name of one. Port 0 takes a free one; OSError when a port is taken.
    With `files_elsewhere`, signed addresses lead to an origin of their own, on another port.
    """

    def __init__(
        self,
        jobs: Jobs | Iterable[Job] | None = None,
        *,
        clock: Callable[[], float] = time.time,
        key: str = "demo-key",
        media: Media | None = None,
        faults: Faults | None = None,
        dialect: Dialect | str = "openai",
        queues_for: int = 2,
        runs_for: int = 8,
        port: int = 0,
        files_elsewhere: bool = False,
    ) -> None:
        self.jobs = (
            jobs if isinstance(jobs, Jobs) else Jobs(sample_jobs(clock()) if jobs is None else jobs, clock=clock)
        )
        self.key = key
        self.media = media if media is not None else Media()
        self.faults = faults if faults is not None else Faults()
        self.dialect = DIALECTS[dialect] if isinstance(dialect, str) else dialect
        self.requests: list[Entry] = []
        self._desk = Desk(
            self.jobs,
            self.dialect,
            key=key,
            media=self.media,
            faults=self.faults,
            queues_for=queues_for,
            runs_for=runs_for,
        )
        routes, file_routes = list(_routes(self._desk)), list(_file_routes(self._desk))
        self._server = Server(partial(self._answer, [*routes, *file_routes]), port=port)
        self._files = Server(partial(self._answer, file_routes)) if files_elsewhere else self._server

    def __enter__(self) -> Gateway:
        if self.media.eager:
            self.media.make_ready(playable(reversed(list(self.jobs)), self.jobs.clock()))
        for server in self._servers():
            server.start()
        self._desk.origin, self._desk.files_origin = self.origin, self.files_origin
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.faults.stop()
        for server in self._servers():
            server.stop()

    @property
    def origin(self) -> str:
        """Scheme, host and port."""
        return self._server.origin

    @property
    def files_origin(self) -> str:
        """Scheme, host and port of signed addresses."""
        return self._files.origin

    @property
    def base_url(self) -> str:
        """What a client is configured with; ends in /v1."""
        return self._server.origin + PREFIX

    def count(self, method: str, pattern: str = "") -> int:
        """How many requests of this method had a path in which the regular expression `pattern` is found."""
        return sum(entry.method == method and bool(re.search(pattern, entry.path)) for entry in self.requests)

    def _servers(self) -> tuple[Server, ...]:
        return (self._server,) if self._files is self._server else (self._server, self._files)

    def _answer(self, routes: list[Route], request: Request) -> Answer:
        status = 0
        number = len(self.requests) + 1
        try:
            answer = self.faults.after(request, self._respond(routes, request))
            status = answer.status
        finally:
            headers = {name.lower(): text for name, text in request.headers.items()}
            self.requests.append(Entry(request.method, request.path, status, dict(request.query), headers))
        return replace(answer, headers={**answer.headers, "x-request-id": f"req_{number:08d}"})

    def _respond(self, routes: list[Route], request: Request) -> Answer:
        try:
            self.faults.before(request)
            return self._route(routes, request)
        except Problem as problem:
            return self._desk.refuse(problem)

    def _route(self, routes: list[Route], request: Request) -> Answer:
        method = "GET" if request.method == "HEAD" else request.method
        allowed: set[str] = set()
        for route in routes:
            if not (match := route.pattern.fullmatch(request.path)):
                continue
            if route.method == method:
                if route.needs_key:
                    self._check_key(request)
                return route.respond(request, *(self.dialect.read_id(unquote(text)) for text in match.groups()))
            allowed.add(route.method)
        if allowed:
            raise Problem(405, "Method Not Allowed", headers={"Allow": ", ".join(sorted(allowed))})
        raise Problem(404, f"Invalid URL ({request.method} {request.path})")

    def _check_key(self, request: Request) -> None:
        credentials = request.headers.get(self.dialect.auth_header, "")
        if not credentials:
            raise Problem(401, "You didn't provide an API key.")
        if not hmac.compare_digest(credentials.encode(), f"{self.dialect.auth_prefix}{self.key}".encode()):
            raise Problem(401, "Incorrect API key provided.", code="invalid_api_key")


def _routes(desk: Desk) -> Iterator[Route]:
    for method, field, call in ROUTES:
        if (template := getattr(desk.dialect, field)) is not None:
            yield Route(method, _pattern(PREFIX + template), getattr(desk, call))


def _file_routes(desk: Desk) -> Iterator[Route]:
    for template in FILES.values():
        yield Route("GET", _pattern(template), desk.send_file, needs_key=False)


def _pattern(template: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"\\{\w+\\}", "([^/]+)", re.escape(template)))


@click.command()
@click.option("--port", default=0, show_default="a free one", help="The port on 127.0.0.1.")
@click.option("--key", default="demo-key", show_default=True, help="The key that clients must send.")
@click.option("--count", "jobs", default=240, show_default=True, help="How many sample jobs there are.")
@click.option("--dialect", default="openai", show_default=True, type=click.Choice(sorted(DIALECTS)))
@click.option("--clip-bytes", type=int, help="The size of every clip, most of it filler.  [default: as it is drawn]")
@click.option(
    "--signed-in",
    "folder",
    metavar="FOLDER",
    type=click.Path(file_okay=False, path_type=Path),
    help="Sign clips, and keep them and their authority in this folder.",
)
def main(port: int, key: str, jobs: int, dialect: str, clip_bytes: int | None, folder: Path | None) -> None:
    """Serve the sample library on loopback until interrupted."""
    sample = Jobs(sample_jobs(time.time(), jobs))
    try:
        signing = Signing(folder, sample.find) if folder else None
    except CatalogError as error:
        raise click.ClickException(str(error)) from error
    media = Media(eager=48 if clip_bytes is None else 0, clip_bytes=clip_bytes, signing=signing)
    with Gateway(sample, key=key, dialect=dialect, port=port, media=media) as gateway:
        click.echo(f"{gateway.base_url}  key: {key}  jobs: {len(gateway.jobs)}")
        if folder and signing:
            click.echo(f"for trust lists: {signing.write_root(folder)}")
        with suppress(KeyboardInterrupt):
            threading.Event().wait()
