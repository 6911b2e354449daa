"""Stacks of takes of one prompt. Those of the videos that there are, are made by the next command that takes in."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"


def key() -> sa.Column:
    return sa.Column("id", sa.Integer, primary_key=True, autoincrement=True)


def video() -> sa.Column:
    return sa.Column("video_id", sa.Integer, sa.ForeignKey("videos.id", ondelete="CASCADE"), nullable=False)


def number(name: str) -> sa.Column:
    return sa.Column(name, sa.Integer, nullable=False)


def upgrade() -> None:
    op.create_table(
        "stack_prompts", key(), number("digest"), number("stack_id"), sa.UniqueConstraint("digest"),
        sqlite_autoincrement=True,
    )  # fmt: skip
    op.create_index("ix_stack_prompts_stack_id", "stack_prompts", ["stack_id"])
    op.create_table("stack_keys", key(), number("prompt_id"), sqlite_autoincrement=True)
    op.create_table(
        "stack_videos", key(), video(), number("prompt_id"), number("stack_id"), sa.UniqueConstraint("video_id"),
        sqlite_autoincrement=True,
    )  # fmt: skip
    op.create_index("ix_stack_videos_prompt_id", "stack_videos", ["prompt_id"])
    op.create_index("ix_stack_videos_stack_id", "stack_videos", ["stack_id", "video_id"])
    op.create_table("stack_due", key(), video(), sa.UniqueConstraint("video_id"), sqlite_autoincrement=True)
    op.execute("INSERT INTO stack_due (video_id) SELECT id FROM videos WHERE prompt IS NOT NULL ORDER BY id")
