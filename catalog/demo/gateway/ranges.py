"""A file as an answer: its validators, and the range of it that was asked for (RFC 9110, sections 8.8, 13 and 14)."""

from __future__ import annotations

import hashlib
import re
from dataclasses import replace
from email.utils import formatdate
from typing import TYPE_CHECKING, Literal

from catalog.demo.gateway.serving import Answer

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from catalog.demo.gateway.serving import Request

Ranges = Literal["honest", "ignored", "refused", "unlabelled", "shifted", "mislabelled", "other_total"]
Validators = Literal["strong", "weak", "date", "none"]


def file_answer(data: bytes, content_type: str, modified_at: float) -> Answer:
    """The whole of a file that was last changed at `modified_at`, in Unix seconds."""
    return Answer(200, data, content_type, {"Last-Modified": formatdate(modified_at, usegmt=True)}, is_file=True)


def ranged(request: Request, answer: Answer, ranges: Ranges = "honest", validators: Validators = "strong") -> Answer:
    """The file, or the one range of it that was asked for; any other answer as it is.

    A range that holds no byte is answered with 416; several ranges, a malformed one, or one for another version of the
    bytes (`If-Range`) with all of them. `ranges` and `validators` are the habits of the server.
    """
    if not answer.is_file:
        return answer
    headers = {"Accept-Ranges": "bytes", **answer.headers, **_tag(answer.body)}
    answer = replace(answer, headers=_VALIDATORS[validators](headers))
    if not (wanted := _wanted(request, headers)):
        return answer
    return _RANGES[ranges](answer, *wanted)


def _tag(data: bytes) -> dict[str, str]:
    return {"ETag": f'"{hashlib.blake2b(data, digest_size=12).hexdigest()}"'}


def _wanted(request: Request, headers: Mapping[str, str]) -> tuple[str, str] | None:
    """First and last byte as asked for, None where all bytes are wanted."""
    wanted = re.fullmatch(r"bytes=(\d*)-(\d*)", request.headers.get("Range", "").replace(" ", ""))
    if not wanted or wanted[0] == "bytes=-":
        return None
    condition = request.headers.get("If-Range")
    if condition not in (None, headers["ETag"], headers.get("Last-Modified")):
        return None
    return wanted[1], wanted[2]


def _honest(answer: Answer, first: str, last: str) -> Answer:
    size = len(answer.body)
    start = int(first) if first else max(0, size - int(last))
    end = min(int(last), size - 1) if first and last else size - 1
    return _refused(answer, first, last) if start > end else _part(answer, start, end)


def _part(answer: Answer, start: int, end: int) -> Answer:
    labelled = {**answer.headers, "Content-Range": f"bytes {start}-{end}/{len(answer.body)}"}
    return replace(answer, status=206, body=answer.body[start : end + 1], headers=labelled)


def _ignored(answer: Answer, _first: str, _last: str) -> Answer:
    return replace(answer, headers=_without(answer.headers, "Accept-Ranges"))


def _refused(answer: Answer, _first: str, _last: str) -> Answer:
    return replace(
        answer, status=416, body=b"", headers={**answer.headers, "Content-Range": f"bytes */{len(answer.body)}"}
    )


def _unlabelled(answer: Answer, first: str, last: str) -> Answer:
    part = _honest(answer, first, last)
    return replace(part, headers=_without(part.headers, "Content-Range"))


def _shifted(answer: Answer, _first: str, _last: str) -> Answer:
    """The second byte to the last, and it says so."""
    return _part(answer, 1, len(answer.body) - 1)


def _mislabelled(answer: Answer, first: str, last: str) -> Answer:
    """The number of bytes that was asked for, but the first ones."""
    part = _honest(answer, first, last)
    return replace(part, body=answer.body[: len(part.body)])


def _other_total(answer: Answer, first: str, last: str) -> Answer:
    part = _honest(answer, first, last)
    span = part.headers["Content-Range"].partition("/")[0]
    return replace(part, headers={**part.headers, "Content-Range": f"{span}/{len(answer.body) + 1}"})


_RANGES: Mapping[Ranges, Callable[[Answer, str, str], Answer]] = {
    "honest": _honest,
    "ignored": _ignored,
    "refused": _refused,
    "unlabelled": _unlabelled,
    "shifted": _shifted,
    "mislabelled": _mislabelled,
    "other_total": _other_total,
}


def _without(headers: Mapping[str, str], *names: str) -> dict[str, str]:
    return {name: text for name, text in headers.items() if name not in names}


_VALIDATORS: Mapping[Validators, Callable[[Mapping[str, str]], Mapping[str, str]]] = {
    "strong": lambda headers: headers,
    "weak": lambda headers: {**headers, "ETag": f"W/{headers['ETag']}"},
    "date": lambda headers: _without(headers, "ETag"),
    "none": lambda headers: _without(headers, "ETag", "Last-Modified"),
}
