"""What the servers of a dialect are likely to object to in a request: rules over the bounds in `documented`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from catalog.errors import BadMedia
from catalog.records import Record
from catalog.wire import documented
from catalog.wire.parts import SECONDS_KEYS, Clip, Verb, clip_facts, name_of, nested, object_of, picture_size
from catalog.wire.values import read_frame, read_number, read_pixels, read_seconds, read_text, readable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

Severity = Literal["error", "warning"]
_HIGH = f"{documented.PRO_SHORT_SIDE}p"


@dataclass(frozen=True, slots=True)
class Finding(Record):
    """One objection to a request: a `code` for programs, the `field` it is about, a `message` for people.

    An `error` is what no server of the dialect takes; a `warning` is what the dialect does not document, or what only
    OpenAI's reference forbids.
    """

    code: str
    field: str
    message: str
    severity: Severity


def validate(params: object, dialect: str, *, verb: Verb | None = None) -> list[Finding]:
    """What a server of `dialect` is likely to object to, in the order of the rules; empty when nothing is.

    `params` is the body. Without `verb` the body decides: a `video` with a `name` and no prompt makes a character, with
    a length an extension, else an edit. A picture or clip is measured where its bytes are at hand (a `data:` URL,
    bytes, a `Path`); for a clip that is only named, `seconds`, `size`, `width` and `height` beside its id are believed.
    An unknown dialect is judged as `generic`.
    """
    if not isinstance(params, Mapping):
        return [_error("request_type", "", "a request is a JSON object")]
    body = nested(params)
    limits = documented.limits_of(dialect)
    rules = _RULES[verb or _verb_of(body)]
    return [finding for rule in rules for finding in rule(body, limits)]


def _verb_of(body: Mapping[str, object]) -> Verb:
    if body.get("video") is None:
        return "create"
    if "name" in body and "prompt" not in body:
        return "character"
    return "extension" if any(key in body for key in SECONDS_KEYS) else "edit"


def _error(code: str, name: str, message: str) -> Finding:
    return Finding(code, name, message, "error")


def _by_openai(limits: documented.Limits, code: str, name: str, message: str) -> Finding:
    """An objection that only OpenAI's reference makes: an error for the families that follow it, else a warning."""
    return Finding(code, name, message, "error" if limits.rules_of_openai else "warning")


def _warning(code: str, name: str, message: str) -> Finding:
    return Finding(code, name, message, "warning")


def _check_prompt(body: Mapping[str, object], limits: documented.Limits) -> Iterator[Finding]:
    prompt = body.get("prompt")
    if prompt is None:
        yield _error("prompt_missing", "prompt", "a prompt is required")
    elif not isinstance(prompt, str):
        yield _error("prompt_type", "prompt", f"a prompt is text, not {_kind(prompt)}")
    elif not prompt.strip():
        yield _error("prompt_missing", "prompt", "the prompt is empty")
    elif len(prompt) > documented.MAX_PROMPT:
        yield _by_openai(
            limits, "prompt_length", "prompt", f"{len(prompt)} characters, more than {documented.MAX_PROMPT}"
        )


def _check_model(body: Mapping[str, object], _: documented.Limits) -> Iterator[Finding]:
    model = body.get("model")
    if model is not None and not (isinstance(model, str) and model.strip()):
        yield _error("model_type", "model", "a model is a name")


def _check_metadata(body: Mapping[str, object], limits: documented.Limits) -> Iterator[Finding]:
    if (sent := body.get("metadata")) is None:
        return
    metadata = object_of(sent)
    if metadata is None:
        yield _error("metadata_type", "metadata", f"metadata is an object of texts, not {_kind(sent)}")
        return
    pairs = {str(key): value for key, value in metadata.items() if key not in limits.options}
    if len(pairs) > documented.MAX_METADATA_PAIRS:
        yield _by_openai(
            limits, "metadata_pairs", "metadata", f"{len(pairs)} pairs, more than {documented.MAX_METADATA_PAIRS}"
        )
    for key, value in pairs.items():
        name = f"metadata.{key[: documented.MAX_METADATA_KEY]}"
        if len(key) > documented.MAX_METADATA_KEY:
            yield _by_openai(
                limits, "metadata_key_length", name, f"a key has at most {documented.MAX_METADATA_KEY} characters"
            )
        if not isinstance(value, str):
            yield _by_openai(limits, "metadata_value_type", name, f"a value is text, not {_kind(value)}")
        elif len(value) > documented.MAX_METADATA_VALUE:
            yield _by_openai(
                limits, "metadata_value_length", name, f"a value has at most {documented.MAX_METADATA_VALUE} characters"
            )


