"""How a video was asked for, as far as the library knows: the requests that are kept, and where they went."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple

from catalog.reading.names import get_name
from catalog.reading.videos import read_videos
from catalog.wire.cuts import list_cuts
from catalog.wire.requests import parse_line

if TYPE_CHECKING:
    from collections.abc import Mapping

    from catalog.database import Reader
    from catalog.records import Video

_PAYLOADS = (
    "SELECT payload FROM observations WHERE video_id = :id AND payload LIKE '%\"url\"%' AND payload LIKE '%\"body\"%' "
    "ORDER BY last_received_at DESC, id DESC"
)
_OWN = "SELECT negative_prompt FROM videos WHERE id = :id"
_BY_REF = "SELECT id FROM videos WHERE ref = :ref"
_SOURCE = "SELECT base_url, dialect FROM sources WHERE name = :name"


class Asked(NamedTuple):
    """A video and how it was asked for.

    `line` is the newest request of it that is kept, `cuts` the places of texts in it that are cut. `negative_prompt` is
    what was sent beside the prompt. `base_url` and `dialect` are what the library remembers of its source.
    """

    video: Video
    line: Mapping[str, Any] | None
    cuts: tuple[str, ...]
    negative_prompt: str | None
    base_url: str | None
    dialect: str | None
    parent: Video | None


def read_asked(connection: Reader, ref: str) -> Asked:
    """The video of this name and how it was asked for; raises NotFound."""
    name = get_name(connection, ref)
    video = read_videos(connection, [name.id])[name.id]
    line = _find_line(connection, name.id)
    base_url, dialect = connection.execute(_SOURCE, {"name": video.source}).fetchone() or (None, None)
    (negative_prompt,) = connection.execute(_OWN, {"id": name.id}).fetchone()
    parent = _find_parent(connection, video)
    return Asked(video, line, tuple(list_cuts(line)), negative_prompt, base_url, dialect, parent)


def _find_line(connection: Reader, video_id: int) -> Mapping[str, Any] | None:
    for (text,) in connection.execute(_PAYLOADS, {"id": video_id}):
        payload = json.loads(text)
        if isinstance(payload, dict) and "body" in payload and parse_line(payload) is not None:
            return payload
    return None


def _find_parent(connection: Reader, video: Video) -> Video | None:
    """The video that this one extends, where the library knows it: its length is needed to tell how much was added."""
    for link in video.links:
        if link.child == video.ref and link.relation == "extension":
            row = connection.execute(_BY_REF, {"ref": link.parent}).fetchone()
            return row and read_videos(connection, [row[0]])[row[0]]
    return None
