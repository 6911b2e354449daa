"""The tables of what the library knows of sources: their runs, their failures, what else they said and ask for."""

from __future__ import annotations

from datetime import datetime  # noqa: TC003 - SQLModel reads the annotations
from typing import Any

from sqlalchemy import JSON, Column, Index, Integer, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from catalog.tables import columns


class Sources(SQLModel, table=True):
    """What the library remembers about a source: how far its walk has come, its health, who is syncing it.

    `provider` is the provider whose prices it pays; since `retired_at` its server is not asked any more.
    """

    __tablename__ = "sources"
    __table_args__ = (UniqueConstraint("name"), columns.AUTOINCREMENT)

    id: int | None = columns.key()
    name: str = columns.text(nullable=False)
    base_url: str | None = columns.text()
    dialect: str | None = columns.text()
    cursor: str | None = columns.text()
    walked_at: datetime | None = columns.time()
    health: str = columns.text(nullable=False)
    message: str | None = columns.text()
    lock_holder: str | None = columns.text()
    locked_at: datetime | None = columns.time()
    last_run_at: datetime | None = columns.time()
    last_success_at: datetime | None = columns.time()
    provider: str | None = columns.text()
    retired_at: datetime | None = columns.time()


class SyncRuns(SQLModel, table=True):
    """One run over one source, as reported."""

    __tablename__ = "sync_runs"
    __table_args__ = (Index("ix_sync_runs_source", "source", "started_at"), columns.AUTOINCREMENT)

    id: int | None = columns.key()
    source: str = columns.text(nullable=False)
    mode: str = columns.text(nullable=False)
    started_at: datetime = columns.time(nullable=False)
    finished_at: datetime = columns.time(nullable=False)
    added: int = columns.count(nullable=False)
    changed: int = columns.count(nullable=False)
    unchanged: int = columns.count(nullable=False)
    unfinished: int = columns.count(nullable=False)
    failed: int = columns.count(nullable=False)
    requests: int = columns.count(nullable=False)
    stopped: str | None = columns.text()
    error: str | None = columns.text()
    overturned: int | None = Field(default=None, sa_column=Column(Integer))
    strays: int | None = Field(default=None, sa_column=Column(Integer))
    suspicion: str | None = columns.text()


class StrayAnswers(SQLModel, table=True):
    """An answer that was not about the job asked for: kept apart, part of no video."""

    __tablename__ = "stray_answers"
    __table_args__ = (UniqueConstraint("source", "asked_id", "payload_hash"), columns.AUTOINCREMENT)

    id: int | None = columns.key()
    source: str = columns.text(nullable=False)
    asked_id: str = columns.text(nullable=False)
    answered_id: str = columns.text(nullable=False)
    reason: str = columns.text(nullable=False)
    channel: str = columns.text(nullable=False)
    http_status: int = columns.count(nullable=False)
    payload: Any = Field(sa_column=Column(JSON, nullable=False))
    payload_hash: str = columns.text(nullable=False)
    received_at: datetime = columns.time(nullable=False)
    last_received_at: datetime = columns.time(nullable=False)
    times_seen: int = columns.count(nullable=False)


class Retries(SQLModel, table=True):
    """A job whose last retrievals failed: how often in a row, and when it may be asked for again."""

    __tablename__ = "retries"
    __table_args__ = (UniqueConstraint("video_id"), columns.AUTOINCREMENT)

    id: int | None = columns.key()
    video_id: int = columns.video()
    failures: int = columns.count(nullable=False)
    failed_at: datetime = columns.time(nullable=False)
    due_at: datetime = columns.time(nullable=False)
    message: str | None = columns.text()


class Characters(SQLModel, table=True):
    """A character made from a clip, for use in later prompts."""

    __tablename__ = "characters"
    __table_args__ = (UniqueConstraint("source", "remote_id"), columns.AUTOINCREMENT)

    id: int | None = columns.key()
    source: str = columns.text(nullable=False)
    remote_id: str = columns.text(nullable=False)
    name: str | None = columns.text()
    created_at: datetime | None = columns.time()
    first_seen_at: datetime = columns.time(nullable=False)


class Prices(SQLModel, table=True):
    """What a second of video costs, as decimal text in US dollars, between two inclusive days."""

    __tablename__ = "prices"
    __table_args__ = (Index("ix_prices_source_model", "source", "model"), columns.AUTOINCREMENT)

    id: int | None = columns.key()
    source: str = columns.text(nullable=False)
    model: str = columns.text(nullable=False)
    tier: str = columns.text(nullable=False)
    usd_per_second: str = columns.text(nullable=False)
    valid_from: str | None = columns.text()
    valid_to: str | None = columns.text()
    reference: str | None = columns.text()
    origin: str = columns.text(nullable=False)


class Deliveries(SQLModel, table=True):
    """The inbox of webhooks: each delivery once, kept before it is acknowledged. `state`: waiting, done or refused."""

    __tablename__ = "deliveries"
    __table_args__ = (
        UniqueConstraint("source", "webhook_id"),
        Index("ix_deliveries_waiting", "source", sqlite_where=text("state = 'waiting'")),
        columns.AUTOINCREMENT,
    )

    id: int | None = columns.key()
    source: str = columns.text(nullable=False)
    webhook_id: str = columns.text(nullable=False)
    type: str = columns.text(nullable=False)
    received_at: datetime = columns.time(nullable=False)
    body: str = columns.text(nullable=False)
    state: str = columns.text(nullable=False)
    remote_id: str | None = columns.text()
    done_at: datetime | None = columns.time()
    message: str | None = columns.text()
    attempts: int = columns.count(nullable=False)
