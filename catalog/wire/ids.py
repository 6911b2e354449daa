"""Names: which keys hold the ids of a job, how encoded ids are decoded, and what a source may be called."""

from __future__ import annotations

import base64
import re
from typing import TYPE_CHECKING, Any

from catalog.errors import ConfigError
from catalog.wire.paths import compile_path, follow
from catalog.wire.values import read_text

if TYPE_CHECKING:
    from catalog.wire.leftovers import Leftovers

SOURCE_NAME = "[a-z0-9_-]{1,64}"
SOURCE_NAME_RULE = "a source's name is lower-case letters, digits, - and _"
JOB_ID_KEYS = ("id", "task_id", "video_id")
_LAST_RESORTS = tuple(map(compile_path, ("request_id", "data.id", "data.task_id", "data[].task_id")))
_LATE_KEYS = ("taskId",)
ALL_ID_KEYS = JOB_ID_KEYS + _LATE_KEYS
_PREFIX = "video_"
_ENCODED = _PREFIX + base64.b64encode(b"litellm:").decode()[:10]


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


def read_ids(job: dict[str, Any], rest: Leftovers, asked_id: str | None) -> list[str]:
    """Every id of the job, its key first: raw before encoded, the id asked for before any in the body.

    Takes what it reads out of `rest`. An int under `id` is a row number and stays; a `request_id` or a nested id counts
    only when the job lacks an id of its own.
    """
    written = _take_ids(rest, JOB_ID_KEYS)
    if not written:
        written = _last_resort(job, rest)
    written += _take_ids(rest, _LATE_KEYS)
    answered = [raw_id(name) for name in written]
    if asked_id is not None and answered and raw_id(asked_id) not in answered:
        rest.flaws.append(f"answered with the id {answered[0]}, not the one asked for")
    aliases = rest.keys.pop("aliases", None)
    if aliases is not None:
        written += _text_entries(aliases, rest.flaws)
    if asked_id is not None:
        written.insert(0, asked_id)
    names: dict[str, None] = {}
    for text in written:
        names[raw_id(text)] = names[text] = None
    return list(names)


def _take_ids(rest: Leftovers, keys: tuple[str, ...]) -> list[str]:
    texts = []
    for key in keys:
        raw = rest.keys.pop(key, None)
        if raw is None:
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


def _last_resort(job: dict[str, Any], rest: Leftovers) -> list[str]:
    for path in _LAST_RESORTS:
        for raw in follow(job, path):
            if type(raw) is str and raw.strip():
                if path.is_flat:
                    rest.keys.pop(path.root, None)
                return [raw]
    return []


def _text_entries(raw: object, flaws: list[str]) -> list[str]:
    entries = raw if isinstance(raw, list) else [raw]
    texts = [entry for entry in entries if type(entry) is str and entry.strip()]
    if len(texts) < len(entries):
        flaws.append("aliases could not be read")
    return texts
