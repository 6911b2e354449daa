"""What the documentation of each family of servers allows in a request: one table, a line per family.

Documented values are for advice, never for refusing: servers add models, sizes and lengths weekly. A family that
documents none is absent here and judged by `GENERIC`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal

from catalog.errors import ConfigError
from catalog.wire.dialects import find_dialect

if TYPE_CHECKING:
    from collections.abc import Mapping

MAX_PROMPT = 32_000
MAX_CHARACTERS = 2
MAX_CHARACTER_NAME = 80
MAX_METADATA_PAIRS = 16
MAX_METADATA_KEY = 64
MAX_METADATA_VALUE = 512
CLIP_SECONDS = (2.0, 4.0)
CLIP_SHORT_SIDE = (720, 1080)
PRO_SHORT_SIDE = 1080
PRO_FAMILIES = ("sora-2",)
"""Models with a plain and a `pro` variant, of which only the pro one makes videos of `PRO_SHORT_SIDE`."""


@dataclass(frozen=True, slots=True)
class Limits:
    """The documented values of one family of servers.

    `seconds` lists lengths, `seconds_range` the shortest and the longest; both are empty where none is documented.
    `seconds_key` names a length in a request, and `seconds_form` is how a JSON body writes it. `body` is what a request
    has to be: JSON, a multipart form, or either. `model` is what a request without a model gets. `options` are
    keys of `metadata` that steer the server, and so need not be text. `rules_of_openai` says that the family refuses
    what only OpenAI's reference forbids: a long prompt, metadata that is not a small map of texts, a long clip.
    """

    seconds: tuple[float, ...] = ()
    seconds_range: tuple[float, float] | None = None
    seconds_form: Literal["text", "number", "either"] = "either"
    seconds_key: Literal["seconds", "duration"] = "seconds"
    body: Literal["json", "form", "either"] = "either"
    sizes: tuple[str, ...] = ()
    model: str | None = None
    options: frozenset[str] = frozenset()
    rules_of_openai: bool = False


GENERIC = Limits()
_OPENAI = Limits(
    seconds=(4, 8, 12, 16, 20),
    seconds_form="text",
    sizes=("720x1280", "1280x720", "1024x1792", "1792x1024", "1080x1920", "1920x1080"),
    model="sora-2",
    rules_of_openai=True,
)

_NUMBERS = Limits(seconds_form="number", seconds_key="duration", body="json")
OWN_LAYOUTS = frozenset(
    {
        *("kling", "dashscope", "ark", "minimax", "runway", "luma", "vidu", "replicate", "wavespeed", "kie", "novita"),
        "zhipu",
    }
)  # dialects whose requests are not laid out like those of the reference format

LIMITS: Mapping[str, Limits] = MappingProxyType(
    {
        "openai": _OPENAI,
        "azure": replace(_OPENAI, model=None),
        "unified": Limits(seconds_range=(1, 60), options=frozenset({"first_last_frame", "source_video_url"})),
        "fourall": Limits(body="form"),
        "apimart": _NUMBERS,
        "vllm-omni": Limits(body="form"),
        "aibrix": Limits(body="form"),
        "xai": _NUMBERS,
        "evolink": _NUMBERS,
        "generic": GENERIC,
    }
)


def limits_of(dialect: str) -> Limits:
    """The documented values of a dialect, in any case; `GENERIC` for an unknown one."""
    try:
        return LIMITS.get(find_dialect(dialect).name, GENERIC)
    except ConfigError:
        return GENERIC
