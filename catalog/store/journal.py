"""The journal: what the user did, with the rows before and after, so that it can be undone and redone.

An edit runs inside `journaled`, which compares what the user wrote on its subjects before and after, a portion of its
videos at a time; `subjects` says what these are. What comes in with an import, a captured call or a sync is not an edit
and is not journaled.

Undo goes through the changes of an edit backwards, and puts the rows back with their ids, but only on subjects that
still are what the edit made of them: what anything else has written since stays. What is derived from the rows follows,
and is not in the journal. Nothing is ever taken out of it; a migration that changes a column of a table of `subjects`
changes the journaled rows too.
"""

from __future__ import annotations

import json
from contextlib import contextmanager
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from catalog.processes import name_user
from catalog.records import utc_text
from catalog.rows import json_text
from catalog.store.attached import refresh_links
from catalog.store.bulk import insert_rows, update_rows
from catalog.store.facets import drop_extracted, refresh_given
from catalog.store.folding import fold_again
from catalog.store.indexes import collecting, indexed, judging, noting
from catalog.store.ingredients import followed
from catalog.store.marks import share_marks
from catalog.store.subjects import Subject, is_so, name_subject, read_all_subjects, read_subjects, replace

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
    from contextlib import AbstractContextManager
    from datetime import datetime

    from catalog.database import Writer
    from catalog.store.subjects import Rows

_NEVER = 2**62  # more than any row id
PORTION = 1000  # subjects, or videos, whose states are in memory at once

_LISTED = 5  # tags, facets or links that the detail of an edit names

_TAKING = frozenset({"untag", "unlink"})  # verbs that say themselves that something was taken off

_NEWEST = "SELECT id FROM edits WHERE undone_at IS NULL ORDER BY id DESC LIMIT 1"
_UNDONE = "SELECT id FROM edits WHERE undone_at IS NOT NULL AND superseded_by IS NULL ORDER BY id LIMIT 1"
_END_REDO = "UPDATE edits SET superseded_by = :id WHERE undone_at IS NOT NULL AND superseded_by IS NULL"
_CHANGED = "SELECT id, table_name, video_id, key, before, after FROM edits_rows WHERE edit_id = :edit AND id {}"
_FORWARDS = _CHANGED.format("> :last ORDER BY id LIMIT :limit")
_BACKWARDS = _CHANGED.format("< :last ORDER BY id DESC LIMIT :limit")
_MEMBERS = "SELECT DISTINCT video_id FROM collection_videos WHERE collection_id IN :ids"


class Step(NamedTuple):
    """An edit that was undone or redone.

    `overtaken` counts its subjects that something else had changed since, which stay as they are; `due` are the row ids
    of the videos whose prompts have to be read again.
    """

    number: int
    overtaken: int
    due: list[int]


class _Moved(NamedTuple):
    """How many subjects had to stay as they were, and the videos whose prompts are due."""

    staying: int
    due: list[int]


# Pictures that were made of files which a video has no more.
_UNFOUNDED = """
DELETE FROM files WHERE video_id IN :ids AND origin = 'made' AND NOT EXISTS (
    SELECT 1 FROM files AS source WHERE source.video_id = files.video_id AND source.number = files.number
    AND source.variant IN ('video', 'image') AND source.sha256 IS NOT NULL
)
"""


