"""What the library keeps of an answer: everything but secrets, and of what is too long the beginning."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from catalog.redaction import cut_secrets, redact
from catalog.rows import json_text
from catalog.wire.cuts import cut, may_be_cut
from catalog.wire.requests import read_observed

if TYPE_CHECKING:
    from catalog.wire.answers import ParsedVideo


def kept(payload: Any) -> tuple[Any, str]:
    """The payload as the library keeps it, without secrets and without the rest of what is too long, and its JSON."""
    return shortened(redact(payload))


def shortened(payload: Any) -> tuple[Any, str]:
    """The payload without the rest of what is too long, and its JSON."""
    text = json_text(payload)
    if may_be_cut(text) and (short := cut(payload, text)) is not payload:
        return short, json_text(short)
    return payload, text


def without_secrets(video: ParsedVideo, http_status: int) -> ParsedVideo:
    """The video as its payload without secrets describes it; also its id has none."""
    remote_id, payload = cut_secrets(video.remote_id), redact(video.payload)
    if payload is not video.payload or remote_id != video.remote_id:
        video = read_observed(payload, remote_id, http_status) or replace(video, remote_id=remote_id, payload=payload)
    return video
