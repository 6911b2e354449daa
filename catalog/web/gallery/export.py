"""Videos as JSON lines, each as `catalog show --json` prints it: those that are named, or all that a query finds."""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

from catalog.controls import plain_json
from catalog.web.gallery.state import State
from catalog.web.gallery.visits import Answer, Refused

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from catalog.records import Video
    from catalog.web.gallery.visits import Visit

MOST_FIELDS = 10  # of a form
_SEPARATOR = "\n"
_HEADERS = {"content-disposition": 'attachment; filename="videos.jsonl"'}
_PORTION = 50  # videos in one piece


def send(visit: Visit) -> Answer:
    """The videos as a file to keep; raises NotFound before anything is sent, and QueryError."""
    named = _read_form(visit).get("refs", visit.query.get("refs"))
    videos: Iterable[Video]
    if named is None:
        state = State.read(visit.query)
        videos = visit.catalog.iterate(state.q, sort=state.sort or "-created_at")
    else:
        with visit.catalog.reading():
            videos = [visit.catalog.get(ref) for ref in filter(None, named.replace("\r", "").split(_SEPARATOR))]
    return Answer(_write(videos), type="application/x-ndjson; charset=utf-8", headers=_HEADERS)


def _read_form(visit: Visit) -> dict[str, str]:
    if visit.method != "POST":
        return {}
    try:
        fields = parse_qs(visit.body.decode(), keep_blank_values=True, max_num_fields=MOST_FIELDS)
    except ValueError as error:
        raise Refused(HTTPStatus.BAD_REQUEST, "the body of the request is not a form") from error
    if "refs" not in fields:
        raise Refused(HTTPStatus.BAD_REQUEST, "name the videos to export: refs=REF, one per line")
    return {"refs": fields["refs"][-1]}


def _write(videos: Iterable[Video]) -> Iterator[bytes]:
    lines: list[str] = []
    for video in videos:
        lines.append(f"{plain_json(json.dumps(video.to_dict(), ensure_ascii=False))}\n")
        if len(lines) == _PORTION:
            yield "".join(lines).encode("utf-8", "replace")
            lines.clear()
    yield "".join(lines).encode("utf-8", "replace")
