"""Where a page of an answer ended, as a short text: opaque, safe in a URL, valid for one query and order."""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Any
from zlib import crc32

from catalog.errors import QueryError

_LARGEST_ID = 2**63


def write_cursor(question: str, sort_value: Any, video_id: int) -> str:
    """The cursor after the video with this sort value and id; `question` is all that the answer depends on."""
    text = json.dumps([_digest(question), sort_value, video_id], separators=(",", ":"))
    return urlsafe_b64encode(text.encode()).decode().rstrip("=")


def read_cursor(question: str, cursor: str) -> tuple[Any, int]:
    """The sort value and the id in a cursor; raises QueryError unless it was written for this question."""
    try:
        digest, sort_value, video_id = json.loads(urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (ValueError, TypeError, RecursionError) as error:
        raise _foreign() from error
    if not _is_position(sort_value, video_id):
        raise _foreign()
    if digest != _digest(question):
        raise QueryError(
            "the cursor belongs to another query or sort: repeat both unchanged, or start without a cursor"
        )
    return sort_value, video_id


def _foreign() -> QueryError:
    return QueryError("the cursor is not valid: pass `next` of the page before, or start without a cursor")


def _digest(question: str) -> str:
    return f"{crc32(question.encode()):08x}"


def _is_position(sort_value: Any, video_id: Any) -> bool:
    if type(video_id) is not int or not -_LARGEST_ID <= video_id < _LARGEST_ID:
        return False
    if type(sort_value) is int:
        return -_LARGEST_ID <= sort_value < _LARGEST_ID
    return sort_value is None or type(sort_value) is float or (type(sort_value) is str and _is_utf8(sort_value))


def _is_utf8(text: str) -> bool:
    return text.encode("utf-8", "ignore").decode() == text
