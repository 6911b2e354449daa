"""The tables of Content Credentials: trust lists, checks of files, and what the manifests in them say."""

from __future__ import annotations

from datetime import datetime  # noqa: TC003 - SQLModel reads the annotations
from typing import Any

from sqlalchemy import JSON, Column, ForeignKey, Index, Integer, LargeBinary, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from catalog.tables import columns


class TrustLists(SQLModel, table=True):
    """A trust list of the user's: the file as it was added, and what it holds.

    `uri` is what checks call it by, `source` the file or the address that it came from. `issued` and `next_update` are
    dates, where the list has them; `is_frozen` says that it takes in nobody new.
    """

    __tablename__ = "trust_lists"
    __table_args__ = (UniqueConstraint("uri"), columns.AUTOINCREMENT)

    id: int | None = columns.key()
    uri: str = columns.text(nullable=False)
    name: str = columns.text(nullable=False)
    source: str | None = columns.text()
    sha256: str = columns.text(nullable=False)
    content: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    are_time_stampers: int | None = columns.count()
    signers: int = columns.count(nullable=False)
    time_stampers: int = columns.count(nullable=False)
    issued: str | None = columns.text()
    next_update: str | None = columns.text()
    is_frozen: int = columns.count(nullable=False)
    added_at: datetime = columns.time(nullable=False)


class C2paStores(SQLModel, table=True):
    """A manifest store, once per content: `data` are its bytes where they could be cut out of a file, else NULL.

    `sha256` is the hash of these bytes, else of `crjson`, which is what the reader makes of them; it is NULL where
    it is too long to keep.
    """

    __tablename__ = "c2pa_stores"
    __table_args__ = (UniqueConstraint("sha256"), columns.AUTOINCREMENT)

    id: int | None = columns.key()
    sha256: str = columns.text(nullable=False)
    size: int | None = Field(default=None, sa_column=Column(Integer))
    data: bytes | None = Field(default=None, sa_column=Column(LargeBinary))
    crjson: str | None = columns.text()


class C2paManifests(SQLModel, table=True):
    """One manifest of a store: who signed it, when, with what; the active one, which speaks for the file, is number 1.

    `hash` is how the ingredients of other manifests name it, in base64. `time_source` is the clock behind `signed_at`.
    """

    __tablename__ = "c2pa_manifests"
    __table_args__ = (
        UniqueConstraint("store_id", "number"),
        Index("ix_c2pa_manifests_label", "label", sqlite_where=text("is_active = 1")),
        Index("ix_c2pa_manifests_hash", "hash", sqlite_where=text("hash IS NOT NULL")),
        Index("ix_c2pa_manifests_instance_id", "instance_id", sqlite_where=text("is_active = 1")),
        columns.AUTOINCREMENT,
    )

    id: int | None = columns.key()
    store_id: int = Field(sa_column=Column(Integer, ForeignKey("c2pa_stores.id", ondelete="CASCADE"), nullable=False))
    number: int = columns.count(nullable=False)
    label: str = columns.text(nullable=False)
    is_active: int = columns.count(nullable=False)
    claim_version: int | None = Field(default=None, sa_column=Column(Integer))
    title: str | None = columns.text()
    format: str | None = columns.text()
    instance_id: str | None = columns.text()
    generator: str | None = columns.text()
    generator_version: str | None = columns.text()
    signer: str | None = columns.text()
    organisation: str | None = columns.text()
    common_name: str | None = columns.text()
    issuer: str | None = columns.text()
    serial: str | None = columns.text()
    algorithm: str | None = columns.text()
    valid_from: datetime | None = columns.time()
    valid_until: datetime | None = columns.time()
    signed_at: datetime | None = columns.time()
    time_source: str | None = columns.text()
    time_authority: str | None = columns.text()
    disclosures: list[dict[str, Any]] = Field(sa_column=Column(JSON, nullable=False))
    soft_bindings: list[str] = Field(sa_column=Column(JSON, nullable=False))
    hash: str | None = columns.text()


