"""Notes out of the spool and into the library, each exactly once.

A note is removed after the transaction that took it in. A crash in between leaves it, and the next taker finds that
the library has heard it. The requests of a Batch input wait as a note until the videos that came of them are known,
hours later: a batch names its input and its output file, so where all of them passed by, the requests of one meet the
answers in the other; else the library is asked for a video of their name.
"""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple

from catalog.batches import Answer, Join, Request
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

    from catalog.database import Database, Writer
    from catalog.wire.answers import ParsedVideo

    OnBroken = Callable[[Path, str], None]
    Noted = tuple[Path, dict[str, Any]]

CHANNEL = "capture"
BATCH_CHANNEL = "batch"
NOTES_AT_ONCE = 100
CLOCK_SLACK = timedelta(minutes=5)  # by which a server's clock may be behind ours

_FAULTS_OF_LIBRARY = (CatalogError, OSError)

_ALL_KEYS = frozenset({"kind", "source", "at", "tags"})
_NO_KIND = frozenset({"a kind that is known"})
_KEYS = {
    "answer": _ALL_KEYS | {"status", "asked_id", "answer"},
    "results": _ALL_KEYS | {"file_id", "lines"},
    "character": _ALL_KEYS | {"character"},
    "upload": _ALL_KEYS | {"file_id", "outputs", "requests"},
    "batch": _ALL_KEYS | {"file_id", "outputs", "metadata"},
}

_log = logging.getLogger("catalog.capture")


def take_in_spool(database: Database, *, on_broken: OnBroken | None = None, joins_batches: bool = True) -> int:
    """Take in what was captured while the library could not be written: how many videos and characters it spoke of.

    A note that cannot be read is moved aside, to the folder `broken` beside it, and told to `on_broken(its new place,
    the reason)`, else logged. `joins_batches` looks for the videos of every waiting Batch input, else only when this
    round brings news of one. Raises CatalogError while the library cannot be written; nothing is lost then.
    """
    report, taken = on_broken or _log_broken, 0
    paths = list_notes(database.path)
    uploads = [path for path in paths if kind_of(path) == "upload"]
    notes = _read_notes((path for path in paths if kind_of(path) != "upload"), report)
    batches: list[Noted] = []
    results: list[dict[str, Any]] = []
    while chunk := list(islice(notes, NOTES_AT_ONCE)):
        batches += [(path, note) for path, note in chunk if note["kind"] == "batch"]
        results += [note for _, note in chunk if note["kind"] == "results"]
        taken += _take_all(database, [(path, note) for path, note in chunk if note["kind"] != "batch"], report)
    if batches or (uploads and (joins_batches or results)):
        waiting = _mark_uploads(list(_read_notes(uploads, report)), batches)
        taken += _join_uploads(database, waiting, results, report)
    return taken


def _log_broken(path: Path, reason: str) -> None:
    _log.warning("a captured call could not be taken in (%s): it is kept at %s", reason, path)


def _read_notes(paths: Iterable[Path], report: OnBroken) -> Iterator[Noted]:
    for path in paths:
        try:
            yield path, _checked(read_note(path))
        except FileNotFoundError:
            continue
        except ValueError as error:
            _set_aside(path, error, report)


def _checked(note: dict[str, Any]) -> dict[str, Any]:
    lacking = _KEYS.get(note.get("kind", ""), _NO_KIND) - note.keys()
    if lacking:
        raise ValueError(f"it lacks {', '.join(sorted(lacking))}")
    faults = read_given(note.get("facets")).faults
    if faults:
        raise ValueError(faults[0])
    return note


def _set_aside(path: Path, error: Exception, report: OnBroken) -> None:
    report(set_aside(path), f"{type(error).__name__}: {error}")


def _take_all(database: Database, notes: Sequence[Noted], report: OnBroken) -> int:
    """Take the notes in together; when one of them is at fault, one by one, and that one aside."""
    if not notes:
        return 0
    try:
        with database.write() as connection:
            taken = sum(_take(connection, note) for _, note in notes)
    except _FAULTS_OF_LIBRARY:
        raise
    except Exception as error:  # noqa: BLE001 - whatever it is, the note is at fault, and the others must not wait
        if len(notes) > 1:
            return sum(_take_all(database, [note], report) for note in notes)
        _set_aside(notes[0][0], error, report)
        return 0
    for path, _ in notes:
        remove_note(path)
    return taken


def _take(connection: Writer, note: dict[str, Any]) -> int:
    from catalog import store

    store.save_source(connection, note["source"])
    return _TAKERS[note["kind"]](connection, note, datetime.fromisoformat(note["at"]))


def _take_answer(connection: Writer, note: dict[str, Any], at: datetime) -> int:
    from catalog import store

    source, status, request = note["source"], note["status"], note.get("request")
    videos = parse_videos(note["answer"], asked_id=note["asked_id"], http_status=status).videos
    news = _unheard(connection, source, videos, CHANNEL, at)
    store.save_videos(connection, source, news, channel=CHANNEL, received_at=at, http_status=status)
    if request is not None:
        made = {video.remote_id: request for video in videos}
        _save_requests(connection, note, made, CHANNEL, at)
    return len(news)


