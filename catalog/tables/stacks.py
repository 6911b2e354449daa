"""The tables of stacks: takes of one prompt. All of it is derived."""

from __future__ import annotations

from sqlalchemy import Index, UniqueConstraint
from sqlmodel import SQLModel

from catalog.tables import columns


class StackPrompts(SQLModel, table=True):
    """A prompt, once for all videos that have exactly this one. Derived.

    `digest` is a hash of its text, `stack_id` the stack that it is in, which has the number of one of its prompts.
    """

    __tablename__ = "stack_prompts"
    __table_args__ = (
        UniqueConstraint("digest"),
        Index("ix_stack_prompts_stack_id", "stack_id"),
        columns.AUTOINCREMENT,
    )

    id: int | None = columns.key()
    digest: int = columns.count(nullable=False)
    stack_id: int = columns.count(nullable=False)


class StackKeys(SQLModel, table=True):
    """A key of prompts, which is the number of the row, and one of the prompts that have it. Derived.

    Prompts with a key in common are in one stack, so one of them is enough to find it.
    """

    __tablename__ = "stack_keys"
    __table_args__ = (columns.AUTOINCREMENT,)

    id: int | None = columns.key()
    prompt_id: int = columns.count(nullable=False)


class StackVideos(SQLModel, table=True):
    """A video with a prompt, that prompt and its stack. Derived."""

    __tablename__ = "stack_videos"
    __table_args__ = (
        UniqueConstraint("video_id"),
        Index("ix_stack_videos_prompt_id", "prompt_id"),
        Index("ix_stack_videos_stack_id", "stack_id", "video_id"),
        columns.AUTOINCREMENT,
    )

    id: int | None = columns.key()
    video_id: int = columns.video()
    prompt_id: int = columns.count(nullable=False)
    stack_id: int = columns.count(nullable=False)


class StackDue(SQLModel, table=True):
    """A video whose prompt is new, and has not been put into a stack yet."""

    __tablename__ = "stack_due"
    __table_args__ = (UniqueConstraint("video_id"), columns.AUTOINCREMENT)

    id: int | None = columns.key()
    video_id: int = columns.video()
