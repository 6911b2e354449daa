"""Answers that were not about what was asked, and the jobs whose retrieval failed lately."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def _key() -> sa.Column[int]:
    return sa.Column("id", sa.Integer, primary_key=True, autoincrement=True)


def _texts(*names: str, nullable: bool = False) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.Text, nullable=nullable) for name in names]


def _count(name: str, *, nullable: bool = False) -> sa.Column[int]:
    return sa.Column(name, sa.Integer, nullable=nullable)


def upgrade() -> None:
    op.create_table("stray_answers",
        _key(),
        *_texts("source", "asked_id", "answered_id", "reason", "channel"),
        _count("http_status"),
        sa.Column("payload", sa.JSON, nullable=False),
        *_texts("payload_hash", "received_at", "last_received_at"),
        _count("times_seen"),
        sa.UniqueConstraint("source", "asked_id", "payload_hash"),
        sqlite_autoincrement=True,
    )  # fmt: skip
    op.create_table("retries",
        _key(),
        sa.Column("video_id", sa.Integer, sa.ForeignKey("videos.id", ondelete="CASCADE"), nullable=False),
        _count("failures"),
        *_texts("failed_at", "due_at"),
        *_texts("message", nullable=True),
        sa.UniqueConstraint("video_id"),
        sqlite_autoincrement=True,
    )  # fmt: skip
    op.add_column("sync_runs", _count("overturned", nullable=True))
    op.add_column("sync_runs", _count("strays", nullable=True))
    op.add_column("sync_runs", *_texts("suspicion", nullable=True))
