"""Watched folders: what a scan remembers of their files, and what files say of themselves."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"


def key() -> sa.Column:
    return sa.Column("id", sa.Integer, primary_key=True, autoincrement=True)


def numbers(*names: str) -> list[sa.Column]:
    return [sa.Column(name, sa.Integer) for name in names]


def upgrade() -> None:
    for column in numbers("size", "mtime_ns", "ctime_ns", "inode"):
        op.add_column("file_places", column)
    op.add_column("file_places", sa.Column("missed_at", sa.Text))
    op.create_table("roots",
        key(),
        sa.Column("path", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("reason", sa.Text),
        sa.Column("device", sa.Integer),
        sa.Column("source", sa.Text),
        sa.Column("is_watched", sa.Integer, nullable=False),
        sa.Column("scanned_at", sa.Text),
        sa.UniqueConstraint("path"),
        sqlite_autoincrement=True,
    )  # fmt: skip
    op.create_table("scanned_files",
        key(),
        sa.Column("root", sa.Text, nullable=False),
        sa.Column("path", sa.Text, nullable=False),
        *numbers("size", "mtime_ns", "ctime_ns", "inode"),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("reason", sa.Text),
        sa.Column("since", sa.Text, nullable=False),
        sa.UniqueConstraint("root", "path"),
        sqlite_autoincrement=True,
    )  # fmt: skip
    op.create_index("ix_scanned_files_state", "scanned_files", ["state"], sqlite_where=sa.text("state <> 'read'"))
    op.create_table("file_marks",
        key(),
        sa.Column("file_id", sa.Integer, sa.ForeignKey("files.id", ondelete="CASCADE"), nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("carrier", sa.Text, nullable=False),
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("value", sa.Text),
        sa.Column("is_broken", sa.Integer, nullable=False),
        sa.Column("is_truncated", sa.Integer, nullable=False),
        sqlite_autoincrement=True,
    )  # fmt: skip
    op.create_index("ix_file_marks_file_id", "file_marks", ["file_id"])
    op.create_index("ix_file_marks_kind", "file_marks", ["kind", "file_id"])
    op.create_table("workflows",
        key(),
        sa.Column("sha256", sa.Text, nullable=False),
        sa.Column("size", sa.Integer, nullable=False),
        sa.Column("content", sa.Text, nullable=False),
        sa.UniqueConstraint("sha256"),
        sqlite_autoincrement=True,
    )  # fmt: skip
