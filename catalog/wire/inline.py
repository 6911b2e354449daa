"""Media that stand inside an answer or a request, as base64 or as `data:` URLs, and what each of them is. Pure.

What was made stands under `b64_json` and its likes, or as a data URL at any level; what belongs to it, such as a cover,
and what went into the job, the words of the keys above it say. The bytes are decoded piece by piece, once, when they
are asked for. `may_hold_inline` is cheap, for most payloads hold none.
"""

from __future__ import annotations

import re
from binascii import Error, a2b_base64
from typing import TYPE_CHECKING, Any, Literal, NamedTuple
from urllib.parse import unquote_to_bytes

from catalog.errors import BadMedia
from catalog.redaction import INLINE_KEYS
from catalog.wire.outputs import rank
from catalog.wire.parts import FilePart, nested
from catalog.wire.roles import Role, role_of
from catalog.wire.values import find_url
from catalog.wire.words import REQUEST, opened, snake, words, words_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

Use = Literal["output", "thumbnail", "spritesheet", "reference"]

MAX_INLINE = 2000  # media of one payload
_SHORTEST = 32  # characters; the smallest picture has more
_PIECE = 1 << 20  # characters that are decoded at once
_THUMBNAIL = words("cover frame frames keyframe keyframes thumb thumbs thumbnail thumbnails poster preview previews")
_SPRITESHEET = words("sprite sprites spritesheet spritesheets")
_PERSONS = words("avatar icon logo profile user users author owner account member")
_DATA = re.compile(r"\bdata:(?:[\w.+-]{1,64}/[\w.+-]{1,64})?(?:;[^\s,;]{1,64}){0,4},", re.IGNORECASE)
_END = re.compile(r"[\s\"'<>)\\]")
_SPACE = re.compile(r"\s+")
_STANDARD = str.maketrans("-_", "+/")
_BROKEN = "is not base64"
_NESTING = frozenset({dict, list})
_NO_KEY = ""


class Inline(NamedTuple):
    """Media inside a payload, not decoded yet.

    `role` is that of an input (`use` is `reference`), `name` how its sender called a file. `beside` is the address that
    stands with it: of the same output. `is_declared` is false for a data URL that claims to be something else.
    """

    use: Use
    role: Role | None
    content: str | bytes
    is_base64: bool = True
    name: str | None = None
    beside: str | None = None
    is_declared: bool = True

    def read(self) -> Iterator[bytes]:
        """The bytes, a piece at a time; raises BadMedia where they are not base64."""
        if isinstance(self.content, bytes):
            yield self.content
        elif self.is_base64:
            yield from _decode(self.content)
        else:
            yield unquote_to_bytes(self.content.encode("utf-8", "surrogatepass"))


class _Level(NamedTuple):
    """What the keys above a value say of it."""

    use: Use = "output"
    role: Role | None = None

    def under(self, key: str) -> _Level | None:
        """The level under a key; None where nothing is looked for."""
        spoken = words_of(snake(key))
        if self.use == "reference":
            return self if self.role else self._replace(role=role_of(spoken, is_asked=True))
        if not spoken.isdisjoint(_PERSONS):
            return None
        if not spoken.isdisjoint(REQUEST) or role_of(spoken) is not None:
            return _Level("reference", role_of(spoken))
        if self.use == "output" and not spoken.isdisjoint(_SPRITESHEET):
            return _Level("spritesheet")
        return _Level("thumbnail") if self.use == "output" and not spoken.isdisjoint(_THUMBNAIL) else self


def may_hold_inline(payload: object) -> bool:
    """Whether a look at each text of a JSON value finds anything like media inside it."""
    work: list[Any] = [payload]
    for value in work:
        members = value.items() if type(value) is dict else ((_NO_KEY, child) for child in value) if value else ()
        for key, child in members:
            if type(child) is str:
                if len(child) >= _SHORTEST and (_may_be_inline(child) or ("64" in key and _is_key(key))):
                    return True
            elif child.__class__ in _NESTING:
                work.append(child)
    return False


def _may_be_inline(text: str) -> bool:
    return "base64," in text or "b64" in text or (text[0] in "dD" and text[:5].lower() == "data:")


def _is_key(key: str) -> bool:
    return key.lower() in INLINE_KEYS


