"""Answers of the outside world into observations, and observations into rows.

Most arrivals are simple and take a short cut: a video never seen before is folded from its one observation, and an
answer that only repeats the newest one changes a few columns. Every other video is folded again from all its
observations.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, NamedTuple

from catalog import fulltext
from catalog.fold import COLUMNS, Observation, fold
from catalog.records import TERMINAL_STATUSES, utc_text
from catalog.store.attached import provider_tags, rewrite_remixes, rewrite_tags, write_remixes, write_tags
from catalog.store.bulk import insert_rows, update_rows
from catalog.store.costs import Estimator
from catalog.store.names import find_ids, write_aliases
from catalog.store.payloads import kept, shortened, without_secrets
from catalog.store.saved import Saved
from catalog.store.strays import Claim, find_by_alias, find_strays, keep_strays
from catalog.store.texts import grams_of, labels_of, read_entries, refresh
from catalog.wire.cuts import cut, cut_text, describe_cuts, may_be_cut
from catalog.wire.ids import raw_id
from catalog.wire.requests import read_observed

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    from catalog.database import Writer
    from catalog.errors import Gone
    from catalog.wire.answers import ParsedVideo

# The flight recorder leaves out when we looked and what we have no name for.
_UNRECORDED = frozenset({"first_seen_at", "last_seen_at", "extra", "flaws"})
_RECORDED = tuple(name for name in COLUMNS if name not in _UNRECORDED)


_Identity = tuple[str, int, str]  # what makes an observation of a video distinct: channel, HTTP status, payload's hash


class _Receipt(NamedTuple):
    """How often a stored observation was received, and when last; `id` is its row's."""

    id: int
    last_received_at: str
    times_seen: int


@dataclass(frozen=True, slots=True)
class _Arrival:
    """A video and the one observation of it that just came in; `payload` is the JSON text that is kept."""

    remote_id: str
    payload: str
    observation: Observation
    cuts: tuple[str, ...] = ()

    @property
    def aliases(self) -> tuple[str, ...]:
        return self.observation.video.aliases if self.observation.video else ()

    @property
    def identity(self) -> _Identity:
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
    asked: Collection[str] = (),
    estimator: Estimator | None = None,
) -> Saved:
    """Keep what a server, a file or a hook said about the videos, and fold it into their rows.

    `as_of` is the time of an answer in which the provider states none: the time of the file it came in. `asked` are the
    ids that the caller asks for, each as a job of its own. An answer about another job than the one asked for is kept
    apart. Who calls this many times in one transaction hands over one `estimator`, which reads all prices when made.
    """
    saved, estimator = Saved(), estimator or Estimator(connection, source)
    for batch in _split(without_secrets(video, http_status) for video in videos):
        arrivals = [_arrive(video, channel, http_status, received_at, as_of) for video in batch.values()]
        arrivals, strays = _part(connection, source, arrivals, asked)
        saved += _save(connection, source, arrivals, estimator)
        saved.strays |= strays
        saved.cuts += [f"{arrival.remote_id}: {words}" for arrival in arrivals for words in arrival.cuts]
    return saved


def _part(
    connection: Writer, source: str, arrivals: list[_Arrival], asked: Collection[str]
) -> tuple[list[_Arrival], dict[str, str]]:
    """The arrivals that may be believed; the others are kept apart, and come as reasons by the id asked for."""
    listed = [arrival.remote_id for arrival in arrivals if arrival.observation.channel == "list"]
    aliases = find_by_alias(connection, source, listed) if listed else frozenset()
    claims = [claim for arrival in arrivals if (claim := _claim(arrival, aliases)) is not None]
    if not claims:
        return arrivals, {}
    strays = {stray.asked_id: stray for stray in find_strays(connection, source, claims, asked)}
    refused = {strays[arrival.remote_id]: _received(arrival) for arrival in arrivals if arrival.remote_id in strays}
    keep_strays(connection, source, refused)
    believed = [arrival for arrival in arrivals if arrival.remote_id not in strays]
    return believed, {name: stray.reason for name, stray in strays.items()}


def _claim(arrival: _Arrival, aliases: Collection[str]) -> Claim | None:
    """What an answer claims under another id than the one asked for or none, or a list under an alias; else None."""
    video = arrival.observation.video
    is_claim = video and (video.answered_id is not None or not video.is_named or arrival.remote_id in aliases)
    if video is None or not is_claim:
        return None
    names = (arrival.remote_id, *video.aliases)
    if not video.is_named:
        names = ()
    elif video.answered_id is not None:
        names = tuple(name for name in names if raw_id(name) != arrival.remote_id)
    return Claim(arrival.remote_id, names, fold([arrival.observation]))


