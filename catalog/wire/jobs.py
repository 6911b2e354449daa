"""One job object to one ParsedVideo.

Every field takes its keys out of a copy of the payload; what is left in the end is `extra`. A value that cannot be read
is left there too, and named in `flaws`. Nested objects stay in `extra` whole, also when a field looked into them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from catalog.records import TERMINAL_STATUSES
from catalog.wire.answers import ParsedVideo
from catalog.wire.fields import (
    BEYOND_REFERENCE,
    COMPLETED,
    FIELDS,
    FILTER_REASONS,
    IMAGE_MARKS,
    KINDS,
    METADATA_URL,
    OUTPUTS,
    PROVIDER_METADATA,
    REASON_KEYS,
    REMIXED_FROM,
    RUNNING_FIELDS,
    canonical_status,
)
from catalog.wire.ids import raw_id, read_ids
from catalog.wire.places import Place, follow
from catalog.wire.values import find_url, read_frame, read_number, read_pixels, read_scalar_text, read_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable


def parse_job(job: dict[str, Any], asked_id: str | None = None) -> ParsedVideo | None:
    """The video that a job object tells of; None when neither the object nor the question names it."""
    left = dict(job)
    flaws: list[str] = []
    is_plain = BEYOND_REFERENCE.isdisjoint(job)
    ids = read_ids(job, left, flaws, asked_id)
    if not ids:
        return None
    values: dict[str, Any] = {}
    _read_status(left, values, flaws)
    if not is_plain or job.get("object") != "video":
        values["kind"] = _read_kind(job, left)
    _read_object(left, values, flaws)
    if not is_plain or find_url(job.get(REMIXED_FROM)):
        values["output_urls"] = _read_outputs(job, left)
    _read_fields(job, left, values, flaws, is_plain)
    _read_size(left, values, flaws)
    _read_error(job, left, values, flaws)
    _read_lineage(left, values, flaws)
    if "metadata" in left:
        _read_metadata(left, values, flaws)
    if values["status"] == "completed" and ("error_code" in values or "error_message" in values):
        flaws.append("completed with an error")
    return ParsedVideo(ids[0], tuple(ids[1:]), extra=left, payload=job, flaws=tuple(flaws), **values)


def _unread(key: str) -> str:
    return f"{key} could not be read"


def _read_status(left: dict[str, Any], values: dict[str, Any], flaws: list[str]) -> None:
    word = left.pop("status", None)
    if type(word) is str and word and not word.isspace():
        values["provider_status"] = word
        values["status"] = canonical_status(word)
        return
    values["status"] = "unknown"
    if word is not None and type(word) is not str:
        left["status"] = word
        flaws.append(_unread("status"))


def _read_object(left: dict[str, Any], values: dict[str, Any], flaws: list[str]) -> None:
    name = left.pop("object", None)
    if name is not None and type(name) is not str:
        flaws.append(_unread("object"))
    if is_delete_answer(name, left.get("deleted")) and "provider_status" not in values:
        values["status"] = "deleted"
        if left.get("deleted") is True:
            del left["deleted"]


def is_delete_answer(name: object, deleted: object) -> bool:
    """Whether `object` and `deleted` say that the job was deleted; an explicit `deleted: false` says it was not."""
    return deleted is True or (name == "video.deleted" and deleted is not False)


def _read_kind(job: dict[str, Any], left: dict[str, Any]) -> str:
    word = left.get("type")
    if type(word) is str and word in KINDS:
        del left["type"]
    if any(_says_image(mark) for place in IMAGE_MARKS for mark in follow(job, place)):
        return "image"
    result = job.get("result")
    return "image" if isinstance(result, dict) and result.get("images") and not result.get("videos") else "video"


def _says_image(mark: object) -> bool:
    return type(mark) is str and mark.partition("/")[0].partition(".")[0] == "image"


def _read_outputs(job: dict[str, Any], left: dict[str, Any]) -> list[str]:
    urls: dict[str, None] = {}
    for place in OUTPUTS:
        if place.root not in job:
            continue
        entries = [entry for value in follow(job, place) for entry in (value if isinstance(value, list) else (value,))]
        found = [find_url(entry) for entry in entries]
        urls.update((url, None) for url in found if url)
        if place.is_flat and all(url or not entry for url, entry in zip(found, entries, strict=True)):
            left.pop(place.root, None)
    return list(urls)


def _read_fields(
    job: dict[str, Any], left: dict[str, Any], values: dict[str, Any], flaws: list[str], is_plain: bool
) -> None:
    is_over = values["status"] in TERMINAL_STATUSES
    for name, keys, places, read, _ in FIELDS if is_over else RUNNING_FIELDS:
        if name in values:
            continue
        value = None
        for key in keys:
            raw = left.pop(key, None)
            if raw is None:
                continue
            try:
                value = read(raw)
            except ValueError:
                left[key] = raw
                flaws.append(_unread(key))
            if value is not None:
                break
        if value is None and places and not is_plain:
            value = _first_readable(job, places, read)
        if value is not None:
            values[name] = value
    if not is_over:
        for key in COMPLETED.keys:
            if left.get(key, key) is None:
                del left[key]


def _first_readable(job: dict[str, Any], places: Iterable[Place], read: Callable[[object], Any]) -> Any:
    for place in places:
        for raw in follow(job, place):
            try:
                value = None if raw is None else read(raw)
            except ValueError:
                continue
            if value is not None:
                return value
    return None


def _read_size(left: dict[str, Any], values: dict[str, Any], flaws: list[str]) -> None:
    raw = left.pop("size", None)
    if type(raw) is str and raw and not raw.isspace():
        frame = read_frame(raw)
        if frame is not None:
            values["width"], values["height"] = frame
            return
        values["size_text"] = raw
    elif raw is not None and type(raw) is not str:
        left["size"] = raw
        flaws.append(_unread("size"))
    for key in ("width", "height"):
        raw = left.pop(key, None)
        if raw is None:
            continue
        try:
            values[key] = read_pixels(raw)
        except ValueError:
            left[key] = raw
            flaws.append(_unread(key))


def _read_error(job: dict[str, Any], left: dict[str, Any], values: dict[str, Any], flaws: list[str]) -> None:
    code = message = None
    raw = left.pop("error", None)
    if isinstance(raw, dict):
        rest = dict(raw)
        code = _take_text(rest, "code", "error.code", flaws)
        message = _take_text(rest, "message", "error.message", flaws)
        if rest:
            left["error"] = rest
    elif type(raw) is str:
        message = read_text(raw)
    elif raw is not None:
        left["error"] = raw
        flaws.append(_unread("error"))
    for key in REASON_KEYS:
        if key in left and message is None:
            message = _take_text(left, key, key, flaws)
    if message is None:
        message = _message_elsewhere(job, values["status"])
    if code == "0" and message is None:
        code = None
    if code is not None:
        values["error_code"] = code
    if message is not None:
        values["error_message"] = message


def _take_text(left: dict[str, Any], key: str, name: str, flaws: list[str]) -> str | None:
    raw = left.pop(key, None)
    try:
        return read_scalar_text(raw)
    except ValueError:
        left[key] = raw
        flaws.append(_unread(name))
        return None


def _message_elsewhere(job: dict[str, Any], status: str) -> str | None:
    """Reasons of a content filter; or the text that new-api puts in the place of a failed job's URL."""
    if "content_filter" in job:
        reasons = [reason for reason in follow(job, FILTER_REASONS) if type(reason) is str and reason.strip()]
        if reasons:
            return "; ".join(reasons)
    if status == "failed" and "metadata" in job:
        for text in follow(job, METADATA_URL):
            if type(text) is str and text.strip() and not text.startswith("data:") and find_url(text) is None:
                return text
    return None


