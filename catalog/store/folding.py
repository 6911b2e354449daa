"""Rows of videos folded again from their kept observations, and all that follows a row brought up to date."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from catalog.fold import COLUMNS, Observation, fold
from catalog.records import TERMINAL_STATUSES
from catalog.store.attached import provider_tags, rewrite_remixes, rewrite_tags
from catalog.store.bulk import insert_rows, update_rows
from catalog.store.costs import Estimator
from catalog.store.indexes import indexed
from catalog.wire.cuts import cut, cut_text, may_be_cut
from catalog.wire.requests import read_observed

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from catalog.database import Reader, Writer

# The flight recorder leaves out when we looked and what we have no name for.
_UNRECORDED = frozenset({"first_seen_at", "last_seen_at", "extra", "flaws"})
_RECORDED = tuple(name for name in COLUMNS if name not in _UNRECORDED)
_STEPS = 8  # folds of one video in a transaction; its further answers are folded together


@dataclass(slots=True)
class Backlog:
    """Who brings many answers about one video in one transaction has its row folded for each of the first few alone.

    So the flight recorder tells those steps, and the time stays linear. `due` are the others, each with an id of its
    video, for `fold_backlog` before the transaction ends.
    """

    folds: Counter[int] = field(default_factory=Counter)
    due: dict[int, str] = field(default_factory=dict)

    def take(self, remote_ids: Mapping[int, str]) -> list[int]:
        """The videos that are folded now; the others become due."""
        self.folds.update(remote_ids.keys())
        late = {video_id: name for video_id, name in remote_ids.items() if self.folds[video_id] > _STEPS}
        self.due |= late
        return [video_id for video_id in remote_ids if video_id not in late]


def fold_backlog(connection: Writer, backlog: Backlog, estimator: Estimator) -> tuple[set[str], dict[str, Any]]:
    """Fold what is due.

    Returns the ids that came with videos whose row changed, and both states of those that ended otherwise.
    """
    if not backlog.due:
        return set(), {}
    changes = refold(connection, list(backlog.due), estimator)
    names = {change["video_id"]: backlog.due[change["video_id"]] for change in changes}
    return set(names.values()), {names[video_id]: states for video_id, states in list_overturned(changes).items()}


def list_overturned(changes: Iterable[Mapping[str, Any]]) -> dict[int, tuple[str, str]]:
    """The videos that had ended and have now ended otherwise, with both states."""
    return {
        change["video_id"]: (change["old"], change["new"])
        for change in changes
        if change["field"] == "status" and TERMINAL_STATUSES.issuperset((change["old"], change["new"]))
    }


def refold(
    connection: Writer, ids: Sequence[int], estimator: Estimator, *, is_recorded: bool = True
) -> list[dict[str, Any]]:
    """Fold the videos again from all their observations, and return what changed, as rows of the flight recorder."""
    old, new, observations = _fold_rows(connection, ids, estimator, is_recorded=is_recorded)
    changes = _compare(old, new, observations)
    insert_rows(connection, "changes", changes if is_recorded else [])
    changed: dict[str, set[int]] = {}  # by field
    for change in changes:
        changed.setdefault(change["field"], set()).add(change["video_id"])
    maps = {video_id: json.loads(new[video_id]["metadata"] or "{}") for video_id in changed.get("metadata", ())}
    parents = {video_id: new[video_id]["remixed_from_id"] for video_id in changed.get("remixed_from_id", ())}
    with indexed(connection, ids):
        update_rows(connection, "videos", [{"id": video_id, **row} for video_id, row in new.items()])
        rewrite_tags(connection, {video_id: provider_tags(metadata) for video_id, metadata in maps.items()})
        rewrite_remixes(connection, old[ids[0]]["source"], parents)
        to_extract = [{"id": video_id, "extracted_by": None} for video_id in changed.get("prompt", ())]
        update_rows(connection, "videos", to_extract)
    return changes


def list_unfolded(connection: Reader, ids: Sequence[int]) -> dict[int, list[str]]:
    """Those of these videos whose row is not what their kept answers fold to, with the columns that differ."""
    unfolded: dict[int, list[str]] = {}
    for source, own in _by_source(connection, ids).items():
        old, new, _ = _fold_rows(connection, own, Estimator(connection, source), is_recorded=False)
        for video_id, row in new.items():
            if differing := [name for name in COLUMNS if row[name] != old[video_id][name]]:
                unfolded[video_id] = differing
    return unfolded


def fold_again(connection: Writer, ids: Sequence[int]) -> None:
    """Fold these videos again from their kept answers; the flight recorder is not told: nothing moved at a server."""
    for source, own in _by_source(connection, ids).items():
        refold(connection, own, Estimator(connection, source), is_recorded=False)


def _by_source(connection: Reader, ids: Sequence[int]) -> dict[str, list[int]]:
    """These videos by their sources."""
    query = "SELECT source, id FROM videos WHERE id IN :ids ORDER BY id"
    sources: dict[str, list[int]] = {}
    for source, video_id in connection.execute(query, {"ids": list(ids)}):
        sources.setdefault(source, []).append(video_id)
    return sources


def _fold_rows(
    connection: Reader, ids: Sequence[int], estimator: Estimator, *, is_recorded: bool
) -> tuple[dict[int, dict[str, Any]], dict[int, dict[str, Any]], dict[int, list[Observation]]]:
    """The rows of these videos as they are, as their answers fold, and the answers.

    Where the flight recorder is not told, a video of which no answer can be read keeps its row.
    """
    names = ("id", "source", "remote_id", *COLUMNS)
    query = f"SELECT {', '.join(names)} FROM videos WHERE id IN :ids"
    old = {row["id"]: dict(row) for row in connection.execute(query, {"ids": list(ids)})}
    observations = _read_observations(connection, {video_id: row["remote_id"] for video_id, row in old.items()})
    new = {
        video_id: fold(observations[video_id])
        for video_id in ids
        if is_recorded or any(answer.video for answer in observations.get(video_id, ()))
    }
    for row in new.values():
        estimator.fill(row)
    return old, new, observations


def refold_all(connection: Writer, after: int = 0, limit: int = 500, size: int = 16 * 1024**2) -> int | None:
    """Fold the next rows after this one from their kept answers, as today's parser reads them.

    At most `limit` rows, whose answers together have `size` characters, or a single one. Returns the row to go on
    after, None at the end. The flight recorder is not told: nothing moved at a server.
    """
    query = (
        "SELECT id, (SELECT sum(length(payload)) FROM observations WHERE video_id = videos.id) AS size "
        "FROM videos WHERE id > :after AND size IS NOT NULL ORDER BY id LIMIT :limit"
    )
    rows: list[Any] = []
    for row in connection.execute(query, {"after": after, "limit": limit}):
        size -= row["size"]
        if rows and size < 0:
            break
        rows.append(row)
    fold_again(connection, [row["id"] for row in rows])
    return rows[-1]["id"] if rows else None


def _compare(
    old: Mapping[int, Mapping[str, Any]],
    new: Mapping[int, Mapping[str, Any]],
    observations: Mapping[int, Sequence[Observation]],
) -> list[dict[str, Any]]:
    return [
        {
            "video_id": video_id,
            "field": name,
            "old": _as_text(old[video_id][name]),
            "new": _as_text(row[name]),
            "observed_at": max(item.last_received_at for item in observations[video_id]),
        }
        for video_id, row in new.items()
        for name in _RECORDED
        if row[name] != old[video_id][name]
    ]


def _read_observations(connection: Reader, remote_ids: Mapping[int, str]) -> dict[int, list[Observation]]:
    query = (
        "SELECT video_id, channel, http_status, payload_hash, as_of, received_at, last_received_at, payload "
        "FROM observations WHERE video_id IN :ids ORDER BY id"
    )
    observations: dict[int, list[Observation]] = {}
    for video_id, channel, status, digest, as_of, first, last, text in connection.execute(
        query, {"ids": list(remote_ids)}
    ):
        payload = json.loads(text)
        if may_be_cut(text):  # kept by a version that cut nothing
            payload = cut(payload, text)
        video = read_observed(payload, remote_ids[video_id], status)
        observation = Observation(video, channel, status, digest, as_of, first, last, custom_id_of(payload))
        observations.setdefault(video_id, []).append(observation)
    return observations


def custom_id_of(payload: object) -> str | None:
    """The name that a line of a Batch file gives to its job."""
    custom_id = payload.get("custom_id") if isinstance(payload, dict) else None
    return custom_id if isinstance(custom_id, str) else None


def _as_text(value: Any) -> str | None:
    return None if value is None else cut_text(str(value))
