"""Why a job failed: the keys under which servers say it, at the job's own level and inside. Pure.

A key that begins with `err` or `fail` says it of any job; a `…_msg`, a `reason`, a bare `message` or `code` say it only
of a job that did not succeed, and so do the reasons of a filter.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from catalog.wire.paths import compile_path, follow
from catalog.wire.values import find_text, find_url
from catalog.wire.words import has_text, in_snake_case

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

_CODE = re.compile(r"(?:err|error|fail|failed|failure)_?(?:code|type|no|num|number)")
_MESSAGE = re.compile(
    r"(?:errors?|err|fail|failed|failures?)(?:_(?!\w*(?:at|time|count|ids?|urls?|rate|status)$)[a-z_]+)?|reason_str"
)
_SOFT_MESSAGE = re.compile(r"(?:\w+_)?msg|(?:(?:status|task|state|result)_)?(?:message|reason|detail)")
_SOFT_CODE = re.compile(r"(?:(?:status|task|state)_)?code")
_FILTERED = re.compile(r"rai\w*reasons?|(?:content_)?(?:filter|moderation|block)\w*reasons?")
_NOT_A_REASON = frozenset({"success", "succeed", "succeeded", "ok", "none", "null", "0", "200", "成功", "完成"})
_OBJECTS = ("base_resp", "error")
_FILTER_REASONS = compile_path("content_filter.reasons[]")
_METADATA_URL = compile_path("metadata.url")
_MOST_REASONS = 20

Part = Literal["message", "code", "soft message", "soft code", "filtered"]
_HARD: tuple[Part, ...] = ("code", "message")
_PARTS: tuple[Part, ...] = (*_HARD, "filtered", "soft code", "soft message")
_PATTERNS: tuple[tuple[re.Pattern[str], Part], ...] = (
    (_CODE, "code"),
    (_MESSAGE, "message"),
    (_FILTERED, "filtered"),
    (_SOFT_CODE, "soft code"),
    (_SOFT_MESSAGE, "soft message"),
)


class Reason(NamedTuple):
    """A code and a message, each with the key it stood under; None where nothing is said."""

    code: str | None = None
    message: str | None = None
    keys: tuple[str, ...] = ()


@lru_cache(maxsize=2048)
def part_of(key: str) -> Part | None:
    """What a key in snake case says of a failure; None where it says nothing of one."""
    return next((part for pattern, part in _PATTERNS if pattern.fullmatch(key)), None) if len(key) <= 64 else None


def find_reason(level: Mapping[str, Any], *, may_be_soft: bool) -> Reason:
    """What this object, its keys in snake case, says of a failure; `may_be_soft` where the job did not succeed."""
    keys: dict[Part, str] = {}
    for key in sorted(level):
        part = part_of(key)
        if part in (_PARTS if may_be_soft else _HARD) and _read(level[key], part):
            keys.setdefault(part, key)
    code = next((keys[part] for part in _PARTS if part in keys and "code" in part), None)
    message = next((keys[part] for part in _PARTS if part in keys and "code" not in part), None)
    return Reason(
        code and _read(level[code], "code"),
        message and _read(level[message], "filtered"),
        tuple(keys.values()),
    )


def _read(value: object, part: Part) -> str | None:
    if part == "filtered" and isinstance(value, list):
        return "; ".join(text for text in map(find_text, value[:_MOST_REASONS]) if text and text.strip()) or None
    text = find_text(value) if type(value) is str or "code" in part else None
    is_said = text is not None and text.strip().casefold() not in _NOT_A_REASON
    return text if is_said and ("code" in part or find_url(text) is None) else None


def list_reasons(job: Mapping[str, Any], results: Sequence[Mapping[str, Any]]) -> list[Reason]:
    """What the objects inside a job that did not succeed say of it, the nearest first."""
    inside = [level[key] for level in (job, *results) for key in _OBJECTS if isinstance(level.get(key), dict)]
    return [find_reason(level, may_be_soft=True) for level in (*map(in_snake_case, inside), *results)]


def find_message(job: Mapping[str, Any], status: str) -> str | None:
    """The reasons of a content filter; or the text that new-api puts where the address of a failed job would be."""
    texts = [reason for reason in follow(dict(job), _FILTER_REASONS) if has_text(reason)]
    if not texts and status == "failed":
        urls = [text for text in follow(dict(job), _METADATA_URL) if has_text(text)]
        texts = [text for text in urls if not text.startswith("data:") and find_url(text) is None]
    return "; ".join(texts) or None


def filtered(levels: Iterable[Mapping[str, Any]]) -> str | None:
    """The reasons of a filter that left nothing of a result, or that there was one, from the levels of a job."""
    for level in levels:
        reasons = [_read(level[key], "filtered") for key in sorted(level) if part_of(key) == "filtered"]
        counts = [value for key, value in level.items() if re.fullmatch(r"rai\w*count", key)]
        if any(reasons) or any(type(count) is int and count > 0 for count in counts):
            return next((reason for reason in reasons if reason), "the result was filtered")
    return None
