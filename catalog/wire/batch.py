"""Lines of Batch API files: requests, answers and errors. Pure; files and joins live elsewhere.

A line of the input file is a request, a line of the output or error file is an answer. They are joined by `custom_id`,
never by order. The line's own id (`batch_req_...`) does not name a video: the job is `response.body`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from catalog.wire.parse import parse_videos
from catalog.wire.requests import ParsedRequest, parse_request
from catalog.wire.values import find_text

UNREADABLE = "not_json"
NO_BATCH_LINE = "not_a_batch_line"
NO_VIDEO_REQUEST = "not_a_video_request"
NO_ANSWER = "no_answer"


@dataclass(frozen=True, slots=True)
class BatchInput:
    """A line of an input file: a request for a video."""

    custom_id: str | None
    url: str
    request: ParsedRequest


@dataclass(frozen=True, slots=True)
class BatchOutput:
    """A line of an output file with a finished, failed or expired job, which is `payload`, for the parser to read."""

    custom_id: str | None
    status_code: int
    payload: Mapping[str, Any]
    line_id: str | None = None


@dataclass(frozen=True, slots=True)
class BatchFault:
    """A line without a job: the batch's own error or, where `is_refused`, a line that cannot be read."""

    custom_id: str | None
    code: str | None
    message: str | None
    status_code: int | None = None
    line_id: str | None = None
    is_refused: bool = False


BatchLine = BatchInput | BatchOutput | BatchFault


def read_line(line: object) -> BatchLine:
    """What one line says; it may be text, bytes or a JSON value, and none of them raises."""
    if isinstance(line, str | bytes | bytearray):
        try:
            line = json.loads(line if isinstance(line, str) else bytes(line).decode("utf-8-sig"))
        except (ValueError, RecursionError) as error:
            return _refused(None, UNREADABLE, f"the line is not JSON: {error}")
    if not isinstance(line, Mapping):
        return _refused(None, NO_BATCH_LINE, "the line is not a JSON object")
    custom_id = find_text(line.get("custom_id"))
    if "custom_id" in line and ("response" in line or "error" in line):
        return _read_output(custom_id, dict(line))
    if isinstance(line.get("url"), str) and isinstance(line.get("body"), Mapping):
        return _read_input(custom_id, line)
    return _refused(
        custom_id, NO_BATCH_LINE, "the line has no custom_id with a response or an error, and no url with a body"
    )


def _read_input(custom_id: str | None, line: Mapping[str, Any]) -> BatchLine:
    method = line.get("method")
    request = parse_request(method if isinstance(method, str) else "POST", line["url"], line["body"])
    if request is None:
        return _refused(custom_id, NO_VIDEO_REQUEST, f"{line['url'][:80]} does not make a video")
    return BatchInput(custom_id, line["url"], request)


def _read_output(custom_id: str | None, line: dict[str, Any]) -> BatchLine:
    answer = parse_videos(line)
    response = line.get("response")
    body = response.get("body") if isinstance(response, Mapping) else None
    status_code = _status(response)
    line_id = find_text(line.get("id"))
    if len(answer.videos) == 1 and isinstance(body, Mapping):
        return BatchOutput(custom_id, status_code or 200, body, line_id)
    if answer.error is None:
        return BatchFault(custom_id, NO_ANSWER, "the line holds neither a job nor an error", status_code, line_id)
    return BatchFault(custom_id, answer.error.code, answer.error.message, status_code, line_id)


def _refused(custom_id: str | None, code: str, message: str) -> BatchFault:
    return BatchFault(custom_id, code, message, is_refused=True)


def _status(response: object) -> int | None:
    code = response.get("status_code") if isinstance(response, Mapping) else None
    return code if type(code) is int and 100 <= code <= 599 else None
