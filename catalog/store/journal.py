"""The journal: what the user did, with the rows before and after, so that it can be undone and redone.

An edit runs inside `journaled`, which compares what the user wrote on its subjects before and after. A subject is the
least that an edit replaces as a whole: the user's tag of one key on a video, the facets given under one name, a
tombstone. So any new kind of edit joins with an entry in `_TABLES` and a call of `journaled`. What comes in with an
import, a captured call or a sync is not an edit and is not journaled.

Undo puts the rows back with their ids, but only on subjects that still are what the edit made of them: what anything
else has written since stays. What is derived from the rows follows, and is not in the journal. Nothing is ever taken
out of it; a migration that changes a column of a table in `_TABLES` changes the journaled rows too.
"""

from __future__ import annotations

import json
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

from catalog.records import utc_text
from catalog.rows import json_text
from catalog.store.bulk import insert_rows, update_rows
from catalog.store.facets import refresh_given
from catalog.store.texts import read_entries, refresh

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    from catalog.database import Reader, Writer

    Rows = list[dict[str, Any]]

_LISTED = 5  # tags or facets that the detail of an edit names
_SHOWN = 80  # characters of each

_NEWEST = "SELECT id FROM edits WHERE undone_at IS NULL ORDER BY id DESC LIMIT 1"
_UNDONE = "SELECT id FROM edits WHERE undone_at IS NOT NULL AND superseded_by IS NULL ORDER BY id LIMIT 1"
_END_REDO = "UPDATE edits SET superseded_by = :id WHERE undone_at IS NOT NULL AND superseded_by IS NULL"
_CHANGED = "SELECT table_name, video_id, key, before, after FROM edits_rows WHERE edit_id = :id ORDER BY id"


class Subject(NamedTuple):
    """What an edit may change as a whole: of one video, what the user wrote in a table under a key."""

    table: str
    video_id: int
    key: str = ""


class Step(NamedTuple):
    """An edit that was undone or redone.

    `overtaken` counts its subjects that something else had changed since, which stay as they are; `has_due` says
    whether prompts have to be read again.
    """

    number: int
    overtaken: int
    has_due: bool


class _Table(NamedTuple):
    """What the user writes in a table: these columns of its rows that fit the condition."""

    columns: str
    video: str
    key: str | None
    condition: str = ""
    is_whole: bool = True  # whether the rows are the user's as a whole; else only the columns are


_TABLES = {
    "tags": _Table("id, video_id, key, value, origin", "video_id", "key", "origin = 'user' AND "),
    "given_facets": _Table("id, video_id, facet, value", "video_id", "facet"),
    "videos": _Table("id, deleted_at", "id", None, is_whole=False),
}


@contextmanager
def journaled(connection: Writer, act: str, subjects: Iterable[Subject], *, made_at: datetime) -> Iterator[None]:
    """Keep what the block does to the subjects as one edit, after which nothing undone can be redone.

    `act` names it, as the command line does. A block that changes none of the subjects is not an edit.
    """
    listed = list(dict.fromkeys(subjects))
    before = _read(connection, listed)
    yield
    after = _read(connection, listed)
    changed = [subject for subject in listed if before[subject] != after[subject]]
    if not changed:
        return
    detail = _describe(act, [(before[subject], after[subject]) for subject in changed])
    insert_rows(connection, "edits", [{"made_at": utc_text(made_at), "act": act, "detail": detail}])
    number = connection.execute("SELECT max(id) FROM edits").fetchone()[0]
    rows = [
        {
            "edit_id": number,
            "table_name": subject.table,
            "video_id": subject.video_id,
            "key": subject.key,
            "before": json_text(before[subject]),
            "after": json_text(after[subject]),
        }
        for subject in changed
    ]
    insert_rows(connection, "edits_rows", rows)
    connection.execute(_END_REDO, {"id": number})