def _check_seconds(body: Mapping[str, object], limits: documented.Limits) -> Iterator[Finding]:
    for key in SECONDS_KEYS:
        length = body.get(key)
        if length is None:
            continue
        if isinstance(length, bool) or not isinstance(length, str | int | float):
            yield _error("seconds_type", key, f"a length is a number of seconds, not {_kind(length)}")
        elif not _is_documented_length(length, limits):
            yield _warning(
                "seconds_unknown", key, f"{_shown(length)} is not a documented length: use {_lengths(limits)}"
            )
        elif limits.seconds_form == ("text" if isinstance(length, int | float) else "number"):
            yield _warning("seconds_form", key, f"this server documents the length as {limits.seconds_form}")


def _is_documented_length(length: object, limits: documented.Limits) -> bool:
    seconds = readable(length, read_number)
    if limits.seconds_range:
        return seconds is not None and limits.seconds_range[0] <= seconds <= limits.seconds_range[1]
    if limits.seconds:
        return seconds in limits.seconds
    return isinstance(length, str) if seconds is None else seconds > 0


def _lengths(limits: documented.Limits) -> str:
    if limits.seconds_range:
        return "{:g} to {:g} s".format(*limits.seconds_range)
    return ", ".join(f"{seconds:g}" for seconds in limits.seconds) + " s" if limits.seconds else "above 0 s"


def _check_size(body: Mapping[str, object], limits: documented.Limits) -> Iterator[Finding]:
    size = body.get("size")
    if size is not None and not isinstance(size, str):
        yield _error("size_type", "size", f"a size is text such as 1280x720, not {_kind(size)}")
        return
    frame = read_frame(size) if size else None
    if size is not None and limits.sizes and size.strip() not in limits.sizes:
        message = f"{_shown(size)} is not a documented size: use {', '.join(limits.sizes)}"
        yield _warning("size_unknown", "size", message)
    is_big = frame is not None and min(frame) >= documented.PRO_SHORT_SIDE
    field = "size" if is_big else _find_high(body)
    if field and _is_plain_model(body.get("model") or limits.model):
        yield _warning("size_needs_pro", field, f"{_HIGH} needs the pro model")


def _find_high(body: Mapping[str, object]) -> str | None:
    """The field that names the highest resolution."""
    return next((key for key in ("tier", "resolution", "size") if _is_high(body.get(key))), None)


def _is_high(value: object) -> bool:
    return isinstance(value, str) and value.strip().lower() == _HIGH


def _is_plain_model(model: object) -> bool:
    name = model.rpartition("/")[2].strip().lower() if isinstance(model, str) else ""
    return name.startswith(documented.PRO_FAMILIES) and "pro" not in re.split(r"[^a-z]+", name)


def _check_characters(body: Mapping[str, object], limits: documented.Limits) -> Iterator[Finding]:
    for key in ("characters", "character_ids"):
        characters = body.get(key)
        if characters is None:
            continue
        if not isinstance(characters, list):
            yield _error("characters_type", key, f"characters are a list, not {_kind(characters)}")
            continue
        if len(characters) > documented.MAX_CHARACTERS:
            message = f"{len(characters)} characters, at most {documented.MAX_CHARACTERS} are allowed"
            yield _by_openai(limits, "characters_count", key, message)
        for index, entry in enumerate(characters):
            has_form = isinstance(entry, Mapping) == (key == "characters")
            name = entry.get("id") if isinstance(entry, Mapping) else entry
            if not (has_form and isinstance(name, str) and name.strip()):
                yield _error("character_id", f"{key}[{index}]", "a character is named by its id")


