"""Where the jobs are in an answer: which object is one, which only carries one, which list is a page. Pure, bounded.

An **envelope** says nothing of a job itself and holds one object under a key that carries: `data`, `output`,
`response`, `task`. It is opened, and what it says beside that object counts as the job's, except what is about the HTTP
exchange: its code, its message, its request id. A **page** is told by its form: the one list that holds jobs.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from catalog.wire.faults import is_success
from catalog.wire.ids import NAME_KEYS, REQUEST_ID, TASK_KEYS, has_name, is_operation
from catalog.wire.reasons import find_reason
from catalog.wire.states import STATE_KEYS, canonical_status, find_flag, find_state_key
from catalog.wire.words import ASIDE, CARRIER, REQUEST, in_snake_case, objects_in, opened, snake, words, words_of

Object = dict[str, Any]

HTTP_ERRORS, HTTP_END = 400, 600
DEEPEST = 5  # envelopes around a job
_PAGE_DEPTH, _WIDEST = 3, 30  # levels above a page, and the objects of each that are looked into
PAGE_MARKS = frozenset({"has_more", "first_id", "last_id", "total", "page", "page_size", "page_num", "next_cursor"})
_LISTS = ("data", "list", "tasks", "videos", "items", "task_responses", "generations", "operations", "records", "jobs")
_CARRIERS = CARRIER | {"output", "result", "results", "generation"}
_EXCHANGE = words(
    "code msg message success status_code request_id trace_id log_id timestamp time time_elapsed event event_type "
    "base_resp error_code error_msg err_code err_msg x_request_id req_id type"
)
WRAPPER_MARKS = frozenset({"code", "success", "message", "msg"})
_NO_PAGES = (ASIDE | REQUEST) - {"page"}  # words of keys under which no list of jobs is looked for
_LOOKED_AT = 20  # entries of a list that show whether it holds jobs
_JOB_OBJECTS = ("video", "image")
_NOT_JOBS = frozenset({"video.character", "batch", "character", "model", "file", "list", "event"})
_ERROR_MARKS = ("error", "detail", "code", "message", "error_code", "base_resp")


def is_video_object(job: Object) -> bool:
    """Whether the object says of itself that it is a video or an image."""
    name = job.get("object")
    return isinstance(name, str) and name.startswith(_JOB_OBJECTS) and name not in _NOT_JOBS


def has_state(job: Object) -> bool:
    """Whether the object tells a state of its own, its keys in snake case."""
    return find_state_key(job) is not None or find_flag(job) is not None


def is_own_job(job: Object) -> bool:
    """Whether the object has both a name and a state of its own, its keys in snake case."""
    return has_name(job) and has_state(job)


def is_job(value: Object) -> bool:
    """Whether the object describes one job: by its kind, a state, or a name that nothing else would have."""
    if is_video_object(value):
        return True
    job = in_snake_case(value)
    name = job.get("object")
    if isinstance(name, str) and name in _NOT_JOBS:
        return False
    if has_state(job) or is_operation(job.get("name")):
        return True
    if isinstance(name, str):
        return False
    if has_name(job):
        return "name" not in job or any(job.get(key) for key in TASK_KEYS)
    return isinstance(job.get(REQUEST_ID), str) and not any(job.get(mark) for mark in _ERROR_MARKS)


def open_envelopes(payload: Object) -> Object:
    """The innermost object that the envelopes around it carry, with what they say of it; the payload where none do."""
    body = payload
    for _ in range(DEEPEST):
        key = _find_carried(body)
        if key is None:
            break
        body = _unwrap(body, key)
    return body


def _find_carried(body: Object) -> str | None:
    """The key of the object that this one is an envelope of; None where it is none."""
    if "object" in body:
        return None
    outer = in_snake_case(body)
    if has_name(outer) and not _may_have_own_id(outer):
        return None
    carriers = [key for key in sorted(body) if not _CARRIERS.isdisjoint(words_of(snake(key)))]
    return next((key for key in carriers if _is_carried(outer, opened(body[key]), key)), None)


def _may_have_own_id(outer: Object) -> bool:
    """Whether an id beside a carried object is that of an exchange or an event."""
    if find_state_key(outer) is not None:
        return False
    kind = outer.get("type")
    is_event = "event" in outer or "event_type" in outer or (isinstance(kind, str) and "." in kind)
    return is_event or not WRAPPER_MARKS.isdisjoint(outer)


def _is_carried(outer: Object, inner: Any, key: str) -> bool:
    if not isinstance(inner, dict):
        return False
    job = in_snake_case(inner)
    is_marked = key == "data" and not WRAPPER_MARKS.isdisjoint(outer) and find_state_key(outer) is None
    if is_marked or (has_name(outer) or has_state(outer)):
        return is_marked or is_own_job(job)
    return has_name(job) or has_state(job) or is_video_object(job) or not outer.keys() - _EXCHANGE - {key}


def _unwrap(body: Object, key: str) -> Object:
    """The object inside, with what the envelope says beside it."""
    inner: Object = opened(body[key])
    named = in_snake_case(inner)
    taken = {key, *_EXCHANGE, *named}
    if has_state(named):
        taken.update(STATE_KEYS)
    if has_name(named):
        taken.update(NAME_KEYS)
    beside = {name: value for name, value in body.items() if value is not None and snake(name) not in taken}
    if not named.get("error") and (refusal := _find_refusal(body, named)):
        beside["error"] = refusal
    return {**beside, **inner} if beside else inner


def _find_refusal(body: Object, job: Object) -> Object | None:
    """Code and message of an envelope, where they are about the job inside.

    They say why a job failed that gives no reason itself and, like an HTTP status, that one failed that tells no state.
    """
    code, message = body.get("code"), body.get("message") or body.get("msg")
    if is_success(code) or not isinstance(message, str) or is_success(message):
        return None
    key = find_state_key(job)
    is_http_error = type(code) is int and HTTP_ERRORS <= code < HTTP_END
    is_about_job = canonical_status(job[key]) == "failed" if key else is_http_error and not has_state(job)
    return (
        {"code": code, "message": message} if is_about_job and not find_reason(job, may_be_soft=True).message else None
    )


class Page(NamedTuple):
    """The items of a list, and the object that holds them with what it says of paging."""

    items: list[Any]
    holder: Object


def find_page(body: Object, *, is_wrapped: bool, depth: int = _PAGE_DEPTH) -> Page | None:
    """The page that the object is or holds; None when it is one job, or holds none."""
    if body.get("object") == "list":
        return Page(next(iter(_lists_in(body)), []), body)
    outer = in_snake_case(body)
    if is_video_object(body) or has_name(outer):
        return None
    is_stated = has_state(outer)
    keys = [key for key in sorted(body, key=_rank) if words_of(snake(key)).isdisjoint(_NO_PAGES)]
    items = next((body[key] for key in keys if _holds_jobs(body[key], has_both=is_stated or key not in _LISTS)), None)
    if is_stated:
        return None if items is None else Page(items, body)
    items = _find_unlikely(body, is_wrapped=is_wrapped) if items is None else items
    return Page(items, body) if items is not None else _find_inside(body, keys, depth)


def _find_inside(body: Object, keys: list[str], depth: int) -> Page | None:
    """A page with jobs further in, under one of these keys."""
    inner = [value for value in (opened(body[key]) for key in keys) if isinstance(value, dict)] if depth else []
    pages = (find_page(value, is_wrapped=False, depth=depth - 1) for value in inner[:_WIDEST])
    return next((page for page in pages if page is not None and page.items), None)


def _find_unlikely(body: Object, *, is_wrapped: bool) -> list[Any] | None:
    """A list that holds no job, where the object is a page all the same."""
    lists = _lists_in(body)
    if is_wrapped or not PAGE_MARKS.isdisjoint(body):
        return next(iter(lists), None)
    if not WRAPPER_MARKS.isdisjoint(body):
        is_empty_page = body.get("data") == [] and is_success(body.get("code", body.get("success", True)))
        return [] if is_empty_page else None
    return next((items for items in lists if not items), None)


def _rank(key: str) -> tuple[int, str]:
    return (_LISTS.index(key) if key in _LISTS else len(_LISTS)), key


def _lists_in(body: Object) -> list[list[Any]]:
    return [body[key] for key in _LISTS if isinstance(body.get(key), list)]


def _holds_jobs(value: Any, *, has_both: bool) -> bool:
    """Whether the value is a list with a job among its first entries; `has_both` asks for more than a name."""
    if not isinstance(value, list):
        return False
    objects = [open_envelopes(entry) for entry in objects_in(value, _LOOKED_AT)]
    return any(_is_sure(job) if has_both else is_job(job) for job in objects)


def _is_sure(value: Object) -> bool:
    return is_video_object(value) or is_own_job(in_snake_case(value)) or is_operation(value.get("name"))
