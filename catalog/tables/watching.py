"""The tables of watched folders: the folders, what a scan remembers, and what files say of themselves."""

from __future__ import annotations

from datetime import datetime  # noqa: TC003 - SQLModel reads the annotations

from sqlalchemy import Column, ForeignKey, Index, Integer, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from catalog.tables import columns


class Roots(SQLModel, table=True):
    """A folder whose clips and pictures were taken in, where they lie: `state` is `online` or `offline`, as last seen.

    `device` is the one it was last scanned on, `source` the one its answers belong to. A path that is not UTF-8 is kept
    as its bytes, here as in `file_places` and `scanned_files`.
    """

    __tablename__ = "roots"
    __table_args__ = (UniqueConstraint("path"), columns.AUTOINCREMENT)

    id: int | None = columns.key()
    path: str = columns.text(nullable=False)
    state: str = columns.text(nullable=False)
    reason: str | None = columns.text()
    device: int | None = Field(default=None, sa_column=Column(Integer))
    source: str | None = columns.text()
    is_watched: int = columns.count(nullable=False)
    scanned_at: datetime | None = columns.time()


class ScannedFiles(SQLModel, table=True):
    """A file below a root that is not a file of a video: `growing`, tried by every scan, or `read`, an answer.

    `size` to `inode` are what it had when it was last looked at, `since` when it was first seen so.
    """

    __tablename__ = "scanned_files"
    __table_args__ = (
        UniqueConstraint("root", "path"),
        Index("ix_scanned_files_state", "state", sqlite_where=text("state <> 'read'")),
        columns.AUTOINCREMENT,
    )

    id: int | None = columns.key()
    root: str = columns.text(nullable=False)
    path: str = columns.text(nullable=False)
    size: int | None = Field(default=None, sa_column=Column(Integer))
    mtime_ns: int | None = Field(default=None, sa_column=Column(Integer))
    ctime_ns: int | None = Field(default=None, sa_column=Column(Integer))
    inode: int | None = Field(default=None, sa_column=Column(Integer))
    state: str = columns.text(nullable=False)
    reason: str | None = columns.text()
    since: datetime = columns.time(nullable=False)


class FileMarks(SQLModel, table=True):
    """What a file says of itself and nobody has signed: its `kind`, the `carrier` that it stands in, key and value.

    `is_broken` says that the value does not parse, `is_truncated` that it is not all there is. The value of a workflow
    is its hash in `workflows`. `claims` are what it says of the file, with a blank between two: `ai` that it was
    generated, `aigc`, `platform` and `iptc` which kind of label that says. `tool` is the program whose settings it is.
    `size` is the bytes of the text in the file, NULL where version 0012 has read it.
    """

    __tablename__ = "file_marks"
    __table_args__ = (
        Index("ix_file_marks_file_id", "file_id"),
        Index("ix_file_marks_kind", "kind", "file_id"),
        columns.AUTOINCREMENT,
    )

    id: int | None = columns.key()
    file_id: int = Field(sa_column=Column(Integer, ForeignKey("files.id", ondelete="CASCADE"), nullable=False))
    kind: str = columns.text(nullable=False)
    carrier: str = columns.text(nullable=False)
    key: str = columns.text(nullable=False)
    value: str | None = columns.text()
    is_broken: int = columns.count(nullable=False)
    is_truncated: int = columns.count(nullable=False)
    claims: str | None = columns.text()
    tool: str | None = columns.text()
    size: int | None = Field(default=None, sa_column=Column(Integer))


class Workflows(SQLModel, table=True):
    """The text of a workflow, kept once however many files hold it; `size` is in bytes."""

    __tablename__ = "workflows"
    __table_args__ = (UniqueConstraint("sha256"), columns.AUTOINCREMENT)

    id: int | None = columns.key()
    sha256: str = columns.text(nullable=False)
    size: int = columns.count(nullable=False)
    content: str = columns.text(nullable=False)
