"""One tolerant parser for what any server with a `/v1/videos` API answers: JSON in, an Answer out.

It is pure and total: it reads no clock, no network and no file, leaves the payload untouched, and raises on no JSON
value. What the payload leaves out stays None. It knows the shapes of answers; `jobs` knows the fields of a job.
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from catalog.wire.answers import Answer, Fault, ParsedVideo, WebhookEvent
from catalog.wire.faults import find_fault, is_success
from catalog.wire.ids import ALL_ID_KEYS, raw_id
from catalog.wire.jobs import is_delete_answer, parse_job, poll_after
from catalog.wire.values import find_text, read_integer, read_time, readable

__all__ = ["Answer", "Fault", "ParsedVideo", "WebhookEvent", "parse_videos"]

_LIST_KEYS = ("data", "list", "tasks", "videos")
_PAGE_MARKS = frozenset({"has_more", "first_id", "last_id", "total", "page", "page_size"})
_PAGE_SIZES = ("page_size", "size")
_WRAPPER_MARKS = frozenset({"code", "success", "message"})
_JOB_OBJECTS = ("video", "image")
_NOT_JOBS = frozenset({"video.character", "batch", "character", "model", "file", "list", "event"})
_ERROR_MARKS = frozenset({"error", "detail", "code", "message"})
_DEEPEST_WRAPPER = 4
_HTTP_ERRORS = 400


def parse_videos(payload: object, *, asked_id: str | None = None, http_status: int | None = 200) -> Answer:
    """Everything `payload` says, whichever server sent it.

    `asked_id` is the id a retrieve asked for, as the caller had it: it names the job when the answer does not, and
    stays its key when the answer gives another. `http_status` distinguishes an error from a job that failed; None where
    the payload did not come over HTTP.
    """
    asked_id = asked_id if isinstance(asked_id, str) and asked_id.strip() else None
    is_failure = http_status is not None and http_status >= _HTTP_ERRORS
    if isinstance(payload, dict) and not (_is_video_object(payload) or _is_own_job(payload)):
        special = _parse_delivery(payload) or _parse_event(payload) or _parse_batch_line(payload)
        if special is not None:
            return special
    return _parse_body(payload, asked_id, is_failure)


def _parse_body(payload: object, asked_id: str | None, is_failure: bool) -> Answer:
    if isinstance(payload, list):
        return _parse_list(payload, {})
    if not isinstance(payload, dict):
        message = payload if isinstance(payload, str) and payload.strip() else None
        return Answer("error", error=Fault(None, message)) if is_failure else Answer("other")
    body, outer_id = _unwrap(payload)
    items = _find_items(body, is_wrapped=body is not payload)
    if items is not None:
        return _parse_list(items, body)
    answer = _parse_submits(body, is_failure) if isinstance(body.get("data"), list) else None
    return answer or _parse_object(payload, body, asked_id or outer_id, is_failure=is_failure, is_asked=bool(asked_id))


def _parse_object(
    payload: dict[str, Any], body: dict[str, Any], job_id: str | None, *, is_failure: bool, is_asked: bool
) -> Answer:
    if _is_job(body) and not (is_failure and not _is_job_answer(body, job_id if is_asked else None)):
        video = parse_job(body, job_id)
        kind = "delete" if _is_delete(body) else "video"
        if video is not None:
            return Answer(kind, [video], poll_after=poll_after(body), flaws=video.flaws)
        if not find_fault(payload, is_failure=is_failure):
            return Answer(kind, flaws=("the job has no id",))
    fault = find_fault(body, is_failure=False) or find_fault(payload, is_failure=is_failure)
    if fault is not None:
        return Answer("error", error=fault, poll_after=poll_after(payload))
    return Answer("request" if _is_request(body) else "other")


def _parse_list(items: list[Any], page: dict[str, Any]) -> Answer:
    videos: list[ParsedVideo] = []
    flaws: list[str] = []
    seen: set[str] = set()
    for index, item in enumerate(items):
        if not isinstance(item, dict):
            flaws.append(f"item {index} is not an object")
            continue
        video = parse_job(item) if _is_job(item) else None
        if video is None:
            flaws.append(f"item {index} has no id" if _is_job(item) else f"item {index} is not a job")
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
    if isinstance(last_id, str) and last_id.strip():
        return last_id
    if "page" in page or not isinstance(items[-1], dict):
        return None
    return _own_id(items[-1])


def _own_id(job: dict[str, Any]) -> str | None:
    return next((raw for raw in map(job.get, ALL_ID_KEYS) if isinstance(raw, str) and raw.strip()), None)


def _parse_submits(body: dict[str, Any], is_failure: bool) -> Answer | None:
    """Submitted tasks in `data[]`; None when `data` holds the outputs of one job instead."""
    if _is_job(body) or is_failure:
        return None
    answer = _parse_list(body["data"], {})
    return replace(answer, kind="video", next_cursor=None) if answer.videos else None


def _unwrap(payload: dict[str, Any]) -> tuple[dict[str, Any], str | None]:
    """The innermost object inside the envelopes, and the id that an envelope gave it, if any did."""
    body, outer_id = payload, None
    for _ in range(_DEEPEST_WRAPPER):
        inner = body.get("data")
        if not isinstance(inner, dict) or not _is_wrapper(body, inner):
            break
        body, outer_id = inner, _own_id(body) or outer_id
    return body, outer_id


def _is_wrapper(body: dict[str, Any], inner: dict[str, Any]) -> bool:
    if "object" in body:
        return False
    if "status" not in body and not _WRAPPER_MARKS.isdisjoint(body):
        return True
    return _own_id(body) is None and (_is_own_job(inner) if "status" in body else _own_id(inner) is not None)


def _is_own_job(job: dict[str, Any]) -> bool:
    return _own_id(job) is not None and isinstance(job.get("status"), str)


def _find_items(body: dict[str, Any], *, is_wrapped: bool) -> list[Any] | None:
    """The items of a page; None when the object is one job, or not a page."""
    if body.get("object") == "list":
        return next(iter(_lists_in(body)), [])
    if _is_single(body):
        return None
    if is_wrapped or not _PAGE_MARKS.isdisjoint(body):
        return next(iter(_lists_in(body)), None)
    data = body.get("data")
    if isinstance(data, list) and not _WRAPPER_MARKS.isdisjoint(body):  # submitted tasks, or the outputs of one job
        is_empty_page = not data and is_success(body.get("code", body.get("success", True)))
        return data if is_empty_page else None
    return next((items for items in _lists_in(body) if not items or _has_object(items)), None)


def _lists_in(body: dict[str, Any]) -> list[list[Any]]:
    return [body[key] for key in _LIST_KEYS if isinstance(body.get(key), list)]


def _is_single(body: dict[str, Any]) -> bool:
    """Whether the object is one thing, which lists inside belong to."""
    return isinstance(body.get("status"), str) or _own_id(body) is not None or _is_video_object(body)


def _has_object(items: list[Any]) -> bool:
    return any(isinstance(item, dict) for item in items)


def _is_video_object(value: dict[str, Any]) -> bool:
    name = value.get("object")
    return isinstance(name, str) and name.startswith(_JOB_OBJECTS) and name not in _NOT_JOBS


def _is_job(value: dict[str, Any]) -> bool:
    """Whether the object describes one job: by its kind, a status word, or an id that nothing else would have."""
    if _is_video_object(value):
        return True
    name = value.get("object")
    if isinstance(name, str) and name in _NOT_JOBS:
        return False
    if isinstance(value.get("status"), str):
        return True
    if isinstance(name, str):
        return False
    if _own_id(value) is not None:
        return "name" not in value
    return isinstance(value.get("request_id"), str) and not any(value.get(mark) for mark in _ERROR_MARKS)


def _is_job_answer(body: dict[str, Any], asked_id: str | None) -> bool:
    """Whether a body that came with an HTTP error is the job asked for: it has that id and a status of its own."""
    if not _is_own_job(body):
        return False
    names = {raw_id(raw) for raw in map(body.get, ALL_ID_KEYS) if isinstance(raw, str)}
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
        body = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return _parse_event(body) if isinstance(body, dict) else None


def _parse_event(payload: dict[str, Any]) -> Answer | None:
    kind, data = payload.get("type"), payload.get("data")
    if not isinstance(kind, str) or not isinstance(data, dict):
        return None
    if payload.get("object") != "event" and not kind.startswith("video."):
        return None
    event = WebhookEvent(find_text(payload.get("id")), kind, readable(payload.get("created_at"), read_time))
    video = parse_job(data) if kind.startswith("video.") and _is_job(data) else None
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
    inner = _parse_body(body, None, isinstance(code, int) and code >= _HTTP_ERRORS)
    error = find_fault({"error": payload.get("error")}, is_failure=False) or inner.error
    return replace(inner, kind="batch_line", error=error, custom_id=custom_id, next_cursor=None)
