"""Names: which keys hold the ids of a job, how encoded ids are decoded, and what a source may be called."""

from __future__ import annotations

import base64
import re
from typing import TYPE_CHECKING, Any, NamedTuple

from catalog.errors import ConfigError
from catalog.wire.values import find_url, read_text
from catalog.wire.words import in_snake_case, objects_in, opened

if TYPE_CHECKING:
    from collections.abc import Mapping

    from catalog.wire.leftovers import Leftovers

MAX_ID = 512  # characters; the longest encoded id of a gateway seen is below 300
MAX_NAMES = 64  # of one job
SOURCE_NAME = "[a-z0-9_-]{1,64}"
SOURCE_NAME_RULE = "a source's name is lower-case letters, digits, - and _"
TASK_KEYS = ("task_id", "taskid", "task_uuid", "job_id", "prediction_id")
GENERATION_ID = "generation_id"  # of one clip of a task that made several
OTHER_KEYS = ("video_id",)
NAME_KEYS = (GENERATION_ID, *TASK_KEYS, "id", *OTHER_KEYS)
_FIRST_KEYS = (GENERATION_ID, *TASK_KEYS)
REQUEST_ID = "request_id"  # of one HTTP exchange, nearly everywhere
_GATEWAY_REQUEST_ID = "gateway_request_id"  # fal: beside it, the request is the job
_CARRIERS = ("output", "data", "task", "response", "result", "job")
_OPERATION = re.compile(r"(?:[\w.-]+/)*?(?:models/(?P<model>[\w.@-]+)/)?operations/[\w.~-]{1,200}")
_PREFIX = "video_"
_ENCODED = _PREFIX + base64.b64encode(b"litellm:").decode()[:10]


class Names(NamedTuple):
    """Every id of a job, its key first; `answered_id` is what its server called it in place of the id asked for.

    It `is_named` where the answer itself gives any id.
    """

    ids: list[str]
    answered_id: str | None
    is_named: bool


def require_source_name(name: str) -> None:
    """Raise ConfigError for a name that a source cannot have: it stands before the first colon of a ref."""
    if not re.fullmatch(SOURCE_NAME, name):
        raise ConfigError(f"{SOURCE_NAME_RULE}, not {name!r}")


def raw_id(text: str, *, is_cut: bool = False) -> str:
    """The id without margins and without the envelopes that LiteLLM puts around it; any other id is returned unchanged.

    An envelope is `video_` and the standard base64 of `litellm:custom_llm_provider:P;model_id:M;video_id:RAW;...`;
    chained proxies nest them. An id that `is_cut` lacks its end, and so may the raw id.
    """
    text = text.strip()
    while text.startswith(_ENCODED):
        inner = _open_envelope(text, is_cut=is_cut)
        if inner is None:
            break
        text = inner
    return text


def _open_envelope(text: str, *, is_cut: bool) -> str | None:
    code = text[len(_PREFIX) :]
    if is_cut and len(code) % 4 == 1:  # too little for a byte
        code = code[:-1]
    try:
        envelope = base64.b64decode(code + "==").decode(errors="ignore" if is_cut else "strict")
    except ValueError:
        return None
    for part in envelope.split(";"):
        name, _, value = part.partition(":")
        if name == "video_id":
            return value.strip() or None
    return None


def is_operation(name: object) -> bool:
    """Whether a `name` is that of a long-running operation, by which it is asked for: `models/M/operations/ID`."""
    return type(name) is str and _OPERATION.fullmatch(name) is not None


def model_of(name: object) -> str | None:
    """The model that the name of an operation names."""
    match = _OPERATION.fullmatch(name) if isinstance(name, str) else None
    return match["model"] if match else None


def has_name(job: Mapping[str, Any]) -> bool:
    """Whether the object, its keys in snake case, names a job: by a task id, an id that is text, an operation."""
    return any(type(job.get(key)) is str and job[key].strip() for key in NAME_KEYS) or is_operation(job.get("name"))