def undo(connection: Writer, steps: int, *, undone_at: datetime) -> list[Step]:
    """Undo the newest edits that stand, up to so many, newest first; the answer is empty where there are none."""
    undone = []
    for _ in range(steps):
        row = connection.execute(_NEWEST).fetchone()
        if row is None:
            break
        undone.append(_move(connection, row[0], "after", "before"))
        update_rows(connection, "edits", [{"id": row[0], "undone_at": utc_text(undone_at)}])
    return undone


def redo(connection: Writer, steps: int) -> list[Step]:
    """Redo the edits that were undone last, up to so many, in the order in which they were made."""
    redone = []
    for _ in range(steps):
        row = connection.execute(_UNDONE).fetchone()
        if row is None:
            break
        redone.append(_move(connection, row[0], "before", "after"))
        update_rows(connection, "edits", [{"id": row[0], "undone_at": None}])
    return redone


def _move(connection: Writer, number: int, start: str, end: str) -> Step:
    """Bring the subjects of an edit from one state to the other, those that are in the first one."""
    changed = {
        Subject(row["table_name"], row["video_id"], row["key"]): (json.loads(row[start]), json.loads(row[end]))
        for row in connection.execute(_CHANGED, {"id": number})
    }
    current = _read(connection, changed)
    moving = {subject: rows for subject, rows in changed.items() if current[subject] == rows[0]}
    tables = {subject.table for subject in moving}
    tagged = read_entries(connection, {subject.video_id for subject in moving if subject.table == "tags"})
    for table in sorted(tables):
        states = [rows for subject, rows in moving.items() if subject.table == table]
        _replace(connection, table, _flatten(old for old, _ in states), _flatten(new for _, new in states))
    refresh(connection, tagged)
    refresh_given(connection, {subject.video_id for subject in moving if subject.table == "given_facets"})
    return Step(number, len(changed) - len(moving), "given_facets" in tables)


def _read(connection: Reader, subjects: Iterable[Subject]) -> dict[Subject, Rows]:
    """What the user has written on each subject, in order of id."""
    states: dict[Subject, Rows] = {subject: [] for subject in subjects}
    for name, table in _TABLES.items():
        ids = sorted({subject.video_id for subject in states if subject.table == name})
        parameters: dict[str, Any] = {"ids": ids}
        query = f"SELECT {table.columns} FROM {name} WHERE {table.condition}{table.video} IN :ids"
        if table.key is not None:
            query += f" AND {table.key} IN :keys"
            parameters["keys"] = sorted({subject.key for subject in states if subject.table == name})
        for row in connection.execute(f"{query} ORDER BY id", parameters) if ids else ():
            subject = Subject(name, row[table.video], row[table.key] if table.key else "")
            if subject in states:
                states[subject].append(dict(row))
    return states


def _replace(connection: Writer, name: str, old: Rows, new: Rows) -> None:
    if not _TABLES[name].is_whole:
        update_rows(connection, name, new)
        return
    connection.execute(f"DELETE FROM {name} WHERE id IN :ids", {"ids": [row["id"] for row in old]})
    insert_rows(connection, name, new)


def _flatten(groups: Iterable[Rows]) -> Rows:
    return [row for rows in groups for row in rows]


def _describe(act: str, changes: Sequence[tuple[Rows, Rows]]) -> str | None:
    """The tags or facets that were set, and those that were taken off: each once, the first few."""
    made = dict.fromkeys(text for _, after in changes for text in map(_name, after) if text)
    lost = dict.fromkeys(text for before, after in changes if not after for text in map(_name, before) if text)
    texts = [*made, *(lost if act == "untag" else (f"no {text}" for text in lost))]
    more = len(texts) - _LISTED
    return ", ".join(texts[:_LISTED]) + (f" and {more:,} more" if more > 0 else "") or None


def _name(row: Mapping[str, Any]) -> str | None:
    """A tag or a facet as a person writes it."""
    name = row.get("key", row.get("facet"))
    text = f"{name}={row['value']}" if name and row["value"] else name
    return text if text is None or len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