def save_absences(connection: Writer, source: str, answers: Mapping[str, Gone], *, received_at: datetime) -> Saved:
    """Keep the answers that the provider does not know these videos; nothing is deleted."""
    arrivals = []
    for remote_id, answer in answers.items():
        payload = {"error": {"message": str(answer)}} if answer.payload is None else answer.payload
        status = answer.status or 404
        arrivals.append(_observe(remote_id, None, *kept(payload), "get", status, utc_text(received_at)))
    return _save(connection, source, arrivals, Estimator(connection, source))


def _split(videos: Iterable[ParsedVideo]) -> Iterator[dict[str, ParsedVideo]]:
    """Batches of videos in which no id occurs twice: a second answer about a job must find the row of the first."""
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
    payload, text = shortened(video.payload)
    if payload is not video.payload:
        video = read_observed(payload, video.remote_id, http_status) or video
    as_of = video.updated_at or as_of
    as_of_text = utc_text(as_of) if as_of else None
    return _observe(video.remote_id, video, payload, text, channel, http_status, utc_text(received_at), as_of_text)


def _observe(
    remote_id: str,
    video: ParsedVideo | None,
    payload: object,
    text: str,
    channel: str,
    http_status: int,
    received_at: str,
    as_of: str | None = None,
) -> _Arrival:
    digest = blake2b(text.encode(), digest_size=16).hexdigest()
    observation = Observation(video, channel, http_status, digest, as_of, received_at, received_at, _custom_id(payload))
    return _Arrival(remote_id, text, observation, describe_cuts(payload))


def _save(connection: Writer, source: str, arrivals: Sequence[_Arrival], estimator: Estimator) -> Saved:
    ids = find_ids(connection, source, (arrival.remote_id for arrival in arrivals))
    new = [arrival for arrival in arrivals if arrival.remote_id not in ids and arrival.observation.video is not None]
    answers: dict[int, _Arrival] = {}
    seconds: list[_Arrival] = []  # about a job that came under another of its names in this batch
    for arrival in arrivals:
        video_id = ids.get(arrival.remote_id)
        if video_id is not None and answers.setdefault(video_id, arrival) is not arrival:
            seconds.append(arrival)
    _add(connection, source, new, estimator)
    changed, overturned = _update(connection, answers, estimator) if answers else (set(), {})
    aliases = {video_id: arrival.aliases for video_id, arrival in answers.items() if arrival.aliases}
    write_aliases(connection, source, aliases)
    saved = Saved(
        added=[arrival.remote_id for arrival in new],
        changed=[arrival.remote_id for video_id, arrival in answers.items() if video_id in changed],
        unchanged=[arrival.remote_id for video_id, arrival in answers.items() if video_id not in changed],
        overturned={answers[video_id].remote_id: states for video_id, states in overturned.items()},
    )
    if seconds:
        saved += _save(connection, source, seconds, estimator)
    return saved


def _add(connection: Writer, source: str, arrivals: Sequence[_Arrival], estimator: Estimator) -> None:
    """Insert videos that the library does not have."""
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


def _update(
    connection: Writer, arrivals: Mapping[int, _Arrival], estimator: Estimator
) -> tuple[set[int], dict[int, tuple[str, str]]]:
    """Keep answers about videos that the library has, and return the ids of those whose row changed.

    Those that had ended and have now ended otherwise come with both states.
    """
    receipts_of = _read_receipts(connection, arrivals)
    observations, repeats, to_fold, receipt_times = [], [], [], {}
    for video_id, arrival in arrivals.items():
        receipts = receipts_of.get(video_id, {})
        repeated = receipts.get(arrival.identity)
        if repeated is None:
            observations.append(_observation_row(video_id, arrival))
            to_fold.append(video_id)
            continue
        received_at = max(arrival.observation.received_at, repeated.last_received_at)
        repeats.append({"id": repeated.id, "last_received_at": received_at, "times_seen": repeated.times_seen + 1})
        if _is_newest(repeated, receipts.values()):
            receipt_times[video_id] = received_at
        else:
            to_fold.append(video_id)
    insert_rows(connection, "observations", observations)
    update_rows(connection, "observations", repeats)
    absent = {video_id for video_id in receipt_times if arrivals[video_id].observation.video is None}
    _touch(connection, receipt_times, absent)
    changes = _refold(connection, to_fold, estimator) if to_fold else []
    overturned = {
        change["video_id"]: (change["old"], change["new"])
        for change in changes
        if change["field"] == "status" and TERMINAL_STATUSES.issuperset((change["old"], change["new"]))
    }
    return {change["video_id"] for change in changes}, overturned


def _is_newest(receipt: _Receipt, receipts: Iterable[_Receipt]) -> bool:
    return all(other.last_received_at < receipt.last_received_at for other in receipts if other is not receipt)


