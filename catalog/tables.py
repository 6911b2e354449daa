"""The schema of the library, in one place, as SQLModel tables.

The tables declare; migrations build. Tests prove that both agree, that every field of a record is a column here or a
named computed one, and that `store` writes to these columns only. Nothing loads this module at run time: readers and
writers use plain SQL. The full-text index `videos_fts` is not a table of SQLAlchemy's: see `fulltext`.
"""

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
    Text,
    TypeDecorator,
    UniqueConstraint,
    text,
)
from sqlmodel import Field, SQLModel

from catalog.records import UNFINISHED_STATUSES


class UtcText(TypeDecorator[str]):
    """A time as fixed-width text, `2026-11-21T10:57:03.000Z`, so that text order is time order: `records.utc_text`."""

    impl = Text
    cache_ok = True


def _key() -> Any:
    return Field(default=None, sa_column=Column(Integer, primary_key=True, autoincrement=True))


def _text(**options: Any) -> Any:
    return Field(default=None, sa_column=Column(Text, **options))


def _time(**options: Any) -> Any:
    return Field(default=None, sa_column=Column(UtcText, **options))


def _video() -> Any:
    return Field(sa_column=Column(Integer, ForeignKey("videos.id", ondelete="CASCADE"), nullable=False))


_AUTOINCREMENT = {"sqlite_autoincrement": True}


class Videos(SQLModel, table=True):
    """One generation job, folded from its observations.

    Four columns are derived: `labels` and `cjk_grams` feed the full-text index; `avoided` is what the prompt itself
    asks to avoid, and `extracted_by` the vocabulary that its facets were extracted with, NULL while they are due.
    """

    __tablename__ = "videos"
    __table_args__ = (
        UniqueConstraint("source", "remote_id"),
        Index("ix_videos_created_at", "created_at"),
        Index("ix_videos_status", "status"),
        Index("ix_videos_model", "model"),
        Index("ix_videos_deleted_at", "deleted_at", sqlite_where=text("deleted_at IS NOT NULL")),
        Index("ix_videos_expires_at", "expires_at", sqlite_where=text("expires_at IS NOT NULL")),
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
        _AUTOINCREMENT,
    )

    id: int | None = _key()
    source: str = _text(nullable=False)
    remote_id: str = _text(nullable=False)
    ref: str | None = Field(
        default=None, sa_column=Column(Text, Computed("source || ':' || remote_id", persisted=False))
    )
    kind: str = _text(nullable=False)
    status: str = _text(nullable=False)
    provider_status: str | None = _text()
    progress: float | None = Field(default=None, sa_column=Column(Float))
    model: str | None = _text()
    prompt: str | None = _text()
    negative_prompt: str | None = _text()
    seconds: float | None = Field(default=None, sa_column=Column(Float))
    width: int | None = Field(default=None, sa_column=Column(Integer))
    height: int | None = Field(default=None, sa_column=Column(Integer))
    size_text: str | None = _text()
    quality: str | None = _text()
    tier: str | None = _text()
    created_at: datetime | None = _time()
    completed_at: datetime | None = _time()
    expires_at: datetime | None = _time()
    error_code: str | None = _text()
    error_message: str | None = _text()
    remixed_from_id: str | None = _text()
    output_urls: list[str] | None = Field(default=None, sa_column=Column(JSON))
    cost_usd: float | None = Field(default=None, sa_column=Column(Float))
    cost_basis: str | None = _text()
    seed: str | None = _text()
    parameters: dict[str, Any] | None = Field(default=None, sa_column=Column(JSON))
    batch_custom_id: str | None = _text()
    metadata_: dict[str, Any] | None = Field(default=None, sa_column=Column("metadata", JSON))
    extra: dict[str, Any] | None = Field(default=None, sa_column=Column(JSON))
    flaws: list[str] | None = Field(default=None, sa_column=Column(JSON))
    first_seen_at: datetime | None = _time()
    last_seen_at: datetime | None = _time()
    gone_at: datetime | None = _time()
    deleted_at: datetime | None = _time()
    labels: str | None = _text()
    cjk_grams: str | None = _text()
    avoided: str | None = _text()
    extracted_by: str | None = _text()