def read_names(job: Mapping[str, Any], rest: Leftovers, asked_id: str | None) -> Names:
    """The names of the job, raw before encoded, the id asked for before any in the body.

    `job` has its keys in snake case. A task id, also one level in, comes before an `id`, and takes what it reads out of
    `rest`. An int under `id` is a row number and stays; a nested id or a `request_id` counts only when the job lacks an
    id of its own.
    """
    tasks = _take_ids(rest, _FIRST_KEYS)
    if not tasks and "object" not in job:
        tasks = _find_inside(job, TASK_KEYS)
    written = tasks + _take_ids(rest, ("id",)) + _take_operation(rest) + _take_ids(rest, OTHER_KEYS)
    if not written:
        written = _last_resort(job, rest, asked_id)
    answered = [raw_id(name) for name in written]
    if asked_id is not None and answered and raw_id(asked_id) not in answered:
        rest.flaws.append(f"answered with the id {answered[0]}, not the one asked for")
    aliases = rest.keys.pop("aliases", None)
    if aliases is not None:
        written += _text_entries(aliases, rest.flaws)
    is_named, answered_id = bool(written), None
    if asked_id is not None:
        is_about_it = not answered or raw_id(asked_id) in map(raw_id, written)
        answered_id = None if is_about_it else answered[0]
        written.insert(0, asked_id)
    names: dict[str, None] = {}
    for text in written:
        names[raw_id(text)] = names[text] = None
    return Names(list(names)[:MAX_NAMES], answered_id, is_named)


def _take_ids(rest: Leftovers, keys: tuple[str, ...]) -> list[str]:
    texts = []
    for key in keys:
        if key not in rest.keys or (raw := rest.keys.pop(key)) is None:
            continue
        is_number = type(raw) is int
        try:
            text = read_text(str(raw) if is_number and key != "id" else raw)
        except ValueError:
            if is_number:
                rest.keys[key] = raw
            else:
                rest.refuse(key, raw)
            continue
        if text is not None:
            texts.append(text)
    return texts


def _take_operation(rest: Leftovers) -> list[str]:
    return [rest.keys.pop("name")] if is_operation(rest.keys.get("name")) else []


def _find_inside(job: Mapping[str, Any], keys: tuple[str, ...]) -> list[str]:
    """The ids under these keys one level in: an object that carries the task, or a list with one."""
    texts = []
    for carrier in _CARRIERS:
        for inner in objects_in(opened(job.get(carrier)), 1):
            named = in_snake_case(inner)
            texts += [named[key] for key in keys if type(named.get(key)) is str and named[key].strip()]
    return texts


def _last_resort(job: Mapping[str, Any], rest: Leftovers, asked_id: str | None) -> list[str]:
    """An id one level in; else that of the request, where there is nothing else and it is what is asked for."""
    if inside := _find_inside(job, ("id",))[:1]:
        return inside
    name = job.get(REQUEST_ID)
    if type(name) is not str or not name.strip() or not _is_asked_for(name, job, asked_id):
        return []
    del rest.keys[REQUEST_ID]
    return [name]


def _is_asked_for(request_id: str, job: Mapping[str, Any], asked_id: str | None) -> bool:
    """Whether a request id is what its job is asked for by.

    It is where it was asked for, where an answer holds nothing else, and where an address to ask at has it.
    """
    others = [value for key, value in job.items() if key != REQUEST_ID]
    return (
        request_id == asked_id
        or not others
        or _GATEWAY_REQUEST_ID in job
        or any(type(value) is str and request_id in value and find_url(value) for value in others)
    )


def _text_entries(raw: object, flaws: list[str]) -> list[str]:
    entries = raw if isinstance(raw, list) else [raw]
    texts = [entry for entry in entries if type(entry) is str and entry.strip()]
    if len(texts) < len(entries):
        flaws.append("aliases could not be read")
    return texts
