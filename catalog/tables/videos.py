"""The tables of videos: what servers said of them, what prompts ask for, what users edited."""

from __future__ import annotations

from datetime import datetime  # noqa: TC003 - SQLModel reads the annotations
from typing import Any

from sqlalchemy import (
    JSON,
    Column,
    Computed,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    Text,
    UniqueConstraint,
    text,
)
from sqlmodel import Field, SQLModel

from catalog.records import UNFINISHED_STATUSES
from catalog.tables import columns


class Videos(SQLModel, table=True):
    """One generation job, folded from its observations.

    Five columns are derived: `labels`, `grams` and `error_grams` feed the full-text index; `avoided` is what the prompt
    itself asks to avoid, and `extracted_by` the vocabulary that its facets were extracted with, NULL while due.
    """

    __tablename__ = "videos"
    __table_args__ = (
        UniqueConstraint("source", "remote_id"),
        Index("ix_videos_created_at", "created_at"),
        Index("ix_videos_status", "status"),
        Index("ix_videos_model", "model"),
        Index("ix_videos_deleted_at", "deleted_at", sqlite_where=text("deleted_at IS NOT NULL")),
        Index("ix_videos_expires_at", "expires_at", sqlite_where=text("expires_at IS NOT NULL")),
        Index("ix_videos_first_seen_at", "first_seen_at"),
        Index("ix_videos_last_seen_at", "last_seen_at"),
        Index("ix_videos_completed_at", "completed_at", sqlite_where=text("completed_at IS NOT NULL")),
        Index("ix_videos_gone_at", "gone_at", sqlite_where=text("gone_at IS NOT NULL")),
        Index("ix_videos_cost_usd", "cost_usd", sqlite_where=text("cost_usd IS NOT NULL")),
        *(
            Index(f"ix_videos_{name}", text(f"{name} COLLATE NOCASE"), sqlite_where=text(f"{name} IS NOT NULL"))
            for name in ("seed", "remixed_from_id", "batch_custom_id")
        ),
        Index(
            "ix_videos_latency",
            text("CASE WHEN completed_at >= created_at THEN unixepoch(completed_at) - unixepoch(created_at) END"),
        ),
        Index(
            "ix_videos_unfinished",
            "source",
            sqlite_where=text(f"status IN {UNFINISHED_STATUSES}"),
        ),
        Index(
            "ix_videos_unextracted",
            "id",
            sqlite_where=text("extracted_by IS NULL AND prompt IS NOT NULL"),
        ),
        columns.AUTOINCREMENT,
    )

    id: int | None = columns.key()
    source: str = columns.text(nullable=False)
    remote_id: str = columns.text(nullable=False)
    ref: str | None = Field(
        default=None, sa_column=Column(Text, Computed("source || ':' || remote_id", persisted=False))
    )
    kind: str = columns.text(nullable=False)
    status: str = columns.text(nullable=False)
    provider_status: str | None = columns.text()
    progress: float | None = Field(default=None, sa_column=Column(Float))
    model: str | None = columns.text()
    prompt: str | None = columns.text()
    negative_prompt: str | None = columns.text()
    seconds: float | None = Field(default=None, sa_column=Column(Float))
    width: int | None = Field(default=None, sa_column=Column(Integer))
    height: int | None = Field(default=None, sa_column=Column(Integer))
    size_text: str | None = columns.text()
    quality: str | None = columns.text()
    tier: str | None = columns.text()
    created_at: datetime | None = columns.time()
    completed_at: datetime | None = columns.time()
    expires_at: datetime | None = columns.time()
    error_code: str | None = columns.text()
    error_message: str | None = columns.text()
    remixed_from_id: str | None = columns.text()
    output_urls: list[str] | None = Field(default=None, sa_column=Column(JSON))
    cost_usd: float | None = Field(default=None, sa_column=Column(Float))
    cost_basis: str | None = columns.text()
    seed: str | None = columns.text()
    parameters: dict[str, Any] | None = Field(default=None, sa_column=Column(JSON))
    batch_custom_id: str | None = columns.text()
    metadata_: dict[str, Any] | None = Field(default=None, sa_column=Column("metadata", JSON))
    extra: dict[str, Any] | None = Field(default=None, sa_column=Column(JSON))
    flaws: list[str] | None = Field(default=None, sa_column=Column(JSON))
    first_seen_at: datetime | None = columns.time()
    last_seen_at: datetime | None = columns.time()
    gone_at: datetime | None = columns.time()
    deleted_at: datetime | None = columns.time()
    labels: str | None = columns.text()
    grams: str | None = columns.text()
    error_grams: str | None = columns.text()
    avoided: str | None = columns.text()
    extracted_by: str | None = columns.text()


