"""What the scripts of the grid ask for beside pages: how a word goes on, what is new, and what a key copies."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

from catalog.errors import QueryError
from catalog.web.gallery.state import State
from catalog.web.gallery.visits import Refused, as_json

if TYPE_CHECKING:
    from catalog.web.gallery.visits import Answer, Visit

_COMPLETIONS = 12


def complete(visit: Visit) -> Answer:
    """How the last word of a query may go on."""
    word = visit.query.get("word", "")
    return as_json({"words": visit.catalog.complete_query(word, limit=_COMPLETIONS)[:_COMPLETIONS] if word else []})


def look(visit: Visit) -> Answer:
    """Whether anything has changed since a `revision`; where it has, how many videos match, and how many there are."""
    state = State.read(visit.query)
    with visit.catalog.reading():
        revision = visit.catalog.revision()
        if visit.query.get("revision") == str(revision):
            return as_json({"revision": str(revision)})
        try:
            matches = visit.catalog.count(state.q)
        except QueryError:
            matches = 0
        return as_json({"revision": str(revision), "matches": matches, "whole": visit.catalog.count()})


def describe(visit: Visit) -> Answer:
    """What of a video is copied: its ref, its whole prompt, and the path of its clip."""
    ref = visit.query.get("ref", "")
    if not ref:
        raise Refused(HTTPStatus.BAD_REQUEST, "name a video: ref=REF")
    video = visit.catalog.get(ref)
    path = next((file.path for file in video.files if file.path and file.variant in {"video", "image"}), None)
    return as_json({"ref": video.ref, "prompt": video.prompt, "path": path})
