"""Opens what programs wrap answers in when they save them: items of n8n, answers with their headers, records of a log,
maps by id, lists of pairs.

Only what stands inside is kept. It knows no answer itself: what is inside goes on to whoever reads that.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from catalog.ingest.calls import PAIR, is_answer, open_answer
from catalog.ingest.posts import open_post
from catalog.wire.documents import Unreadable, read_json
from catalog.wire.parse import parse_videos

if TYPE_CHECKING:
    from pathlib import Path

_ITEM_KEYS = frozenset({"json", "binary", "pairedItem", "index", "error", "executionIndex", "evaluationData"})
_LEVELS = frozenset({"level", "levelname", "severity", "stream", "logger"})
_RECORD_MARKS = _LEVELS | {"time", "timestamp", "ts", "@timestamp"}
_RECORD_TEXTS = frozenset({"log", "message", "msg", "@message", "text", "textPayload", "jsonPayload", "line", "event"})
_NOT_IDS = frozenset(
    {"data", "error", "input", "item", "job", "meta", "metadata", "output", "request", "response", "result", "task"}
    | {"config", "settings", "params", "parameters", "usage", "user", "video", "headers", "payload", "body", "profile"}
)
_DEEPEST_MAP = 2  # levels above a map
_FEWEST = 2  # jobs that make an object without any other mark a map


class Inner(NamedTuple):
    """A value out of its wrapping; `is_among_others` says that it need not be about a video."""

    value: Any
    is_among_others: bool = False


def unwrap(value: object, path: Path) -> list[Inner] | None:
    """What the value wraps, None where it wraps nothing."""
    if not isinstance(value, dict) or ("id" in value and "status" in value):
        return None
    if isinstance(value.get("json"), dict | list) and value.keys() <= _ITEM_KEYS:
        return [Inner(value["json"])]
    if (posts := open_post(value)) is not None:
        return [Inner(post) for post in posts]
    if is_answer(value):
        return [Inner(open_answer(value))]
    if (record := _open_record(value)) is not None:
        return [Inner(inner, is_among_others=True) for inner in record]
    found = _find_pairs(value, path) or _find_map(value, _DEEPEST_MAP)
    return None if found is None else [Inner(inner) for inner in found]


def _find_pairs(value: dict[str, Any], path: Path) -> list[Any] | None:
    """The list of an object that holds nothing but requests with their answers."""
    lists = (items for items in value.values() if isinstance(items, list) and items)
    return next((items for items in lists if all(PAIR.fits(item, path) for item in items)), None)


def _open_record(value: dict[str, Any]) -> list[Any] | None:
    """The JSON in a record of a log: an object with a time or a level, and a text or an object that was logged."""
    if _RECORD_MARKS.isdisjoint(value) or not _RECORD_TEXTS & value.keys():
        return None
    texts = (entry for key, entry in value.items() if key in _RECORD_TEXTS and isinstance(entry, str))
    logged = [inner for text in texts for inner in _embedded(text)]
    logged = logged or [entry for entry in value.values() if isinstance(entry, dict | list)]
    return None if not logged and _LEVELS.isdisjoint(value) else logged


def _embedded(text: str) -> list[Any]:
    """The object that a text is, or ends in."""
    start = text.find("{")
    if start < 0:
        return []
    try:
        value = read_json(text[start:].encode("utf-8", "surrogatepass"), is_lenient=True)
    except Unreadable:
        return []
    return [value] if isinstance(value, dict) else []


def _find_map(value: dict[str, Any], depth: int) -> list[dict[str, Any]] | None:
    """The jobs of a map by id, with their ids; also of one a level or two inside an object that is not a job itself."""
    if jobs := _read_map(value):
        return jobs
    if depth == 0 or not {"id", "status", "object"}.isdisjoint(value):
        return None
    inner = (_find_map(member, depth - 1) for member in value.values() if isinstance(member, dict))
    return next((jobs for jobs in inner if jobs), None)


def _read_map(value: dict[str, Any]) -> list[dict[str, Any]]:
    """The jobs of the object if it is a map by id: objects under names that nothing but an id would have."""
    if not value or not all(isinstance(job, dict) for job in value.values()) or not _NOT_IDS.isdisjoint(value):
        return []
    jobs = [job if _names_itself(job) else {"id": key, **job} for key, job in value.items()]
    if len(jobs) < _FEWEST and not any(character.isdigit() for key in value for character in key):
        return []
    are_jobs = [len(parse_videos(job, http_status=None).videos) == 1 and _says_something(job) for job in jobs]
    return jobs if all(are_jobs) else []


def _names_itself(job: dict[str, Any]) -> bool:
    return any(isinstance(job.get(key), str) and job[key] for key in ("id", "task_id", "video_id", "taskId"))


def _says_something(job: dict[str, Any]) -> bool:
    """Whether the object has more of a job than a name."""
    return not {"status", "object", "prompt", "task_status", "state", "video_url"}.isdisjoint(job)
