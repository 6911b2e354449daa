"""One ParsedVideo back to a job object: the inverse of the parser."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from catalog.wire.fields import FIELDS, OUTPUT_KEYS, REASON_KEYS, REMIXED_FROM
from catalog.wire.ids import ALL_ID_KEYS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from catalog.wire.answers import ParsedVideo


def to_payload(video: ParsedVideo) -> dict[str, Any]:
    """A job object in the reference format from which the parser reads an equal video.

    What the format has no key for goes under `aliases`, `tier`, `negative_prompt`, `updated_at` and the like. A field
    whose usual key is taken, because `extra` keeps an unreadable value there, is written under its next one.
    """
    payload: dict[str, Any] = {}
    extra = video.extra

    def put(keys: Iterable[str], value: object) -> None:
        key = next((key for key in keys if key not in extra), None)
        if value is not None and key is not None:
            payload[key] = value

    is_bare_delete = video.status == "deleted" and video.provider_status is None
    put(ALL_ID_KEYS, video.remote_id)
    payload["object"] = "video.deleted" if is_bare_delete and "deleted" in extra else video.kind
    put(("deleted",), True if is_bare_delete else None)
    put(("type",), video.kind if video.kind == "image" else None)
    put(("status",), video.provider_status or (None if video.status in {"unknown", "deleted"} else video.status))
    _put_fields(video, payload)
    put((REMIXED_FROM,), video.remixed_from_id)
    put(OUTPUT_KEYS, _one_or_list(video.output_urls))
    payload |= _written_size(video)
    payload |= _written_error(video)
    is_named = any(key in payload for key in ALL_ID_KEYS)
    put(("aliases",), list(video.aliases if is_named else (video.remote_id, *video.aliases)) or None)
    rest = extra.get("metadata", {})
    if video.metadata:
        payload["metadata"] = {**(rest if isinstance(rest, dict) else {}), **video.metadata}
    return {**payload, **{key: value for key, value in extra.items() if key not in payload}}


def _put_fields(video: ParsedVideo, payload: dict[str, Any]) -> None:
    written = set()
    for name, keys, _, _, write in FIELDS:
        value = getattr(video, name)
        key = next((key for key in keys if key not in video.extra), None)
        if value is not None and key is not None and name not in written:
            payload[key] = write(value)
            written.add(name)


def _one_or_list(urls: list[str]) -> str | list[str] | None:
    return urls[0] if len(urls) == 1 else urls or None


def _written_size(video: ParsedVideo) -> dict[str, Any]:
    if video.width and video.height and video.size_text is None and "size" not in video.extra:
        return {"size": f"{video.width}x{video.height}"}
    told = {"size": video.size_text, "width": video.width, "height": video.height}
    return {key: value for key, value in told.items() if value is not None}


def _written_error(video: ParsedVideo) -> dict[str, Any]:
    rest = video.extra.get("error", {})
    if not isinstance(rest, dict):
        return _written_reason(video)
    told = {"code": video.error_code, "message": video.error_message}
    told = {key: value for key, value in told.items() if value is not None and key not in rest}
    written = {"error": {**rest, **told}} if told else {}
    return written if "message" in told else {**written, **_written_reason(video)}


def _written_reason(video: ParsedVideo) -> dict[str, Any]:
    key = next((key for key in reversed(REASON_KEYS) if key not in video.extra), None)
    return {key: video.error_message} if key and video.error_message is not None else {}
