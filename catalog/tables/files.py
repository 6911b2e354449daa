"""The tables of bytes: the files of jobs, where these lie, where they are archived, and what went into jobs."""

from __future__ import annotations

from datetime import datetime  # noqa: TC003 - SQLModel reads the annotations

from sqlalchemy import Column, Float, ForeignKey, Index, Integer, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from catalog.tables import columns

_HAS_BYTES = "sha256 IS NOT NULL AND coalesce(origin, '') <> 'made'"
_IS_UNCHECKED = f"check_id IS NULL AND {_HAS_BYTES}"
_IS_UNMARKED = f"marks IS NULL AND {_HAS_BYTES}"


class Files(SQLModel, table=True):
    """A file of a job: bytes that the library holds or held, or could not get.

    `number` counts the files of one variant from 1, in the order of the answer. `state` is `present`, `failed`,
    `damaged` or `lost`, with the `reason` for the last three. `size` is in bytes, `type` what the bytes are; both and
    `sha256` are NULL where no bytes were ever held. The columns from `seconds` to `made_at` are what the bytes say of
    themselves: `fps` in frames per second, `audio` the codec of the sound. `origin` is how they came:
    `download inline captured made`. `changed_at` is when `state` changed, `checked_at` when they were last read whole.
    `check_id` is the newest check of their Content Credentials, NULL while they are due for one. `marks` is what the
    rows of `file_marks` come to, in the words that one searches by, such as `mark:ai tool:comfyui`, with a blank
    between two: empty where they come to nothing, NULL while the file was not read for them.
    """

    __tablename__ = "files"
    __table_args__ = (
        UniqueConstraint("video_id", "variant", "number"),
        Index("ix_files_sha256", "sha256", sqlite_where=text("sha256 IS NOT NULL")),
        Index("ix_files_state", "state", sqlite_where=text("state <> 'present'")),
        Index("ix_files_check_id", "check_id", sqlite_where=text("check_id IS NOT NULL")),
        Index("ix_files_thumbnails", "sha256", sqlite_where=text("variant = 'thumbnail'")),
        Index("ix_files_unchecked", "id", sqlite_where=text(_IS_UNCHECKED)),
        Index("ix_files_marks", "video_id", sqlite_where=text("marks <> ''")),
        Index("ix_files_unmarked", "id", sqlite_where=text(_IS_UNMARKED)),
        columns.AUTOINCREMENT,
    )

    id: int | None = columns.key()
    video_id: int = columns.video()
    variant: str = columns.text(nullable=False)
    number: int = columns.count(nullable=False)
    state: str = columns.text(nullable=False)
    reason: str | None = columns.text()
    origin: str | None = columns.text()
    sha256: str | None = columns.text()
    size: int | None = Field(default=None, sa_column=Column(Integer))
    type: str | None = columns.text()
    seconds: float | None = Field(default=None, sa_column=Column(Float))
    width: int | None = Field(default=None, sa_column=Column(Integer))
    height: int | None = Field(default=None, sa_column=Column(Integer))
    fps: float | None = Field(default=None, sa_column=Column(Float))
    codec: str | None = columns.text()
    audio: str | None = columns.text()
    made_at: datetime | None = columns.time()
    changed_at: datetime = columns.time(nullable=False)
    checked_at: datetime | None = columns.time()
    check_id: int | None = Field(default=None, sa_column=Column(Integer))  # no foreign key: the check names its file
    marks: str | None = columns.text()


class FilePlaces(SQLModel, table=True):
    """A place where the bytes of files lie: `path` is relative to `root`, which is empty for the folder of the
    library. `state` is `present`, `missing` or `offline`, as last seen; `name` is the last part of the path.

    Of places below other folders, `size` to `inode` are what the file there had when it was last read: nanoseconds
    since 1970, and its number on its disk. `missed_at` is when a scan first did not find it, NULL while it is there.
    """

    __tablename__ = "file_places"
    __table_args__ = (
        UniqueConstraint("root", "path"),
        Index("ix_file_places_sha256", "sha256"),
        Index("ix_file_places_name", text("name COLLATE NOCASE")),
        Index("ix_file_places_state", "state", sqlite_where=text("state <> 'present'")),
        columns.AUTOINCREMENT,
    )

    id: int | None = columns.key()
    sha256: str = columns.text(nullable=False)
    root: str = columns.text(nullable=False)
    path: str = columns.text(nullable=False)
    name: str = columns.text(nullable=False)
    state: str = columns.text(nullable=False)
    changed_at: datetime = columns.time(nullable=False)
    size: int | None = Field(default=None, sa_column=Column(Integer))
    mtime_ns: int | None = Field(default=None, sa_column=Column(Integer))
    ctime_ns: int | None = Field(default=None, sa_column=Column(Integer))
    inode: int | None = Field(default=None, sa_column=Column(Integer))
    missed_at: datetime | None = columns.time()


class Archives(SQLModel, table=True):
    """An archive that holds the bytes, at this address: they were read back from it and had the right hash."""

    __tablename__ = "archives"
    __table_args__ = (UniqueConstraint("sha256", "address"), columns.AUTOINCREMENT)

    id: int | None = columns.key()
    sha256: str = columns.text(nullable=False)
    address: str = columns.text(nullable=False)
    archived_at: datetime = columns.time(nullable=False)


class VideoInputs(SQLModel, table=True):
    """What went into a job beside its prompt: an input reference, a character, a source clip (`role`).

    `name` is its id, address or file name, as the request gave it; `file_id` the file of it that the library holds.
    """

    __tablename__ = "video_inputs"
    __table_args__ = (
        UniqueConstraint("video_id", "role", "number"),
        Index("ix_video_inputs_name", text("name COLLATE NOCASE"), sqlite_where=text("name IS NOT NULL")),
        Index("ix_video_inputs_file_id", "file_id", sqlite_where=text("file_id IS NOT NULL")),
        columns.AUTOINCREMENT,
    )

    id: int | None = columns.key()
    video_id: int = columns.video()
    role: str = columns.text(nullable=False)
    number: int = columns.count(nullable=False)
    name: str | None = columns.text()
    file_id: int | None = Field(default=None, sa_column=Column(Integer, ForeignKey("files.id", ondelete="SET NULL")))
