"""A drafted request as a command for a shell, as Python for the official SDK, and as a line of a Batch file. Pure.

Prompts come from strangers, so nothing of a draft is ever taken for a part of the command: JSON is written without
single quotes and stands between two of them, where a shell reads everything as it is. A key is only ever the name of
its variable.
"""

from __future__ import annotations

import hashlib
import json
import re
import shlex
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from catalog.controls import plain_json
from catalog.records import to_json
from catalog.wire.documented import limits_of
from catalog.wire.drafts import OPENAI_URL, URL_ENV

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from catalog.wire.drafts import RequestDraft, Upload

_LONGEST_ARGUMENT = 100_000  # bytes; Linux takes 131,071
_END = "JSON"
_BEARER = "Authorization: Bearer {key}"
_CREATE = ("prompt", "model", "seconds", "size", "input_reference")
_CONTROLS = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_NAME = 64  # characters of a custom_id


def as_curl(draft: RequestDraft) -> str:
    """One command for any POSIX shell."""
    words = ["curl", "-sS", "-X", draft.method, _url(draft)]
    if draft.auth and draft.key_env:
        words += ["-H", _with_key(draft.auth, draft.key_env)]
    for name, text in draft.headers.items():
        words += ["-H", shlex.quote(f"{name}: {text}")]
    if draft.is_form:
        return " ".join([*words, *_form(draft)])
    words += ["-H", "'Content-Type: application/json'"]
    text = as_text(draft.body).replace("'", "\\u0027")
    if len(text.encode()) > _LONGEST_ARGUMENT:
        return " ".join([*words, "--data-binary", "@-", f"<<'{_END}'"]) + f"\n{text}\n{_END}"
    return " ".join([*words, "-d", f"'{text}'"])


def as_text(body: Mapping[str, Any]) -> str:
    """JSON on one line, without anything that a screen obeys."""
    return plain_json(json.dumps(to_json(body), ensure_ascii=False))


def as_batch(draft: RequestDraft) -> str:
    """A line of a Batch input file. Its name is that of the video and of the body, so that no two requests share it."""
    mount = re.search(r"/v\d+$", draft.base_url)
    line = {
        "custom_id": _custom_id(draft),
        "method": draft.method,
        "url": (mount[0] if mount else "/v1") + draft.path,
        "body": to_json(draft.body),
    }
    return as_text(line)


def as_sdk(draft: RequestDraft) -> str:
    """A program that sends it with the official SDK, and prints the answer."""
    call, needs_path = _call(draft)
    head = ["import os", *(["from pathlib import Path"] if needs_path else []), "", "from openai import OpenAI", ""]
    return "\n".join([*head, *_client(draft), *call])


def _url(draft: RequestDraft) -> str:
    if draft.is_configured:
        return shlex.quote(draft.base_url + draft.path)
    return f'"${{{URL_ENV}:-{_in_double(draft.base_url)}}}{_in_double(draft.path)}"'


def _with_key(auth: str, key_env: str) -> str:
    before, _, after = auth.partition("{key}")
    return f'"{_in_double(before)}${{{key_env}}}{_in_double(after)}"' if after else f'"{_in_double(before)}${key_env}"'


def _in_double(text: str) -> str:
    """The text as it stands between double quotes of a shell."""
    return re.sub(r'(["\\$`])', r"\\\1", text)


def _form(draft: RequestDraft) -> Iterator[str]:
    files = {upload.path: upload for upload in draft.uploads}
    for name, value in _flatten(to_json(draft.body)):
        upload = files.get(value) if isinstance(value, str) else None
        if upload is not None and upload.field == name:
            yield from ("-F", shlex.quote(f"{name}={_file(upload)}"))
        else:
            yield from ("--form-string", shlex.quote(f"{name}={_as_field(value)}"))


def _file(upload: Upload) -> str:
    path, name = (re.sub(r'(["\\])', r"\\\1", text) for text in (upload.path, upload.name))
    return f'@"{path}";filename="{name}"' + (f";type={upload.type}" if upload.type else "")


