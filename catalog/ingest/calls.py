"""Reads recorded calls: a request with its answer, alone or in the recording of a browser, proxy or test.

`session.har` is what every browser and proxy saves: `log.entries[]`, each with a request and a response. The answer
gives the job, the request what was asked for: its prompt, its settings, its parents. Bodies alone are kept: no header,
no cookie, and of an address only the path that says which call it was.
"""

from __future__ import annotations

import binascii
import re
from base64 import b64decode
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from catalog.ingest.formats import Shape
from catalog.ingest.items import Item, PassedOver, admit, refuse
from catalog.ingest.jobs import explain
from catalog.redaction import cut_secrets, find_credentials
from catalog.spellings import Secrets
from catalog.wire.dialects import DIALECTS
from catalog.wire.documents import Unreadable, read_json
from catalog.wire.parse import parse_videos
from catalog.wire.requests import parse_line, read_request, request_line
from catalog.wire.routes import read_route, routes_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from catalog.wire.routes import OwnRoute, Route

HAR = "har"  # the form of a recording
CREATE = "/v1/videos"  # the path of the format for a request that makes a video

_REQUESTS = ("request", "req", "request_body", "requestBody")
_RESPONSES = ("response", "resp", "res", "answer", "response_body", "responseBody")
_BODIES = ("body", "json", "data", "content", "text", "payload")
_ANSWER_BODIES = ("body", "data")
_URLS = ("url", "uri", "endpoint")
_STATUSES = ("status", "status_code", "statusCode")
_CALL_MARKS = frozenset({*_URLS, "method", "headers"})
_ANSWER_MARKS = frozenset({"headers", "status_code", "statusCode", "statusMessage", "statusText"})
_JOB_MARKS = frozenset({"custom_id", "status", "state", "done", "task_status"})
_MAKING = frozenset({"create", "remix", "edit", "extension"})  # calls that make a job, by the names of routes
_ASKING = frozenset({"list", "retrieve"})
_EMPTY = frozenset({0, 204, 304})  # HTTP status of an answer that has no body by rights; 0 is a call that was blocked
_GROUPS = ("input", "parameters", "params", "properties")  # where providers put the fields of a request
_MADE = re.compile(r".*?(/(?:videos?|tasks)(?:/.*)?)")
_PART = re.compile(r'name="([^"]*)"(; *filename="[^"]*")?', re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _Call:
    """One call: `url` as recorded, `asked` and `answer` as JSON; `problem` says why the answer cannot be read."""

    method: str
    url: str
    asked: Any
    answer: Any
    status: int | None = None
    problem: str | None = None
    form: str = ""


def _read_call(call: _Call, line: int | None, channel: str) -> Iterator[Item]:
    """The jobs that the answer gives, and what the request asked for; other calls are passed over."""
    route = read_route(call.method, call.url, _own_routes())
    name = "" if route is None else route.name
    if call.problem is not None:
        is_lost = name in _MAKING | _ASKING and call.status not in _EMPTY
        reason = f"the answer of the call cannot be read: {call.problem}"
        yield refuse(line, reason) if is_lost else PassedOver()
        return
    answer = parse_videos(call.answer, asked_id=_asked_id(route), http_status=call.status)
    if answer.kind == "webhook" or not answer.videos:
        yield refuse(line, explain(answer, call.answer)) if name in _MAKING else PassedOver()
        return
    for video in answer.videos:
        yield admit(video, line, channel=channel, form=call.form)
    if call.method == "POST" and len(answer.videos) == 1:
        path = call.url.partition("?")[0] if route is None else route.path
        yield from _read_asked(call, path, answer.videos[0].remote_id, line, channel)


def _asked_id(route: Route | None) -> str | None:
    """The id in the path, where it is that of the job in the answer."""
    return route.id if route is not None and route.name in {"retrieve", "delete"} else None


@cache
def _own_routes() -> tuple[OwnRoute, ...]:
    """The calls of every dialect: a recording does not say which server is whose."""
    return tuple(route for dialect in DIALECTS.values() for route in routes_of(dialect))


def _read_asked(call: _Call, path: str, remote_id: str, line: int | None, channel: str) -> Iterator[Item]:
    """What the request says of the job that came of it; of the path only what tells the kind of call is kept."""
    made = _MADE.fullmatch(path)
    kept = request_line("POST", f"/v1{made[1]}" if made else CREATE, call.asked)
    parsed = parse_line(kept)
    if (parsed is None or parsed.prompt is None) and isinstance(call.asked, dict):
        kept = request_line("POST", kept["url"] if parsed else CREATE, _flatten(call.asked))
        parsed = parse_line(kept)
    video = read_request(kept, remote_id)
    if video is not None and parsed is not None and (parsed.prompt or parsed.links):
        yield admit(video, line, channel=channel, form=call.form, links=parsed.links)


def _flatten(asked: dict[str, Any]) -> dict[str, Any]:
    """The fields of a request side by side, also those that a provider groups."""
    groups = [group for group in map(asked.get, _GROUPS) if isinstance(group, dict)]
    return {key: value for fields in (*groups, asked) for key, value in fields.items() if key not in _GROUPS}


# Recordings


def _is_recording(value: object, _path: Path) -> bool:
    log = value.get("log") if isinstance(value, dict) else None
    return isinstance(log, dict) and isinstance(log.get("entries"), list)


def _read_recording(value: dict[str, Any], _line: int | None, channel: str) -> Iterator[Item]:
    """The calls of a recording, numbered."""
    for number, entry in enumerate(value["log"]["entries"], 1):
        request, response = _member(entry, ("request",)), _member(entry, ("response",))
        if isinstance(request, dict) and isinstance(response, dict):
            yield from _read_call(_open_entry(request, response), number, channel)
        else:
            yield refuse(number, "the entry has no request with its response")


RECORDING = Shape(_is_recording, _read_recording)


def _open_entry(request: dict[str, Any], response: dict[str, Any]) -> _Call:
    method, url = str(request.get("method", "GET")).upper(), str(request.get("url", ""))
    content = response.get("content")
    content = content if isinstance(content, dict) else {}
    status = _integer(response.get("status"))
    secrets = _secrets_of(request, url)
    asked = cut_secrets(_open_posted(request.get("postData")), secrets)
    try:
        return _Call(method, url, asked, cut_secrets(_open_content(content), secrets), status, form=HAR)
    except Unreadable as error:
        return _Call(method, url, asked, None, status, str(error), HAR)


def _secrets_of(request: Any, url: str) -> Secrets:
    """What the recorded request carried to prove who asked, which its answer may repeat."""
    headers = _member(request, ("headers",))
    if isinstance(headers, dict):
        pairs = [(name, value) for name, values in headers.items() for value in _as_list(values)]
    else:
        pairs = [(_member(header, ("name", "key")), _member(header, ("value",))) for header in _as_list(headers)]
    return Secrets(find_credentials(((name, value) for name, value in pairs if _are_texts(name, value)), url))


def _as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _are_texts(*values: object) -> bool:
    return all(isinstance(value, str) for value in values)


def _open_content(content: dict[str, Any]) -> Any:
    """The JSON of an answer's body; raises Unreadable."""
    text = content.get("text")
    if not isinstance(text, str) or not text:
        raise Unreadable("its body was not saved with it")
    data = text.encode("utf-8", "surrogatepass")
    if content.get("encoding") == "base64":
        try:
            data = b64decode(data, validate=False)
        except (binascii.Error, ValueError) as error:
            raise Unreadable("its body is not base64") from error
    return read_json(data, is_lenient=True)


def _open_posted(posted: object) -> Any:
    """The body of a request, a form as an object; None where there is none that can be read."""
    if not isinstance(posted, dict):
        return None
    text, kind = posted.get("text"), str(posted.get("mimeType", ""))
    params = posted.get("params")
    if isinstance(params, list) and params:
        fields = [param for param in params if isinstance(param, dict) and isinstance(param.get("name"), str)]
        return {field["name"]: field.get("value") or field.get("fileName") for field in fields}
    if not isinstance(text, str):
        return None
    if "multipart" in kind:
        return _read_parts(text)
    if "urlencoded" in kind:
        return dict(parse_qsl(text))
    return _as_json(text)


def _read_parts(text: str) -> dict[str, str]:
    """The fields of a multipart form without its files."""
    boundary = text.partition("\n")[0].strip()
    fields: dict[str, str] = {}
    for part in text.split(boundary) if boundary.startswith("--") else ():
        head, _, body = part.replace("\r\n", "\n").partition("\n\n")
        match = _PART.search(head)
        if match is not None and match[2] is None:
            fields[match[1]] = body.removesuffix("\n")
    return fields


# Pairs


def _is_pair(value: object, _path: Path) -> bool:
    """Whether the value is a request with its answer, and not a job or a line of a Batch file with such parts."""
    if not isinstance(value, dict) or not _JOB_MARKS.isdisjoint(value):
        return False
    asked = _member(value, _BODIES if _is_record(value) else _REQUESTS)
    return isinstance(asked, dict | str) and isinstance(_member(value, _RESPONSES), dict | list | str)


def _read_pair(value: dict[str, Any], line: int | None, channel: str) -> Iterator[Item]:
    request = value if _is_record(value) else _as_json(_member(value, _REQUESTS))
    head = request if _is_record(request) else value
    body = _open_text(_member(request, _BODIES)) if _is_record(request) else None
    answer = _as_json(_member(value, _RESPONSES))
    method, url = _member(head, ("method",)) or "POST", _member(head, _URLS) or CREATE
    secrets = _secrets_of(head, str(url))
    asked = cut_secrets(request if body is None else body, secrets)
    call = _Call(str(method).upper(), str(url), asked, cut_secrets(open_answer(answer), secrets), _status_of(answer))
    items = list(_read_call(call, line, channel))
    yield from items if items != [PassedOver()] else [refuse(line, explain(parse_videos(call.answer), call.answer))]


PAIR = Shape(_is_pair, _read_pair)


def _is_record(value: object) -> bool:
    """Whether the value is a request as an HTTP client logs it, not its body alone."""
    return isinstance(value, dict) and not _CALL_MARKS.isdisjoint(value)


def is_answer(value: object) -> bool:
    """Whether the value is an answer as an HTTP client gives it: a body beside headers or a status code."""
    return (
        isinstance(value, dict) and not _ANSWER_MARKS.isdisjoint(value) and _member(value, _ANSWER_BODIES) is not None
    )


def open_answer(answer: Any) -> Any:
    """The body of an answer; the answer itself where it is the body."""
    if is_answer(answer) or (isinstance(answer, dict) and answer.keys() <= {"body", "status"}):
        return _open_text(_member(answer, _ANSWER_BODIES))
    return answer


def _open_text(body: Any) -> Any:
    """A body as JSON, also from a text or from the object in which recordings of tests keep one."""
    if isinstance(body, dict) and "string" in body and body.keys() <= {"string", "encoding"}:
        body = body["string"]
    return _as_json(body)


def _status_of(answer: Any) -> int | None:
    status = _member(answer, _STATUSES) if is_answer(answer) else None
    return _integer(status.get("code") if isinstance(status, dict) else status)


def _member(value: Any, keys: tuple[str, ...]) -> Any:
    """The first value under the keys that is there."""
    return next((value[key] for key in keys if value.get(key) is not None), None) if isinstance(value, dict) else None


def _as_json(value: Any) -> Any:
    """The JSON in a text; any other value as it is."""
    if not isinstance(value, str):
        return value
    try:
        return read_json(value.encode("utf-8", "surrogatepass"), is_lenient=True)
    except Unreadable:
        return value


def _integer(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None
