"""Prompt facets: values, which videos have them and why, and the facets that users gave."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def _key() -> sa.Column[int]:
    return sa.Column("id", sa.Integer, primary_key=True, autoincrement=True)


def _video() -> sa.Column[int]:
    return sa.Column("video_id", sa.Integer, sa.ForeignKey("videos.id", ondelete="CASCADE"), nullable=False)


def _texts(*names: str, nullable: bool = True) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.Text, nullable=nullable) for name in names]


def upgrade() -> None:
    op.add_column("videos", sa.Column("avoided", sa.Text))
    op.add_column("videos", sa.Column("extracted_by", sa.Text))
    op.create_index(
        "ix_videos_unextracted",
        "videos",
        ["id"],
        sqlite_where=sa.text("extracted_by IS NULL AND prompt IS NOT NULL"),
    )
    op.create_table("facet_values",
        _key(),
        *_texts("facet", "value", nullable=False),
        sa.Column("name", sa.Text, sa.Computed("facet || ':' || value", persisted=False)),
        sa.UniqueConstraint("facet", "value"),
        sqlite_autoincrement=True,
    )  # fmt: skip
    op.create_table("video_facets",
        _key(),
        _video(),
        sa.Column("value_id", sa.Integer, sa.ForeignKey("facet_values.id", ondelete="CASCADE"), nullable=False),
        *_texts("origin", nullable=False),
        sa.Column("start", sa.Integer),
        sa.Column("end", sa.Integer),
        sa.Column("shot", sa.Integer),
        sqlite_autoincrement=True,
    )  # fmt: skip
    op.create_index("ix_video_facets_video_id", "video_facets", ["video_id"])
    op.create_index("ix_video_facets_value_id", "video_facets", ["value_id", "video_id"])
    op.create_table("given_facets",
        _key(),
        _video(),
        *_texts("facet", "value", nullable=False),
        sa.UniqueConstraint("video_id", "facet", "value"),
        sqlite_autoincrement=True,
    )  # fmt: skip