class Observations(SQLModel, table=True):
    """One distinct answer of the outside world about a video, redacted and never changed.

    `as_of` is the time that the answer itself claims; NULL means the last receipt. Only `last_received_at` and
    `times_seen` change, when the same answer is received again.
    """

    __tablename__ = "observations"
    __table_args__ = (
        UniqueConstraint("video_id", "channel", "http_status", "payload_hash"),
        _AUTOINCREMENT,
    )

    id: int | None = _key()
    video_id: int = _video()
    channel: str = _text(nullable=False)
    http_status: int = Field(sa_column=Column(Integer, nullable=False))
    payload: dict[str, Any] = Field(sa_column=Column(JSON, nullable=False))
    payload_hash: str = _text(nullable=False)
    as_of: datetime | None = _time()
    received_at: datetime = _time(nullable=False)
    last_received_at: datetime = _time(nullable=False)
    times_seen: int = Field(sa_column=Column(Integer, nullable=False))


class Changes(SQLModel, table=True):
    """The flight recorder: how a field of a video changed, as observed on arrival."""

    __tablename__ = "changes"
    __table_args__ = (Index("ix_changes_video_id", "video_id"), _AUTOINCREMENT)

    id: int | None = _key()
    video_id: int = _video()
    field: str = _text(nullable=False)
    old: str | None = _text()
    new: str | None = _text()
    observed_at: datetime = _time(nullable=False)


class Tags(SQLModel, table=True):
    """A flat key and value on a video, from the user or from the provider's metadata map."""

    __tablename__ = "tags"
    __table_args__ = (
        UniqueConstraint("video_id", "key", "origin"),
        Index("ix_tags_key_value", "key", "value"),
        _AUTOINCREMENT,
    )

    id: int | None = _key()
    video_id: int = _video()
    key: str = _text(nullable=False)
    value: str = _text(nullable=False)
    origin: str = _text(nullable=False)


class Links(SQLModel, table=True):
    """An edge from a video to its parent, which is named, not numbered, because it may never have been seen."""

    __tablename__ = "links"
    __table_args__ = (
        UniqueConstraint("child_id", "relation", "origin", "parent_source", "parent_remote_id"),
        Index("ix_links_parent", "parent_source", "parent_remote_id"),
        _AUTOINCREMENT,
    )

    id: int | None = _key()
    child_id: int = _video()
    relation: str = _text(nullable=False)
    origin: str = _text(nullable=False)
    parent_source: str = _text(nullable=False)
    parent_remote_id: str = _text(nullable=False)


class Sources(SQLModel, table=True):
    """What the library remembers about a source: how far its walk has come, its health, who is syncing it.

    `provider` is the provider whose prices it pays.
    """

    __tablename__ = "sources"
    __table_args__ = (UniqueConstraint("name"), _AUTOINCREMENT)

    id: int | None = _key()
    name: str = _text(nullable=False)
    base_url: str | None = _text()
    dialect: str | None = _text()
    cursor: str | None = _text()
    walked_at: datetime | None = _time()
    health: str = _text(nullable=False)
    message: str | None = _text()
    lock_holder: str | None = _text()
    locked_at: datetime | None = _time()
    last_run_at: datetime | None = _time()
    last_success_at: datetime | None = _time()
    provider: str | None = _text()


