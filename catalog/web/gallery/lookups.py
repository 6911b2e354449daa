"""What the scripts of the grid ask for beside pages: how a word goes on, what is new, and what a key copies."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

from catalog.errors import QueryError
from catalog.web.gallery.folders import find_path
from catalog.web.gallery.state import State
from catalog.web.gallery.visits import Refused, as_json

if TYPE_CHECKING:
    from catalog.file_reports import PicturesDue
    from catalog.web.gallery.visits import Answer, Visit

_COMPLETIONS = 12


def complete(visit: Visit) -> Answer:
    """How the last word of a query may go on."""
    word = visit.query.get("word", "")
    return as_json({"words": visit.catalog.complete_query(word, limit=_COMPLETIONS)[:_COMPLETIONS] if word else []})


def look(visit: Visit) -> Answer:
    """Whether anything has changed since a `revision`; if so, how many tiles match, and how many videos there are."""
    state = State.read(visit.query)
    with visit.catalog.reading():
        revision = visit.catalog.revision()
        if visit.query.get("revision") == str(revision):
            return as_json({"revision": str(revision)})
        try:
            matches = _count_tiles(visit, state)
        except QueryError:
            matches = 0
        return as_json({"revision": str(revision), "matches": matches, "whole": visit.catalog.count()})


def count_pictures(visit: Visit) -> Answer:
    """How many thumbnails are still to be made, and a line that says so with what makes them; empty where none is."""
    due = visit.catalog.pictures_due()
    return as_json({"due": due.thumbnails, "said": say_due(due)})


def say_due(due: PicturesDue) -> str:
    """What is still to be made, and how."""
    count = due.thumbnails
    if not count:
        return ""
    if due.waiting == count:
        return f"{count:,} thumbnail{'s wait' if count > 1 else ' waits'} for PyAV: pip install 'video-catalog[media]'"
    return f"{count:,} thumbnail{'s are' if count > 1 else ' is'} still to be made: catalog reindex --pictures"


def _count_tiles(visit: Visit, state: State) -> int:
    """How many tiles all pages of the state have: takes that are stacked have one."""
    if state.stack:
        return visit.catalog.search(state.q, limit=0, stack=state.stack, snippets=False).total
    return visit.catalog.count(state.q)


def describe(visit: Visit) -> Answer:
    """What of a video is copied: its ref, its whole prompt, and the path of its clip."""
    ref = visit.query.get("ref", "")
    if not ref:
        raise Refused(HTTPStatus.BAD_REQUEST, "name a video: ref=REF")
    video = visit.catalog.get(ref)
    return as_json({"ref": video.ref, "prompt": video.prompt, "path": find_path(video)})
