"""Takes notes from the spool into the library, each exactly once.

A note is removed after the transaction that took it in. If the process dies in between, the note stays, and whoever
takes it in next finds that the library has heard it. The requests of a Batch input wait as a note until their videos
are known, hours later: a batch names its input and its output file, so where both passed by, the requests of one meet
the answers in the other; else the library is asked for a video with their `custom_id`.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple

from catalog.batches import Answer, Join, Request, Rule
from catalog.capture.media import MEDIA, keep_media
from catalog.capture.spool import kind_of, list_notes, read_note, remove_note, rewrite_note, set_aside
from catalog.errors import CatalogError
from catalog.prompts.given import read_given
from catalog.records import utc_text
from catalog.rows import encodable, json_text
from catalog.wire.parse import parse_videos
from catalog.wire.values import read_time

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from catalog import store
    from catalog.database import Database, Writer
    from catalog.wire.answers import ParsedVideo

    Enclosed = dict[str | None, list[store.Enclosed]]
    OnBroken = Callable[[Path, str], None]
    Noted = tuple[Path, dict[str, Any]]

CHANNEL = "capture"
BATCH_CHANNEL = "batch"
NOTES_AT_ONCE = 100
CLOCK_SLACK = timedelta(minutes=5)  # by which a server's clock may be behind ours

_FAULTS_OF_LIBRARY = (CatalogError, OSError)

_COMMON_KEYS = frozenset({"kind", "source", "at", "tags"})
_KEYS = {
    "answer": _COMMON_KEYS | {"status", "asked_id", "answer"},
    "results": _COMMON_KEYS | {"file_id", "lines"},
    "character": _COMMON_KEYS | {"character"},
    "upload": _COMMON_KEYS | {"file_id", "outputs", "requests"},
    "batch": _COMMON_KEYS | {"file_id", "outputs", "metadata"},
}

_log = logging.getLogger("catalog.capture")


def take_in_spool(database: Database, *, on_broken: OnBroken | None = None, joins_batches: bool = True) -> int:
    """Take in what was captured while the library could not be written; returns the number of videos and characters.

    A note that cannot be read is moved to the folder `broken` beside it and reported to `on_broken(path, reason)`, else
    logged. With `joins_batches` it looks for the videos of every waiting Batch input, else only when a note of this run
    has results. Raises CatalogError while the library cannot be written; nothing is lost then.
    """
    report = on_broken or _log_broken
    paths = list_notes(database.path)
    uploads, batches = ([path for path in paths if kind_of(path) == kind] for kind in ("upload", "batch"))
    calls = _read_notes((path for path in paths if kind_of(path) not in {"upload", "batch"}), report)
    taken = 0
    results: list[dict[str, Any]] = []
    while chunk := list(islice(calls, NOTES_AT_ONCE)):
        taken += _take_all(database, chunk, report)
        results += [note for _, note in chunk if note["kind"] == "results"]
    if batches or (uploads and (joins_batches or results)):
        waiting = _mark_uploads(list(_read_notes(uploads, report)), _read_notes(batches, report))
        taken += _join_uploads(database, waiting, results, report)
    return taken


def _log_broken(path: Path, reason: str) -> None:
    _log.warning("cannot take in a captured call (%s): kept at %s", reason, path)


def _read_notes(paths: Iterable[Path], report: OnBroken) -> Iterator[Noted]:
    for path in paths:
        try:
            note = read_note(path)
            _check(note, kind_of(path))
            yield path, note
        except FileNotFoundError:
            continue
        except ValueError as error:
            _set_aside(path, error, report)


def _check(note: dict[str, Any], kind: str) -> None:
    """Raise ValueError for a note that the code below cannot read."""
    if kind not in _KEYS or note.get("kind") != kind:
        raise ValueError("the kind of the note is unknown")
    missing = _KEYS[kind] - note.keys()
    if missing:
        raise ValueError(f"the note has no {', '.join(sorted(missing))}")
    faults = read_given(note.get("facets")).faults
    if faults:
        raise ValueError(faults[0])


def _set_aside(path: Path, error: Exception, report: OnBroken) -> None:
    report(set_aside(path), f"{type(error).__name__}: {error}")


def _take_all(database: Database, notes: Sequence[Noted], report: OnBroken) -> int:
    """Take the notes in together; if one of them fails, take them in one by one and set that one aside."""
    if not notes:
        return 0
    try:
        kept = [keep_media(database, path, note) for path, note in notes]
        with database.write() as connection:
            taken = sum(_take(connection, note, media) for (_, note), media in zip(notes, kept, strict=True))
    except _FAULTS_OF_LIBRARY:
        raise
    except Exception as error:  # noqa: BLE001 - whatever it is, the note is at fault, and the others must not wait
        if len(notes) > 1:
            return sum(_take_all(database, [note], report) for note in notes)
        _set_aside(notes[0][0], error, report)
        return 0
    for (path, _), media in zip(notes, kept, strict=True):
        if not _are_due(media):
            remove_note(path)
    return taken


def _are_due(media: Enclosed) -> bool:
    """Whether media still wait for their folder, and the note with them: taking it in again adds only these."""
    return any(item.is_due for items in media.values() for item in items)


def _take(connection: Writer, note: dict[str, Any], media: Enclosed) -> int:
    from catalog import store

    store.save_source(connection, note["source"])
    return _TAKERS[note["kind"]](connection, note, datetime.fromisoformat(note["at"]), media)


def _take_answer(connection: Writer, note: dict[str, Any], at: datetime, media: Enclosed) -> int:
    from catalog import store

    source, status, request = note["source"], note["status"], note.get("request")
    videos = parse_videos(note["answer"], asked_id=note["asked_id"], http_status=status).videos
    news = _unheard(connection, source, videos, CHANNEL, at)
    saved = store.save_videos(connection, source, news, channel=CHANNEL, received_at=at, http_status=status)
    for name, reason in saved.strays.items():
        message = f"asked for {name}: {reason}; the answer is kept apart"
        store.save_source(connection, source, health="suspect", message=message)
        media.pop(name, None)
    if request is not None:
        _save_requests(connection, note, {video.remote_id: request for video in videos}, CHANNEL, at)
        for video in videos:
            media.setdefault(video.remote_id, []).extend(media.get(None, ()))
    _save_media(connection, source, media, at)
    return len(news)


def _save_media(connection: Writer, source: str, media: Enclosed, at: datetime) -> None:
    from catalog import store

    named = {name: items for name, items in media.items() if name is not None}
    for remark in store.save_enclosed(connection, source, named, at=at) if named else ():
        _log.warning("%s", remark)


def _take_results(connection: Writer, note: dict[str, Any], at: datetime, media: Enclosed) -> int:
    from catalog import store

    source = note["source"]
    videos = [replace(video, payload=line) for line in note["lines"] for video in parse_videos(line).videos]
    news = _unheard(connection, source, videos, BATCH_CHANNEL, at)
    store.save_videos(connection, source, news, channel=BATCH_CHANNEL, received_at=at)
    _save_media(connection, source, media, at)
    return len(news)


def _take_character(connection: Writer, note: dict[str, Any], at: datetime, _media: Enclosed) -> int:
    from catalog import store

    character = note["character"]
    try:
        created_at = read_time(character["created_at"])
    except (ValueError, TypeError):
        created_at = None
    name = character["name"] if isinstance(character["name"], str) else None
    store.save_character(connection, note["source"], character["id"], name=name, created_at=created_at, seen_at=at)
    return 1


_TAKERS: dict[str, Callable[[Writer, dict[str, Any], datetime, Enclosed], int]] = {
    "answer": _take_answer,
    "results": _take_results,
    "character": _take_character,
}


def _unheard(
    connection: Writer, source: str, videos: Iterable[ParsedVideo], channel: str, at: datetime
) -> list[ParsedVideo]:
    from catalog import store

    videos = list(videos)
    payloads = [(video.remote_id, video.payload) for video in videos]
    unheard = store.find_unheard(connection, source, payloads, channel=channel, received_at=at)
    return [videos[position] for position in unheard]


def _save_requests(
    connection: Writer, note: Mapping[str, Any], requests: Mapping[str, dict[str, Any]], channel: str, at: datetime
) -> None:
    """Save those requests of a note, by the id of the video that each made, that the library has not heard yet."""
    from catalog import store

    source, facets = note["source"], read_given(note.get("facets")).facets
    candidates = [
        store.KeptRequest(remote_id, request["line"], [(relation, parent) for relation, parent in request["links"]])
        for remote_id, request in requests.items()
    ]
    payloads = [(request.remote_id, request.line) for request in candidates]
    unheard = store.find_unheard(connection, source, payloads, channel=channel, received_at=at)
    news = [candidates[position] for position in unheard]
    store.save_requests(connection, source, news, channel=channel, received_at=at, tags=note["tags"])
    if facets:
        ids = store.find_ids(connection, source, [encodable(request.remote_id) for request in news])
        store.save_given(connection, dict.fromkeys(ids.values(), facets))


def _mark_uploads(uploads: Sequence[Noted], batches: Iterable[Noted]) -> list[Noted]:
    """Add to each upload what its batch says: the files that hold its results, and metadata, which becomes tags."""
    marked = list(uploads)
    for path, batch in batches:
        for number, (upload_path, upload) in enumerate(marked):
            if (upload["source"], upload["file_id"]) == (batch["source"], batch["file_id"]):
                tags = {**batch["metadata"], **upload["tags"]}
                news = {"tags": tags, "outputs": sorted({*upload["outputs"], *batch["outputs"]})}
                if news != {key: upload[key] for key in news}:
                    rewrite_note(upload_path, upload | news)
                    marked[number] = (upload_path, upload | news)
        remove_note(path)
    return marked


def _join_uploads(
    database: Database, uploads: Sequence[Noted], results: Iterable[Mapping[str, Any]], report: OnBroken
) -> int:
    """Save requests of Batch inputs with the videos they made; returns how many."""
    joins: defaultdict[str, _UploadJoin] = defaultdict(_UploadJoin)  # by source
    for path, upload in uploads:
        joins[upload["source"]].ask(path, upload)
    for note in results:
        joins[note["source"]].answer(note)
    for join in joins.values():
        join.settle()
    taken = 0
    for path, upload in uploads:
        try:
            with database.write() as connection:
                waiting, joined = _join_upload(connection, path, upload, joins[upload["source"]])
            if upload.get(MEDIA) and joined:
                media = keep_media(database, path, upload, among=joined)
                with database.write() as connection:
                    _save_media(connection, upload["source"], media, datetime.fromisoformat(upload["at"]))
                if _are_due(media):
                    continue
        except _FAULTS_OF_LIBRARY:
            raise
        except Exception as error:  # noqa: BLE001 - as above
            _set_aside(path, error, report)
            continue
        taken += len(upload["requests"]) - len(waiting)
        if not waiting:
            remove_note(path)
        elif len(waiting) < len(upload["requests"]):
            rewrite_note(path, upload | {"requests": waiting})
    return taken


class _Home(NamedTuple):
    """The note that holds a request, and the files that its batch named as its outputs."""

    note: Path
    outputs: Sequence[str]


class _UploadJoin:
    """The uploads of one source, and the results that this run brought.

    Once settled, it has two facts by note: `video_ids` by `custom_id`, and the requests that are still `waiting`.
    """

    def __init__(self) -> None:
        self._join = Join([Rule(lambda file_id: file_id, lambda home: home.outputs)])
        self.find_video = self._join.find_video
        self.video_ids: defaultdict[Path, dict[str, str]] = defaultdict(dict)
        self.waiting: defaultdict[Path, list[Request]] = defaultdict(list)

    def ask(self, path: Path, upload: Mapping[str, Any]) -> None:
        """Remember the requests of an upload."""
        home = _Home(path, upload["outputs"])
        for request in upload["requests"]:
            line = request["line"]
            self._join.ask(Request(line["custom_id"], json_text(line), home))

    def answer(self, results: Mapping[str, Any]) -> None:
        """Remember the answers in a file of results."""
        for line in results["lines"]:
            answer = parse_videos(line)
            if answer.custom_id is not None and answer.videos:
                self._join.answer(Answer(answer.custom_id, answer.videos[0].remote_id, results["file_id"]))

    def settle(self) -> None:
        """Join what was remembered."""
        for answer, request, _ in self._join.pairs():
            if request is not None and answer.remote_id is not None:
                self.video_ids[request.home.note][request.custom_id] = answer.remote_id
        for request in self._join.waiting():
            self.waiting[request.home.note].append(request)


def _join_upload(
    connection: Writer, path: Path, upload: Mapping[str, Any], join: _UploadJoin
) -> tuple[list[dict[str, Any]], dict[str, str]]:
    """Save the requests of an upload whose videos are known; returns the others, which wait on, and the videos' ids.

    The ids are by the custom ids of their requests.
    """
    from catalog import store

    source, at = upload["source"], datetime.fromisoformat(upload["at"])
    video_ids, waiting = dict(join.video_ids[path]), join.waiting[path]
    custom_ids = [request.custom_id for request in waiting]
    videos = store.find_batch_videos(connection, source, custom_ids, since=utc_text(at - CLOCK_SLACK))
    for request in waiting:
        remote_id = join.find_video(request, videos.get(request.custom_id, ()))
        if remote_id is not None:
            video_ids[request.custom_id] = remote_id
    requests = {request["line"]["custom_id"]: request for request in upload["requests"]}
    joined = {remote_id: requests[custom_id] for custom_id, remote_id in video_ids.items()}
    _save_requests(connection, upload, joined, BATCH_CHANNEL, at)
    return [request for custom_id, request in requests.items() if custom_id not in video_ids], video_ids
