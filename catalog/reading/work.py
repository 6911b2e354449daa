"""What journeys still have to do: jobs to ask for and their names, waiting deliveries."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from catalog.reading.expiry import EXPIRING, IS_ABOUT
from catalog.records import UNFINISHED_STATUSES, read_utc, utc_text

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from catalog.database import Reader

_IS_UNFINISHED = f"source = :source AND status IN {UNFINISHED_STATUSES} AND deleted_at IS NULL"
_UNFINISHED = (
    f"SELECT remote_id FROM videos WHERE {_IS_UNFINISHED} AND (gone_at IS NULL OR gone_at > :look_back) "
    "ORDER BY expires_at IS NULL, expires_at, id"
)
_WITHOUT_PROMPT = (
    "SELECT remote_id FROM videos WHERE source = :source AND prompt IS NULL AND deleted_at IS NULL "
    f"AND gone_at IS NULL AND status NOT IN {(*UNFINISHED_STATUSES, 'deleted')} AND NOT EXISTS "
    "(SELECT 1 FROM observations WHERE video_id = videos.id AND channel = 'get') ORDER BY id"
)
_ABSENT = (
    "SELECT remote_id FROM videos WHERE source = :source AND last_seen_at < :since AND gone_at IS NULL "
    "AND deleted_at IS NULL AND status <> 'deleted' ORDER BY id"
)
_ALIASES = (
    "SELECT videos.remote_id, video_aliases.alias FROM video_aliases JOIN videos ON videos.id = video_aliases.video_id "
    "WHERE videos.source = :source AND videos.remote_id IN :remote_ids ORDER BY video_aliases.id"
)
_REMOTE_IDS = (
    "SELECT remote_id, remote_id FROM videos WHERE source = :source AND remote_id IN :names "
    "UNION ALL SELECT alias, remote_id FROM video_aliases JOIN videos ON videos.id = video_aliases.video_id "
    "WHERE video_aliases.source = :source AND alias IN :names"
)
_FAILING = (
    "SELECT remote_id, failures, due_at FROM retries JOIN videos ON videos.id = retries.video_id WHERE source = :source"
)
_UNKNOWN_CHARACTERS = (
    "SELECT DISTINCT parent_remote_id FROM links WHERE parent_id IS NULL AND parent_source = :source "
    "AND relation = 'character' "
    "AND NOT EXISTS (SELECT 1 FROM characters WHERE source = parent_source AND remote_id = parent_remote_id) ORDER BY 1"
)
_DELIVERIES = (
    "SELECT id, webhook_id, remote_id, received_at, attempts FROM deliveries "
    "WHERE source = :source AND state = 'waiting' ORDER BY attempts, id LIMIT :limit"
)


class Walk(NamedTuple):
    """The walk over a source's list: the cursor of an interrupted one, and when the last whole one ended."""

    cursor: str | None
    walked_at: datetime | None


class Failing(NamedTuple):
    """How often in a row a job could not be retrieved, and when it may be asked for again."""

    failures: int
    due_at: datetime | None


class WaitingDelivery(NamedTuple):
    """A webhook delivery whose job has not been retrieved yet."""

    id: int
    webhook_id: str
    remote_id: str
    received_at: datetime | None
    attempts: int


def list_unfinished(connection: Reader, source: str, look_back: datetime) -> list[str]:
    """Jobs that the provider may still change, in order of expiry, without those gone before `look_back`."""
    return _list(connection, _UNFINISHED, source=source, look_back=utc_text(look_back))


def list_without_prompt(connection: Reader, source: str) -> list[str]:
    """Finished jobs without a prompt that have never been retrieved by id."""
    return _list(connection, _WITHOUT_PROMPT, source=source)


def list_absent(connection: Reader, source: str, since: datetime) -> list[str]:
    """Jobs that the provider should still have, and that no answer has mentioned since this time."""
    return _list(connection, _ABSENT, source=source, since=utc_text(since))


def count_unfinished(connection: Reader, source: str) -> int:
    """How many jobs the provider may still change, without those that are gone from it."""
    return _count(connection, f"SELECT count(*) FROM videos WHERE {_IS_UNFINISHED} AND gone_at IS NULL", source=source)


class Expiring(NamedTuple):
    """How many finished jobs can be downloaded now but not much longer, and for how many of them that is reckoned."""

    videos: int
    about: int


def count_expiring(connection: Reader, source: str, now: datetime, soon: datetime) -> Expiring:
    """The finished jobs that can be downloaded now but no longer at the time `soon`."""
    query = f"SELECT count(*), count(*) FILTER (WHERE {IS_ABOUT}) FROM videos WHERE source = :source AND {EXPIRING}"
    moments = {"source": source, "now": utc_text(now), "soon": utc_text(soon)}
    return Expiring(*connection.execute(query, moments).fetchone())


def find_aliases(connection: Reader, source: str, remote_ids: Iterable[str]) -> dict[str, list[str]]:
    """The aliases of these jobs, the newest last."""
    names: dict[str, list[str]] = {}
    for remote_id, alias in connection.execute(_ALIASES, {"source": source, "remote_ids": list(remote_ids)}):
        names.setdefault(remote_id, []).append(alias)
    return names


def find_remote_ids(connection: Reader, source: str, names: Iterable[str]) -> dict[str, str]:
    """The ids of jobs by those of these names that they have, as their own id or as an alias."""
    rows = connection.execute(_REMOTE_IDS, {"source": source, "names": list(names)})
    return {row[0]: row[1] for row in rows}


def find_failing(connection: Reader, source: str) -> dict[str, Failing]:
    """The jobs whose last retrievals failed."""
    rows = connection.execute(_FAILING, {"source": source})
    return {row["remote_id"]: Failing(row["failures"], read_utc(row["due_at"])) for row in rows}


def find_gone(connection: Reader, source: str, remote_ids: Iterable[str]) -> set[str]:
    """Those of the jobs that are known to be gone from the provider."""
    query = "SELECT remote_id FROM videos WHERE source = :source AND remote_id IN :names AND gone_at IS NOT NULL"
    return {row[0] for row in connection.execute(query, {"source": source, "names": list(remote_ids)})}


def get_walk(connection: Reader, source: str) -> Walk:
    """The walk over the source's list; the library must have the source."""
    query = "SELECT cursor, walked_at FROM sources WHERE name = :source"
    cursor, walked_at = connection.execute(query, {"source": source}).fetchone()
    return Walk(cursor, read_utc(walked_at))


def list_unknown_characters(connection: Reader, source: str) -> list[str]:
    """The ids of characters that videos name and the library lacks."""
    return _list(connection, _UNKNOWN_CHARACTERS, source=source)


def list_waiting_deliveries(connection: Reader, source: str, limit: int) -> list[WaitingDelivery]:
    """Deliveries whose jobs have to be retrieved, those with the fewest attempts first."""
    rows = connection.execute(_DELIVERIES, {"source": source, "limit": limit})
    return [
        WaitingDelivery(row["id"], row["webhook_id"], row["remote_id"], read_utc(row["received_at"]), row["attempts"])
        for row in rows
    ]


def _list(connection: Reader, query: str, **parameters: str) -> list[str]:
    return [row[0] for row in connection.execute(query, parameters)]


def _count(connection: Reader, query: str, **parameters: str) -> int:
    count: int = connection.execute(query, parameters).fetchone()[0]
    return count
