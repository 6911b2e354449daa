"""The place in an answer where a page ended, as a short text: opaque, safe in a URL, good for one query and order."""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Any
from zlib import crc32

from catalog.errors import QueryError

_LARGEST_ID = 2**63


def write_cursor(question: str, place: Any, video_id: int) -> str:
    """The cursor behind the video with this id and sorted value; `question` is all that the answer depends on."""
    text = json.dumps([_digest(question), place, video_id], separators=(",", ":"))
    return urlsafe_b64encode(text.encode()).decode().rstrip("=")


def read_cursor(question: str, cursor: str) -> tuple[Any, int]:
    """The sorted value and the id that a cursor holds; raises QueryError unless it was written for this question."""
    try:
        digest, place, video_id = json.loads(urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (ValueError, TypeError, RecursionError) as error:
        raise _foreign() from error
    if not _is_place(place, video_id):
        raise _foreign()
    if digest != _digest(question):
        raise QueryError("the cursor belongs to another query or sort: repeat both as they were, or start without it")
    return place, video_id


def _foreign() -> QueryError:
    return QueryError("the cursor is not one of ours: pass the `next` of the page before, or none")


def _digest(question: str) -> str:
    return f"{crc32(question.encode()):08x}"


def _is_place(place: Any, video_id: Any) -> bool:
    if type(video_id) is not int or not -_LARGEST_ID <= video_id < _LARGEST_ID:
        return False
    if type(place) is int:
        return -_LARGEST_ID <= place < _LARGEST_ID
    return place is None or type(place) is float or (type(place) is str and _is_utf8(place))


def _is_utf8(text: str) -> bool:
    return text.encode("utf-8", "ignore").decode() == text
