"""The kinds of columns that the tables are made of."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Column, ForeignKey, Integer, Text, TypeDecorator
from sqlmodel import Field

AUTOINCREMENT = {"sqlite_autoincrement": True}


class UtcText(TypeDecorator[str]):
    """A time as fixed-width text, `2026-11-21T10:57:03.000Z`, so that text order is time order: `records.utc_text`."""

    impl = Text
    cache_ok = True


def key() -> Any:
    """The number of a row, which is never used twice."""
    return Field(default=None, sa_column=Column(Integer, primary_key=True, autoincrement=True))


def text(**options: Any) -> Any:
    """A text."""
    return Field(default=None, sa_column=Column(Text, **options))


def time(**options: Any) -> Any:
    """A time, as UtcText."""
    return Field(default=None, sa_column=Column(UtcText, **options))


def count(**options: Any) -> Any:
    """A whole number."""
    return Field(sa_column=Column(Integer, **options))


def video() -> Any:
    """The row of the video that this is about, with which it goes."""
    return Field(sa_column=Column(Integer, ForeignKey("videos.id", ondelete="CASCADE"), nullable=False))