class Observations(SQLModel, table=True):
    """One distinct answer of the outside world about a video, redacted and never changed.

    `as_of` is the time that the answer itself claims; NULL means the last receipt. Only `last_received_at` and
    `times_seen` change, when the same answer is received again.
    """

    __tablename__ = "observations"
    __table_args__ = (
        UniqueConstraint("video_id", "channel", "http_status", "payload_hash"),
        columns.AUTOINCREMENT,
    )

    id: int | None = columns.key()
    video_id: int = columns.video()
    channel: str = columns.text(nullable=False)
    http_status: int = columns.count(nullable=False)
    payload: dict[str, Any] = Field(sa_column=Column(JSON, nullable=False))
    payload_hash: str = columns.text(nullable=False)
    as_of: datetime | None = columns.time()
    received_at: datetime = columns.time(nullable=False)
    last_received_at: datetime = columns.time(nullable=False)
    times_seen: int = columns.count(nullable=False)


class Changes(SQLModel, table=True):
    """The flight recorder: how a field of a video changed, as observed on arrival."""

    __tablename__ = "changes"
    __table_args__ = (Index("ix_changes_video_id", "video_id"), columns.AUTOINCREMENT)

    id: int | None = columns.key()
    video_id: int = columns.video()
    field: str = columns.text(nullable=False)
    old: str | None = columns.text()
    new: str | None = columns.text()
    observed_at: datetime = columns.time(nullable=False)


class Tags(SQLModel, table=True):
    """A flat key and value on a video, from the user or from the provider's metadata map."""

    __tablename__ = "tags"
    __table_args__ = (
        UniqueConstraint("video_id", "key", "origin"),
        Index("ix_tags_key_value", "key", "value"),
        columns.AUTOINCREMENT,
    )

    id: int | None = columns.key()
    video_id: int = columns.video()
    key: str = columns.text(nullable=False)
    value: str = columns.text(nullable=False)
    origin: str = columns.text(nullable=False)


class Links(SQLModel, table=True):
    """An edge from a video to its parent, which is named, because it may never have been seen.

    Derived are the row of the parent, where the library has it, how many generations are above the child, whether a
    circle of links is, and `is_inherited`, which is NULL while what the child inherits of facets is due.
    """

    __tablename__ = "links"
    __table_args__ = (
        UniqueConstraint("child_id", "relation", "origin", "parent_source", "parent_remote_id"),
        Index(
            "ix_links_named",
            text("parent_remote_id COLLATE NOCASE"),
            sqlite_where=text("relation IN ('character', 'reference')"),
        ),
        Index("ix_links_parent_id", "parent_id", "child_id", sqlite_where=text("parent_id IS NOT NULL")),
        Index("ix_links_lost", "parent_source", "parent_remote_id", sqlite_where=text("parent_id IS NULL")),
        Index("ix_links_depth", "depth", "child_id"),
        Index("ix_links_uninherited", "depth", "child_id", sqlite_where=text("is_inherited IS NULL")),
        columns.AUTOINCREMENT,
    )

    id: int | None = columns.key()
    child_id: int = columns.video()
    relation: str = columns.text(nullable=False)
    origin: str = columns.text(nullable=False)
    parent_source: str = columns.text(nullable=False)
    parent_remote_id: str = columns.text(nullable=False)
    parent_id: int | None = Field(
        default=None, sa_column=Column(Integer, ForeignKey("videos.id", ondelete="SET NULL"), nullable=True)
    )
    depth: int | None = columns.count()
    is_circular: int | None = columns.count()
    is_inherited: int | None = columns.count()


class VideoAliases(SQLModel, table=True):
    """Another id of a video, as its server writes it: encoded by a gateway, or from an older interface."""

    __tablename__ = "video_aliases"
    __table_args__ = (
        UniqueConstraint("source", "alias"),
        Index("ix_video_aliases_video_id", "video_id"),
        columns.AUTOINCREMENT,
    )

    id: int | None = columns.key()
    video_id: int = columns.video()
    source: str = columns.text(nullable=False)
    alias: str = columns.text(nullable=False)


