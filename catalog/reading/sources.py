"""Plain reads: the sources, configured or remembered, and how each of them is doing."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from catalog.records import read_utc
from catalog.redaction import redact_text
from catalog.reports import SourceState

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from catalog.config import Source
    from catalog.database import Reader


def list_sources(
    connection: Reader, configured: Iterable[Source], environment: Mapping[str, str] = os.environ
) -> list[SourceState]:
    """The configured sources, then those that only the library knows, each with its state and its count of videos."""
    settings = {source.name: source for source in configured}
    states = {row["name"]: row for row in connection.execute("SELECT * FROM sources")}
    counts = dict(
        map(tuple, connection.execute("SELECT source, count(*) FROM videos WHERE deleted_at IS NULL GROUP BY 1"))
    )
    names = dict.fromkeys([*settings, *sorted({*states, *counts})])
    return [_state(name, settings.get(name), states.get(name), counts.get(name, 0), environment) for name in names]


def _state(name: str, source: Source | None, row: Any, videos: int, environment: Mapping[str, str]) -> SourceState:
    memory = dict(row) if row is not None else {}
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
    )
