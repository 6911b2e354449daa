"""Where servers put what they tell about a job: the tables of the parser. Adding a server is adding a word here.

Places are tried in the order they are written; top-level keys stand before places further in.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from catalog.wire.places import Place, compile_place
from catalog.wire.values import (
    read_fraction,
    read_money,
    read_progress,
    read_seconds,
    read_text,
    read_ticks,
    read_time,
    write_number,
    write_percent,
    write_seconds,
    write_time,
)

if TYPE_CHECKING:
    from collections.abc import Callable

# The thirty-odd words servers use for the state of a job, and the eight the catalog knows.
_WORDS_OF = {
    "queued": "queued pending submitted not_start notstarted created starting preparing initializing",
    "in_progress": "in_progress processing running generating postprocessing preprocessing archiving",
    "completed": "completed complete success succeeded done finished",
    "failed": "failed failure fail error",
    "cancelled": "cancelled canceled",
    "expired": "expired",
    "deleted": "deleted",
    "unknown": "unknown",
}

STATUSES = tuple(_WORDS_OF)
_STATUS_OF = {word: status for status, words in _WORDS_OF.items() for word in words.split()}


class Field(NamedTuple):
    """One row: the record's field, the keys it may have, the places further in, how to read it and to write it."""

    name: str
    keys: tuple[str, ...]
    places: tuple[Place, ...]
    read: Callable[[object], Any]
    write: Callable[[Any], Any]


def _field(name: str, places: str, read: Callable[[object], Any], write: Callable[[Any], Any]) -> Field:
    compiled = [compile_place(place) for place in places.split()]
    flat = tuple(place.root for place in compiled if place.is_flat)
    return Field(name, flat, tuple(place for place in compiled if not place.is_flat), read, write)


def _as_is(value: Any) -> Any:
    return value


COMPLETED = _field("completed_at", "completed_at completed finish_time finished_at", read_time, write_time)
RUNNING_FIELDS = (
    _field("model", "model", read_text, _as_is),
    _field("prompt", "prompt properties.input", read_text, _as_is),
    _field("negative_prompt", "negative_prompt", read_text, _as_is),
    _field("quality", "quality", read_text, _as_is),
    _field("tier", "tier", read_text, _as_is),
    _field("progress", "progress", read_progress, write_number),
    _field("progress", "progress_pct", read_fraction, write_percent),
    _field(
        "seconds",
        "seconds duration duration_s duration_seconds n_seconds video.duration task_info.video_duration",
        read_seconds,
        write_seconds,
    ),
    _field("created_at", "created_at created submit_time createdAt", read_time, write_time),
    _field(
        "expires_at",
        "expires_at expireAt result.*[].expires_at output[].expireAt",
        read_time,
        write_time,
    ),
    _field("updated_at", "updated_at updated updatedAt status_update_time", read_time, write_time),
    _field("cost_usd", "cost outputs.cost usage.cost usage.provider_reported_cost_usd", read_money, write_number),
    _field("cost_usd", "usage.cost_in_usd_ticks", read_ticks, write_number),
)
FIELDS = (*RUNNING_FIELDS, COMPLETED)

REMIXED_FROM = "remixed_from_video_id"
OUTPUTS = tuple(
    map(
        compile_place,
        (
            "output_url",
            "url",
            "urls",
            "video_url",
            "output.url",
            "outputs.video_url",
            "video.url",
            "videos[].url",
            "data[].url",
            "results",
            "result.videos[].url",
            "result.images[].url",
            "task_result.videos[].url",
            "data.videos[].url",
            "metadata.url",
            "result_url",
            "output[].url",
            "data.video.url",
            "unsigned_urls",
            "download_url",
            "content_url",
            "fail_reason",
            REMIXED_FROM,
        ),
    )
)
OUTPUT_KEYS = tuple(place.root for place in OUTPUTS if place.is_flat)

IMAGE_MARKS = tuple(map(compile_place, ("object", "type", "media_type", "output[].type", "videos[].content_type")))
KINDS = frozenset({"video", "image"})
REASON_KEYS = ("fail_reason", "failure_reason")
FILTER_REASONS = compile_place("content_filter.reasons[]")
METADATA_URL = compile_place("metadata.url")
PROVIDER_METADATA = frozenset(
    {
        *("url", "urls", "output_url", "video_url", "source_video_url", "first_last_frame"),
        *("model", "executed_model", "provider", "provider_name", "cost_estimate", "cost_currency"),
        *("duration", "fps", "width", "height", "seed", "format"),
    }
)

BEYOND_REFERENCE = frozenset(
    place.root for place in (*OUTPUTS, *IMAGE_MARKS, FILTER_REASONS, *(place for row in FIELDS for place in row.places))
) - {"object", REMIXED_FROM}


def canonical_status(word: str) -> str:
    """The catalog's word for a server's, whatever its case, hyphens or margins; `unknown` for one never heard of."""
    return _STATUS_OF.get(word) or _STATUS_OF.get(word.strip().casefold().replace("-", "_"), "unknown")
