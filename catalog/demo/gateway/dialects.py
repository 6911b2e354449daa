"""The families of servers that the gateway can be, a row each: paths, paging, ids, words and shapes.

The rows are written from the servers' side and share nothing with the client's table: a mistake in one shows as a
difference from the other. `dialect("openai", lists_status=False)` is a row with some habits changed.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal

from catalog.demo.gateway import problems, shapes
from catalog.demo.gateway.ids import IDS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from catalog.demo.gateway.shapes import Call

Paging = Literal["cursor", "numbered", "whole", "deaf"]
Variants = Literal["named", "index", "ignored"]
UnknownCursor = Literal["refuse", "not_found", "restart", "empty"]

JSON, MULTIPART, FORM = "application/json", "multipart/form-data", "application/x-www-form-urlencoded"


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """One family of servers; the defaults are the OpenAI format. A path that is None is a call the family lacks.

    `paging`: `cursor` follows `after`; `numbered` counts pages; `whole` answers with everything; `deaf` ignores every
    parameter and repeats page 1 with `has_more`. `unknown_cursor` is how an `after` that names no job is answered.
    `shows` cuts list items down to some keys. `failed_status` is the HTTP status under which a failed job is retrieved.
    `reports_cost` adds what a finished job cost, where the job knows. `expired_status` answers an address whose time is
    over. `variants` says what that parameter of the content path is: `named` one of three, `index` the number of an
    output, `ignored` nothing.
    """

    name: str
    create_path: str | None = "/videos"
    list_path: str | None = "/videos"
    retrieve_path: str | None = "/videos/{id}"
    delete_path: str | None = "/videos/{id}"
    content_path: str | None = "/videos/{id}/content"
    remix_path: str | None = "/videos/{id}/remix"
    edit_path: str | None = "/videos/edits"
    extend_path: str | None = "/videos/extensions"
    characters_path: str | None = "/videos/characters"
    character_path: str | None = "/videos/characters/{id}"
    accepts: tuple[str, ...] = (JSON, MULTIPART)
    is_strict: bool = False
    auth_header: str = "Authorization"
    auth_prefix: str = "Bearer "
    ids: str = "plain"
    words: Mapping[str, str] = field(default_factory=dict)
    shape: shapes.Shape = shapes.openai
    error: problems.ErrorShape = problems.openai_error
    paging: Paging = "cursor"
    unknown_cursor: UnknownCursor = "refuse"
    list_needs: tuple[str, ...] = ()
    tells_more: bool = True
    lists_status: bool = True
    echoes_prompt: bool = True
    remembers_creation: bool = True
    reports_cost: bool = False
    failed_status: int = 200
    created_status: int = 200
    unknown_status: int = 404
    not_ready_status: int = 404
    expired_status: int = 403
    variants: Variants = "named"
    polls_after_ms: int | None = 500

    def write_id(self, raw: str, call: Call) -> str:
        """The id of a job as this family shows it in answer to this call."""
        return IDS[self.ids].write(raw, call)

    def cite_id(self, raw: str) -> str:
        """The id of the source of a remix as this family shows it."""
        return IDS[self.ids].cite(raw)

    def read_id(self, text: str) -> str:
        """The raw id behind one that was shown."""
        return IDS[self.ids].read(text)

    def show(self, view: shapes.View) -> dict[str, Any]:
        """The job as this family shows it in answer to this call."""
        shown = self.shape(view)
        if not self.echoes_prompt:
            shown.pop("prompt", None)
        if not self.remembers_creation:
            shown["created_at"] = view.now
        if self.reports_cost and view.state.status == "completed" and view.job.cost_usd is not None:
            shown["usage"] = {"cost": view.job.cost_usd}
        if view.call == "listed" and not self.lists_status:
            return {key: value for key, value in shown.items() if key in BARE_KEYS}
        return shown


BARE_KEYS = ("id", "object", "model", "created_at", "expires_at")

_NO_LIST: dict[str, Any] = {"list_path": None, "delete_path": None}
_PLAIN: dict[str, Any] = {"characters_path": None, "character_path": None, "variants": "ignored"}
_CREATE_ONLY: dict[str, Any] = {
    "remix_path": None,
    "edit_path": None,
    "extend_path": None,
    "polls_after_ms": None,
    **_NO_LIST,
    **_PLAIN,
}
_PROCESSING = {"in_progress": "processing"}
_CAPITALS = {"queued": "QUEUED", "in_progress": "IN_PROGRESS", "completed": "SUCCESS", "failed": "FAILURE"}

_ROWS = (
    Dialect(name="openai", is_strict=True),
    Dialect(
        name="unified",
        ids="task",
        shape=shapes.unified,
        error=problems.unified_error,
        not_ready_status=400,
        **_CREATE_ONLY,
    ),
    Dialect(
        name="fourall",
        accepts=(MULTIPART,),
        words=_PROCESSING,
        shape=shapes.fourall,
        error=problems.fourall_error,
        **{**_CREATE_ONLY, "remix_path": "/videos/{id}/remix"},
    ),
    Dialect(
        name="apimart",
        create_path="/videos/generations",
        retrieve_path="/tasks/{id}",
        content_path=None,
        accepts=(JSON,),
        ids="task",
        words={"queued": "pending", **_PROCESSING},
        shape=shapes.apimart,
        error=problems.apimart_error,
        **_CREATE_ONLY,
    ),
    Dialect(
        name="newapi",
        ids="task",
        shape=shapes.newapi,
        error=problems.newapi_error,
        unknown_status=400,
        not_ready_status=400,
        **{**_CREATE_ONLY, "remix_path": "/videos/{id}/remix"},
    ),
    Dialect(
        name="newapi-legacy",
        create_path="/video/generations",
        retrieve_path="/video/generations/{id}",
        ids="task",
        words=_CAPITALS,
        shape=shapes.newapi_task,
        error=problems.newapi_error,
        unknown_status=400,
        not_ready_status=400,
        **_CREATE_ONLY,
    ),
    Dialect(
        name="litellm",
        delete_path=None,
        ids="encoded",
        shape=shapes.litellm,
        error=problems.litellm_error,
        paging="deaf",
        list_needs=("custom_llm_provider",),
        polls_after_ms=None,
        variants="ignored",
    ),
    Dialect(
        name="vllm-omni",
        accepts=(MULTIPART, FORM),
        shape=shapes.vllm_omni,
        error=problems.numbered_error,
        unknown_cursor="empty",
        failed_status=500,
        polls_after_ms=None,
        **_PLAIN,
    ),
    Dialect(name="aibrix", lists_status=False, polls_after_ms=None, **_PLAIN),
    Dialect(
        name="sglang",
        shape=shapes.sglang,
        error=problems.detail_error,
        unknown_cursor="empty",
        polls_after_ms=None,
        **{**_PLAIN, "variants": "index"},
    ),
    Dialect(
        name="aquiles",
        words=_PROCESSING,
        error=problems.detail_error,
        unknown_cursor="restart",
        not_ready_status=500,
        polls_after_ms=None,
        **_PLAIN,
    ),
    Dialect(
        name="fastvideo",
        shape=shapes.sglang,
        error=problems.detail_error,
        tells_more=False,
        unknown_cursor="empty",
        polls_after_ms=None,
        **_PLAIN,
    ),
    Dialect(
        name="tensorrt-llm",
        words={"in_progress": "generating"},
        shape=shapes.tensorrt,
        error=problems.detail_error,
        paging="whole",
        tells_more=False,
        not_ready_status=400,
        polls_after_ms=None,
        **_PLAIN,
    ),
    Dialect(
        name="telefuser",
        words={"in_progress": "generating"},
        error=problems.detail_error,
        echoes_prompt=False,
        remembers_creation=False,
        polls_after_ms=None,
        **_PLAIN,
    ),
    Dialect(
        name="bifrost",
        ids="suffixed",
        shape=shapes.bifrost,
        error=problems.bifrost_error,
        list_needs=("provider",),
        tells_more=False,
        polls_after_ms=None,
        **{**_PLAIN, "variants": "named"},
    ),
    Dialect(name="unsloth", **_PLAIN),
    Dialect(name="azure", auth_header="api-key", auth_prefix=""),
    Dialect(
        name="openrouter", words={"queued": "pending"}, shape=shapes.openrouter, created_status=202, **_CREATE_ONLY
    ),
    Dialect(
        name="xai",
        create_path="/videos/generations",
        content_path=None,
        words={"queued": "pending", "in_progress": "pending", "completed": "done"},
        shape=shapes.xai,
        **_CREATE_ONLY,
    ),
    Dialect(name="together", content_path=None, shape=shapes.together, **_CREATE_ONLY),
    Dialect(name="lumenfall", shape=shapes.lumenfall, created_status=202, **_CREATE_ONLY),
    Dialect(name="cometapi", **_CREATE_ONLY),
    Dialect(name="ofox", shape=shapes.ofox, created_status=202, **_CREATE_ONLY),
    Dialect(
        name="evolink",
        create_path="/videos/generations",
        retrieve_path="/tasks/{id}",
        content_path=None,
        ids="task",
        words={"queued": "pending", "in_progress": "processing"},
        shape=shapes.evolink,
        **_CREATE_ONLY,
    ),
    Dialect(name="generic"),
    Dialect(name="paged", words=_CAPITALS, shape=shapes.numbered, paging="numbered", polls_after_ms=None),
)

DIALECTS: Mapping[str, Dialect] = {row.name: row for row in _ROWS}


def dialect(name: str = "openai", **habits: Any) -> Dialect:
    """The row called `name`, with these `habits` instead of its own; KeyError and TypeError for unknown ones."""
    return replace(DIALECTS[name], **habits)