class C2paActions(SQLModel, table=True):
    """One thing that was done, as the signer says; `source_type` is the last word of its IPTC address."""

    __tablename__ = "c2pa_actions"
    __table_args__ = (
        UniqueConstraint("manifest_id", "number"),
        Index("ix_c2pa_actions_source_type", "source_type", sqlite_where=text("source_type IS NOT NULL")),
        columns.AUTOINCREMENT,
    )

    id: int | None = columns.key()
    manifest_id: int = Field(
        sa_column=Column(Integer, ForeignKey("c2pa_manifests.id", ondelete="CASCADE"), nullable=False)
    )
    number: int = columns.count(nullable=False)
    action: str = columns.text(nullable=False)
    source_type: str | None = columns.text()
    software_agent: str | None = columns.text()
    model: str | None = columns.text()
    description: str | None = columns.text()
    at: str | None = columns.text()


class C2paIngredients(SQLModel, table=True):
    """What a manifest says that its file was made of: `parentOf`, `componentOf` or `inputTo`.

    `manifest` is the label of the ingredient's own manifest, `manifest_hash` the hash that the signer gave of it, and
    `recorded` the failures that were found in it when it was taken in.
    """

    __tablename__ = "c2pa_ingredients"
    __table_args__ = (
        UniqueConstraint("manifest_id", "number"),
        Index("ix_c2pa_ingredients_manifest", "manifest", "manifest_id", sqlite_where=text("manifest IS NOT NULL")),
        Index(
            "ix_c2pa_ingredients_instance_id",
            "instance_id",
            "manifest_id",
            sqlite_where=text("instance_id IS NOT NULL"),
        ),
        Index(
            "ix_c2pa_ingredients_document_id",
            "document_id",
            "manifest_id",
            sqlite_where=text("document_id IS NOT NULL"),
        ),
        columns.AUTOINCREMENT,
    )

    id: int | None = columns.key()
    manifest_id: int = Field(
        sa_column=Column(Integer, ForeignKey("c2pa_manifests.id", ondelete="CASCADE"), nullable=False)
    )
    number: int = columns.count(nullable=False)
    relationship: str | None = columns.text()
    title: str | None = columns.text()
    format: str | None = columns.text()
    instance_id: str | None = columns.text()
    document_id: str | None = columns.text()
    manifest: str | None = columns.text()
    manifest_hash: str | None = columns.text()
    thumbnail: str | None = columns.text()
    recorded: list[str] = Field(sa_column=Column(JSON, nullable=False))


class C2paChecks(SQLModel, table=True):
    """One check of the Content Credentials of a file, never changed: the newest of a file is the one it points at.

    `sha256` is of the bytes that were checked. `codes` are those of the C2PA specification, `lists` the trust lists
    with their hashes, `reader` the program with its version, `signer_list` the list that knows the signer.
    """

    __tablename__ = "c2pa_checks"
    __table_args__ = (
        Index("ix_c2pa_checks_file_id", "file_id"),
        Index("ix_c2pa_checks_store_id", "store_id", sqlite_where=text("store_id IS NOT NULL")),
        columns.AUTOINCREMENT,
    )

    id: int | None = columns.key()
    file_id: int = Field(sa_column=Column(Integer, ForeignKey("files.id", ondelete="CASCADE"), nullable=False))
    checked_at: datetime = columns.time(nullable=False)
    status: str = columns.text(nullable=False)
    reason: str | None = columns.text()
    sha256: str | None = columns.text()
    size: int | None = Field(default=None, sa_column=Column(Integer))
    type: str | None = columns.text()
    is_detached: int = columns.count(nullable=False)
    has_media: int = columns.count(nullable=False)
    codes: dict[str, Any] = Field(sa_column=Column(JSON, nullable=False))
    signer_list: str | None = columns.text()
    remote_url: str | None = columns.text()
    lists: list[dict[str, Any]] = Field(sa_column=Column(JSON, nullable=False))
    reader: str | None = columns.text()
    store_id: int | None = Field(default=None, sa_column=Column(Integer, ForeignKey("c2pa_stores.id")))


class InheritedFacets(SQLModel, table=True):
    """A value that a remix has from its parent, because its instruction leaves it alone. Derived."""

    __tablename__ = "inherited_facets"
    __table_args__ = (
        UniqueConstraint("video_id", "value_id"),
        Index("ix_inherited_facets_value_id", "value_id", "video_id"),
        columns.AUTOINCREMENT,
    )

    id: int | None = columns.key()
    video_id: int = columns.video()
    value_id: int = Field(sa_column=Column(Integer, ForeignKey("facet_values.id", ondelete="CASCADE"), nullable=False))
