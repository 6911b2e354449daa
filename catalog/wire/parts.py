"""The parts of a request body: bracket keys of a form, files beside its fields, and the measures of a picture or clip.

A form writes `{"characters": [{"id": "char_1"}]}` as `characters[][id]=char_1`; `nested` turns that back into the JSON
form. The sender names a file, so no name in a body is ever opened: only bytes, or a `Path` that the caller made, are
measured.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO, Literal, NamedTuple
from urllib.parse import unquote_to_bytes

from catalog.disk import open_file
from catalog.errors import BadMedia
from catalog.wire.documents import Unreadable, read_json

Verb = Literal["create", "remix", "edit", "extension", "character"]

SECONDS_KEYS = ("seconds", "duration")

_INDEX = re.compile(r"[0-9]{0,3}")
_BRACKETS = re.compile(r"([^\[\]]+)((?:\[[^\[\]]*\]){1,2})")
_URL_KEYS = ("url", "image_url")
_ID_KEYS = ("id", "file_id", *_URL_KEYS)


@dataclass(frozen=True, slots=True)
class FilePart:
    """A file of a multipart body."""

    filename: str | None
    content_type: str | None = None
    content: bytes = field(default=b"", repr=False)


class _Row(dict[str, object]):
    """An object built from bracket keys, as opposed to one that came whole."""


class Clip(NamedTuple):
    """Length in seconds and frame of a clip; None where unknown."""

    seconds: float | None
    width: int | None
    height: int | None


def nested(body: Mapping[str, object]) -> dict[str, object]:
    """A copy of the body with its bracket keys unfolded.

    `a[b]` becomes an object, `a[]` a list, `a[][b]` and `a[0][b]` a list of objects. A field sent twice under one key
    becomes a list of its values. A key that fits nowhere stays as it is.
    """
    unfolded: dict[str, Any] = {}
    plain: dict[str, object] = {}
    for key, value in body.items():
        match = _BRACKETS.fullmatch(key) if isinstance(key, str) else None
        if match is None or match[1] in body or not _unfold(unfolded, match[1], match[2][1:-1].split("]["), value):
            plain[str(key)] = value
    return unfolded | plain


def _unfold(unfolded: dict[str, Any], name: str, steps: list[str], value: object) -> bool:
    """Put the value into the field `name` by these steps; False where the field has another shape."""
    first, *rest = steps
    if not _INDEX.fullmatch(first):
        if rest or not isinstance(unfolded.setdefault(name, {}), dict):
            return False
        unfolded[name][first] = value
        return True
    if rest == [""] or not isinstance(unfolded.setdefault(name, []), list):
        return False
    values = value if isinstance(value, list) else [value]
    if rest:
        _spread(unfolded[name], first, rest[0], values)
    else:
        unfolded[name] += values
    return True


def _spread(rows: list[Any], index: str, key: str, values: list[object]) -> None:
    """Give each value to the object with that index or, without one, to the first that lacks the key."""
    for value in values:
        numbered = rows[int(index) : int(index) + 1] if index else rows
        row = next((row for row in numbered if isinstance(row, _Row) and key not in row), None)
        if row is None:
            rows.append(row := _Row())
        row[key] = value


def name_of(value: object) -> str | None:
    """What a part refers to: its id, file id or URL; the name of a file; else `sha256:…` of the bytes; else None.

    A `data:` URL is bytes, so its name is the hash of what it carries.
    """
    if isinstance(value, str):
        return _name_of_text(value.strip())
    if isinstance(value, Mapping):
        return next((name for text in _texts(value, _ID_KEYS) if (name := name_of(text))), None)
    if isinstance(value, Path):
        return value.name
    if isinstance(value, FilePart):
        return value.filename or _hash(value.content)
    if isinstance(value, bytes | bytearray):
        return _hash(bytes(value))
    if isinstance(value, tuple) and value and isinstance(value[0], str):
        return value[0] or None
    return None


def _name_of_text(text: str) -> str | None:
    content = _data_url(text)
    return (text if content is None else _hash(content)) or None


def picture_size(value: object) -> tuple[int, int] | None:
    """Width and height of a picture, None when its bytes are not at hand; BadMedia when it is not a picture."""
    file = _open(value)
    if file is None:
        return None
    from catalog.media.images import read_size
    from catalog.media.sniff import HEAD, JPEG, PNG, WEBP, sniff

    with file:
        file_type = sniff(file.read(HEAD))
        if file_type not in {JPEG, PNG, WEBP}:
            raise BadMedia(f"is {file_type.noun}, not a JPEG, PNG or WebP picture")
        return read_size(file, file_type)


def clip_facts(value: object) -> Clip | None:
    """Length and frame of a clip, None when its bytes are not at hand; BadMedia when it is not a video."""
    file = _open(value)
    if file is None:
        return None
    from catalog.media.examine import examine_file

    with file:
        probe = examine_file(file, "video").probe
    return Clip(probe.seconds, probe.width, probe.height)


def content_of(value: object) -> bytes | Path | None:
    """The bytes of a part, or the `Path` to read them from; None when the body only names it."""
    if isinstance(value, str):
        return _data_url(value.strip())
    if isinstance(value, Mapping):
        return next((content for text in _texts(value, _URL_KEYS) if (content := content_of(text)) is not None), None)
    if isinstance(value, FilePart):
        return value.content or None
    if isinstance(value, tuple):
        value = value[1] if len(value) > 1 else None
    if isinstance(value, bytes | bytearray):
        return bytes(value)
    return value if isinstance(value, Path) else None


def as_json(value: object) -> object:
    """The value, or the name of a file: what may be written down."""
    if isinstance(value, FilePart | Path | bytes | bytearray | tuple):
        return name_of(value)
    return value


def object_of(value: object) -> Mapping[str, object] | None:
    """The value as an object; a form may carry one as JSON text."""
    if isinstance(value, str):
        try:
            value = read_json(value.encode("utf-8", "surrogatepass"), is_lenient=True)
        except Unreadable:
            return None
    return value if isinstance(value, Mapping) else None


def _open(value: object) -> BinaryIO | None:
    content = content_of(value)
    if not isinstance(content, Path):
        return None if content is None else BytesIO(content)
    try:
        return open_file(content)
    except OSError as error:
        raise BadMedia(f"cannot be read: {error.strerror or error}", path=str(content)) from error


def _data_url(text: str) -> bytes | None:
    """The content of a `data:` URL, None for any other text; empty for broken base64."""
    head, comma, data = text.partition(",")
    if not (comma and head[:5].lower() == "data:"):
        return None
    content = unquote_to_bytes(data.encode("utf-8", "surrogatepass"))
    if not head.lower().endswith(";base64"):
        return content
    try:
        return base64.b64decode(content)
    except ValueError:
        return b""


def _texts(value: Mapping[str, object], keys: tuple[str, ...]) -> list[str]:
    """The texts under `keys`, or under `url` in an object there."""
    entries = [value.get(key) for key in keys]
    texts = [entry.get("url") if isinstance(entry, Mapping) else entry for entry in entries]
    return [text for text in texts if isinstance(text, str)]


def _hash(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"
