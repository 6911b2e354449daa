"""The journal: what the user did, with the rows before and after, so that it can be undone and redone.

An edit runs inside `journaled`, which compares what the user wrote on its subjects before and after, a portion of its
videos at a time. A subject is the least that an edit replaces as a whole: the user's tag of one key on a video, the
facets given under one name, a link to one parent, a tombstone. So any new kind of edit joins with an entry in `_TABLES`
and a `journaled` block. What comes in with an import, a captured call or a sync is not an edit and is not journaled.

Undo puts the rows back with their ids, but only on subjects that still are what the edit made of them: what anything
else has written since stays. What is derived from the rows follows, and is not in the journal. Nothing is ever taken
out of it; a migration that changes a column of a table in `_TABLES` changes the journaled rows too.
"""

from __future__ import annotations

import json
from contextlib import contextmanager
from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple

from catalog.records import utc_text
from catalog.rows import json_text
from catalog.store.attached import refresh_links
from catalog.store.bulk import insert_rows, update_rows
from catalog.store.facets import refresh_given
from catalog.store.hearing import refresh_heard
from catalog.store.indexes import indexed
from catalog.store.marks import share_marks

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    from catalog.database import Reader, Writer

    Rows = list[dict[str, Any]]

PORTION = 1000  # subjects, or videos, whose states are in memory at once

_LISTED = 5  # tags, facets or links that the detail of an edit names
_SHOWN = 80  # characters of each

_TAKING = frozenset({"untag", "unlink"})  # verbs that say themselves that something was taken off

_NEWEST = "SELECT id FROM edits WHERE undone_at IS NULL ORDER BY id DESC LIMIT 1"
_UNDONE = "SELECT id FROM edits WHERE undone_at IS NOT NULL AND superseded_by IS NULL ORDER BY id LIMIT 1"
_END_REDO = "UPDATE edits SET superseded_by = :id WHERE undone_at IS NOT NULL AND superseded_by IS NULL"
_CHANGED = (
    "SELECT id, table_name, video_id, key, before, after FROM edits_rows "
    "WHERE edit_id = :edit AND id > :last ORDER BY id LIMIT :limit"
)


class Subject(NamedTuple):
    """What an edit may change as a whole: of one video, what the user wrote in a table under a key."""

    table: str
    video_id: int
    key: str = ""


class Step(NamedTuple):
    """An edit that was undone or redone.

    `overtaken` counts its subjects that something else had changed since, which stay as they are; `due` are the row ids
    of the videos whose prompts have to be read again.
    """

    number: int
    overtaken: int
    due: list[int]


class _Table(NamedTuple):
    """What the user writes in a table: these columns of its rows that fit the condition; `key` is SQL on a row."""

    columns: str
    video: str
    key: str | None
    condition: str = ""
    is_whole: bool = True  # whether the rows are the user's as a whole; else only the columns are
    passing: tuple[str, ...] = ()  # columns that others write too, and whose change is none of the user's
    derived: tuple[str, ...] = ()  # those of them that are read again once a row is back


FILE_COLUMNS = (
    "id, video_id, variant, number, state, reason, origin, sha256, size, type, seconds, width, height, fps, codec, "
    "audio, made_at, changed_at, checked_at, check_id, marks"
)
_TABLES = {
    "tags": _Table("id, video_id, key, value, origin", "video_id", "key", "origin = 'user' AND "),
    "given_facets": _Table("id, video_id, facet, value", "video_id", "facet"),
    "links": _Table(
        "id, child_id, relation, origin, parent_source, parent_remote_id",
        "child_id",
        "relation || ' ' || parent_source || ':' || parent_remote_id",
        "origin = 'user' AND ",
    ),
    "files": _Table(
        FILE_COLUMNS,
        "video_id",
        "variant",
        passing=("state", "reason", "changed_at", "checked_at", "check_id", "marks"),
        derived=("check_id", "marks"),
    ),
    "observations": _Table(  # what a file says of the job that it is given to
        "id, video_id, channel, http_status, payload, payload_hash, as_of, received_at, last_received_at, times_seen",
        "video_id",
        "channel",
        "channel = 'file' AND ",
        passing=("last_received_at", "times_seen"),
    ),
    "videos": _Table("id, deleted_at", "id", None, is_whole=False),
}


class Act:
    """An edit in the making, of the videos that it has changed so far."""

    def __init__(self, connection: Writer, verb: str, made_at: datetime) -> None:
        self._connection = connection
        self._verb = verb
        self._made_at = utc_text(made_at)
        self._number: int | None = None
        self._made: dict[str, None] = {}
        self._lost: dict[str, None] = {}
        self._changed: dict[int, None] = {}

    @property
    def videos(self) -> list[int]:
        """Their row ids, in the order in which they were named."""
        return list(self._changed)

    def portions(self, table: str, ids: Iterable[int], keys: Iterable[str] = ("",)) -> Iterator[list[int]]:
        """The videos, each once, a portion at a time; what is done to a portion under the keys is kept."""
        left, keys = iter(dict.fromkeys(ids)), list(keys)
        while videos := list(islice(left, PORTION)):
            subjects = [Subject(table, video_id, key) for video_id in videos for key in keys]
            before = _read(self._connection, subjects)
            yield videos
            after = _read(self._connection, subjects)
            if changed := [subject for subject in before if before[subject] != after[subject]]:
                self._keep([(subject, before[subject], after[subject]) for subject in changed])

    def finish(self) -> None:
        """Describe the edit, after which nothing undone can be redone. What changed nothing is not an edit."""
        if self._number is not None:
            update_rows(self._connection, "edits", [{"id": self._number, "detail": self._describe()}])
            self._connection.execute(_END_REDO, {"id": self._number})

    def _keep(self, changes: Sequence[tuple[Subject, Rows, Rows]]) -> None:
        if self._number is None:
            insert_rows(self._connection, "edits", [{"made_at": self._made_at, "act": self._verb}])
            self._number = self._connection.execute("SELECT max(id) FROM edits").fetchone()[0]
        rows = [
            {
                "edit_id": self._number,
                "table_name": subject.table,
                "video_id": subject.video_id,
                "key": subject.key,
                "before": json_text(before),
                "after": json_text(after),
            }
            for subject, before, after in changes
        ]
        insert_rows(self._connection, "edits_rows", rows)
        for subject, before, after in changes:
            self._changed[subject.video_id] = None
            texts, rows_named = (self._made, after) if after else (self._lost, before)
            texts.update((text, None) for text in map(_name, rows_named) if text)

    def _describe(self) -> str | None:
        """The tags, facets or links that were set, and those that were taken off: each once, the first few."""
        texts = [*self._made, *(self._lost if self._verb in _TAKING else (f"no {text}" for text in self._lost))]
        more = len(texts) - _LISTED
        return ", ".join(texts[:_LISTED]) + (f" and {more:,} more" if more > 0 else "") or None


