"""What a kept observation says about a video: an answer of a server, or a request that was sent to one.

A request is kept in the form of a line of a Batch input file, whichever way it came in, so that prompts and settings
that servers never echo can be read again at any time.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from catalog.wire.answers import ParsedVideo
from catalog.wire.parse import parse_videos
from catalog.wire.parts import as_json
from catalog.wire.requests import ParsedRequest, parse_request

GONE = frozenset({404, 410})
_SHARED = ("prompt", "negative_prompt", "model", "seconds", "width", "height", "size_text", "quality", "tier")


def read_observed(payload: object, remote_id: str, http_status: int = 200) -> ParsedVideo | None:
    """The video as the payload tells it, None where it says that there is no such job."""
    if http_status in GONE:
        return None
    videos = parse_videos(payload, asked_id=remote_id, http_status=http_status).videos
    return videos[0] if videos else read_request(payload, remote_id)


def request_line(method: str, url: str, body: object, custom_id: str | None = None) -> dict[str, Any]:
    """A request as it is kept; files in a form are kept by name."""
    line: dict[str, Any] = {"method": method, "url": url, "body": as_json(body)}
    return line if custom_id is None else {"custom_id": custom_id, **line}


def read_request(line: object, remote_id: str) -> ParsedVideo | None:
    """The video that a kept request was about to make, None where the payload is no such request."""
    request = parse_line(line)
    if request is None or not isinstance(line, dict):
        return None
    told = {name: getattr(request, name) for name in _SHARED}
    return ParsedVideo(remote_id, **told, metadata=_flat(request.metadata), payload=line)


def parse_line(line: object) -> ParsedRequest | None:
    """The request of a line as `request_line` makes it, None where it is none."""
    if not isinstance(line, Mapping) or not isinstance(line.get("url"), str):
        return None
    method = line.get("method")
    return parse_request(method if isinstance(method, str) else "POST", line["url"], line.get("body"))


def _flat(metadata: Mapping[str, Any]) -> dict[str, Any]:
    """The user's own entries: what a server of the format takes as metadata is a map of texts."""
    return {key: value for key, value in metadata.items() if isinstance(value, str)}
