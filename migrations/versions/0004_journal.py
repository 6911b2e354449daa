"""The journal: what the user edited, with the rows before and after, so that it can be undone."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def _key() -> sa.Column[int]:
    return sa.Column("id", sa.Integer, primary_key=True, autoincrement=True)


def _texts(*names: str, nullable: bool = True) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.Text, nullable=nullable) for name in names]


def upgrade() -> None:
    op.create_table("edits",
        _key(),
        *_texts("made_at", "act", nullable=False),
        *_texts("detail", "undone_at"),
        sa.Column("superseded_by", sa.Integer, sa.ForeignKey("edits.id")),
        sqlite_autoincrement=True,
    )  # fmt: skip
    op.create_index("ix_edits_undone", "edits", ["id"], sqlite_where=sa.text("undone_at IS NOT NULL"))
    op.create_table("edits_rows",
        _key(),
        sa.Column("edit_id", sa.Integer, sa.ForeignKey("edits.id", ondelete="CASCADE"), nullable=False),
        *_texts("table_name", nullable=False),
        sa.Column("video_id", sa.Integer, sa.ForeignKey("videos.id", ondelete="CASCADE")),
        *_texts("key", nullable=False),
        sa.Column("before", sa.JSON, nullable=False),
        sa.Column("after", sa.JSON, nullable=False),
        sqlite_autoincrement=True,
    )  # fmt: skip
    op.create_index("ix_edits_rows_edit_id", "edits_rows", ["edit_id"])