def _flatten(value: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    """The values of a body by their keys in a form, with brackets as the official SDK writes them."""
    if isinstance(value, dict):
        for key, child in value.items():
            yield from _flatten(child, f"{name}[{key}]" if name else str(key))
    elif isinstance(value, list):
        for child in value:
            yield from _flatten(child, f"{name}[]")
    elif value is not None:
        yield name, value


def _as_field(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value)
    return text.replace("\0", "\ufffd").encode("utf-8", "replace").decode()  # no shell can say them


def _client(draft: RequestDraft) -> Iterator[str]:
    key = f'os.environ["{draft.key_env}"]' if draft.key_env else '"none"'
    yield "client = OpenAI("
    if draft.is_configured:
        yield f"    base_url={draft.base_url!r},"
    elif draft.base_url != OPENAI_URL:
        yield f'    base_url=os.environ.get("{URL_ENV}", {draft.base_url!r}),'
    yield f"    api_key={key},"
    headers = {name: repr(text) for name, text in draft.headers.items()}
    if draft.auth not in {_BEARER, ""}:
        name, _, form = draft.auth.partition(": ")
        before, _, after = form.partition("{key}")
        parts = [repr(before)] * bool(before) + [key] + [repr(after)] * bool(after)
        headers[name] = " + ".join(parts)
    if headers:
        yield f"    default_headers={{{', '.join(f'{name!r}: {text}' for name, text in headers.items())}}},"
    yield ")"


def _call(draft: RequestDraft) -> tuple[list[str], bool]:
    """The lines of the call, and whether they read a file."""
    body = to_json(draft.body)
    if _is_usual(draft, body):
        arguments = [f"    {name}={_argument(draft, name, value)}," for name, value in body.items() if name in _CREATE]
        if extra := {name: value for name, value in body.items() if name not in _CREATE}:
            arguments.append(f"    extra_body={extra!r},")
        if draft.verb == "remix":
            arguments.insert(0, f"    {draft.parent!r},")
        name = "remix" if draft.verb == "remix" else "create"
        answer = "print(video.id, video.status)"
        return [f"video = client.videos.{name}(", *arguments, ")", answer], bool(draft.uploads)
    fields = [(name, value) for name, part in body.items() if (value := _without_uploads(draft, name, part))]
    lines = ["answer = client.post(", f"    {draft.path!r},", "    cast_to=object,", "    body={"]
    lines += [*(f"        {name!r}: {value!r}," for name, value in fields), "    },"]
    if draft.uploads:
        lines += ["    files=["]
        lines += [f"        ({upload.field!r}, {_tuple(upload)})," for upload in draft.uploads]
        lines += ["    ],"]
    if draft.is_form:
        lines += ['    options={"headers": {"Content-Type": "multipart/form-data"}},']
    return [*lines, ")", "print(answer)"], bool(draft.uploads)


def _without_uploads(draft: RequestDraft, name: str, value: Any) -> Any:
    """The value of a field without the files that are uploaded in it."""
    paths = [upload.path for upload in _uploads_of(draft, name)]
    if not paths:
        return value
    return [part for part in value if part not in paths] if isinstance(value, list) else None


def _is_usual(draft: RequestDraft, body: Mapping[str, Any]) -> bool:
    """Whether a method of the SDK sends exactly this; it sends forms, in which all is text. For the rest it has `post`.

    A form cannot say what is empty, and a line end of its own kind may not arrive in one as it was.
    """
    if draft.verb == "remix":
        return list(body) == ["prompt"] and draft.path == f"/videos/{quote(draft.parent or '', safe='')}/remix"
    takes_forms = limits_of(draft.dialect).body != "json"
    if draft.verb != "create" or draft.path != "/videos" or "prompt" not in body or not takes_forms:
        return False
    files = [upload.field for upload in draft.uploads]
    is_file = files == (["input_reference"] if "input_reference" in body else [])
    return is_file and all(map(_is_text, body.values()))


def _is_text(value: Any) -> bool:
    if isinstance(value, dict | list):
        return bool(value) and all(map(_is_text, value.values() if isinstance(value, dict) else value))
    return isinstance(value, str) and not _CONTROLS.search(value)


def _argument(draft: RequestDraft, name: str, value: Any) -> str:
    files = _uploads_of(draft, name)
    return _tuple(files[0]) if files else repr(value)


def _tuple(upload: Upload) -> str:
    kind = f", {upload.type!r}" if upload.type else ""
    return f"({upload.name!r}, Path({upload.path!r}).read_bytes(){kind})"


def _uploads_of(draft: RequestDraft, name: str) -> list[Upload]:
    return [upload for upload in draft.uploads if upload.field.removesuffix("[]") == name]


def _custom_id(draft: RequestDraft) -> str:
    digest = hashlib.sha256(f"{draft.ref}\n{as_text(draft.body)}".encode()).hexdigest()[:8]
    name = re.sub(r"[^\w.-]", "_", draft.ref.partition(":")[2], flags=re.ASCII)
    return f"{name[: _NAME - 9]}-{digest}"