def _read_receipts(connection: Writer, ids: Iterable[int]) -> dict[int, dict[_Identity, _Receipt]]:
    query = (
        "SELECT video_id, channel, http_status, payload_hash, id, last_received_at, times_seen "
        "FROM observations WHERE video_id IN :ids"
    )
    receipts: dict[int, dict[_Identity, _Receipt]] = {}
    for video_id, channel, status, digest, *receipt in connection.execute(query, {"ids": list(ids)}):
        receipts.setdefault(video_id, {})[channel, status, digest] = _Receipt._make(receipt)
    return receipts


def _touch(connection: Writer, times: Mapping[int, str], absent: set[int]) -> None:
    """Set the one column that a repetition of the newest answer changes: when the video, or its absence, was seen."""
    seen = [{"id": video_id, "last_seen_at": time} for video_id, time in times.items() if video_id not in absent]
    update_rows(connection, "videos", seen)
    update_rows(connection, "videos", [{"id": video_id, "gone_at": times[video_id]} for video_id in absent])


def _refold(
    connection: Writer, ids: Sequence[int], estimator: Estimator, *, is_recorded: bool = True
) -> list[dict[str, Any]]:
    """Fold the videos again from all their observations, and return what changed, as rows of the flight recorder."""
    names = ("id", "source", "remote_id", *COLUMNS)
    query = f"SELECT {', '.join(names)} FROM videos WHERE id IN :ids"
    old = {row["id"]: dict(row) for row in connection.execute(query, {"ids": list(ids)})}
    observations = _read_observations(connection, {video_id: row["remote_id"] for video_id, row in old.items()})
    is_read = {video_id: any(answer.video for answer in observations[video_id]) for video_id in ids}
    new = {video_id: fold(observations[video_id]) for video_id in ids if is_recorded or is_read[video_id]}
    for row in new.values():
        estimator.fill(row)
    texts = read_entries(connection, ids)
    update_rows(connection, "videos", [{"id": video_id, **row} for video_id, row in new.items()])
    changes = _compare(old, new, observations)
    insert_rows(connection, "changes", changes if is_recorded else [])
    changed: dict[str, set[int]] = {}  # by field
    for change in changes:
        changed.setdefault(change["field"], set()).add(change["video_id"])
    rewrite_tags(connection, {video_id: new[video_id]["metadata"] for video_id in changed.get("metadata", ())})
    parents = {video_id: new[video_id]["remixed_from_id"] for video_id in changed.get("remixed_from_id", ())}
    rewrite_remixes(connection, old[ids[0]]["source"], parents)
    to_extract = [{"id": video_id, "extracted_by": None} for video_id in changed.get("prompt", ())]
    update_rows(connection, "videos", to_extract)
    refresh(connection, texts)
    return changes


def refold_all(connection: Writer, after: int = 0, limit: int = 500, size: int = 16 * 1024**2) -> int | None:
    """Fold the next rows after this one from their kept answers, as today's parser reads them.

    At most `limit` rows, whose answers together have `size` characters, or a single one. Returns the row to go on
    after, None at the end. The flight recorder is not told: nothing moved at a server.
    """
    query = (
        "SELECT id, source, (SELECT sum(length(payload)) FROM observations WHERE video_id = videos.id) AS size "
        "FROM videos WHERE id > :after AND size IS NOT NULL ORDER BY id LIMIT :limit"
    )
    rows: list[Any] = []
    for row in connection.execute(query, {"after": after, "limit": limit}):
        size -= row["size"]
        if rows and size < 0:
            break
        rows.append(row)
    for source in {row["source"] for row in rows}:
        ids = [row["id"] for row in rows if row["source"] == source]
        _refold(connection, ids, Estimator(connection, source), is_recorded=False)
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
        if may_be_cut(text):  # kept by a version that cut nothing
            payload = cut(payload)
        video = read_observed(payload, remote_ids[video_id], status)
        observation = Observation(video, channel, status, digest, as_of, first, last, _custom_id(payload))
        observations.setdefault(video_id, []).append(observation)
    return observations


def _observation_row(video_id: int, arrival: _Arrival) -> dict[str, Any]:
    return {"video_id": video_id, "as_of": arrival.observation.as_of, **_received(arrival)}


def _received(arrival: _Arrival) -> dict[str, Any]:
    """The columns of an answer that say what was received and when, whatever it is about."""
    observation = arrival.observation
    return {
        "channel": observation.channel,
        "http_status": observation.http_status,
        "payload": arrival.payload,
        "payload_hash": observation.payload_hash,
        "received_at": observation.received_at,
        "last_received_at": observation.last_received_at,
        "times_seen": 1,
    }


def _custom_id(payload: object) -> str | None:
    """The name that a line of a Batch file gives to its job."""
    custom_id = payload.get("custom_id") if isinstance(payload, dict) else None
    return custom_id if isinstance(custom_id, str) else None


def _as_text(value: Any) -> str | None:
    return None if value is None else cut_text(str(value))