def find_inline(payload: Mapping[str, Any]) -> Iterator[Inline]:
    """The media inside an answer about one job, or inside a request as `request_line` writes it, in their order.

    Members are taken in the order of addresses (`outputs`), so that the order of keys says nothing. Of a request, the
    body may hold files as `FilePart` or bytes.
    """
    body = payload.get("body")
    if isinstance(body, dict) and isinstance(payload.get("url"), str):
        work: list[tuple[str, Any, _Level, str | None]] = [("", nested(body), _Level("reference"), None)]
    else:
        work = [("", payload, _Level(), None)]
    count = 0
    while work and count < MAX_INLINE:
        key, value, level, beside = work.pop()
        value = _opened(value)
        if isinstance(value, dict):
            work += reversed(list(_members(value, level)))
        elif isinstance(value, list):
            work += [(key, child, level, beside) for child in reversed(value)]
        else:
            for inline in _read(key, value, level, beside):
                count += 1
                yield inline


def _opened(value: Any) -> Any:
    """The JSON inside a text that may hold media; any other value as it is."""
    return opened(value) if isinstance(value, str) and len(value) >= _SHORTEST and _may_be_inline(value) else value


def _read(key: str, value: object, level: _Level, beside: str | None) -> Iterator[Inline]:
    if isinstance(value, str) and len(value) >= _SHORTEST:
        yield from _read_text(key, value, level, beside)
    elif isinstance(value, FilePart | bytes) and level.use == "reference":
        yield from _read_file(value, level)


def _members(value: dict[str, Any], level: _Level) -> Iterator[tuple[str, Any, _Level, str | None]]:
    beside = next((url for key in ("url", "video_url", "image_url") if (url := find_url(value.get(key)))), None)
    for key in sorted(value, key=rank):
        inner = level.under(key)
        if inner is not None:
            yield key, value[key], inner, beside


def _read_text(key: str, text: str, level: _Level, beside: str | None) -> Iterator[Inline]:
    start = _DATA.match(text.lstrip()[:400])
    if start is not None and _is_base64(start[0]):
        yield _of_data_url(start[0], text.lstrip()[start.end() :], level, beside)
    elif _is_key(key):
        yield Inline(level.use, _role(level), text, beside=beside)
    else:
        for match in _DATA.finditer(text):
            end = _END.search(text, match.end())
            yield _of_data_url(match[0], text[match.end() : end.start() if end else None], level, beside)


def _of_data_url(head: str, content: str, level: _Level, beside: str | None) -> Inline:
    kind = head[5:].partition("/")[0].lower()
    is_declared = kind in {"video", "image"} or "octet-stream" in head.lower() or kind[:1] in {";", ","}
    use = level.use
    return Inline(use, _role(level), content, _is_base64(head), beside=beside, is_declared=is_declared)


def _is_base64(head: str) -> bool:
    return head.lower().endswith(";base64,")


def _read_file(part: FilePart | bytes, level: _Level) -> Iterator[Inline]:
    content, name = (part, None) if isinstance(part, bytes) else (part.content, part.filename)
    if content:
        yield Inline("reference", _role(level), bytes(content), name=name)


def _role(level: _Level) -> Role | None:
    return (level.role or "reference") if level.use == "reference" else None


def _decode(text: str) -> Iterator[bytes]:
    """The bytes in base64 of either alphabet, with white space or without, padded or not."""
    if "%" in text:
        text = unquote_to_bytes(text.encode("utf-8", "surrogatepass")).decode("latin-1")
    left, is_padded = "", False
    for start in range(0, len(text), _PIECE):
        piece = left + _SPACE.sub("", text[start : start + _PIECE]).translate(_STANDARD)
        if is_padded and piece:
            raise BadMedia(_BROKEN)
        whole = len(piece) // 4 * 4
        left = piece[whole:]
        is_padded = piece[:whole].endswith("=")
        yield _read_base64(piece[:whole])
    if left and is_padded:
        raise BadMedia(_BROKEN)
    yield _read_base64(left + "=" * (-len(left) % 4))


def _read_base64(text: str) -> bytes:
    try:
        return a2b_base64(text.encode("ascii"), strict_mode=True) if text else b""
    except (Error, UnicodeEncodeError) as error:
        raise BadMedia(_BROKEN) from error
