"""What people make of videos: ratings, verdicts and notes, collections, saved searches."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"

# The worklists that come with a library; who removes one will not see it come back.
WORKLISTS = {
    "unreviewed": "status:completed -has:rating verdict:undecided",
    "kept, not on disk": "verdict:keep (-has:file OR missing:file)",
    "kept, not archived": "verdict:keep -is:archived",
    "rated without credentials": "has:rating -has:credentials",
}


def key() -> sa.Column:
    return sa.Column("id", sa.Integer, primary_key=True, autoincrement=True)


def of(table: str, name: str) -> sa.Column:
    return sa.Column(name, sa.Integer, sa.ForeignKey(f"{table}.id", ondelete="CASCADE"), nullable=False)


def upgrade() -> None:
    op.create_table("annotations",
        key(),
        of("videos", "video_id"),
        sa.Column("rating", sa.Integer),
        sa.Column("verdict", sa.Text),
        sa.Column("note", sa.Text),
        sa.UniqueConstraint("video_id"),
        sqlite_autoincrement=True,
    )  # fmt: skip
    op.create_table("collections",
        key(),
        sa.Column("path", sa.Text, nullable=False),
        sa.Column("note", sa.Text),
        sa.UniqueConstraint("path"),
        sqlite_autoincrement=True,
    )  # fmt: skip
    op.create_table("collection_videos",
        key(),
        of("collections", "collection_id"),
        of("videos", "video_id"),
        sa.Column("position", sa.Float, nullable=False),
        sa.UniqueConstraint("collection_id", "video_id"),
        sqlite_autoincrement=True,
    )  # fmt: skip
    op.create_index("ix_collection_videos_video_id", "collection_videos", ["video_id"])
    op.create_table("saved_searches",
        key(),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("query", sa.Text, nullable=False),
        sa.UniqueConstraint("name"),
        sqlite_autoincrement=True,
    )  # fmt: skip
    saved = sa.table("saved_searches", sa.column("name"), sa.column("query"))
    op.bulk_insert(saved, [{"name": name, "query": query} for name, query in WORKLISTS.items()])
