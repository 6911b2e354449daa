"""The draft of a request: what to send, where, and what is not known of it. Pure; nothing is sent here.

A draft never holds a key, only the name of the variable that has it. `retakes` makes drafts, `scripts` writes them as
commands and code.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

from catalog.records import Record

if TYPE_CHECKING:
    from collections.abc import Mapping

    from catalog.wire.parts import Verb
    from catalog.wire.rules import Finding

OPENAI_URL = "https://api.openai.com/v1"
URL_ENV, KEY_ENV = "OPENAI_BASE_URL", "OPENAI_API_KEY"  # of a source that is not configured


@dataclass(frozen=True, slots=True)
class Upload(Record):
    """A file that a request uploads: the `field` it stands in, its `path`, and the `name` under which it was sent.

    Where the library does not hold the bytes (`is_held` is False), `path` is only that name.
    """

    field: str
    path: str
    name: str
    type: str | None = None
    is_held: bool = True


@dataclass(frozen=True, slots=True)
class RequestDraft(Record):
    """The request that would make a take of a video, as far as it is known.

    `path` follows `base_url`. `key_env` names the variable with the key, None where the source needs none; `auth` is
    the header that carries it, `headers` go with it. Where the source is not configured, both are those of OpenAI's
    SDK, and `base_url` is what holds where its variable is not set. In `body`, a file that is to be uploaded is its
    path; `is_form` says that the body is a multipart form and not JSON. `is_kept` says that a request of the video is
    kept, and this is it; else it was written from what answers say. `findings` are what a server is likely to object
    to, and what is not known; `notes` are for whoever sends it.
    """

    COMPUTED: ClassVar[tuple[str, ...]] = ("method",)

    ref: str
    dialect: str
    verb: Verb
    path: str
    base_url: str
    key_env: str | None
    is_configured: bool
    body: Mapping[str, Any]
    auth: str = field(default="", repr=False)
    headers: Mapping[str, str] = field(default_factory=dict)
    parent: str | None = None
    uploads: tuple[Upload, ...] = ()
    is_form: bool = False
    is_kept: bool = False
    findings: tuple[Finding, ...] = ()
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        self._freeze("body", "headers")

    @property
    def method(self) -> str:
        """POST, as whatever makes a video."""
        return "POST"

    @property
    def errors(self) -> tuple[Finding, ...]:
        """The findings with which it cannot be sent as it is."""
        return tuple(finding for finding in self.findings if finding.severity == "error")
