"""The ids under which families of servers show a job, and the raw id behind each."""

from __future__ import annotations

import base64
import re
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from catalog.demo.gateway.shapes import Call


class Ids(NamedTuple):
    """How a server writes an id in answer to a call, cites the source of a remix, and reads an id that it is sent."""

    write: Callable[[str, Call], str]
    cite: Callable[[str], str]
    read: Callable[[str], str]


def _as_is(text: str) -> str:
    return text


def _write_task(raw: str) -> str:
    return raw.replace("video_", "task_", 1)


def _read_task(text: str) -> str:
    return text.replace("task_", "video_", 1)


def _write_envelope(raw: str, call: Call) -> str:
    """The id that a LiteLLM proxy shows; in lists it differs from elsewhere."""
    inner = f"litellm:custom_llm_provider:openai;model_id:sora;video_id:{raw}"
    if call != "listed":
        inner += ";deployment_id:8a1f6c"
    return "video_" + base64.b64encode(inner.encode()).decode()


def _read_envelope(text: str) -> str:
    try:
        inner = base64.b64decode(text.removeprefix("video_") + "==").decode()
    except ValueError:
        return text
    match = re.search(r";video_id:([^;]+)", inner)
    return match[1] if match else text


IDS: Mapping[str, Ids] = {
    "plain": Ids(lambda raw, _call: raw, _as_is, _as_is),
    "task": Ids(lambda raw, _call: _write_task(raw), _write_task, _read_task),
    "encoded": Ids(_write_envelope, _as_is, _read_envelope),
    "suffixed": Ids(lambda raw, _call: f"{raw}:openai", _as_is, lambda text: text.removesuffix(":openai")),
}
