"""Plain reads: the sources, configured or remembered, and how each of them is doing."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from catalog.records import ALARM, read_utc
from catalog.redaction import redact_text
from catalog.reports import SourceState

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from catalog.config import Source
    from catalog.database import Reader


_RETIRED = "SELECT name, retired_at FROM sources WHERE retired_at IS NOT NULL"
# The newest alarm of each source, and how many there are.
_ALARMS = (
    "SELECT source, webhook_id, message, alarms FROM deliveries JOIN "
    "(SELECT max(id) AS newest, count(*) AS alarms FROM deliveries WHERE message LIKE :alarm GROUP BY source) "
    "AS counts ON id = newest"
)


def list_sources(
    connection: Reader, configured: Iterable[Source], environment: Mapping[str, str] = os.environ
) -> list[SourceState]:
    """The configured sources, then those that only the library knows, each with its state and its count of videos.

    One with alarms about its webhooks that nobody has seen to yet is suspect at best.
    """
    settings = {source.name: source for source in configured}
    states = {row["name"]: row for row in connection.execute("SELECT * FROM sources")}
    counts = dict(
        map(tuple, connection.execute("SELECT source, count(*) FROM videos WHERE deleted_at IS NULL GROUP BY 1"))
    )
    alarms = {row["source"]: _describe_alarms(row) for row in connection.execute(_ALARMS, {"alarm": f"{ALARM}%"})}
    names = dict.fromkeys([*settings, *sorted({*states, *counts, *alarms})])
    return [
        _state(
            name, settings.get(name), _with_alarm(states.get(name), alarms.get(name)), counts.get(name, 0), environment
        )
        for name in names
    ]


def find_retired(connection: Reader, now: datetime) -> dict[str, datetime]:
    """The sources that are retired by now, with the moment since when."""
    moments = {name: read_utc(text) for name, text in connection.execute(_RETIRED)}
    return {name: moment for name, moment in moments.items() if moment is not None and moment <= now}


def explain_retired(name: str, moment: datetime) -> str:
    """What is said of a retired source, and what brings it back."""
    return f"retired on {moment:%Y-%m-%d}: `catalog retire {name} --undo` brings it back"


def _describe_alarms(row: Any) -> str:
    more = f" (and {row['alarms'] - 1:,} more)" if row["alarms"] > 1 else ""
    return (
        f"webhook {row['webhook_id']} {row['message']}{more}: the first is kept; check who else holds its secret, "
        f"then run `catalog sources --seen {row['source']}`"
    )


def _with_alarm(row: Any, alarm: str | None) -> dict[str, Any]:
    memory = dict(row) if row is not None else {}
    if alarm is None:
        return memory
    message = memory.get("message") or ALARM
    is_well = memory.get("health", "new") in {"new", "ok"}
    return memory | {
        "health": "suspect" if is_well else memory["health"],
        "message": alarm if ALARM in message else f"{message}; {alarm}",
    }


def _state(
    name: str, source: Source | None, memory: Mapping[str, Any], videos: int, environment: Mapping[str, str]
) -> SourceState:
    retired_at = read_utc(memory.get("retired_at"))
    if retired_at is not None and retired_at <= datetime.now(UTC):
        memory = {**memory, "health": "retired", "message": explain_retired(name, retired_at)}
    return SourceState(
        name=name,
        base_url=redact_text(source.base_url) if source else memory.get("base_url"),
        dialect=source.dialect if source else memory.get("dialect"),
        is_configured=source is not None,
        has_key=bool(source and source.key_env and environment.get(source.key_env)),
        videos=videos,
        health=memory.get("health", "new"),
        message=memory.get("message"),
        cursor=memory.get("cursor"),
        last_run_at=read_utc(memory.get("last_run_at")),
        last_success_at=read_utc(memory.get("last_success_at")),
        retired_at=retired_at,
    )
