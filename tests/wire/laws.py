"""A law of the parser, for whatever payload: no value of a job goes missing on the way into a video."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from catalog.records import TERMINAL_STATUSES
from catalog.wire.fields import LOOKUPS, REMIXED_FROM, RUNNING_LOOKUPS
from catalog.wire.ids import NAME_KEYS, REQUEST_ID, is_operation, raw_id
from catalog.wire.reasons import part_of
from catalog.wire.states import FLAG_KEYS, STATE_KEYS
from catalog.wire.values import find_text, find_url, read_frame, read_pixels
from catalog.wire.words import ADDRESS, RESULT, snake, words_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from catalog.wire.answers import ParsedVideo

MARKS = {"object", "type", "deleted", *FLAG_KEYS}  # they go where they say only what the kind and the status say too


def list_lost(video: ParsedVideo) -> list[str]:
    """The top-level keys of the video's payload whose value is neither in a field nor, as sent, in `extra`."""
    extra = video.extra
    sent = {key: raw for key, raw in video.payload.items() if key not in {"error", "metadata"}}
    lost = [key for key, raw in sent.items() if key in extra and extra[key] is not raw]
    lost += [key for key, raw in sent.items() if key not in extra and not _has(video, snake(key), raw)]
    return lost + list(_list_lost_members(video))


def _has(video: ParsedVideo, key: str, raw: Any) -> bool:
    """Whether a field has the value of a key that is not in `extra`; None and blanks are no values."""
    if raw is None or (isinstance(raw, str) and not raw.strip()) or key in MARKS:
        return True
    names = {video.remote_id, *video.aliases}
    if key == "aliases":
        entries = raw if isinstance(raw, list) else [raw]
        texts = [entry for entry in entries if isinstance(entry, str) and entry.strip()]
        return names.issuperset(texts) and (texts == entries or "aliases could not be read" in video.flaws)
    if key in (*NAME_KEYS, REQUEST_ID) or (key == "name" and is_operation(raw)):
        return str(raw) in names
    if key in video.parameters and video.parameters[key] is raw:
        return True
    if key in STATE_KEYS:
        return bool(video.provider_status == raw)
    if key in ("size", "resolution"):
        return video.size_text == raw or (video.width, video.height) == read_frame(raw)
    if key in {"width", "height"}:
        return bool(getattr(video, key) == read_pixels(raw))
    return _has_lookup(video, key, raw) or _has_text(video, key, raw) or _has_outputs(video, key, raw)


def _has_lookup(video: ParsedVideo, key: str, raw: Any) -> bool:
    lookups = LOOKUPS if video.status in TERMINAL_STATUSES else RUNNING_LOOKUPS
    values = [(lookup.field, lookup.read(raw)) for lookup in lookups if key in lookup.keys]
    return bool(values) and all(value is None or value == getattr(video, field) for field, value in values)


def _has_text(video: ParsedVideo, key: str, raw: Any) -> bool:
    if key == REMIXED_FROM:
        return isinstance(raw, str) and video.remixed_from_id == raw_id(raw)
    return part_of(key) is not None and find_text(raw) in (video.error_code, video.error_message)


def _has_outputs(video: ParsedVideo, key: str, raw: Any) -> bool:
    entries = [entry for entry in (raw if isinstance(raw, list) else [raw]) if entry]
    may_be_empty = not words_of(key).isdisjoint(RESULT | ADDRESS | {"data"}) and _is_bare(raw)
    return all(find_url(entry) in video.output_urls for entry in entries) and (bool(entries) or may_be_empty)


def _is_bare(raw: Any) -> bool:
    """Whether a value holds nothing but emptiness."""
    parts = raw.values() if isinstance(raw, dict) else raw if isinstance(raw, list) else None
    return raw in (None, "") if parts is None else all(map(_is_bare, parts))


def _list_lost_members(video: ParsedVideo) -> Iterator[str]:
    """The members of the two objects that are taken apart: what is in no field stays behind in `extra`."""
    error, metadata = video.payload.get("error"), video.payload.get("metadata")
    fields = {"code": video.error_code, "message": video.error_message}
    for name, whole in (("error", error), ("metadata", metadata)):
        if not isinstance(whole, dict):
            is_kept = video.extra.get(name) is whole or (isinstance(whole, str) and whole in (video.error_message, ""))
            if not (whole is None or is_kept or (isinstance(whole, str) and not whole.strip())):
                yield name
            continue
        rest = video.extra.get(name, {})
        for key, raw in whole.items():
            is_kept = key in rest and rest[key] is raw
            if name == "metadata":
                is_kept = is_kept or (key in video.metadata and video.metadata[key] is raw)
            elif key in fields:
                is_kept = is_kept or find_text(raw) in {None, "0", fields[key]}
            if not is_kept:
                yield f"{name}.{key}"
