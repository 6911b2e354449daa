"""What journeys still have to do: the jobs that wait to be asked for, and by which names."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from catalog.records import UNFINISHED_STATUSES, utc_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from catalog.sync.run import Run

_UNFINISHED = (
    f"SELECT remote_id FROM videos WHERE source = :source AND status IN {UNFINISHED_STATUSES} "
    "AND deleted_at IS NULL AND (gone_at IS NULL OR gone_at > :look_back) "
    "ORDER BY expires_at IS NULL, expires_at, id"
)


_LACKING = (
    "SELECT remote_id FROM videos WHERE source = :source AND prompt IS NULL AND deleted_at IS NULL "
    f"AND gone_at IS NULL AND status NOT IN {(*UNFINISHED_STATUSES, 'deleted')} AND NOT EXISTS "
    "(SELECT 1 FROM observations WHERE video_id = videos.id AND channel = 'get') ORDER BY id"
)


_ALIASES = (
    "SELECT videos.remote_id, video_aliases.alias FROM video_aliases JOIN videos ON videos.id = video_aliases.video_id "
    "WHERE videos.source = :source AND videos.remote_id IN (SELECT value FROM json_each(:wanted)) "
    "ORDER BY video_aliases.id"
)


def list_unfinished(run: Run) -> list[str]:
    """What the provider may still change, what expires first in front; long gone jobs are not asked for again."""
    return [row[0] for row in run.query(_UNFINISHED, look_back=utc_text(run.look_back))]


def list_lacking(run: Run) -> list[str]:
    """Finished jobs without a prompt that were never asked for by id."""
    return [row[0] for row in run.query(_LACKING)]


def find_aliases(run: Run, remote_ids: Sequence[str]) -> dict[str, list[str]]:
    """The other names of these jobs, the newest last."""
    names: dict[str, list[str]] = {}
    for remote_id, alias in run.query(_ALIASES, wanted=json.dumps(remote_ids)):
        names.setdefault(remote_id, []).append(alias)
    return names