def _read_lineage(left: dict[str, Any], values: dict[str, Any], flaws: list[str]) -> None:
    raw = left.pop(REMIXED_FROM, None)
    if raw is None:
        return
    if type(raw) is not str:
        left[REMIXED_FROM] = raw
        flaws.append(_unread(REMIXED_FROM))
        return
    parent = raw_id(raw)
    if parent and find_url(parent) is None:
        values["remixed_from_id"] = parent


def _read_metadata(left: dict[str, Any], values: dict[str, Any], flaws: list[str]) -> None:
    raw = left.pop("metadata")
    if raw is None:
        return
    if not isinstance(raw, dict):
        left["metadata"] = raw
        flaws.append(_unread("metadata"))
        return
    values["metadata"] = {
        key: value
        for key, value in raw.items()
        if isinstance(value, str | int | float) and key not in PROVIDER_METADATA
    }
    rest = {key: value for key, value in raw.items() if key not in values["metadata"]}
    if rest:
        left["metadata"] = rest


def poll_after(job: dict[str, Any]) -> float | None:
    """Seconds to wait before asking again, where the body tells: its polling interval, else its error's headers."""
    error = job.get("error")
    headers = error.get("headers") if isinstance(error, dict) else None
    told = {str(name).lower(): value for name, value in headers.items()} if isinstance(headers, dict) else {}
    waits = (
        (job.get("polling_interval_seconds"), 1),
        (told.get("retry-after-ms"), 1000),
        (told.get("retry-after"), 1),
    )
    for raw, per_second in waits:
        try:
            wait = None if raw is None else read_number(raw)
        except ValueError:
            continue
        if wait is not None and wait >= 0:
            return wait / per_second
    return None