class Act:
    """An edit in the making, of the videos that it has changed so far."""

    def __init__(self, connection: Writer, verb: str, made_at: datetime, detail: str | None) -> None:
        self._connection = connection
        self._verb = verb
        self._detail = detail
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
            before = read_subjects(self._connection, subjects)
            yield videos
            after = read_subjects(self._connection, subjects)
            if changed := [subject for subject in before if before[subject] != after[subject]]:
                self._keep([(subject, before[subject], after[subject]) for subject in changed])

    @contextmanager
    def whole(self, table: str) -> Iterator[None]:
        """Keep what the block changes in a small table of what is of no one video."""
        before = read_all_subjects(self._connection, table)
        yield
        after = read_all_subjects(self._connection, table)
        states = [(subject, before.get(subject, []), after.get(subject, [])) for subject in {**before, **after}]
        if changed := [(subject, old, new) for subject, old, new in states if old != new]:
            self._keep(changed)

    def finish(self) -> None:
        """Describe the edit, after which nothing undone can be redone. What changed nothing is not an edit."""
        if self._number is not None:
            update_rows(self._connection, "edits", [{"id": self._number, "detail": self._describe()}])
            self._connection.execute(_END_REDO, {"id": self._number})

    def _keep(self, changes: Sequence[tuple[Subject, Rows, Rows]]) -> None:
        if self._number is None:
            editor = {"author": name_user(), "via": self._connection.via}
            insert_rows(self._connection, "edits", [{"made_at": self._made_at, "act": self._verb, **editor}])
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
            if subject.video_id is not None:
                self._changed[subject.video_id] = None
            texts, rows_named = (self._made, after) if after else (self._lost, before)
            texts.update((text, None) for text in map(name_subject, rows_named) if text)

    def _describe(self) -> str | None:
        """What was set, and what was taken off, such as tags: each once, the first few."""
        if self._detail is not None:
            return self._detail
        texts = [*self._made, *(self._lost if self._verb in _TAKING else (f"no {text}" for text in self._lost))]
        more = len(texts) - _LISTED
        return ", ".join(texts[:_LISTED]) + (f" and {more:,} more" if more > 0 else "") or None


@contextmanager
def journaled(connection: Writer, verb: str, *, made_at: datetime, detail: str | None = None) -> Iterator[Act]:
    """Keep what the block changes as one edit; `verb` names it, as the command line does.

    `detail` describes it; without it, the tags, facets and the like that it changed are named.
    """
    act = Act(connection, verb, made_at, detail)
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
    is_undo = end == "before"
    query, last = (_BACKWARDS, _NEVER) if is_undo else (_FORWARDS, 0)
    overtaken = 0
    due: list[int] = []
    while rows := connection.execute(query, {"edit": number, "last": last, "limit": PORTION}).fetchall():
        last = rows[-1]["id"]
        states = {
            Subject(row["table_name"], row["video_id"], row["key"]): (json.loads(row[start]), json.loads(row[end]))
            for row in rows
        }
        current = read_subjects(connection, states)
        moving = {subject: state for subject, state in states.items() if is_so(subject, current[subject], state[0])}
        moved = _replace_states(connection, moving)
        overtaken += len(states) - len(moving) + moved.staying
        due += moved.due
    return Step(number, overtaken, due)


def _replace_states(connection: Writer, moving: Mapping[Subject, tuple[Rows, Rows]]) -> _Moved:
    """Put the second state of each subject in the place of the first."""
    given = {subject: new for subject, (_, new) in moving.items() if subject.table == "given_facets"}
    hashes = {row["sha256"] for subject, (_, new) in moving.items() if subject.table == "files" for row in new}
    taken_back = {subject.video_id for subject, new in given.items() if not new and subject.video_id}
    linked, holding, described, giving = (
        {subject.video_id for subject in moving if subject.table == table and subject.video_id}
        for table in ("links", "files", "observations", "given_facets")
    )
    following = _choose_index({subject.table for subject in moving})
    with followed(connection, holding), following(connection, _list_videos(connection, moving)):
        staying = replace(connection, moving)
        connection.execute(_UNFOUNDED, {"ids": list(holding)})
        share_marks(connection, hashes)  # what hangs on a row goes with it
        refresh_links(connection, linked)
        due = refresh_given(connection, giving, taken_back)
    fold_again(connection, list(described))
    drop_extracted(connection, described)
    return _Moved(staying, [*due, *described])


def _choose_index(tables: Set[str]) -> Callable[[Writer, Iterable[int]], AbstractContextManager[None]]:
    """What keeps the indexes true where subjects of these tables move, comparing no more than it has to."""
    if tables <= {"ratings", "verdicts"}:
        return judging
    if tables <= {"ratings", "verdicts", "notes"}:
        return noting
    if tables <= {"collections", "collection_videos"}:
        return collecting
    return indexed


def _list_videos(connection: Writer, subjects: Iterable[Subject]) -> list[int]:
    """The videos that subjects are about: with a collection, all that are in it."""
    videos = {subject.video_id for subject in subjects if subject.video_id is not None}
    collections = [int(subject.key) for subject in subjects if subject.table == "collections"]
    if collections:
        videos.update(row[0] for row in connection.execute(_MEMBERS, {"ids": collections}))
    return sorted(videos)
