"""Which videos have which value of each countable field, as bitmaps; indexes for what has too many values for them."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    op.create_table("bitmaps",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("field", sa.Text, nullable=False),
        sa.Column("value", sa.Text, nullable=False),
        sa.Column("chunk", sa.Integer, nullable=False),
        sa.Column("ids", sa.LargeBinary, nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.UniqueConstraint("field", "value", "chunk"),
        sqlite_autoincrement=True,
    )  # fmt: skip
    op.create_index("ix_bitmaps_revision", "bitmaps", ["revision"])
    for name in ("first_seen_at", "last_seen_at"):
        op.create_index(f"ix_videos_{name}", "videos", [name])
    for name in ("completed_at", "gone_at", "cost_usd"):
        op.create_index(f"ix_videos_{name}", "videos", [name], sqlite_where=sa.text(f"{name} IS NOT NULL"))
    for name in ("seed", "remixed_from_id", "batch_custom_id"):
        key = sa.text(f"{name} COLLATE NOCASE")
        op.create_index(f"ix_videos_{name}", "videos", [key], sqlite_where=sa.text(f"{name} IS NOT NULL"))
    latency = "CASE WHEN completed_at >= created_at THEN unixepoch(completed_at) - unixepoch(created_at) END"
    op.create_index("ix_videos_latency", "videos", [sa.text(latency)])
