"""Makes a note of a call and its answer. Pure; a note is JSON without keys or headers.

The request is read here, while its whole body is at hand; the answer is read when the note is taken in, by the parser
of that day. Media inside either are beside the note, under `media`: what the spool writes to a file of its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from catalog.capture.media import MEDIA, Medium
from catalog.redaction import redact, redact_text
from catalog.wire.batch import BatchInput, BatchOutput, read_line
from catalog.wire.documents import Unreadable, read_json
from catalog.wire.inline import find_inline, may_hold_inline
from catalog.wire.parse import parse_videos
from catalog.wire.parts import FilePart, as_json
from catalog.wire.requests import parse_request, request_line
from catalog.wire.routes import read_route

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from catalog.wire.routes import OwnRoute

Kind = Literal["request", "answer", "character", "upload", "batch", "results"]

BATCH_PURPOSE = "batch"
_OUTPUT_FILES = ("output_file_id", "error_file_id")

_KINDS: Mapping[str, Kind] = {
    **dict.fromkeys(("create", "remix", "edit", "extension"), "request"),
    **dict.fromkeys(("list", "retrieve", "delete"), "answer"),
    **{kind: kind for kind in ("character", "upload", "batch", "results")},
}


class Call(NamedTuple):
    """A call worth recording: `path` is the format's, without a query, `asked_id` the id that is asked for."""

    kind: Kind
    method: str
    path: str
    asked_id: str | None


@dataclass(frozen=True, slots=True)
class Exchange:
    """A complete call: the body of the request as it was read, and that of the answer, JSON or the lines of a file."""

    call: Call
    body: object
    status: int
    answer: object


def read_call(method: str, path: str, own: Sequence[OwnRoute] = (), mount: str | None = None) -> Call | None:
    """The call, None for one that is not recorded; `own` are the routes of its source, under the path `mount`."""
    route = read_route(method, path, own, mount=mount)
    if route is None:
        return None
    asked_id = None if route.name == "remix" else route.id
    return Call(_KINDS[route.name], method.upper(), route.path, asked_id)


def make_note(exchange: Exchange) -> dict[str, Any] | None:
    """The note of the exchange, None for one that says nothing about a video."""
    return _NOTES[exchange.call.kind](exchange)


def _note_answer(exchange: Exchange) -> dict[str, Any] | None:
    call, status = exchange.call, exchange.status
    answer = parse_videos(exchange.answer, asked_id=call.asked_id, http_status=status)
    if not answer.videos:
        return None
    note = {"kind": "answer", "status": status, "asked_id": call.asked_id, "answer": redact(exchange.answer)}
    return note | {MEDIA: [medium for video in answer.videos for medium in _find_media(video.remote_id, video.payload)]}


def _note_request(exchange: Exchange) -> dict[str, Any] | None:
    note = _note_answer(exchange)
    if note is None:
        return None
    call, body = exchange.call, exchange.body
    media = _find_media(None, {"method": call.method, "url": call.path, "body": body})
    return note | {"request": _keep_request(call.method, call.path, body), MEDIA: [*note[MEDIA], *media]}


def _note_character(exchange: Exchange) -> dict[str, Any] | None:
    answer = exchange.answer
    if exchange.status >= 300 or not isinstance(answer, Mapping) or not isinstance(answer.get("id"), str):
        return None
    asked = exchange.body if isinstance(exchange.body, Mapping) else {}
    name = answer.get("name") or asked.get("name")
    character = {"id": answer["id"], "name": name, "created_at": answer.get("created_at")}
    return {"kind": "character", "character": redact(character)}


def _note_upload(exchange: Exchange) -> dict[str, Any] | None:
    form = exchange.body
    if exchange.status >= 300 or not isinstance(form, Mapping) or form.get("purpose") != BATCH_PURPOSE:
        return None
    file = form.get("file")
    lines = list(_input_lines(file.content if isinstance(file, FilePart) else b""))
    requests = [_keep_request("POST", line.url, body, line.custom_id) for line, body in lines]
    media = [medium for line, body in lines for medium in _find_media(line.custom_id, {"url": line.url, "body": body})]
    file_id = exchange.answer.get("id") if isinstance(exchange.answer, Mapping) else None
    note = {"kind": "upload", "file_id": file_id, "outputs": [], "requests": requests, MEDIA: media}
    return note if requests else None


def _note_batch(exchange: Exchange) -> dict[str, Any] | None:
    batch = exchange.answer
    file_id = batch.get("input_file_id") if isinstance(batch, Mapping) else None
    if exchange.status >= 300 or not isinstance(file_id, str) or not isinstance(batch, Mapping):
        return None
    metadata = batch.get("metadata")
    pairs = metadata.items() if isinstance(metadata, Mapping) else ()
    tags = {key: redact_text(value) for key, value in pairs if isinstance(value, str)}
    outputs = [batch[key] for key in _OUTPUT_FILES if isinstance(batch.get(key), str)]
    return {"kind": "batch", "file_id": file_id, "metadata": tags, "outputs": outputs} if tags or outputs else None


def _note_results(exchange: Exchange) -> dict[str, Any] | None:
    if exchange.status >= 300 or not isinstance(exchange.answer, bytes):
        return None
    lines = [line for line in _json_lines(exchange.answer) if isinstance(read_line(line), BatchOutput)]
    media = [
        medium
        for line in lines
        for video in parse_videos(line).videos
        for medium in _find_media(video.remote_id, video.payload)
    ]
    note = {"kind": "results", "file_id": exchange.call.asked_id, "lines": [redact(line) for line in lines]}
    return note | {MEDIA: media} if lines else None


_NOTES = {
    "request": _note_request,
    "answer": _note_answer,
    "character": _note_character,
    "upload": _note_upload,
    "batch": _note_batch,
    "results": _note_results,
}


def _find_media(name: str | None, payload: Mapping[str, Any]) -> list[Medium]:
    """The media inside what an answer says of the job with this id, or inside a request with this custom id."""
    body = payload.get("body")
    has_files = isinstance(body, Mapping) and any(_holds_file(value) for value in body.values())
    return [Medium(name, inline) for inline in find_inline(payload)] if has_files or may_hold_inline(payload) else []


def _holds_file(value: object) -> bool:
    return any(isinstance(part, FilePart) for part in (value if isinstance(value, list) else [value]))


def _keep_request(method: str, path: str, body: object, custom_id: str | None = None) -> dict[str, Any]:
    """A request as a line, and its parents, which are read before inline media are removed."""
    request = parse_request(method, path, body)
    plain = {str(key): _as_json(value) for key, value in body.items()} if isinstance(body, Mapping) else None
    links = [[link.relation, redact_text(link.parent)] for link in request.links] if request else []
    return {"line": redact(request_line(method, path, plain, custom_id)), "links": links}


def _as_json(value: object) -> object:
    return [as_json(item) for item in value] if isinstance(value, list) else as_json(value)


def _input_lines(content: bytes) -> Iterator[tuple[BatchInput, object]]:
    for value in _json_lines(content):
        line = read_line(value)
        if isinstance(line, BatchInput) and line.custom_id is not None and isinstance(value, Mapping):
            yield line, value.get("body")


def _json_lines(content: bytes) -> Iterator[object]:
    for text in content.removeprefix(b"\xef\xbb\xbf").splitlines():
        try:
            yield read_json(text, is_lenient=True)
        except Unreadable:
            continue
