"""The requests of Batch inputs, and the videos that came of them hours later.

A batch names its input and its output file, so where all of them passed by, the custom ids of one are those of the
other. Where a link of that chain is missing, a name that waits only once is joined to the video of that name.
"""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from catalog.capture.spool import remove_note, rewrite_note
from catalog.prompts.given import read_given
from catalog.records import utc_text
from catalog.wire.parse import parse_videos

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from collections.abc import Set as AbstractSet
    from pathlib import Path

    from catalog.database import Writer

    Noted = tuple[Path, dict[str, Any]]
    Made = Mapping[tuple[str, str], Mapping[str, str]]

BATCH_CHANNEL = "batch"
CLOCK_SLACK = timedelta(minutes=5)  # by which a server's clock may be behind ours


def mark_uploads(uploads: Sequence[Noted], batches: Sequence[Noted]) -> list[Noted]:
    """Tell each upload what its batch told: the files that hold its results, and metadata, which becomes tags."""
    marked = list(uploads)
    for path, batch in batches:
        for place, (upload_path, upload) in enumerate(marked):
            if (upload["source"], upload["file_id"]) == (batch["source"], batch["file_id"]):
                tags = {**batch["metadata"], **upload["tags"]}
                news = {"tags": tags, "outputs": sorted({*upload["outputs"], *batch["outputs"]})}
                if news != {key: upload[key] for key in news}:
                    rewrite_note(upload_path, upload | news)
                    marked[place] = (upload_path, upload | news)
        remove_note(path)
    return marked


def made_by(results: Iterable[Mapping[str, Any]]) -> Made:
    """The videos in files of results, by source and file and then by custom id."""
    made: dict[tuple[str, str], dict[str, str]] = {}
    for note in results:
        for line in note["lines"]:
            answer = parse_videos(line)
            if answer.custom_id is not None and answer.videos:
                names = made.setdefault((note["source"], note["file_id"]), {})
                names[answer.custom_id] = answer.videos[0].remote_id
    return made


def unique_names(uploads: Iterable[Noted]) -> set[tuple[str, str]]:
    """The custom ids, each with its source, that wait in one place only."""
    names = Counter(
        (upload["source"], request["line"]["custom_id"]) for _, upload in uploads for request in upload["requests"]
    )
    return {name for name, count in names.items() if count == 1}


def join(
    connection: Writer, upload: Mapping[str, Any], made: Made, unique: AbstractSet[tuple[str, str]]
) -> list[dict[str, Any]]:
    """Save the requests of an upload whose video is known: the others, which wait on."""
    from catalog import store

    source, at = upload["source"], datetime.fromisoformat(upload["at"])
    requests: dict[str, dict[str, Any]] = {request["line"]["custom_id"]: request for request in upload["requests"]}
    found: dict[str, str] = {}
    for file_id in upload["outputs"]:
        told = made.get((source, file_id), {})
        found.update((custom_id, told[custom_id]) for custom_id in requests.keys() & told.keys())
    others = {
        custom_id: request["line"]
        for custom_id, request in requests.items()
        if custom_id not in found and (source, custom_id) in unique
    }
    found |= store.find_batch_videos(connection, source, others, since=utc_text(at - CLOCK_SLACK))
    joined = {remote_id: requests[custom_id] for custom_id, remote_id in found.items()}
    save_unheard(connection, upload, joined, BATCH_CHANNEL, at)
    return [request for custom_id, request in requests.items() if custom_id not in found]


def save_unheard(
    connection: Writer,
    note: Mapping[str, Any],
    requests: Mapping[str, dict[str, Any]],
    channel: str,
    at: datetime,
) -> None:
    """Save the requests of a note, by the id of the video each made, that the library has not heard yet."""
    from catalog import store

    source, given = note["source"], read_given(note.get("facets")).facets
    news = [
        store.KeptRequest(remote_id, request["line"], [(relation, parent) for relation, parent in request["links"]])
        for remote_id, request in requests.items()
        if not store.is_observed(connection, source, remote_id, request["line"], channel=channel, received_at=at)
    ]
    store.save_requests(connection, source, news, channel=channel, received_at=at, tags=note["tags"])
    for one in news if given else ():
        video_id = store.find_video(connection, source, one.remote_id)
        if video_id is not None:
            store.save_given(connection, video_id, given)