def _take_results(connection: Writer, note: dict[str, Any], at: datetime) -> int:
    from catalog import store

    source = note["source"]
    videos = [replace(video, payload=line) for line in note["lines"] for video in parse_videos(line).videos]
    news = _unheard(connection, source, videos, BATCH_CHANNEL, at)
    store.save_videos(connection, source, news, channel=BATCH_CHANNEL, received_at=at)
    return len(news)


def _take_character(connection: Writer, note: dict[str, Any], at: datetime) -> int:
    from catalog import store

    character = note["character"]
    try:
        created_at = read_time(character["created_at"])
    except (ValueError, TypeError):
        created_at = None
    name = character["name"] if isinstance(character["name"], str) else None
    store.save_character(connection, note["source"], character["id"], name=name, created_at=created_at, seen_at=at)
    return 1


_TAKERS: dict[str, Callable[[Writer, dict[str, Any], datetime], int]] = {
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
    """Save the requests of a note, by the id of the video each made, that the library has not heard yet."""
    from catalog import store

    source, given = note["source"], read_given(note.get("facets")).facets
    kept = [
        store.KeptRequest(remote_id, request["line"], [(relation, parent) for relation, parent in request["links"]])
        for remote_id, request in requests.items()
    ]
    payloads = [(request.remote_id, request.line) for request in kept]
    unheard = store.find_unheard(connection, source, payloads, channel=channel, received_at=at)
    news = [kept[position] for position in unheard]
    store.save_requests(connection, source, news, channel=channel, received_at=at, tags=note["tags"])
    if given:
        ids = store.find_ids(connection, source, [encodable(request.remote_id) for request in news])
        store.save_given(connection, dict.fromkeys(ids.values(), given))


def _mark_uploads(uploads: Sequence[Noted], batches: Sequence[Noted]) -> list[Noted]:
    """Write into each upload what its batch says: the files that hold its results, and metadata, which becomes tags."""
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
    """Keep requests of Batch inputs with the videos that came of them: how many."""
    taken = 0
    joins = {source: _Joins(source, uploads, results) for source in {note["source"] for _, note in uploads}}
    for path, upload in uploads:
        try:
            with database.write() as connection:
                left = _join_upload(connection, path, upload, joins[upload["source"]])
        except _FAULTS_OF_LIBRARY:
            raise
        except Exception as error:  # noqa: BLE001 - as above
            _set_aside(path, error, report)
            continue
        taken += len(upload["requests"]) - len(left)
        if not left:
            remove_note(path)
        elif len(left) < len(upload["requests"]):
            rewrite_note(path, upload | {"requests": left})
    return taken


class _Home(NamedTuple):
    """The note that a request was met in, and the files that its batch named as its outputs."""

    note: Path
    outputs: Sequence[str]


class _Joins:
    """The waiting requests of one source with the results of this round: `made` and `waiting` by note."""

    def __init__(self, source: str, uploads: Iterable[Noted], results: Iterable[Mapping[str, Any]]) -> None:
        self.join = Join([lambda file_id, home: file_id in home.outputs])
        for path, upload in uploads:
            home = _Home(path, upload["outputs"])
            for request in upload["requests"] if upload["source"] == source else ():
                line = request["line"]
                self.join.ask(Request(line["custom_id"], json_text(line), home))
        for note in results:
            for line in note["lines"] if note["source"] == source else ():
                answer = parse_videos(line)
                if answer.custom_id is not None and answer.videos:
                    self.join.answer(Answer(answer.custom_id, answer.videos[0].remote_id, note["file_id"]))
        self.made: dict[Path, dict[str, str]] = {}
        for paired, asked, _ in self.join.pairs():
            if asked is not None and paired.remote_id is not None:
                self.made.setdefault(asked.home.note, {})[asked.custom_id] = paired.remote_id
        self.waiting: dict[Path, list[Request]] = {}
        for asked in self.join.waiting():
            self.waiting.setdefault(asked.home.note, []).append(asked)


def _join_upload(connection: Writer, path: Path, upload: Mapping[str, Any], joins: _Joins) -> list[dict[str, Any]]:
    """Save the requests of an upload whose video is known: the others, which wait on."""
    from catalog import store

    source, at = upload["source"], datetime.fromisoformat(upload["at"])
    made, waiting = dict(joins.made.get(path, {})), joins.waiting.get(path, [])
    names = [request.custom_id for request in waiting]
    videos = store.find_batch_videos(connection, source, names, since=utc_text(at - CLOCK_SLACK))
    for request in waiting:
        remote_id = joins.join.find_made(request, videos.get(request.custom_id, ()))
        if remote_id is not None:
            made[request.custom_id] = remote_id
    requests = {request["line"]["custom_id"]: request for request in upload["requests"]}
    joined = {remote_id: requests[custom_id] for custom_id, remote_id in made.items()}
    _save_requests(connection, upload, joined, BATCH_CHANNEL, at)
    return [request for custom_id, request in requests.items() if custom_id not in made]