class FacetValues(SQLModel, table=True):
    """A value of a facet, stored once; `name` is how a search writes it, `camera_movement:push_in`."""

    __tablename__ = "facet_values"
    __table_args__ = (UniqueConstraint("facet", "value"), columns.AUTOINCREMENT)

    id: int | None = columns.key()
    facet: str = columns.text(nullable=False)
    value: str = columns.text(nullable=False)
    name: str | None = Field(default=None, sa_column=Column(Text, Computed("facet || ':' || value", persisted=False)))


class VideoFacets(SQLModel, table=True):
    """A value that a video's prompt asks for, with the words that do (`start` to `end`) and their shot. Derived."""

    __tablename__ = "video_facets"
    __table_args__ = (
        Index("ix_video_facets_video_id", "video_id"),
        Index("ix_video_facets_value_id", "value_id", "video_id"),
        columns.AUTOINCREMENT,
    )

    id: int | None = columns.key()
    video_id: int = columns.video()
    value_id: int = Field(sa_column=Column(Integer, ForeignKey("facet_values.id", ondelete="CASCADE"), nullable=False))
    origin: str = columns.text(nullable=False)
    start: int | None = Field(default=None, sa_column=Column(Integer))
    end: int | None = Field(default=None, sa_column=Column(Integer))
    shot: int | None = Field(default=None, sa_column=Column(Integer))


class Bitmaps(SQLModel, table=True):
    """The videos that have a value of a countable field, 65,536 row ids at a time, as a roaring bitmap. Derived.

    `revision` grows with every change, so that whoever has read them before reads only what changed since.
    """

    __tablename__ = "bitmaps"
    __table_args__ = (
        UniqueConstraint("field", "value", "chunk"),
        Index("ix_bitmaps_revision", "revision"),
        columns.AUTOINCREMENT,
    )

    id: int | None = columns.key()
    field: str = columns.text(nullable=False)
    value: str = columns.text(nullable=False)
    chunk: int = columns.count(nullable=False)
    ids: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    revision: int = columns.count(nullable=False)


class GivenFacets(SQLModel, table=True):
    """A facet given by the user: it outranks what the prompt seems to say, and survives every rebuild."""

    __tablename__ = "given_facets"
    __table_args__ = (UniqueConstraint("video_id", "facet", "value"), columns.AUTOINCREMENT)

    id: int | None = columns.key()
    video_id: int = columns.video()
    facet: str = columns.text(nullable=False)
    value: str = columns.text(nullable=False)


class Edits(SQLModel, table=True):
    """The journal: one act of the user's that changed something.

    `undone_at` is set while it is undone; `superseded_by` is the later edit after which it can no longer be redone.
    `author` is the user of the system who made it, `via` the program: `shell gallery python`.
    """

    __tablename__ = "edits"
    __table_args__ = (
        Index("ix_edits_undone", "id", sqlite_where=text("undone_at IS NOT NULL")),
        columns.AUTOINCREMENT,
    )

    id: int | None = columns.key()
    made_at: datetime = columns.time(nullable=False)
    act: str = columns.text(nullable=False)
    detail: str | None = columns.text()
    undone_at: datetime | None = columns.time()
    superseded_by: int | None = Field(default=None, sa_column=Column(Integer, ForeignKey("edits.id")))
    author: str | None = columns.text()
    via: str | None = columns.text()


class EditsRows(SQLModel, table=True):
    """One thing that an edit changed: a tag, the facets given under one name, or a tombstone.

    Its rows `before` and `after`, `[]` where there were none; `key` tells things of one video in one table apart: a
    tag's key, a facet's name.
    """

    __tablename__ = "edits_rows"
    __table_args__ = (Index("ix_edits_rows_edit_id", "edit_id"), columns.AUTOINCREMENT)

    id: int | None = columns.key()
    edit_id: int = Field(sa_column=Column(Integer, ForeignKey("edits.id", ondelete="CASCADE"), nullable=False))
    table_name: str = columns.text(nullable=False)
    video_id: int | None = Field(default=None, sa_column=Column(Integer, ForeignKey("videos.id", ondelete="CASCADE")))
    key: str = columns.text(nullable=False)
    before: list[dict[str, Any]] = Field(sa_column=Column(JSON, nullable=False))
    after: list[dict[str, Any]] = Field(sa_column=Column(JSON, nullable=False))
