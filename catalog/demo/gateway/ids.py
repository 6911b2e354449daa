"""The ids under which families of servers show a job, and the raw id behind each."""

from __future__ import annotations

import base64
import re
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from catalog.demo.gateway.shapes import Place


class Ids(NamedTuple):
    """How ids leave a server, by the kind of answer, how a remix cites its source, and how ids that come are read."""

    write: Callable[[str, Place], str]
    cite: Callable[[str], str]
    read: Callable[[str], str]


def _as_is(text: str) -> str:
    return text


def _write_task(raw: str) -> str:
    return raw.replace("video_", "task_", 1)


def _read_task(text: str) -> str:
    return text.replace("task_", "video_", 1)


def _write_envelope(raw: str, place: Place) -> str:
    """The id a LiteLLM proxy shows: another one in lists than elsewhere."""
    inner = f"litellm:custom_llm_provider:openai;model_id:sora;video_id:{raw}"
    if place != "listed":
        inner += ";deployment_id:8a1f6c"
    return "video_" + base64.b64encode(inner.encode()).decode()


def _read_envelope(text: str) -> str:
    try:
        inner = base64.b64decode(text.removeprefix("video_") + "==").decode()
    except ValueError:
        return text
    found = re.search(r";video_id:([^;]+)", inner)
    return found[1] if found else text


IDS: Mapping[str, Ids] = {
    "plain": Ids(lambda raw, _place: raw, _as_is, _as_is),
    "task": Ids(lambda raw, _place: _write_task(raw), _write_task, _read_task),
    "encoded": Ids(_write_envelope, _as_is, _read_envelope),
    "suffixed": Ids(lambda raw, _place: f"{raw}:openai", _as_is, lambda text: text.removesuffix(":openai")),
}
