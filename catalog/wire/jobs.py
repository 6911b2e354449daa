"""One job object to one ParsedVideo.

Every field takes its keys out of a copy of the payload; what remains is `extra`. A value that cannot be read remains
too, and `flaws` names it. Nested objects stay in `extra` whole, even when a field was read from inside them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from catalog.records import TERMINAL_STATUSES
from catalog.wire.answers import ParsedVideo
from catalog.wire.faults import error_headers
from catalog.wire.fields import (
    BEYOND_REFERENCE,
    COMPLETED,
    FILTER_REASONS,
    IMAGE_MARKS,
    KEYS,
    KINDS,
    LOOKUPS,
    METADATA_URL,
    OUTPUTS,
    PROVIDER_METADATA,
    REASON_KEYS,
    REMIXED_FROM,
    RUNNING_KEYS,
    RUNNING_LOOKUPS,
    canonical_status,
)
from catalog.wire.ids import raw_id, read_ids
from catalog.wire.leftovers import Leftovers
from catalog.wire.paths import follow
from catalog.wire.values import (
    find_url,
    read_frame,
    read_number,
    read_pixels,
    read_scalar_text,
    read_text,
    readable,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from catalog.wire.fields import Lookup
    from catalog.wire.paths import KeyPath


def parse_job(job: dict[str, Any], asked_id: str | None = None) -> ParsedVideo | None:
    """The video that a job object describes; None when neither the object nor `asked_id` names it."""
    rest = Leftovers(job)
    ids = read_ids(job, rest, asked_id)
    return _Draft(job, rest).finish(ids) if ids else None


class _Draft:
    """A video in the making: the fields read so far, and the rest of the job object to read the others from.

    `is_plain` says that the job has only keys of the reference format, so that the readers skip all others.
    """

    __slots__ = ("is_plain", "job", "rest", "values")

    def __init__(self, job: dict[str, Any], rest: Leftovers) -> None:
        self.job = job
        self.rest = rest
        self.values: dict[str, Any] = {}
        self.is_plain = BEYOND_REFERENCE.isdisjoint(job)

    def finish(self, ids: list[str]) -> ParsedVideo:
        """The video with these ids. The order counts: whether the job has ended decides what else may be read."""
        job, rest, values = self.job, self.rest, self.values
        self.read_status()
        if not self.is_plain or job.get("object") != "video":
            values["kind"] = self.read_kind()
        self.read_object()
        if not self.is_plain or find_url(job.get(REMIXED_FROM)):
            values["output_urls"] = self.read_outputs()
        self.read_fields()
        self.read_size()
        self.read_error()
        self.read_lineage()
        if "metadata" in rest.keys:
            self.read_metadata()
        if values["status"] == "completed" and ("error_code" in values or "error_message" in values):
            rest.flaws.append("completed with an error")
        return ParsedVideo(ids[0], tuple(ids[1:]), extra=rest.keys, payload=job, flaws=tuple(rest.flaws), **values)

    def read_status(self) -> None:
        word = self.rest.take("status", read_text)
        self.values["status"] = "unknown" if word is None else canonical_status(word)
        if word is not None:
            self.values["provider_status"] = word

    def read_object(self) -> None:
        keys = self.rest.keys
        name = keys.pop("object", None)
        if name is not None and type(name) is not str:
            self.rest.flaws.append("object could not be read")
        if is_delete_answer(name, keys.get("deleted")) and "provider_status" not in self.values:
            self.values["status"] = "deleted"
            if keys.get("deleted") is True:
                del keys["deleted"]

    def read_kind(self) -> str:
        word = self.rest.keys.get("type")
        if type(word) is str and word in KINDS:
            del self.rest.keys["type"]
        if any(_says_image(mark) for path in IMAGE_MARKS for mark in follow(self.job, path)):
            return "image"
        result = self.job.get("result")
        return "image" if isinstance(result, dict) and result.get("images") and not result.get("videos") else "video"

    def read_outputs(self) -> list[str]:
        addresses: dict[str, None] = {}
        for path in OUTPUTS:
            if path.root not in self.job:
                continue
            values = follow(self.job, path)
            entries = [entry for value in values for entry in (value if isinstance(value, list) else (value,))]
            urls = [find_url(entry) for entry in entries]
            addresses.update((url, None) for url in urls if url)
            if path.is_flat and all(url or not entry for url, entry in zip(urls, entries, strict=True)):
                self.rest.keys.pop(path.root, None)
        return list(addresses)

    def read_fields(self) -> None:
        keys, values = self.rest.keys, self.values
        has_ended = values["status"] in TERMINAL_STATUSES
        for field, key, read in KEYS if has_ended else RUNNING_KEYS:
            if field in values:
                continue
            raw = keys.pop(key, None)  # `rest.take` written out: most of the parser's time goes by here
            if raw is None:
                continue
            try:
                value = read(raw)
            except ValueError:
                self.rest.refuse(key, raw)
            else:
                if value is not None:
                    values[field] = value
        if not self.is_plain:
            self.read_nested(LOOKUPS if has_ended else RUNNING_LOOKUPS)
        if not has_ended:
            self.drop_null_end()

    def read_nested(self, lookups: Iterable[Lookup]) -> None:
        for lookup in lookups:
            if lookup.paths and lookup.field not in self.values:
                value = _first_readable(self.job, lookup.paths, lookup.read)
                if value is not None:
                    self.values[lookup.field] = value

    def drop_null_end(self) -> None:
        """Leave a null time of completion out of `extra`; a running job that has one keeps it there, unread."""
        for key in COMPLETED.keys:
            if self.rest.keys.get(key, ...) is None:
                del self.rest.keys[key]

    def read_size(self) -> None:
        text = self.rest.take("size", read_text)
        frame = read_frame(text) if text is not None else None
        if frame is not None:
            self.values["width"], self.values["height"] = frame
            return
        if text is not None:
            self.values["size_text"] = text
        for side in ("width", "height"):
            pixels = self.rest.take(side, read_pixels)
            if pixels is not None:
                self.values[side] = pixels

    def read_error(self) -> None:
        raw = self.rest.keys.pop("error", None)
        code, message = (None, None) if raw is None else self.open_error(raw)
        if message is None:
            message = self.take_reason()
        if message is None:
            message = self.find_message()
        if code is not None and not (code == "0" and message is None):
            self.values["error_code"] = code
        if message is not None:
            self.values["error_message"] = message

    def open_error(self, raw: object) -> tuple[str | None, str | None]:
        """Code and message of an error, an object or a text; what else it holds goes back to the rest."""
        rest = self.rest
        if isinstance(raw, dict):
            error = Leftovers(raw, rest.flaws, "error")
            code, message = error.take("code", read_scalar_text), error.take("message", read_scalar_text)
            if error.keys:
                rest.keys["error"] = error.keys
            return code, message
        if type(raw) is str:
            return None, read_text(raw)
        rest.refuse("error", raw)
        return None, None

    def take_reason(self) -> str | None:
        for key in REASON_KEYS:
            if (reason := self.rest.take(key, read_scalar_text)) is not None:
                return reason
        return None

    def find_message(self) -> str | None:
        """Reasons of a content filter; or the text that new-api puts where the URL of a failed job would be."""
        if "content_filter" in self.job:
            reasons = [reason for reason in follow(self.job, FILTER_REASONS) if _has_text(reason)]
            if reasons:
                return "; ".join(reasons)
        if self.values["status"] == "failed" and "metadata" in self.job:
            for text in follow(self.job, METADATA_URL):
                if _has_text(text) and not text.startswith("data:") and find_url(text) is None:
                    return str(text)
        return None

    def read_lineage(self) -> None:
        text = self.rest.take(REMIXED_FROM, read_text)
        parent = raw_id(text) if text else None
        if parent and find_url(parent) is None:
            self.values["remixed_from_id"] = parent

    def read_metadata(self) -> None:
        raw = self.rest.keys.pop("metadata")
        if raw is None:
            return
        if not isinstance(raw, dict):
            self.rest.refuse("metadata", raw)
            return
        own = {
            key: value
            for key, value in raw.items()
            if isinstance(value, str | int | float) and key not in PROVIDER_METADATA
        }
        self.values["metadata"] = own
        others = {key: value for key, value in raw.items() if key not in own}
        if others:
            self.rest.keys["metadata"] = others


def is_delete_answer(name: object, deleted: object) -> bool:
    """Whether `object` and `deleted` mean that the job was deleted; an explicit `deleted: false` means it was not."""
    return deleted is True or (name == "video.deleted" and deleted is not False)


def _has_text(text: object) -> bool:
    return type(text) is str and bool(text.strip())


def _says_image(mark: object) -> bool:
    return type(mark) is str and mark.partition("/")[0].partition(".")[0] == "image"


def _first_readable(job: dict[str, Any], paths: Iterable[KeyPath], read: Callable[[object], Any]) -> Any:
    values = (readable(raw, read) for path in paths for raw in follow(job, path))
    return next((value for value in values if value is not None), None)


def poll_after(job: dict[str, Any]) -> float | None:
    """Seconds to wait before asking again, where the body says so: its polling interval, else its error's headers."""
    headers = error_headers(job)
    waits = (
        (job.get("polling_interval_seconds"), 1),
        (headers.get("retry-after-ms"), 1000),
        (headers.get("retry-after"), 1),
    )
    for raw, per_second in waits:
        wait = readable(raw, read_number)
        if wait is not None and wait >= 0:
            return wait / per_second
    return None
