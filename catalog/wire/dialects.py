"""How each family of servers lays out paths, paging and authorisation: one table, a line per family.

A dialect says how to ask. The answers go through one tolerant parser, whoever sent them: the configuration names the
dialect, and no payload is used to guess it. Paths are relative to the base URL of a source, which ends where the
server's documentation starts counting: `https://host/v1` nearly everywhere, `https://host/openai/v1` on Azure.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from types import MappingProxyType
from typing import Any, Literal

from catalog.errors import ConfigError

Paging = Literal["cursor", "page", "whole"]

NO_QUERY: Mapping[str, str] = MappingProxyType({})
PAGINGS: tuple[Paging, ...] = ("cursor", "page", "whole")


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """One family of servers; the defaults are the OpenAI reference format.

    A path of None means that the family lacks that call. `{id}` stands for one percent-encoded id. Our client uses the
    paths of lists, jobs, media and one character; capture recognises other programs' calls by all of them.

    `paging` says what `after` means: `cursor` the last id seen, `page` the number of the next page, `whole` nothing,
    because the server ignores paging parameters and answers with everything.
    `list_needs` names query parameters that a list request must have; `list_query` holds their values.
    `list_renames` renames keys of list items that mean something else there than in the format.
    `auth` is the header that carries the key, empty for none; `headers` are others that go with it.
    `poll_interval` is in seconds and applies where the server does not name one.
    `lifetime` is how many seconds the addresses of a result work, as the family documents; None where it does not say.
    """

    name: str
    title: str
    also: tuple[str, ...] = ()
    list_path: str | None = "/videos"
    create_path: str | None = "/videos"
    retrieve_path: str = "/videos/{id}"
    content_path: str | None = "/videos/{id}/content"
    remix_path: str | None = "/videos/{id}/remix"
    edit_path: str | None = "/videos/edits"
    extend_path: str | None = "/videos/extensions"
    characters_path: str | None = None
    character_path: str | None = None
    paging: Paging = "cursor"
    after_param: str = "after"
    limit_param: str = "limit"
    order_param: str = "order"
    max_limit: int = 100
    list_query: Mapping[str, str] = field(default_factory=lambda: NO_QUERY)
    list_needs: tuple[str, ...] = ()
    list_renames: Mapping[str, str] = field(default_factory=lambda: NO_QUERY)
    variants: tuple[str, ...] = ("video",)
    auth: str = "Authorization: Bearer {key}"
    headers: Mapping[str, str] = field(default_factory=lambda: NO_QUERY)
    poll_interval: float = 10.0
    lifetime: int | None = None

    @property
    def lists(self) -> bool:
        """Whether jobs can be listed; a source without a list is synced by the ids it already has."""
        return self.list_path is not None

    @property
    def missing_query(self) -> tuple[str, ...]:
        """The parameters that the list needs and the configuration lacks."""
        return tuple(name for name in self.list_needs if not self.list_query.get(name))

    def auth_header(self, key: str) -> dict[str, str]:
        """The header that carries `key`, with those that go with it; empty without a key or a header for it."""
        if not (self.auth and key):
            return {}
        name, _, form = self.auth.partition(": ")
        return {**self.headers, name: form.replace("{key}", key)}


HOUR, DAY = 3600, 86_400
ALL_VARIANTS = ("video", "thumbnail", "spritesheet")
CHARACTERS: dict[str, Any] = {"characters_path": "/videos/characters", "character_path": "/videos/characters/{id}"}
NO_LIST: dict[str, Any] = {"list_path": None}
OWN_API: dict[str, Any] = {"content_path": None, "remix_path": None, "edit_path": None, "extend_path": None}
BY_ID: dict[str, Any] = NO_LIST | OWN_API
GENERATIONS: dict[str, Any] = {"create_path": "/videos/generations"}
PAGE_NUMBERS: dict[str, Any] = {
    "paging": "page",
    "after_param": "page",
    "limit_param": "page_size",
    "order_param": "",
}

_ROWS = (
    Dialect(name="openai", title="OpenAI Videos API", variants=ALL_VARIANTS, lifetime=HOUR, **CHARACTERS),
    Dialect(name="unified", title="Unified media API", poll_interval=15.0, **NO_LIST),
    Dialect(name="fourall", title="4All API", also=("4all",), poll_interval=15.0, lifetime=DAY, **NO_LIST),
    Dialect(
        name="apimart",
        title="APIMart",
        retrieve_path="/tasks/{id}",
        content_path=None,
        lifetime=DAY,
        **NO_LIST,
        **GENERATIONS,
    ),
    Dialect(name="newapi", title="new-api", also=("oneapi",), poll_interval=15.0, **NO_LIST),
    Dialect(
        name="newapi-legacy",
        title="new-api, the older task routes",
        create_path="/video/generations",
        retrieve_path="/video/generations/{id}",
        poll_interval=15.0,
        **NO_LIST,
    ),
    Dialect(name="generic", title="any other server, with its own paths", variants=ALL_VARIANTS, **CHARACTERS),
    Dialect(
        name="litellm",
        title="LiteLLM proxy",
        paging="whole",
        list_needs=("custom_llm_provider",),
        **CHARACTERS,
    ),
    Dialect(name="bifrost", title="Bifrost", list_needs=("provider",), variants=ALL_VARIANTS),
    Dialect(
        name="azure",
        title="Azure OpenAI v1",
        also=("azureopenai",),
        auth="api-key: {key}",
        variants=ALL_VARIANTS,
        lifetime=DAY,
    ),
    Dialect(name="vllm-omni", title="vLLM-Omni", also=("vllm",)),
    Dialect(name="aibrix", title="AIBrix gateway", list_renames={"expires_at": "record_expires_at"}),
    Dialect(name="sglang", title="SGLang diffusion"),
    Dialect(name="fastvideo", title="FastVideo"),
    Dialect(name="tensorrt-llm", title="TensorRT-LLM", also=("trtllm",), paging="whole"),
    Dialect(name="telefuser", title="TeleFuser"),
    Dialect(name="aquiles", title="Aquiles-Image", also=("aquilesimage",)),
    Dialect(name="unsloth", title="Unsloth Studio", also=("unslothstudio",)),
    Dialect(name="openrouter", title="OpenRouter", **NO_LIST),
    Dialect(name="xai", title="xAI", content_path=None, **NO_LIST, **GENERATIONS),
    Dialect(name="together", title="Together", content_path=None, **NO_LIST),
    Dialect(name="lumenfall", title="Lumenfall", **NO_LIST),
    Dialect(name="cometapi", title="CometAPI", **NO_LIST),
    Dialect(name="ofox", title="ofox", lifetime=DAY, **NO_LIST),
    Dialect(name="evolink", title="Evolink", retrieve_path="/tasks/{id}", content_path=None, **NO_LIST, **GENERATIONS),
    Dialect(name="paged", title="gateways with page-numbered lists", **PAGE_NUMBERS),
    # Providers' own APIs. Paths are relative to what each documents as its base, version included.
    Dialect(
        name="kling",
        title="Kling AI, text to video",
        list_path="/videos/text2video",
        create_path="/videos/text2video",
        retrieve_path="/videos/text2video/{id}",
        max_limit=500,
        lifetime=30 * DAY,
        **OWN_API,
        **(PAGE_NUMBERS | {"after_param": "pageNum", "limit_param": "pageSize"}),
    ),
    Dialect(
        name="dashscope",
        title="DashScope, Model Studio (Wan)",
        also=("wan", "bailian"),
        list_path="/tasks",
        create_path="/services/aigc/video-generation/video-synthesis",
        retrieve_path="/tasks/{id}",
        poll_interval=15.0,
        lifetime=DAY,
        **OWN_API,
        **(PAGE_NUMBERS | {"after_param": "page_no"}),
    ),
    Dialect(
        name="ark",
        title="Volcengine Ark, BytePlus ModelArk (Seedance)",
        also=("volcengine", "byteplus", "seedance"),
        list_path="/contents/generations/tasks",
        create_path="/contents/generations/tasks",
        retrieve_path="/contents/generations/tasks/{id}",
        lifetime=DAY,
        **OWN_API,
        **(PAGE_NUMBERS | {"after_param": "page_num"}),
    ),
    Dialect(
        name="minimax",
        title="MiniMax (Hailuo)",
        also=("hailuo",),
        create_path="/video_generation",
        retrieve_path="/query/video_generation?task_id={id}",
        **BY_ID,
    ),
    Dialect(
        name="runway",
        title="Runway",
        also=("runwayml",),
        create_path="/text_to_video",
        retrieve_path="/tasks/{id}",
        headers=MappingProxyType({"X-Runway-Version": "2024-11-06"}),
        lifetime=DAY,
        **BY_ID,
    ),
    Dialect(
        name="luma",
        title="Luma Dream Machine",
        create_path="/generations",
        retrieve_path="/generations/{id}",
        **BY_ID,
    ),
    Dialect(
        name="vidu",
        title="Vidu",
        create_path="/text2video",
        retrieve_path="/tasks/{id}/creations",
        auth="Authorization: Token {key}",
        lifetime=DAY,
        **BY_ID,
    ),
    Dialect(
        name="replicate",
        title="Replicate",
        create_path="/predictions",
        retrieve_path="/predictions/{id}",
        lifetime=HOUR,
        **BY_ID,
    ),
    Dialect(
        name="wavespeed",
        title="WaveSpeedAI",
        create_path=None,
        retrieve_path="/predictions/{id}/result",
        lifetime=7 * DAY,
        **BY_ID,
    ),
    Dialect(
        name="kie",
        title="kie.ai",
        also=("kieai",),
        create_path="/jobs/createTask",
        retrieve_path="/jobs/recordInfo?taskId={id}",
        lifetime=14 * DAY,
        **BY_ID,
    ),
    Dialect(
        name="novita",
        title="Novita AI",
        create_path=None,
        retrieve_path="/async/task-result?task_id={id}",
        lifetime=HOUR,
        **BY_ID,
    ),
    Dialect(
        name="zhipu",
        title="Zhipu BigModel, Z.ai (CogVideoX)",
        also=("bigmodel", "zai"),
        create_path="/videos/generations",
        retrieve_path="/async-result/{id}",
        **BY_ID,
    ),
)

DIALECTS: Mapping[str, Dialect] = MappingProxyType({row.name: row for row in _ROWS})
LIFETIMES: Mapping[str, int] = MappingProxyType({row.name: row.lifetime for row in _ROWS if row.lifetime is not None})
"""How long addresses work, in seconds, by the name of the dialect that documents it."""


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.casefold())


_BY_PLAIN_NAME = {_plain(name): row for row in _ROWS for name in (row.name, *row.also)}


def find_dialect(name: str) -> Dialect:
    """The dialect of that name, in any case and with any dashes; ConfigError names the nearest and lists them all."""
    if row := _BY_PLAIN_NAME.get(_plain(name)):
        return row
    near = difflib.get_close_matches(_plain(name), _BY_PLAIN_NAME, n=1)
    hint = f", did you mean {_BY_PLAIN_NAME[near[0]].name!r}?" if near else ""
    raise ConfigError(f"unknown dialect {name!r}{hint}; known: {', '.join(DIALECTS)}")


def _path(value: object, *, wants_id: bool) -> str | None:
    if value is None or value is False or value == "":
        return None
    if not isinstance(value, str) or not re.fullmatch(r"/[^\s#{}\\]*(\{id\}[^\s#{}\\]*)?", value):
        raise ValueError("must be a path such as /videos/{id}")
    if any(segment in {".", ".."} for segment in value.partition("?")[0].split("/")):
        raise ValueError("must not contain . or .. segments")
    if ("{id}" in value) != wants_id:
        raise ValueError("must contain {id} once" if wants_id else "must not contain {id}")
    return value


def _plain_path(value: object) -> str | None:
    return _path(value, wants_id=False)


def _id_path(value: object) -> str | None:
    return _path(value, wants_id=True)


def _required_id_path(value: object) -> str:
    if path := _id_path(value):
        return path
    raise ValueError("must be a path such as /videos/{id}")


def _paging(value: object) -> Paging:
    for paging in PAGINGS:
        if value == paging:
            return paging
    raise ValueError(f"must be one of {', '.join(PAGINGS)}")


def _parameter(value: object) -> str:
    if isinstance(value, str) and re.fullmatch(r"[\w.\[\]-]*", value):
        return value
    raise ValueError("must be the name of a query parameter, or empty")


def _limit(value: object) -> int:
    if isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= 10_000:
        return value
    raise ValueError("must be a whole number from 1 to 10000")


def _seconds(value: object) -> float:
    if isinstance(value, int | float) and not isinstance(value, bool) and 0 < value < 86_400:
        return float(value)
    raise ValueError("must be a number of seconds above 0")


def _query(value: object) -> Mapping[str, str]:
    if not isinstance(value, Mapping):
        raise ValueError("must be a table of query parameters")  # noqa: TRY004
    return MappingProxyType({str(name): str(text) for name, text in value.items()})


def _words(value: object) -> tuple[str, ...]:
    if isinstance(value, list | tuple) and all(isinstance(word, str) for word in value):
        return tuple(value)
    raise ValueError("must be a list of words")


def _auth(value: object) -> str:
    if value in ("", "none", None, False):
        return ""
    if isinstance(value, str) and re.fullmatch(r"[A-Za-z0-9-]+: [\x20-\x7e]*\{key\}[\x20-\x7e]*", value):
        return value
    raise ValueError("must be a header such as 'X-Api-Key: {key}', or none")


_READERS = {
    "list_path": _plain_path,
    "create_path": _plain_path,
    "retrieve_path": _required_id_path,
    "content_path": _id_path,
    "remix_path": _id_path,
    "edit_path": _plain_path,
    "extend_path": _plain_path,
    "characters_path": _plain_path,
    "character_path": _id_path,
    "paging": _paging,
    "after_param": _parameter,
    "limit_param": _parameter,
    "order_param": _parameter,
    "max_limit": _limit,
    "list_query": _query,
    "list_needs": _words,
    "variants": _words,
    "auth": _auth,
    "poll_interval": _seconds,
}
SETTINGS: tuple[str, ...] = tuple(entry.name for entry in fields(Dialect) if entry.name in _READERS)


def customise(dialect: Dialect, settings: Mapping[str, object]) -> Dialect:
    """`dialect` with some of its fields replaced by settings of a configuration file.

    An empty text or `false` says that the server lacks that call. ConfigError names a setting that is unknown or
    impossible.
    """
    changes: dict[str, Any] = {}
    for name, value in settings.items():
        if name not in _READERS:
            near = difflib.get_close_matches(name, _READERS, n=1)
            hint = f", did you mean {near[0]!r}?" if near else f"; known: {', '.join(SETTINGS)}"
            raise ConfigError(f"unknown dialect setting {name!r}{hint}")
        try:
            changes[name] = _READERS[name](value)
        except ValueError as error:
            raise ConfigError(f"dialect setting {name} = {value!r}: {error}") from error
    return replace(dialect, **changes)
