"""An account on a real server that says of each job what a test tells it to, and a library that syncs from it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from catalog.config import Source, SyncSettings
from catalog.sync import add_ids, sync_source
from tests.client.server import RawServer, response
from tests.house import Shelf

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from catalog.database import Database
    from catalog.reports import SyncReport
    from tests.client.server import Request

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
CREATED = 1_790_000_000

Job = dict[str, Any]


class Account(Shelf):
    """A context manager. `jobs` are listed, and retrieved by id; `answers` hold other answers to retrieves, by id:
    a status, a job, or a function that gives the whole response. `lists` may replace the list."""

    def __init__(self, library: Database, *, dialect: str = "openai") -> None:
        super().__init__(library)
        self.jobs: dict[str, Job] = {}
        self.answers: dict[str, int | Job | Callable[[Request], Iterable[bytes]]] = {}
        self.lists: Callable[[Request], Iterable[bytes]] = self._list
        self.default: int | None = None
        self.now = NOON
        self.settings = SyncSettings(deadline_seconds=3)
        self._dialect = dialect
        self._server = RawServer(self._answer)

    def __enter__(self) -> Account:
        self._server.__enter__()
        self.source = Source(name="studio", base_url=self._server.base_url, dialect=self._dialect)
        return self

    def __exit__(self, *_: object) -> None:
        self._server.__exit__()

    def have(self, *names: str, status: str = "completed", **fields: Any) -> None:
        """Put jobs of these ids on the server."""
        for name in names:
            told = {"prompt": f"scene {name}", "model": "sora-2", "created_at": CREATED}
            self.jobs[name] = {"id": name, "object": "video", "status": status, **told, **fields}

    def say(self, answer: int | Job | Callable[[Request], Iterable[bytes]], *names: str) -> None:
        """Answer this when these jobs are retrieved."""
        self.answers.update(dict.fromkeys(names, answer))

    def sync(self, **options: Any) -> SyncReport:
        self.now += timedelta(seconds=1)
        return sync_source(self.library, self.source, self.settings, now=lambda: self.now, **options)

    def add(self, *names: str, **options: Any) -> SyncReport:
        self.now += timedelta(seconds=1)
        return add_ids(self.library, self.source, self.settings, names, now=lambda: self.now, **options)

    def asked(self) -> list[str]:
        """The ids that have been asked for, in order, since this was last called."""
        targets = [request.target.partition("?")[0].rpartition("/")[2] for request in self._server.requests]
        self._server.requests.clear()
        return [name for name in targets if name != "videos"]

    def gone(self) -> list[str]:
        """The ids of the videos that are marked as gone."""
        return [
            row[0] for row in self.rows("SELECT remote_id FROM videos WHERE gone_at IS NOT NULL ORDER BY remote_id")
        ]

    @property
    def health(self) -> str:
        health: str = self.value("SELECT health FROM sources")
        return health

    def _list(self, _: Request) -> Iterable[bytes]:
        return response({"object": "list", "data": list(self.jobs.values()), "has_more": False})

    def _answer(self, request: Request) -> Iterable[bytes]:
        name = request.target.partition("?")[0].rpartition("/")[2]
        if name == "videos":
            return self.lists(request)
        answer = self.answers.get(name, self.default) or self.jobs.get(name, 404)
        if callable(answer):
            return answer(request)
        if isinstance(answer, int):
            return response({"error": {"message": "no"}}, answer, x_should_retry="false")
        return response(answer)