class SyncRuns(SQLModel, table=True):
    """One run over one source, as reported."""

    __tablename__ = "sync_runs"
    __table_args__ = (Index("ix_sync_runs_source", "source", "started_at"), _AUTOINCREMENT)

    id: int | None = _key()
    source: str = _text(nullable=False)
    mode: str = _text(nullable=False)
    started_at: datetime = _time(nullable=False)
    finished_at: datetime = _time(nullable=False)
    added: int = Field(sa_column=Column(Integer, nullable=False))
    changed: int = Field(sa_column=Column(Integer, nullable=False))
    unchanged: int = Field(sa_column=Column(Integer, nullable=False))
    unfinished: int = Field(sa_column=Column(Integer, nullable=False))
    failed: int = Field(sa_column=Column(Integer, nullable=False))
    requests: int = Field(sa_column=Column(Integer, nullable=False))
    stopped: str | None = _text()
    error: str | None = _text()
    overturned: int | None = Field(default=None, sa_column=Column(Integer))
    strays: int | None = Field(default=None, sa_column=Column(Integer))
    suspicion: str | None = _text()


class StrayAnswers(SQLModel, table=True):
    """An answer that was not about the job asked for: kept apart, part of no video."""

    __tablename__ = "stray_answers"
    __table_args__ = (UniqueConstraint("source", "asked_id", "payload_hash"), _AUTOINCREMENT)

    id: int | None = _key()
    source: str = _text(nullable=False)
    asked_id: str = _text(nullable=False)
    answered_id: str = _text(nullable=False)
    reason: str = _text(nullable=False)
    channel: str = _text(nullable=False)
    http_status: int = Field(sa_column=Column(Integer, nullable=False))
    payload: Any = Field(sa_column=Column(JSON, nullable=False))
    payload_hash: str = _text(nullable=False)
    received_at: datetime = _time(nullable=False)
    last_received_at: datetime = _time(nullable=False)
    times_seen: int = Field(sa_column=Column(Integer, nullable=False))


class Retries(SQLModel, table=True):
    """A job whose last retrievals failed: how often in a row, and when it may be asked for again."""

    __tablename__ = "retries"
    __table_args__ = (UniqueConstraint("video_id"), _AUTOINCREMENT)

    id: int | None = _key()
    video_id: int = _video()
    failures: int = Field(sa_column=Column(Integer, nullable=False))
    failed_at: datetime = _time(nullable=False)
    due_at: datetime = _time(nullable=False)
    message: str | None = _text()


class VideoAliases(SQLModel, table=True):
    """Another id of a video, as its server writes it: encoded by a gateway, or from an older interface."""

    __tablename__ = "video_aliases"
    __table_args__ = (
        UniqueConstraint("source", "alias"),
        Index("ix_video_aliases_video_id", "video_id"),
        _AUTOINCREMENT,
    )

    id: int | None = _key()
    video_id: int = _video()
    source: str = _text(nullable=False)
    alias: str = _text(nullable=False)


class Characters(SQLModel, table=True):
    """A character made from a clip, for use in later prompts."""

    __tablename__ = "characters"
    __table_args__ = (UniqueConstraint("source", "remote_id"), _AUTOINCREMENT)

    id: int | None = _key()
    source: str = _text(nullable=False)
    remote_id: str = _text(nullable=False)
    name: str | None = _text()
    created_at: datetime | None = _time()
    first_seen_at: datetime = _time(nullable=False)


class Prices(SQLModel, table=True):
    """What a second of video costs, as decimal text in US dollars, between two inclusive days."""

    __tablename__ = "prices"
    __table_args__ = (Index("ix_prices_source_model", "source", "model"), _AUTOINCREMENT)

    id: int | None = _key()
    source: str = _text(nullable=False)
    model: str = _text(nullable=False)
    tier: str = _text(nullable=False)
    usd_per_second: str = _text(nullable=False)
    valid_from: str | None = _text()
    valid_to: str | None = _text()
    reference: str | None = _text()
    origin: str = _text(nullable=False)


