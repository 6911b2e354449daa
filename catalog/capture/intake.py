"""Notes out of the spool and into the library, each exactly once.

A note is removed after the transaction that took it in. A crash in between leaves it, and the next taker finds that
the library has heard it. The requests of a Batch input wait as a note until the videos that came of them are known.
"""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import datetime
from itertools import islice
from typing import TYPE_CHECKING, Any

from catalog.capture.joins import BATCH_CHANNEL, join, made_by, mark_uploads, save_unheard, unique_names
from catalog.capture.spool import kind_of, list_notes, read_note, remove_note, rewrite_note, set_aside
from catalog.errors import CatalogError
from catalog.prompts.given import read_given
from catalog.wire.parse import parse_videos
from catalog.wire.values import read_time

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path

    from catalog.capture.joins import Made, Noted
    from catalog.database import Database, Writer
    from catalog.wire.answers import ParsedVideo

    OnBroken = Callable[[Path, str], None]

CHANNEL = "capture"
NOTES_AT_ONCE = 100

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
        waiting = mark_uploads(list(_read_notes(uploads, report)), batches)
        taken += _join_uploads(database, waiting, made_by(results), report)
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
        save_unheard(connection, note, made, CHANNEL, at)
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

    told = note["character"]
    try:
        created_at = read_time(told["created_at"])
    except (ValueError, TypeError):
        created_at = None
    name = told["name"] if isinstance(told["name"], str) else None
    store.save_character(connection, note["source"], told["id"], name=name, created_at=created_at, seen_at=at)
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

    return [
        video
        for video in videos
        if not store.is_observed(connection, source, video.remote_id, video.payload, channel=channel, received_at=at)
    ]


def _join_uploads(database: Database, uploads: Sequence[Noted], made: Made, report: OnBroken) -> int:
    """Keep requests of Batch inputs with the videos that came of them: how many."""
    joined, unique = 0, unique_names(uploads)
    for path, upload in uploads:
        try:
            with database.write() as connection:
                left = join(connection, upload, made, unique)
        except _FAULTS_OF_LIBRARY:
            raise
        except Exception as error:  # noqa: BLE001 - as above
            _set_aside(path, error, report)
            continue
        joined += len(upload["requests"]) - len(left)
        if not left:
            remove_note(path)
        elif len(left) < len(upload["requests"]):
            rewrite_note(path, upload | {"requests": left})
    return joined