@contextmanager
def journaled(connection: Writer, verb: str, *, made_at: datetime) -> Iterator[Act]:
    """Keep what the block changes as one edit; `verb` names it, as the command line does."""
    act = Act(connection, verb, made_at)
    yield act
    act.finish()


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
    last, overtaken = 0, 0
    due: list[int] = []
    while rows := connection.execute(_CHANGED, {"edit": number, "last": last, "limit": PORTION}).fetchall():
        last = rows[-1]["id"]
        states = {
            Subject(row["table_name"], row["video_id"], row["key"]): (json.loads(row[start]), json.loads(row[end]))
            for row in rows
        }
        current = _read(connection, states)
        moving = {subject: state for subject, state in states.items() if _is_so(subject, current[subject], state[0])}
        overtaken += len(states) - len(moving)
        due += _replace_states(connection, moving)
    return Step(number, overtaken, due)


def _is_so(subject: Subject, current: Rows, expected: Rows) -> bool:
    """Whether a subject is in a state, but for what others write too."""
    return _own(subject.table, current) == _own(subject.table, expected)


def _own(table: str, rows: Rows) -> Rows:
    """The rows without what others write too."""
    passing = _TABLES[table].passing
    return [{**row, **dict.fromkeys(passing)} for row in rows] if passing else rows


def _replace_states(connection: Writer, moving: Mapping[Subject, tuple[Rows, Rows]]) -> list[int]:
    """Put the second state of each subject in the place of the first: the videos whose prompts are due by it."""
    given = {subject: new for subject, (_, new) in moving.items() if subject.table == "given_facets"}
    taken_back = {subject.video_id for subject, new in given.items() if not new}
    linked = {subject.video_id for subject in moving if subject.table == "links"}
    with indexed(connection, {subject.video_id for subject in moving}):
        for table in sorted({subject.table for subject in moving}):
            states = [state for subject, state in moving.items() if subject.table == table]
            _replace(connection, table, _flatten(old for old, _ in states), _flatten(new for _, new in states))
            if table == "files":  # what hangs on a row goes with it
                share_marks(connection, {row["sha256"] for _, new in states for row in new})
        refresh_links(connection, linked)
        due = refresh_given(connection, {subject.video_id for subject in given}, taken_back)
    return due + refresh_heard(connection, [subject.video_id for subject in moving if subject.table == "observations"])


def _read(connection: Reader, subjects: Iterable[Subject]) -> dict[Subject, Rows]:
    """What the user has written on each subject, in order of id."""
    states: dict[Subject, Rows] = {subject: [] for subject in subjects}
    for name, table in _TABLES.items():
        ids = sorted({subject.video_id for subject in states if subject.table == name})
        parameters: dict[str, Any] = {"ids": ids}
        columns, key = table.columns.split(", "), table.key or "''"
        query = f"SELECT {table.columns}, {key} FROM {name} WHERE {table.condition}{table.video} IN :ids"
        if table.key is not None:
            query += f" AND {table.key} IN :keys"
            parameters["keys"] = sorted({subject.key for subject in states if subject.table == name})
        for row in connection.execute(f"{query} ORDER BY id", parameters) if ids else ():
            subject = Subject(name, row[table.video], row[len(columns)])
            if subject in states:
                states[subject].append(dict(zip(columns, row, strict=False)))
    return states


def _replace(connection: Writer, name: str, old: Rows, new: Rows) -> None:
    """Put the second rows in the place of the first; a row that is in both stays, with all that hangs on it."""
    if not _TABLES[name].is_whole:
        update_rows(connection, name, new)
        return
    known = {row["id"]: row for row in _own(name, old)}
    staying = {row["id"] for row in _own(name, new) if known.get(row["id"]) == row}
    old, new = ([row for row in rows if row["id"] not in staying] for rows in (old, new))
    connection.execute(f"DELETE FROM {name} WHERE id IN :ids", {"ids": [row["id"] for row in old]})
    insert_rows(connection, name, [{**row, **dict.fromkeys(_TABLES[name].derived)} for row in new])


def _flatten(groups: Iterable[Rows]) -> Rows:
    return [row for rows in groups for row in rows]


def _name(row: Mapping[str, Any]) -> str | None:
    """A tag, a facet or a link as a person writes it."""
    name = row.get("key", row.get("facet"))
    text = f"{name}={row['value']}" if name and row["value"] else name
    if "relation" in row:
        text = f"as {row['relation']} of {row['parent_source']}:{row['parent_remote_id']}"
    return text if text is None or len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
