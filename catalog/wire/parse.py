"""One tolerant parser for what any server with a `/v1/videos` API answers: JSON in, an Answer out.

It is pure and total: it reads no clock, no network and no file, leaves the payload untouched, and raises on no JSON
value. What the payload leaves out stays None. It knows the shapes of answers; `jobs` knows the fields of a job.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from catalog.wire.answers import Answer, Fault, ParsedVideo, WebhookEvent
from catalog.wire.documents import Unreadable, read_json
from catalog.wire.envelopes import (
    HTTP_ERRORS,
    PAGE_MARKS,
    WRAPPER_MARKS,
    Page,
    find_page,
    is_job,
    is_own_job,
    is_video_object,
    open_envelopes,
)
from catalog.wire.faults import find_fault
from catalog.wire.ids import MAX_ID, NAME_KEYS, raw_id
from catalog.wire.jobs import is_delete_answer, parse_job, poll_after
from catalog.wire.outputs import shows_outputs
from catalog.wire.values import find_text, read_integer, read_time, readable
from catalog.wire.words import in_snake_case

if TYPE_CHECKING:
    from collections.abc import Collection

__all__ = ["Answer", "Fault", "ParsedVideo", "WebhookEvent", "only_about", "parse_videos"]

_PAGE_SIZES = ("page_size", "size")
_CURSOR_KEYS = ("id", "task_id", "video_id", "taskId")
MAX_CURSOR = 4096  # characters; a longer one is no cursor, for no server could be asked with it


def parse_videos(payload: object, *, asked_id: str | None = None, http_status: int | None = 200) -> Answer:
    """Everything `payload` says, whichever server sent it.

    `asked_id` is the id a retrieve asked for, as the caller had it: it names the job when the answer does not, and
    stays its key when the answer gives another. `http_status` distinguishes an error from a job that failed; None where
    the payload did not come over HTTP.
    """
    asked_id = asked_id if isinstance(asked_id, str) and asked_id.strip() else None
    is_failure = http_status is not None and http_status >= HTTP_ERRORS
    if isinstance(payload, dict) and not (is_video_object(payload) or is_own_job(payload)):
        special = _parse_delivery(payload) or _parse_event(payload) or _parse_batch_line(payload)
        if special is not None:
            return special
    return _parse_body(payload, asked_id, is_failure)


def only_about(answer: Answer, asked_id: str, known_as: Collection[str] = ()) -> Answer:
    """The answer to a retrieve without the other jobs that it lists.

    Where it lists only others, the first of them stands for what was asked: `answered_id` names it.
    """
    own = {raw_id(name) for name in (asked_id, *known_as)}
    videos = [video for video in answer.videos if not own.isdisjoint(map(raw_id, (video.remote_id, *video.aliases)))]
    if not videos and answer.videos:
        other = answer.videos[0]
        aliases = tuple(dict.fromkeys((other.remote_id, *other.aliases)))
        videos = [replace(other, remote_id=raw_id(asked_id), aliases=aliases, answered_id=other.remote_id)]
    return replace(answer, videos=videos)


def _parse_body(payload: object, asked_id: str | None, is_failure: bool) -> Answer:
    if isinstance(payload, list):
        return _parse_list(payload, {})
    if not isinstance(payload, dict):
        message = payload if isinstance(payload, str) and payload.strip() else None
        return Answer("error", error=Fault(None, message)) if is_failure else Answer("other")
    body = open_envelopes(payload)
    page = find_page(body, is_wrapped=body is not payload)
    if page is None:
        return _parse_object(payload, body, asked_id, is_failure=is_failure)
    if is_failure or not _is_submit(page, body, is_wrapped=body is not payload):
        return _parse_list(page.items, page.holder)
    return replace(_parse_list(page.items, {}), kind="video", next_cursor=None)


def _is_submit(page: Page, body: dict[str, Any], *, is_wrapped: bool) -> bool:
    """Whether the page is the answer to one submitted job: `{"code": 200, "data": [{"task_id": …}]}`."""
    is_marked = not is_wrapped and page.holder is body and not WRAPPER_MARKS.isdisjoint(body)
    return is_marked and page.items is body.get("data") and len(page.items) == 1 and PAGE_MARKS.isdisjoint(body)


def _parse_object(payload: dict[str, Any], body: dict[str, Any], asked_id: str | None, *, is_failure: bool) -> Answer:
    if _describes_job(body, asked_id, is_failure=is_failure):
        video = parse_job(body, asked_id)
        kind = "delete" if _is_delete(body) else "video"
        if video is not None:
            return Answer(kind, [video], poll_after=poll_after(body), flaws=video.flaws)
        if not find_fault(payload, is_failure=is_failure):
            return Answer(kind, flaws=("the job has no id",))
    fault = find_fault(body, is_failure=False) or find_fault(payload, is_failure=is_failure)
    if fault is not None:
        return Answer("error", error=fault, poll_after=poll_after(payload))
    return Answer("request" if _is_request(body) else "other")


def _describes_job(body: dict[str, Any], asked_id: str | None, *, is_failure: bool) -> bool:
    """Whether the body is a job; without a name or a state it is one where it was asked for and holds its result."""
    if is_failure:
        return is_job(body) and _is_job_answer(body, asked_id)
    return is_job(body) or (asked_id is not None and shows_outputs(body))


def _parse_list(items: list[Any], page: dict[str, Any]) -> Answer:
    videos: list[ParsedVideo] = []
    flaws: list[str] = []
    seen: set[str] = set()
    for index, item in enumerate(items):
        if not isinstance(item, dict):
            flaws.append(f"item {index} is not an object")
            continue
        job = item if is_video_object(item) else open_envelopes(item)
        video = parse_job(job) if is_job(job) else None
        if video is None:
            flaws.append(f"item {index} has no id" if is_job(job) else f"item {index} is not a job")
            continue
        if len(video.remote_id) > MAX_ID:
            flaws.append(f"item {index} has an id of {len(video.remote_id)} characters, more than {MAX_ID}")
            continue
        if video.remote_id in seen:
            flaws.append(f"duplicate id {video.remote_id}")
        seen.add(video.remote_id)
        videos.append(video)
    has_more, next_page = _read_paging(page)
    cursor = None if has_more is False or not items else _next_cursor(items, page)
    return Answer("list", videos, cursor, has_more=has_more, next_page=next_page, flaws=tuple(flaws))


def _read_paging(page: dict[str, Any]) -> tuple[bool | None, int | None]:
    has_more = page.get("has_more")
    if isinstance(has_more, bool):
        return has_more, None
    number, total = _count(page.get("page")), _count(page.get("total"))
    size = next((size for size in (_count(page.get(key)) for key in _PAGE_SIZES) if size), None)
    if number is None or total is None or size is None:
        return None, None
    has_more = number * size < total
    return has_more, number + 1 if has_more else None


def _count(raw: object) -> int | None:
    value = readable(raw, read_integer)
    return value if value is not None and value >= 0 else None


def _next_cursor(items: list[Any], page: dict[str, Any]) -> str | None:
    last_id = page.get("last_id")
    if _is_cursor(last_id):
        return str(last_id)
    if "page" in page or not isinstance(items[-1], dict):
        return None
    return _own_id(items[-1])


def _own_id(job: dict[str, Any]) -> str | None:
    return next((str(raw) for raw in map(job.get, _CURSOR_KEYS) if _is_cursor(raw)), None)


def _is_cursor(raw: object) -> bool:
    return isinstance(raw, str) and len(raw) <= MAX_CURSOR and bool(raw.strip())


def _is_job_answer(body: dict[str, Any], asked_id: str | None) -> bool:
    """Whether a body that came with an HTTP error is the job asked for: it has that id and a state of its own."""
    job = in_snake_case(body)
    if not is_own_job(job):
        return False
    names = {raw_id(raw) for raw in map(job.get, NAME_KEYS) if isinstance(raw, str)}
    return asked_id is None or raw_id(asked_id) in names


def _is_delete(body: dict[str, Any]) -> bool:
    return body.get("object") == "video.deleted" or (
        not isinstance(body.get("status"), str) and is_delete_answer(body.get("object"), body.get("deleted"))
    )


def _is_request(body: dict[str, Any]) -> bool:
    return isinstance(body.get("prompt"), str)


def _parse_delivery(payload: dict[str, Any]) -> Answer | None:
    """A webhook delivery saved whole: its headers beside its raw body."""
    text = payload.get("body")
    if not isinstance(text, str) or not isinstance(payload.get("headers"), dict):
        return None
    try:
        body = read_json(text.encode("utf-8", "surrogatepass"), is_lenient=True)
    except Unreadable:
        return None
    return _parse_event(body) if isinstance(body, dict) else None


def _parse_event(payload: dict[str, Any]) -> Answer | None:
    kind, data = payload.get("type"), payload.get("data")
    if not isinstance(kind, str) or not isinstance(data, dict):
        return None
    if payload.get("object") != "event" and not kind.startswith("video."):
        return None
    event = WebhookEvent(find_text(payload.get("id")), kind, readable(payload.get("created_at"), read_time))
    video = parse_job(data) if kind.startswith("video.") and is_job(data) else None
    return Answer("webhook", [video] if video else [], webhook=event)


def _parse_batch_line(payload: dict[str, Any]) -> Answer | None:
    if "custom_id" not in payload:
        return None
    custom_id = find_text(payload["custom_id"])
    if "response" not in payload and "error" not in payload:
        is_request = isinstance(payload.get("body"), dict)
        return Answer("request", custom_id=custom_id) if is_request else None
    response = payload.get("response")
    body, code = (response.get("body"), response.get("status_code")) if isinstance(response, dict) else (None, None)
    inner = _parse_body(body, None, isinstance(code, int) and code >= HTTP_ERRORS)
    error = find_fault({"error": payload.get("error")}, is_failure=False) or inner.error
    return replace(inner, kind="batch_line", error=error, custom_id=custom_id, next_cursor=None)
