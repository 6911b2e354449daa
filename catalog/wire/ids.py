"""The names of a job: which keys hold them, and how encoded ones are brought back to the server's own."""

from __future__ import annotations

import base64
from typing import Any

from catalog.wire.places import compile_place, follow
from catalog.wire.values import read_text

JOB_ID_KEYS = ("id", "task_id", "video_id")
_LAST_RESORTS = tuple(map(compile_place, ("request_id", "data.id", "data.task_id", "data[].task_id")))
_LATE_KEYS = ("taskId",)
ALL_ID_KEYS = JOB_ID_KEYS + _LATE_KEYS
_PREFIX = "video_"
_ENCODED = _PREFIX + base64.b64encode(b"litellm:").decode()[:10]


def raw_id(text: str, *, is_cut: bool = False) -> str:
    """The id without margins and without the envelopes LiteLLM puts around it; any other id comes back as it is.

    An envelope is `video_` and the standard base64 of `litellm:custom_llm_provider:P;model_id:M;video_id:RAW;...`;
    proxies in a row put one inside another. An id that `is_cut` lacks its end, and so may the raw id.
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


def read_ids(job: dict[str, Any], left: dict[str, Any], flaws: list[str], asked_id: str | None) -> list[str]:
    """Every id of the job, its key first: raw before encoded, the id asked for before any in the body.

    Takes what it reads out of `left`. An int under `id` is a row number and stays; a `request_id` or an id further
    in counts only when the job has no name of its own.
    """
    written = _take_ids(left, JOB_ID_KEYS, flaws)
    if not written:
        written = _last_resort(job, left)
    written += _take_ids(left, _LATE_KEYS, flaws)
    told = [raw_id(name) for name in written]
    if asked_id is not None and told and raw_id(asked_id) not in told:
        flaws.append(f"answered with the id {told[0]}, not the one asked for")
    aliases = left.pop("aliases", None)
    if aliases is not None:
        written += _text_entries(aliases, flaws)
    if asked_id is not None:
        written.insert(0, asked_id)
    return list(dict.fromkeys(name for text in written for name in (raw_id(text), text)))


def _take_ids(left: dict[str, Any], keys: tuple[str, ...], flaws: list[str]) -> list[str]:
    found = []
    for key in keys:
        raw = left.pop(key, None)
        if raw is None:
            continue
        try:
            text = read_text(str(raw) if type(raw) is int and key != "id" else raw)
        except ValueError:
            left[key] = raw
            if type(raw) is not int:
                flaws.append(f"{key} could not be read")
            continue
        if text is not None:
            found.append(text)
    return found


def _last_resort(job: dict[str, Any], left: dict[str, Any]) -> list[str]:
    for place in _LAST_RESORTS:
        for raw in follow(job, place):
            if type(raw) is str and raw.strip():
                if place.is_flat:
                    left.pop(place.root, None)
                return [raw]
    return []


def _text_entries(raw: object, flaws: list[str]) -> list[str]:
    entries = raw if isinstance(raw, list) else [raw]
    texts = [entry for entry in entries if type(entry) is str and entry.strip()]
    if len(texts) < len(entries):
        flaws.append("aliases could not be read")
    return texts
