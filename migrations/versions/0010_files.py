"""The files of jobs: their bytes, the places where these lie and are archived, and what went into jobs."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def key() -> sa.Column:
    return sa.Column("id", sa.Integer, primary_key=True, autoincrement=True)


def video() -> sa.Column:
    return sa.Column("video_id", sa.Integer, sa.ForeignKey("videos.id", ondelete="CASCADE"), nullable=False)


def upgrade() -> None:
    op.create_table("files",
        key(),
        video(),
        sa.Column("variant", sa.Text, nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("reason", sa.Text),
        sa.Column("origin", sa.Text),
        sa.Column("sha256", sa.Text),
        sa.Column("size", sa.Integer),
        sa.Column("type", sa.Text),
        sa.Column("seconds", sa.Float),
        sa.Column("width", sa.Integer),
        sa.Column("height", sa.Integer),
        sa.Column("fps", sa.Float),
        sa.Column("codec", sa.Text),
        sa.Column("audio", sa.Text),
        sa.Column("made_at", sa.Text),
        sa.Column("changed_at", sa.Text, nullable=False),
        sa.Column("checked_at", sa.Text),
        sa.UniqueConstraint("video_id", "variant", "number"),
        sqlite_autoincrement=True,
    )  # fmt: skip
    op.create_index("ix_files_sha256", "files", ["sha256"], sqlite_where=sa.text("sha256 IS NOT NULL"))
    op.create_index("ix_files_state", "files", ["state"], sqlite_where=sa.text("state <> 'present'"))
    op.create_table("file_places",
        key(),
        sa.Column("sha256", sa.Text, nullable=False),
        sa.Column("root", sa.Text, nullable=False),
        sa.Column("path", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("changed_at", sa.Text, nullable=False),
        sa.UniqueConstraint("root", "path"),
        sqlite_autoincrement=True,
    )  # fmt: skip
    op.create_index("ix_file_places_sha256", "file_places", ["sha256"])
    op.create_index("ix_file_places_name", "file_places", [sa.text("name COLLATE NOCASE")])
    op.create_index("ix_file_places_state", "file_places", ["state"], sqlite_where=sa.text("state <> 'present'"))
    op.create_table("archives",
        key(),
        sa.Column("sha256", sa.Text, nullable=False),
        sa.Column("address", sa.Text, nullable=False),
        sa.Column("archived_at", sa.Text, nullable=False),
        sa.UniqueConstraint("sha256", "address"),
        sqlite_autoincrement=True,
    )  # fmt: skip
    op.create_table("video_inputs",
        key(),
        video(),
        sa.Column("role", sa.Text, nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("name", sa.Text),
        sa.Column("file_id", sa.Integer, sa.ForeignKey("files.id", ondelete="SET NULL")),
        sa.UniqueConstraint("video_id", "role", "number"),
        sqlite_autoincrement=True,
    )  # fmt: skip
    op.create_index("ix_video_inputs_name", "video_inputs", [sa.text("name COLLATE NOCASE")],
                    sqlite_where=sa.text("name IS NOT NULL"))  # fmt: skip
    op.create_index("ix_video_inputs_file_id", "video_inputs", ["file_id"], sqlite_where=sa.text("file_id IS NOT NULL"))
    op.create_index("ix_links_named", "links", [sa.text("parent_remote_id COLLATE NOCASE")],
                    sqlite_where=sa.text("relation IN ('character', 'reference')"))  # fmt: skip
    op.add_column("sources", sa.Column("retired_at", sa.Text))
