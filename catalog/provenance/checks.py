"""What a check of a file's Content Credentials says, as records that cannot change.

Texts stand here as the file has them, hostile ones included: whoever shows them escapes them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar, Literal

from ..records import Record
from . import words

if TYPE_CHECKING:
    from datetime import datetime

Status = Literal[
    "unsupported",
    "remote_only",
    "unreadable",
    "absent",
    "changed",
    "broken",
    "history_problem",
    "intact_expired",
    "intact_known_signer",
    "intact_unknown_signer",
]
INTACT = frozenset({"intact_expired", "intact_known_signer", "intact_unknown_signer"})


@dataclass(frozen=True, slots=True)
class Codes(Record):
    """Validation codes of the C2PA specification, in the reader's order, each as often as the reader gives it.

    `failure`, `informational` and `success` are those of the active manifest, `ingredients` the failures that the
    reader finds now in the manifests it was made from, and `recorded` those that were there when they were taken in.
    """

    success: tuple[str, ...] = ()
    informational: tuple[str, ...] = ()
    failure: tuple[str, ...] = ()
    ingredients: tuple[str, ...] = ()
    recorded: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Signature(Record):
    """Who signed a manifest, by the certificate, and when.

    `time_source` is the clock that says so: `time-stamp` (an authority's that the reader accepts: one on a list or, in
    claims of version 1, any), `untrusted time-stamp`, or None.
    """

    organisation: str | None = None
    common_name: str | None = None
    issuer: str | None = None
    serial: str | None = None
    algorithm: str | None = None
    valid_from: datetime | None = None
    valid_until: datetime | None = None
    signed_at: datetime | None = None
    time_source: str | None = None
    time_authority: str | None = None

    @property
    def name(self) -> str | None:
        """The organisation, or where it names none, the common name."""
        return self.organisation or self.common_name


@dataclass(frozen=True, slots=True)
class Action(Record):
    """One thing that was done, as the signer says; `source_type` is the last word of its IPTC address."""

    action: str
    source_type: str | None = None
    software_agent: str | None = None
    model: str | None = None
    description: str | None = None
    at: str | None = None


@dataclass(frozen=True, slots=True)
class Ingredient(Record):
    """What something was made of: `parentOf`, `componentOf` or `inputTo`.

    `manifest` is the label of its manifest in this store and `manifest_hash` the hash that the signer gave of it, in
    base64. `thumbnail` is the address of its picture within the store. `recorded` are the failures found in it when it
    was taken in.
    """

    relationship: str | None = None
    title: str | None = None
    format: str | None = None
    instance_id: str | None = None
    document_id: str | None = None
    manifest: str | None = None
    manifest_hash: str | None = None
    thumbnail: str | None = None
    recorded: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Disclosure(Record):
    """What a `c2pa.ai-disclosure` says of the model that made something."""

    model_type: str | None = None
    model_name: str | None = None
    model_identifier: str | None = None
    human_oversight: str | None = None


@dataclass(frozen=True, slots=True)
class Manifest(Record):
    """One manifest of a store. `soft_bindings` are the algorithms of the watermarks it declares; none is looked for.

    `hash` is the sha256 of the manifest as ingredients give it, in base64, or None where its bytes could not be cut
    out. `is_active` holds for the one that speaks for the file, which comes first.
    """

    label: str
    is_active: bool = False
    claim_version: int | None = None
    title: str | None = None
    format: str | None = None
    instance_id: str | None = None
    generator: str | None = None
    generator_version: str | None = None
    signature: Signature = field(default_factory=Signature)
    actions: tuple[Action, ...] = ()
    ingredients: tuple[Ingredient, ...] = ()
    disclosures: tuple[Disclosure, ...] = ()
    soft_bindings: tuple[str, ...] = ()
    hash: str | None = None


@dataclass(frozen=True, slots=True)
class ListUse(Record):
    """A trust list that a check was made with; `issued` and `next_update` are ISO dates, as the list has them."""

    name: str
    uri: str
    sha256: str
    count: int
    issued: str | None = None
    next_update: str | None = None
    is_frozen: bool = False


@dataclass(frozen=True, slots=True)
class Check(Record):
    """One check of one file.

    `status` is None where nothing could be checked, and `reason` says why; it does so as well for what is unreadable,
    broken, unsupported or elsewhere. `sha256` and `size` are of the bytes that were checked. `signer_list` is the URI
    of the list that knows the signer, `remote_url` where credentials are said to be. `store` holds the bytes of the
    manifest store, `crjson` what the reader makes of them; neither goes into JSON. `is_detached` says that the
    store came from a file of its own, `has_media` that the media was at hand.
    """

    status: Status | None
    reason: str | None = None
    sha256: str | None = None
    size: int | None = None
    type: str | None = None
    is_detached: bool = False
    has_media: bool = True
    codes: Codes = field(default_factory=Codes)
    signer_list: str | None = None
    remote_url: str | None = None
    lists: tuple[ListUse, ...] = ()
    reader: str | None = None
    checked_at: datetime | None = None
    manifests: tuple[Manifest, ...] = ()
    store: bytes | None = field(default=None, repr=False)
    crjson: str | None = field(default=None, repr=False)

    COMPUTED: ClassVar[tuple[str, ...]] = ("words",)
    HIDDEN: ClassVar[frozenset[str]] = frozenset({"store", "crjson"})

    @property
    def active(self) -> Manifest | None:
        """The manifest that speaks for the file."""
        return next((manifest for manifest in self.manifests if manifest.is_active), None)

    @property
    def words(self) -> str:
        """The status for people: one or two sentences without control characters. See `docs/provenance.md`."""
        return words.describe(self)