class Deliveries(SQLModel, table=True):
    """The inbox of webhooks: each delivery once, kept before it is acknowledged. `state`: waiting, done or refused."""

    __tablename__ = "deliveries"
    __table_args__ = (
        UniqueConstraint("source", "webhook_id"),
        Index("ix_deliveries_waiting", "source", sqlite_where=text("state = 'waiting'")),
        _AUTOINCREMENT,
    )

    id: int | None = _key()
    source: str = _text(nullable=False)
    webhook_id: str = _text(nullable=False)
    type: str = _text(nullable=False)
    received_at: datetime = _time(nullable=False)
    body: str = _text(nullable=False)
    state: str = _text(nullable=False)
    remote_id: str | None = _text()
    done_at: datetime | None = _time()
    message: str | None = _text()
    attempts: int = Field(sa_column=Column(Integer, nullable=False))


class FacetValues(SQLModel, table=True):
    """A value of a facet, stored once; `name` is how a search writes it, `camera_movement:push_in`."""

    __tablename__ = "facet_values"
    __table_args__ = (UniqueConstraint("facet", "value"), _AUTOINCREMENT)

    id: int | None = _key()
    facet: str = _text(nullable=False)
    value: str = _text(nullable=False)
    name: str | None = Field(default=None, sa_column=Column(Text, Computed("facet || ':' || value", persisted=False)))


class VideoFacets(SQLModel, table=True):
    """A value that a video's prompt asks for, with the words that do (`start` to `end`) and their shot. Derived."""

    __tablename__ = "video_facets"
    __table_args__ = (
        Index("ix_video_facets_video_id", "video_id"),
        Index("ix_video_facets_value_id", "value_id", "video_id"),
        _AUTOINCREMENT,
    )

    id: int | None = _key()
    video_id: int = _video()
    value_id: int = Field(sa_column=Column(Integer, ForeignKey("facet_values.id", ondelete="CASCADE"), nullable=False))
    origin: str = _text(nullable=False)
    start: int | None = Field(default=None, sa_column=Column(Integer))
    end: int | None = Field(default=None, sa_column=Column(Integer))
    shot: int | None = Field(default=None, sa_column=Column(Integer))


class GivenFacets(SQLModel, table=True):
    """A facet given by the user: it outranks what the prompt seems to say, and survives every rebuild."""

    __tablename__ = "given_facets"
    __table_args__ = (UniqueConstraint("video_id", "facet", "value"), _AUTOINCREMENT)

    id: int | None = _key()
    video_id: int = _video()
    facet: str = _text(nullable=False)
    value: str = _text(nullable=False)


class Edits(SQLModel, table=True):
    """The journal: one act of the user's that changed something.

    `undone_at` is set while it is undone; `superseded_by` is the later edit after which it can no longer be redone.
    """

    __tablename__ = "edits"
    __table_args__ = (
        Index("ix_edits_undone", "id", sqlite_where=text("undone_at IS NOT NULL")),
        _AUTOINCREMENT,
    )

    id: int | None = _key()
    made_at: datetime = _time(nullable=False)
    act: str = _text(nullable=False)
    detail: str | None = _text()
    undone_at: datetime | None = _time()
    superseded_by: int | None = Field(default=None, sa_column=Column(Integer, ForeignKey("edits.id")))


class EditsRows(SQLModel, table=True):
    """One thing that an edit changed: a tag, the facets given under one name, or a tombstone.

    Its rows `before` and `after`, `[]` where there were none; `key` tells things of one video in one table apart: a
    tag's key, a facet's name.
    """

    __tablename__ = "edits_rows"
    __table_args__ = (Index("ix_edits_rows_edit_id", "edit_id"), _AUTOINCREMENT)

    id: int | None = _key()
    edit_id: int = Field(sa_column=Column(Integer, ForeignKey("edits.id", ondelete="CASCADE"), nullable=False))
    table_name: str = _text(nullable=False)
    video_id: int | None = Field(default=None, sa_column=Column(Integer, ForeignKey("videos.id", ondelete="CASCADE")))
    key: str = _text(nullable=False)
    before: list[dict[str, Any]] = Field(sa_column=Column(JSON, nullable=False))
    after: list[dict[str, Any]] = Field(sa_column=Column(JSON, nullable=False))
