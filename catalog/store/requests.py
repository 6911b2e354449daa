"""What a caller asked a server for, kept with the video that came of it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple

from catalog.records import utc_text
from catalog.redaction import redact
from catalog.rows import encodable, json_text
from catalog.store.arrivals import Saved, save_videos
from catalog.store.attached import save_links
from catalog.store.edits import save_tags
from catalog.store.names import find_video
from catalog.wire.requests import parse_line, read_request

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from catalog.database import Writer


class KeptRequest(NamedTuple):
    """A request as `wire.requests.request_line` makes it, the video that came of it, and the parents it named."""

    remote_id: str
    line: Mapping[str, Any]
    links: Sequence[tuple[str, str]] = ()


_SEEN = (
    "SELECT 1 FROM observations WHERE video_id = :video AND channel = :channel AND payload = :payload "
    "AND last_received_at >= :moment"
)

_OF_BATCH = (
    "SELECT batch_custom_id, remote_id, videos.id FROM videos WHERE source = :source AND batch_custom_id IN :names "
    "AND coalesce(created_at, first_seen_at) >= :since ORDER BY coalesce(created_at, first_seen_at) DESC"
)
_PAYLOADS = "SELECT video_id, payload FROM observations WHERE channel = 'batch' AND video_id IN :ids"


def is_observed(
    connection: Writer, source: str, remote_id: str, payload: object, *, channel: str, received_at: datetime
) -> bool:
    """Whether the library already heard exactly this, by this channel, then or later."""
    video_id = find_video(connection, source, remote_id)
    told = {"channel": channel, "payload": json_text(redact(payload)), "moment": utc_text(received_at)}
    return video_id is not None and connection.execute(_SEEN, {"video": video_id, **told}).fetchone() is not None


def find_batch_videos(
    connection: Writer, source: str, requests: Mapping[str, Mapping[str, Any]], *, since: str
) -> dict[str, str]:
    """The videos made since a time by these lines of a Batch input, by custom id: not those of another request."""
    arguments = {"names": list(map(encodable, requests)), "source": source, "since": since}
    rows = connection.execute(_OF_BATCH, arguments).fetchall()
    kept: dict[int, list[object]] = {}
    for video_id, payload in connection.execute(_PAYLOADS, {"ids": [row[2] for row in rows]}):
        told = json.loads(payload)
        if parse_line(told) is not None:
            kept.setdefault(video_id, []).append(told)
    return {
        custom_id: remote_id
        for custom_id, remote_id, video_id in rows
        if video_id not in kept or json.loads(json_text(requests[custom_id])) in kept[video_id]
    }


def save_requests(
    connection: Writer,
    source: str,
    requests: Sequence[KeptRequest],
    *,
    channel: str,
    received_at: datetime,
    tags: Mapping[str, str] | None = None,
) -> Saved:
    """Keep the requests that made videos, the parents they named and the user's own tags for them."""
    videos = [video for video in (read_request(one.line, one.remote_id) for one in requests) if video is not None]
    saved = save_videos(connection, source, videos, channel=channel, received_at=received_at)
    for one in requests:
        video_id = find_video(connection, source, one.remote_id)
        if video_id is not None:
            save_links(connection, source, video_id, one.links, origin="request")
            if tags:
                save_tags(connection, video_id, tags)
    return saved
