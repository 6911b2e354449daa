"""Answers of the outside world into observations, and observations into rows.

Most arrivals are simple and take a short cut: a video never seen before is folded from its one observation, and an
answer that only repeats the newest one changes a few columns. Every other video is folded again from all its
observations.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, NamedTuple

from catalog import fulltext
from catalog.fold import Observation, fold
from catalog.records import utc_text
from catalog.redaction import cut_secrets
from catalog.rows import encodable
from catalog.store.attached import provider_tags, write_remixes, write_tags
from catalog.store.bulk import insert_rows, update_rows
from catalog.store.costs import Estimator
from catalog.store.descent import adopt
from catalog.store.enclosed import keep_enclosed, save_named
from catalog.store.folding import Backlog, custom_id_of, fold_backlog, list_overturned, refold
from catalog.store.indexes import index_new
from catalog.store.names import find_ids, write_aliases
from catalog.store.payloads import kept, shortened, without_secrets
from catalog.store.receipts import list_latest, read_receipts, touch
from catalog.store.saved import Saved
from catalog.store.strays import Claim, find_by_alias, find_strays, keep_strays
from catalog.store.texts import labels_of
from catalog.wire.cuts import describe_cuts
from catalog.wire.ids import raw_id
from catalog.wire.parse import parse_videos
from catalog.wire.requests import read_observed

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    from catalog.database import Writer
    from catalog.errors import Gone
    from catalog.media.marks import Marks
    from catalog.store.enclosed import Enclosed
    from catalog.store.receipts import Identity, Receipt
    from catalog.wire.answers import ParsedVideo


FILE = "file"  # the channel of what a file says
SAID = ("prompt", "negative_prompt", "model", "seed", "prompt_origin")  # what a file may say of its job


class Beside(NamedTuple):
    """What is kept of new videos before they are indexed: names of their files, by id, and a function that writes.

    It is called with the row ids of those that are new, by id, and writes what belongs to them alone.
    """

    names: Mapping[str, Sequence[str]]
    write: Callable[[Mapping[str, int]], None]


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
    def identity(self) -> Identity:
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
    backlog: Backlog | None = None,
    enclosed: Mapping[str, Sequence[Enclosed]] | None = None,
    beside: Beside | None = None,
) -> Saved:
    """Keep what a server, a file or a hook said about the videos, and fold it into their rows.

    `as_of` is the time of an answer in which the provider states none: the time of the file it came in. `asked` are the
    ids that the caller asks for, each as a job of its own. An answer about another job than the one asked for is kept
    apart. `beside` is what is written with new videos, `enclosed` what lay inside the answers, by id, its bytes in the
    media folder already. Who calls this many times in one transaction hands over one `estimator`, which reads all
    prices when made, and one `backlog`, which it folds in the end.
    """
    saved, estimator = Saved(), estimator or Estimator(connection, source)
    is_own = backlog is None
    backlog = backlog or Backlog()
    for batch in _split(without_secrets(video, http_status) for video in videos):
        arrivals = [_arrive(video, channel, http_status, received_at, as_of) for video in batch.values()]
        arrivals, strays = _part(connection, source, arrivals, asked)
        saved += _save(connection, source, arrivals, estimator, backlog, beside)
        saved.strays |= strays
        saved.cuts += [f"{arrival.remote_id}: {words}" for arrival in arrivals for words in arrival.cuts]
        save_named(connection, source, (arrival.observation.video for arrival in arrivals))
    if is_own:
        saved.settle(*fold_backlog(connection, backlog, estimator))
    if enclosed:
        own = {cut_secrets(name): items for name, items in enclosed.items() if name not in saved.strays}
        saved.remarks += save_enclosed(connection, source, own, at=received_at)
    return saved


def save_enclosed(
    connection: Writer, source: str, enclosed: Mapping[str, Sequence[Enclosed]], *, at: datetime
) -> list[str]:
    """Keep what lay inside the answers about these videos, by id, as their files; return what is to be said of it.

    What a file says that its job made fills what nobody has said of the job.
    """
    remarks = keep_enclosed(connection, source, enclosed, at=at)
    made = [
        (name, item.data.marks)
        for name, items in enclosed.items()
        for item in items
        if item.data and item.data.marks and item.use != "reference"
    ]
    ids = find_ids(connection, source, [encodable(name) for name, _ in made]) if made else {}
    save_said(connection, [(ids[encodable(name)], marks) for name, marks in made if encodable(name) in ids], at=at)
    return remarks


def save_said(connection: Writer, said: Iterable[tuple[int, Marks]], *, at: datetime) -> list[int]:
    """Let files say of their jobs, by row id, what nobody else has said; return the jobs of which one says anything."""
    payloads = [(video_id, payload) for video_id, marks in said if (payload := describe_job(marks))]
    ids = list(dict.fromkeys(video_id for video_id, _ in payloads))
    query = "SELECT id, source, remote_id FROM videos WHERE id IN :ids"
    names = {row[0]: (row[1], row[2]) for row in connection.execute(query, {"ids": ids})} if ids else {}
    by_source: dict[str, list[ParsedVideo]] = {}
    for video_id, payload in payloads:
        source, remote_id = names[video_id]
        answer = parse_videos({"id": remote_id, "object": "video", **payload})
        by_source.setdefault(source, []).append(answer.videos[0])
    for source, videos in by_source.items():
        save_videos(connection, source, videos, channel=FILE, received_at=at)
    return ids


def describe_job(marks: Marks) -> dict[str, Any]:
    """What a file says of the job that it came from, as a server would; `prompt_origin` tells in which words."""
    said = {name: getattr(marks, name) for name in SAID}
    return {name: value for name, value in said.items() if value}


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
    return _save(connection, source, arrivals, Estimator(connection, source), Backlog())


def keep_beside(connection: Writer, videos: Mapping[int, ParsedVideo], *, channel: str, received_at: datetime) -> None:
    """Keep what somebody else than its server says of each of these videos, by row id, if it is new.

    The rows are left as they are: who calls this has them folded, without the flight recorder.
    """
    arrivals = {
        video_id: _arrive(without_secrets(video, 200), channel, 200, received_at, None)
        for video_id, video in videos.items()
    }
    known = _find_received(connection, arrivals)
    rows = [
        _observation_row(each, arrival) for each, arrival in arrivals.items() if (each, arrival.identity) not in known
    ]
    insert_rows(connection, "observations", rows)


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
    observation = Observation(
        video, channel, http_status, digest, as_of, received_at, received_at, custom_id_of(payload)
    )
    return _Arrival(remote_id, text, observation, describe_cuts(payload))


def _save(
    connection: Writer,
    source: str,
    arrivals: Sequence[_Arrival],
    estimator: Estimator,
    backlog: Backlog,
    beside: Beside | None = None,
) -> Saved:
    ids = find_ids(connection, source, (arrival.remote_id for arrival in arrivals))
    new = [arrival for arrival in arrivals if arrival.remote_id not in ids and arrival.observation.video is not None]
    answers: dict[int, _Arrival] = {}
    seconds: list[_Arrival] = []  # about a job that came under another of its names in this batch
    for arrival in arrivals:
        video_id = ids.get(arrival.remote_id)
        if video_id is not None and answers.setdefault(video_id, arrival) is not arrival:
            seconds.append(arrival)
    _add(connection, source, new, estimator, beside)
    changed, overturned = _update(connection, answers, estimator, backlog) if answers else (set(), {})
    aliases = {video_id: arrival.aliases for video_id, arrival in answers.items() if arrival.aliases}
    write_aliases(connection, source, aliases)
    saved = Saved(
        added=[arrival.remote_id for arrival in new],
        changed=[arrival.remote_id for video_id, arrival in answers.items() if video_id in changed],
        unchanged=[arrival.remote_id for video_id, arrival in answers.items() if video_id not in changed],
        overturned={answers[video_id].remote_id: states for video_id, states in overturned.items()},
    )
    if seconds:
        saved += _save(connection, source, seconds, estimator, backlog)
    return saved


def _add(
    connection: Writer, source: str, arrivals: Sequence[_Arrival], estimator: Estimator, beside: Beside | None
) -> None:
    """Insert videos that the library does not have."""
    if not arrivals:
        return
    names = beside.names if beside else {}
    rows = [_new_row(source, arrival, estimator, names.get(arrival.remote_id, ())) for arrival in arrivals]
    insert_rows(connection, "videos", rows)
    for row in rows:
        row["metadata"] = None  # which may have megabytes, as the payload that is written next
    ids = find_ids(connection, source, (arrival.remote_id for arrival in arrivals))
    observations = [_observation_row(ids[arrival.remote_id], arrival) for arrival in arrivals]
    insert_rows(connection, "observations", observations)
    adopt(connection, source, ids)
    write_tags(connection, {ids[arrival.remote_id]: _tags_of(arrival) for arrival in arrivals})
    write_remixes(connection, source, {ids[row["remote_id"]]: row["remixed_from_id"] for row in rows})
    aliases = {ids[arrival.remote_id]: arrival.aliases for arrival in arrivals if arrival.aliases}
    write_aliases(connection, source, aliases)
    if beside:
        beside.write(ids)
    index_new(
        connection,
        [(ids[row["remote_id"]], *(row[column] for column in fulltext.COLUMNS)) for row in rows],
    )


def _tags_of(arrival: _Arrival) -> list[tuple[str, str]]:
    return provider_tags(arrival.observation.video.metadata) if arrival.observation.video else []


def _new_row(source: str, arrival: _Arrival, estimator: Estimator, names: Sequence[str]) -> dict[str, Any]:
    row = fold([arrival.observation])
    estimator.fill(row)
    row["source"], row["remote_id"] = source, arrival.remote_id
    row["labels"] = labels_of(_tags_of(arrival), names)
    row["grams"] = fulltext.grams(row["prompt"])
    row["error_grams"] = fulltext.grams(row["error_message"])
    return row


def _update(
    connection: Writer, arrivals: Mapping[int, _Arrival], estimator: Estimator, backlog: Backlog
) -> tuple[set[int], dict[int, tuple[str, str]]]:
    """Keep answers about videos that the library has, and return the ids of those whose row changed.

    Those that had ended and have now ended otherwise come with both states.
    """
    receipts = _find_received(connection, arrivals)
    latest = list_latest(connection, {video_id for video_id, _ in receipts if video_id not in backlog.due})
    observations, repeats, to_fold, receipt_times = [], [], [], {}
    for video_id, arrival in arrivals.items():
        repeated = receipts.get((video_id, arrival.identity))
        if repeated is None:
            observations.append(_observation_row(video_id, arrival))
            to_fold.append(video_id)
            continue
        received_at = max(arrival.observation.received_at, repeated.last_received_at)
        repeats.append({"id": repeated.id, "last_received_at": received_at, "times_seen": repeated.times_seen + 1})
        if latest.get(video_id) == (repeated.last_received_at, 1):
            receipt_times[video_id] = received_at
        else:
            to_fold.append(video_id)
    insert_rows(connection, "observations", observations)
    update_rows(connection, "observations", repeats)
    absent = {video_id for video_id in receipt_times if arrivals[video_id].observation.video is None}
    touch(connection, receipt_times, absent)
    now = backlog.take({video_id: arrivals[video_id].remote_id for video_id in to_fold})
    changes = refold(connection, now, estimator) if now else []
    return {change["video_id"] for change in changes}, list_overturned(changes)


def _find_received(connection: Writer, arrivals: Mapping[int, _Arrival]) -> dict[tuple[int, Identity], Receipt]:
    """Those of these answers that were received before."""
    return read_receipts(connection, arrivals, [arrival.observation.payload_hash for arrival in arrivals.values()])


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
