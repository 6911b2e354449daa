"""Every way in: other ids of a job, characters, prices and the inbox of webhooks."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def _key() -> sa.Column[int]:
    return sa.Column("id", sa.Integer, primary_key=True, autoincrement=True)


def _texts(*names: str, nullable: bool = True) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.Text, nullable=nullable) for name in names]


def _create(name: str, *parts: sa.Column | sa.Constraint) -> None:
    op.create_table(name, *parts, sqlite_autoincrement=True)


def upgrade() -> None:
    op.add_column("sources", sa.Column("provider", sa.Text))
    _create("video_aliases",
        _key(),
        sa.Column("video_id", sa.Integer, sa.ForeignKey("videos.id", ondelete="CASCADE"), nullable=False),
        *_texts("source", "alias", nullable=False),
        sa.UniqueConstraint("source", "alias"),
    )  # fmt: skip
    op.create_index("ix_video_aliases_video_id", "video_aliases", ["video_id"])
    _create("characters",
        _key(),
        *_texts("source", "remote_id", nullable=False),
        *_texts("name", "created_at"),
        *_texts("first_seen_at", nullable=False),
        sa.UniqueConstraint("source", "remote_id"),
    )  # fmt: skip
    _create("prices",
        _key(),
        *_texts("source", "model", "tier", nullable=False),
        sa.Column("usd_per_second", sa.Text, nullable=False),
        *_texts("valid_from", "valid_to", "reference"),
        *_texts("origin", nullable=False),
    )  # fmt: skip
    op.create_index("ix_prices_source_model", "prices", ["source", "model"])
    _create("deliveries",
        _key(),
        *_texts("source", "webhook_id", "type", "received_at", "body", "state", nullable=False),
        *_texts("remote_id", "done_at", "message"),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.UniqueConstraint("source", "webhook_id"),
    )  # fmt: skip
    op.create_index("ix_deliveries_waiting", "deliveries", ["source"], sqlite_where=sa.text("state = 'waiting'"))
