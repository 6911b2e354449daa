"""Answers of the outside world into observations, and observations into rows.

Most arrivals are simple, and take a short way: a video never seen is folded from its one observation, and an answer
that only repeats the newest one moves two columns. Everything else is folded anew from all that was ever observed.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

from catalog import fulltext
from catalog.fold import COLUMNS, Observation, fold
from catalog.records import utc_text
from catalog.redaction import redact
from catalog.rows import json_text
from catalog.store.attached import provider_tags, rewrite_remixes, rewrite_tags, write_remixes, write_tags
from catalog.store.bulk import insert_rows, update_rows
from catalog.store.costs import Estimator
from catalog.store.names import find_ids, write_aliases
from catalog.store.texts import grams_of, labels_of, read_entries, refresh
from catalog.wire.requests import read_observed

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    from catalog.database import Writer
    from catalog.wire.answers import ParsedVideo

# What the flight recorder leaves out: when we looked, and what we could not name.
_UNRECORDED = frozenset({"first_seen_at", "last_seen_at", "extra", "flaws"})
_RECORDED = tuple(name for name in COLUMNS if name not in _UNRECORDED)


@dataclass(slots=True)
class Saved:
    """What became of the videos of a batch, by remote id."""

    added: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)

    def __iadd__(self, other: Saved) -> Saved:
        self.added += other.added
        self.changed += other.changed
        self.unchanged += other.unchanged
        return self


@dataclass(frozen=True, slots=True)
class _Arrival:
    """A video and the one observation of it that just came in; `payload` is the redacted JSON text."""

    remote_id: str
    payload: str
    observation: Observation

    @property
    def aliases(self) -> tuple[str, ...]:
        return self.observation.video.aliases if self.observation.video else ()

    @property
    def identity(self) -> tuple[str, int, str]:
        return self.observation.channel, self.observation.http_status, self.observation.payload_hash


def save_videos(
    connection: Writer,
    source: str,
    videos: Iterable[ParsedVideo],
    *,
    channel: str,
    received_at: datetime,
    http_status: int = 200,
    as_of: datetime | None = None,
) -> Saved:
    """Keep what a server, a file or a hook said about the videos, and fold it into their rows.

    `as_of` is the time of the answer where the provider tells none in it: a file's own time.
    """
    saved, estimator = Saved(), Estimator(connection, source)
    for batch in _rounds(videos):
        arrivals = [_arrive(video, channel, http_status, received_at, as_of) for video in batch.values()]
        saved += _save(connection, source, arrivals, estimator)
    return saved


def save_absence(
    connection: Writer,
    source: str,
    remote_id: str,
    payload: object,
    *,
    received_at: datetime,
    http_status: int = 404,
) -> Saved:
    """Keep that the provider says it does not know a video that we do; nothing is deleted."""
    arrival = _observe(remote_id, None, redact(payload), "get", http_status, utc_text(received_at))
    return _save(connection, source, [arrival], Estimator(connection, source))


def _rounds(videos: Iterable[ParsedVideo]) -> Iterator[dict[str, ParsedVideo]]:
    """The videos in batches that name no id twice: a second answer about one job must meet the first in its row."""
    batch: dict[str, ParsedVideo] = {}
    for video in videos:
        if video.remote_id in batch:
            yield batch
            batch = {}
        batch[video.remote_id] = video
    if batch:
        yield batch


def _arrive(
    video: ParsedVideo, channel: str, http_status: int, received_at: datetime, as_of: datetime | None
) -> _Arrival:
    payload = redact(video.payload)
    if payload is not video.payload:
        video = read_observed(payload, video.remote_id, http_status) or video
    claimed = video.updated_at or as_of
    moment = utc_text(claimed) if claimed else None
    return _observe(video.remote_id, video, payload, channel, http_status, utc_text(received_at), moment)


def _observe(
    remote_id: str,
    video: ParsedVideo | None,
    payload: object,
    channel: str,
    http_status: int,
    received_at: str,
    as_of: str | None = None,
) -> _Arrival:
    text = json_text(payload)
    digest = blake2b(text.encode(), digest_size=16).hexdigest()
    observation = Observation(video, channel, http_status, digest, as_of, received_at, received_at, _custom_id(payload))
    return _Arrival(remote_id, text, observation)


def _save(connection: Writer, source: str, arrivals: Sequence[_Arrival], estimator: Estimator) -> Saved:
    ids = find_ids(connection, source, (arrival.remote_id for arrival in arrivals))
    new = [arrival for arrival in arrivals if arrival.remote_id not in ids and arrival.observation.video is not None]
    answers: dict[int, _Arrival] = {}
    second_names: list[_Arrival] = []  # of a job that came under another of its names in this batch
    for arrival in arrivals:
        video_id = ids.get(arrival.remote_id)
        if video_id is not None and answers.setdefault(video_id, arrival) is not arrival:
            second_names.append(arrival)
    _add(connection, source, new, estimator)
    moved = _meet(connection, answers, estimator) if answers else set()
    aliases = {video_id: arrival.aliases for video_id, arrival in answers.items() if arrival.aliases}
    write_aliases(connection, source, aliases)
    saved = Saved(
        added=[arrival.remote_id for arrival in new],
        changed=[arrival.remote_id for video_id, arrival in answers.items() if video_id in moved],
        unchanged=[arrival.remote_id for video_id, arrival in answers.items() if video_id not in moved],
    )
    if second_names:
        saved += _save(connection, source, second_names, estimator)
    return saved


def _add(connection: Writer, source: str, arrivals: Sequence[_Arrival], estimator: Estimator) -> None:
    """Insert videos never seen before."""
    if not arrivals:
        return
    rows = [_new_row(source, arrival, estimator) for arrival in arrivals]
    insert_rows(connection, "videos", rows)
    ids = find_ids(connection, source, (arrival.remote_id for arrival in arrivals))
    observations = [_observation_row(ids[arrival.remote_id], arrival) for arrival in arrivals]
    insert_rows(connection, "observations", observations)
    write_tags(connection, {ids[row["remote_id"]]: row["metadata"] for row in rows if row["metadata"]})
    write_remixes(connection, source, {ids[row["remote_id"]]: row["remixed_from_id"] for row in rows})
    aliases = {ids[arrival.remote_id]: arrival.aliases for arrival in arrivals if arrival.aliases}
    write_aliases(connection, source, aliases)
    fulltext.add(
        connection,
        [(ids[row["remote_id"]], row["prompt"], row["error_message"], row["labels"], row["cjk_grams"]) for row in rows],
    )


def _new_row(source: str, arrival: _Arrival, estimator: Estimator) -> dict[str, Any]:
    row = fold([arrival.observation])
    estimator.fill(row)
    row["source"], row["remote_id"] = source, arrival.remote_id
    row["labels"] = labels_of(provider_tags(row["metadata"]))
    row["cjk_grams"] = grams_of(row["prompt"], row["labels"])
    return row


def _meet(connection: Writer, arrivals: Mapping[int, _Arrival], estimator: Estimator) -> set[int]:
    """Keep answers about known videos: the ids of those whose row moved."""
    seen = _read_receipts(connection, arrivals)
    repeats, news, refold, touched = [], [], [], {}
    for video_id, arrival in arrivals.items():
        receipts = seen.get(video_id, {})
        earlier = receipts.get(arrival.identity)
        if earlier is None:
            news.append(_observation_row(video_id, arrival))
            refold.append(video_id)
            continue
        received_at = max(arrival.observation.received_at, earlier[1])
        repeats.append({"id": earlier[0], "last_received_at": received_at, "times_seen": earlier[2] + 1})
        if any(moment >= earlier[1] for other, moment, _ in receipts.values() if other != earlier[0]):
            refold.append(video_id)
        else:
            touched[video_id] = received_at
    insert_rows(connection, "observations", news)
    update_rows(connection, "observations", repeats)
    _touch(connection, touched, {video_id for video_id in touched if arrivals[video_id].observation.video is None})
    return _refold(connection, refold, estimator) if refold else set()


def _read_receipts(
    connection: Writer, ids: Iterable[int]
) -> dict[int, dict[tuple[str, int, str], tuple[int, str, int]]]:
    query = (
        "SELECT video_id, channel, http_status, payload_hash, id, last_received_at, times_seen "
        "FROM observations WHERE video_id IN :ids"
    )
    receipts: dict[int, dict[tuple[str, int, str], tuple[int, str, int]]] = {}
    for video_id, channel, status, digest, *receipt in connection.execute(query, {"ids": list(ids)}):
        receipts.setdefault(video_id, {})[channel, status, digest] = tuple(receipt)
    return receipts


def _touch(connection: Writer, receipts: Mapping[int, str], absent: set[int]) -> None:
    """Move the one column that a repeated newest answer moves: when the video, or its absence, was last seen."""
    seen = [{"id": video_id, "last_seen_at": moment} for video_id, moment in receipts.items() if video_id not in absent]
    update_rows(connection, "videos", seen)
    update_rows(connection, "videos", [{"id": video_id, "gone_at": receipts[video_id]} for video_id in absent])


def _refold(connection: Writer, ids: Sequence[int], estimator: Estimator) -> set[int]:
    """Fold the videos anew from all their observations: the ids of those that moved."""
    names = ("id", "source", "remote_id", *COLUMNS)
    query = f"SELECT {', '.join(names)} FROM videos WHERE id IN :ids"
    old = {row["id"]: dict(row) for row in connection.execute(query, {"ids": list(ids)})}
    observations = _read_observations(connection, {video_id: row["remote_id"] for video_id, row in old.items()})
    new = {video_id: fold(observations[video_id]) for video_id in ids}
    for row in new.values():
        estimator.fill(row)
    texts = read_entries(connection, ids)
    update_rows(connection, "videos", [{"id": video_id, **row} for video_id, row in new.items()])
    changes = _compare(old, new, observations)
    insert_rows(connection, "changes", changes)
    moved: dict[str, set[int]] = {}
    for change in changes:
        moved.setdefault(change["field"], set()).add(change["video_id"])
    rewrite_tags(connection, {video_id: new[video_id]["metadata"] for video_id in moved.get("metadata", ())})
    parents = {video_id: new[video_id]["remixed_from_id"] for video_id in moved.get("remixed_from_id", ())}
    rewrite_remixes(connection, old[ids[0]]["source"], parents)
    update_rows(connection, "videos", [{"id": video_id, "extracted_by": None} for video_id in moved.get("prompt", ())])
    refresh(connection, texts)
    return set().union(*moved.values())


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


def _read_observations(connection: Writer, remote_ids: Mapping[int, str]) -> dict[int, list[Observation]]:
    query = (
        "SELECT video_id, channel, http_status, payload_hash, as_of, received_at, last_received_at, payload "
        "FROM observations WHERE video_id IN :ids ORDER BY id"
    )
    observations: dict[int, list[Observation]] = {}
    for video_id, channel, status, digest, as_of, first, last, text in connection.execute(
        query, {"ids": list(remote_ids)}
    ):
        payload = json.loads(text)
        video = read_observed(payload, remote_ids[video_id], status)
        observation = Observation(video, channel, status, digest, as_of, first, last, _custom_id(payload))
        observations.setdefault(video_id, []).append(observation)
    return observations


def _observation_row(video_id: int, arrival: _Arrival) -> dict[str, Any]:
    observation = arrival.observation
    return {
        "video_id": video_id,
        "channel": observation.channel,
        "http_status": observation.http_status,
        "payload": arrival.payload,
        "payload_hash": observation.payload_hash,
        "as_of": observation.as_of,
        "received_at": observation.received_at,
        "last_received_at": observation.last_received_at,
        "times_seen": 1,
    }


def _custom_id(payload: object) -> str | None:
    """The name that a line of a Batch file gives its job."""
    custom_id = payload.get("custom_id") if isinstance(payload, dict) else None
    return custom_id if isinstance(custom_id, str) else None


def _as_text(value: Any) -> str | None:
    return None if value is None else str(value)
