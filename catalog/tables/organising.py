"""The tables of what people make of videos: judgements, collections, saved searches."""

from __future__ import annotations

from sqlalchemy import Column, Float, ForeignKey, Index, Integer, UniqueConstraint
from sqlmodel import Field, SQLModel

from catalog.tables import columns


class Annotations(SQLModel, table=True):
    """What a person thinks of a video: a `rating` of 1 to 5, a `verdict` of `keep` or `reject`, a `note`.

    Each is NULL where nothing was said; a row without any says nothing, and stays for the journal.
    """

    __tablename__ = "annotations"
    __table_args__ = (UniqueConstraint("video_id"), columns.AUTOINCREMENT)

    id: int | None = columns.key()
    video_id: int = columns.video()
    rating: int | None = Field(default=None, sa_column=Column(Integer))
    verdict: str | None = columns.text()
    note: str | None = columns.text()


class Collections(SQLModel, table=True):
    """A collection: `path` names its levels, with `/` between them; those above it are rows too."""

    __tablename__ = "collections"
    __table_args__ = (UniqueConstraint("path"), columns.AUTOINCREMENT)

    id: int | None = columns.key()
    path: str = columns.text(nullable=False)
    note: str | None = columns.text()


class CollectionVideos(SQLModel, table=True):
    """A video in a collection; those of one collection stand in the order of `position`, a number that only sorts."""

    __tablename__ = "collection_videos"
    __table_args__ = (
        UniqueConstraint("collection_id", "video_id"),
        Index("ix_collection_videos_video_id", "video_id"),
        columns.AUTOINCREMENT,
    )

    id: int | None = columns.key()
    collection_id: int = Field(
        sa_column=Column(Integer, ForeignKey("collections.id", ondelete="CASCADE"), nullable=False)
    )
    video_id: int = columns.video()
    position: float = Field(sa_column=Column(Float, nullable=False))


class SavedSearches(SQLModel, table=True):
    """A query with a name, which `query:NAME` stands for in others."""

    __tablename__ = "saved_searches"
    __table_args__ = (UniqueConstraint("name"), columns.AUTOINCREMENT)

    id: int | None = columns.key()
    name: str = columns.text(nullable=False)
    query: str = columns.text(nullable=False)


class Likenesses(SQLModel, table=True):
    """What a picture looks like, by the hash of its bytes; derived.

    `dhash` has a bit for each of 8 by 8 places that is darker than the next one to the right, as a signed number; NULL
    where the picture cannot be read or shows nothing.
    """

    __tablename__ = "likenesses"
    __table_args__ = (UniqueConstraint("sha256"), columns.AUTOINCREMENT)

    id: int | None = columns.key()
    sha256: str = columns.text(nullable=False)
    dhash: int | None = Field(default=None, sa_column=Column(Integer))