def _check_reference(body: Mapping[str, object], _: documented.Limits) -> Iterator[Finding]:
    size = body.get("size")
    frame = read_frame(size) if isinstance(size, str) else None
    for key in ("input_reference", "reference_images"):
        parts = body.get(key)
        for part in parts if isinstance(parts, list) else [parts]:
            yield from _check_picture(key, part, frame if key == "input_reference" else None)


def _check_picture(key: str, part: object, frame: tuple[int, int] | None) -> Iterator[Finding]:
    if part is None:
        return
    if name_of(part) is None:
        yield _error("reference_type", key, "a reference is a file, a file_id or an image_url")
        return
    try:
        size = picture_size(part)
    except BadMedia as error:
        yield _error("reference_format", key, f"the reference {error.reason}")
        return
    if size and frame and size != frame:
        message = "the reference has {}x{} pixels, the video {}x{}: they must match"
        yield _error("reference_size", key, message.format(*size, *frame))


def _check_video(body: Mapping[str, object], _: documented.Limits) -> Iterator[Finding]:
    video = body.get("video")
    if video is None:
        yield _error("video_missing", "video", "a video is required: its id, or a file")
    elif name_of(video) is None:
        yield _error("video_type", "video", f"a video is named by its id or is a file, not {_kind(video)}")


def _check_name(body: Mapping[str, object], limits: documented.Limits) -> Iterator[Finding]:
    name = body.get("name")
    if not (isinstance(name, str) and name.strip()):
        yield _error("name_missing", "name", "a character needs a name")
    elif len(name) > documented.MAX_CHARACTER_NAME:
        yield _by_openai(
            limits, "name_length", "name", f"{len(name)} characters, more than {documented.MAX_CHARACTER_NAME}"
        )


def _check_clip(body: Mapping[str, object], limits: documented.Limits) -> Iterator[Finding]:
    video = body.get("video")
    try:
        clip = clip_facts(video) or _described_clip(video)
    except BadMedia as error:
        yield _error("clip_format", "video", f"the clip {error.reason}")
        return
    least, most = documented.CLIP_SECONDS
    if clip.seconds is not None and not least <= round(clip.seconds, 1) <= most:
        yield _by_openai(
            limits, "clip_seconds", "video", f"{clip.seconds:g} s long, a clip has {least:g} to {most:g} s"
        )
    low, high = documented.CLIP_SHORT_SIDE
    if clip.width and clip.height and not low <= min(clip.width, clip.height) <= high:
        yield _by_openai(limits, "clip_size", "video", f"{clip.width}x{clip.height}, a clip has {low}p to {high}p")


def _described_clip(video: object) -> Clip:
    """The clip as the object around its id describes it."""
    facts = object_of(video) or {}
    lengths = (readable(facts.get(key), read_seconds) for key in SECONDS_KEYS)
    size = readable(facts.get("size"), read_text)
    frame = read_frame(size) if size else None
    width, height = frame or (readable(facts.get("width"), read_pixels), readable(facts.get("height"), read_pixels))
    return Clip(next((length for length in lengths if length is not None), None), width, height)


_ALL = (_check_prompt, _check_model, _check_metadata, _check_seconds, _check_size, _check_characters, _check_reference)


_RULES: Mapping[Verb, tuple[Callable[[Mapping[str, object], documented.Limits], Iterator[Finding]], ...]] = {
    "create": _ALL,
    "remix": _ALL,
    "edit": (*_ALL, _check_video),
    "extension": (*_ALL, _check_video),
    "character": (_check_name, _check_video, _check_clip),
}


def _kind(value: object) -> str:
    names = {dict: "an object", list: "a list", bool: "a truth value", str: "text", type(None): "null"}
    return names.get(type(value), "a number")


def _shown(value: object) -> str:
    text = repr(value) if isinstance(value, str) else f"{readable(value, read_number) or 0:g}"
    return text if len(text) <= 40 else f"{text[:37]}..."
