"""What a caller asked a server for, kept with the video that came of it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple

from catalog.batches import BatchVideo
from catalog.records import utc_text
from catalog.rows import encodable
from catalog.store.arrivals import save_videos
from catalog.store.attached import save_links
from catalog.store.edits import save_tags
from catalog.store.names import find_ids
from catalog.store.payloads import kept
from catalog.wire.requests import parse_line, read_request

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from catalog.database import Reader, Writer
    from catalog.store.saved import Saved
    from catalog.wire.requests import ParsedRequest


class KeptRequest(NamedTuple):
    """A request as `wire.requests.request_line` makes it, the video that came of it, and the parents it named."""

    remote_id: str
    line: Mapping[str, Any]
    links: Sequence[tuple[str, str]] = ()


_HEARD = (
    "SELECT video_id, payload FROM observations "
    "WHERE channel = :channel AND last_received_at >= :moment AND video_id IN :ids"
)
_OF_BATCH = (
    "SELECT batch_custom_id, id, remote_id, prompt FROM videos WHERE source = :source AND batch_custom_id IN :names "
    "AND coalesce(created_at, first_seen_at) >= :since"
)
_PAYLOADS = "SELECT video_id, payload FROM observations WHERE channel = 'batch' AND video_id IN :ids"


def find_unheard(
    connection: Reader,
    source: str,
    payloads: Sequence[tuple[str, object]],
    *,
    channel: str,
    received_at: datetime,
) -> list[int]:
    """The positions of those payloads that the library has not received through this channel, then or later.

    Each payload comes with the id of its video.
    """
    names = [encodable(remote_id) for remote_id, _ in payloads]
    ids = find_ids(connection, source, names)
    rows = connection.execute(_HEARD, {"ids": list(ids.values()), "channel": channel, "moment": utc_text(received_at)})
    heard = {(row[0], row[1]) for row in rows}
    return [
        position
        for position, (name, (_, payload)) in enumerate(zip(names, payloads, strict=True))
        if name not in ids or (ids[name], kept(payload)[1]) not in heard
    ]


def find_batch_videos(
    connection: Reader, source: str, custom_ids: Iterable[str], *, since: str = ""
) -> dict[str, list[BatchVideo]]:
    """The videos by the custom ids of the requests they came of, in any batch; `since` leaves out older ones."""
    names = {encodable(custom_id): custom_id for custom_id in custom_ids}
    rows = connection.execute(_OF_BATCH, {"names": list(names), "source": source, "since": since}).fetchall()
    joined: dict[int, list[ParsedRequest]] = {}
    for video_id, payload in connection.execute(_PAYLOADS, {"ids": [row[1] for row in rows]}):
        request = parse_line(json.loads(payload))
        if request is not None:
            joined.setdefault(video_id, []).append(request)
    videos: dict[str, list[BatchVideo]] = {}
    for name, video_id, remote_id, prompt in rows:
        videos.setdefault(names[name], []).append(BatchVideo(remote_id, prompt, joined.get(video_id, ())))
    return videos


def save_requests(
    connection: Writer,
    source: str,
    requests: Sequence[KeptRequest],
    *,
    channel: str,
    received_at: datetime,
    tags: Mapping[str, str] | None = None,
) -> Saved:
    """Keep the requests that videos came of, the parents they named and the user's own tags for them."""
    videos = [read_request(request.line, request.remote_id) for request in requests]
    saved = save_videos(
        connection, source, [video for video in videos if video is not None], channel=channel, received_at=received_at
    )
    ids = find_ids(connection, source, [encodable(request.remote_id) for request in requests])
    for request in requests:
        video_id = ids.get(encodable(request.remote_id))
        if video_id is not None:
            save_links(connection, source, video_id, request.links, origin="request")
            if tags:
                save_tags(connection, video_id, tags)
    return saved
