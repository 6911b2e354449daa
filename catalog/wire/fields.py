"""Where servers put what they say about a job: the tables of the parser. To support a server is to add a word.

Most fields are read from the keys that `catalog.fields` lists for them: on the job's own level, then inside it (see
`levels`). The tables here are about several fields or none. All keys are in snake case.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, NamedTuple

from catalog.fields import REQUESTED, TABLE
from catalog.wire.paths import KeyPath, compile_path
from catalog.wire.values import (
    read_fraction,
    read_integer,
    read_money,
    read_number,
    read_progress,
    read_seconds,
    read_seed,
    read_text,
    read_ticks,
    read_time,
)
from catalog.wire.words import words


class Lookup(NamedTuple):
    """Where to look for a field: its keys on any level, its exact paths, and the reader of a value found there."""

    field: str
    keys: tuple[str, ...]
    paths: tuple[KeyPath, ...]
    read: Callable[[object], Any]


Key = tuple[str, str, Callable[[object], Any]]  # a field, a key of the job's own level, and the reader of its value


def _lookup(field: str, paths: str, read: Callable[[object], Any]) -> Lookup:
    compiled = [compile_path(path) for path in paths.split()]
    flat = tuple(path.root for path in compiled if path.is_flat)
    return Lookup(field, flat, tuple(path for path in compiled if not path.is_flat), read)


# Fields that `jobs` reads by a rule of their own; the others are read by `_BY_FIELD`, else by their type.
OWN_RULES = frozenset(
    {
        *("remote_id", "kind", "status", "provider_status", "width", "height", "size_text", "error_code"),
        *("error_message", "remixed_from_id", "output_urls", "batch_custom_id", "metadata", "parameters"),
    }
)
BY_TYPE: dict[type, Callable[[object], Any]] = {
    str: read_text,
    int: read_integer,
    float: read_number,
    datetime: read_time,
}
_BY_FIELD = {"progress": read_progress, "seconds": read_seconds, "cost_usd": read_money, "seed": read_seed}

LOOKUPS = (
    *(
        _lookup(column.name, column.wire, _BY_FIELD.get(column.name) or BY_TYPE[column.type])
        for column in TABLE
        if column.wire and column.name not in OWN_RULES
    ),
    _lookup("progress", "progress_percent", read_progress),
    _lookup("progress", "progress_pct", read_fraction),
    _lookup("cost_usd", "usage.cost_in_usd_ticks", read_ticks),
    _lookup("updated_at", "updated_at updated update_time status_update_time", read_time),
)
(COMPLETED,) = (lookup for lookup in LOOKUPS if lookup.field == "completed_at")
(MODEL,) = (lookup for lookup in LOOKUPS if lookup.field == "model")
RUNNING_LOOKUPS = tuple(lookup for lookup in LOOKUPS if lookup is not COMPLETED)
KEYS = tuple((lookup.field, key, lookup.read) for lookup in LOOKUPS for key in lookup.keys)
RUNNING_KEYS = tuple(entry for entry in KEYS if entry[0] != COMPLETED.field)

IMAGE_MARKS = tuple(map(compile_path, ("object", "type", "media_type", "output[].type", "videos[].content_type")))
REMIXED_FROM = "remixed_from_video_id"
PARENTS = tuple(
    map(
        compile_path,
        (
            "parent_post_id",
            "creation_config.remix_target_post.post.id",
            "remix_target_post.post.id",
        ),
    )
)
POST_TEXTS = ("text", "caption")  # what a published clip of the Sora app calls its prompt
REQUEST_TEXTS = ("input", "text")  # a request that is only its prompt
KINDS = frozenset({"video", "image"})
PROVIDER_METADATA = frozenset(
    {
        *("url", "urls", "output_url", "video_url", "source_video_url", "first_last_frame"),
        *("model", "executed_model", "provider", "provider_name", "cost_estimate", "cost_currency"),
        *("duration", "fps", "width", "height", "seed", "format"),
    }
)
_OF_THE_JOB_ONLY = frozenset({"cost_usd", "updated_at"})  # elsewhere they speak of credits, or of something else
INNER_LOOKUPS = tuple(lookup for lookup in LOOKUPS if lookup.field not in _OF_THE_JOB_ONLY)
REQUEST_LOOKUPS = tuple(lookup for lookup in LOOKUPS if lookup.field in REQUESTED)

REFERENCE = words(
    "id object model status progress created_at completed_at expires_at prompt size seconds remixed_from_video_id "
    "error quality metadata"
)
REFERENCE_KEYS = tuple(entry for entry in KEYS if entry[1] in REFERENCE)
