"""What the user's edits are about: which rows and columns of which tables are the user's, read and put back.

A subject is the least that an edit replaces as a whole: the user's tag of one key on a video, the facets given under
one name, a link to one parent, a rating, a tombstone, a place in a collection; and of no one video, a collection or a
saved search. So any new kind of edit joins with an entry in TABLES and a `journaled` block.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from catalog.store.bulk import insert_rows, update_rows

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from catalog.database import Reader, Writer

    Rows = list[dict[str, Any]]

_SHOWN = 80  # characters of a text that names a subject


class Subject(NamedTuple):
    """What an edit may change as a whole: of one video, what the user wrote in a table under a key.

    What is of no one video has None for it, and its row id as the key.
    """

    table: str
    video_id: int | None
    key: str = ""


class Table(NamedTuple):
    """What the user writes in a table: these columns of its rows that fit the condition; `key` is SQL on a row.

    `sql` is its name where one table has several kinds of subjects.
    """

    columns: str
    video: str | None
    key: str | None
    condition: str = ""
    is_whole: bool = True  # whether the rows are the user's as a whole; else only the columns are
    passing: tuple[str, ...] = ()  # columns that others write too, and whose change is none of the user's
    derived: tuple[str, ...] = ()  # those of them that are read again once a row is back
    sql: str = ""


FILE_COLUMNS = (
    "id, video_id, variant, number, state, reason, origin, sha256, size, type, seconds, width, height, fps, codec, "
    "audio, made_at, changed_at, checked_at, check_id, marks"
)
# In this order rows are put back, since one may belong to another; they are removed in reverse.
TABLES = {
    "tags": Table("id, video_id, key, value, origin", "video_id", "key", "origin = 'user' AND "),
    "given_facets": Table("id, video_id, facet, value", "video_id", "facet"),
    "links": Table(
        "id, child_id, relation, origin, parent_source, parent_remote_id",
        "child_id",
        "relation || ' ' || parent_source || ':' || parent_remote_id",
        "origin = 'user' AND ",
    ),
    "files": Table(
        FILE_COLUMNS,
        "video_id",
        "variant",
        passing=("state", "reason", "changed_at", "checked_at", "check_id", "marks"),
        derived=("check_id", "marks"),
    ),
    "observations": Table(
        "id, video_id, channel, http_status, payload, payload_hash, as_of, received_at, last_received_at, times_seen",
        "video_id",
        "channel",
        "channel = 'file' AND ",
        passing=("last_received_at", "times_seen"),
    ),
    "ratings": Table("id, video_id, rating", "video_id", None, is_whole=False, sql="annotations"),
    "verdicts": Table("id, video_id, verdict", "video_id", None, is_whole=False, sql="annotations"),
    "notes": Table("id, video_id, note", "video_id", None, is_whole=False, sql="annotations"),
    "collections": Table("id, path, note", None, "CAST(id AS TEXT)"),
    "collection_videos": Table("id, collection_id, video_id, position", "video_id", "CAST(collection_id AS TEXT)"),
    "saved_searches": Table("id, name, query", None, "CAST(id AS TEXT)"),
    "videos": Table("id, deleted_at", "id", None, is_whole=False),
}
_IN_USE = """
SELECT id FROM collections WHERE id IN :ids AND (
    EXISTS (SELECT 1 FROM collection_videos WHERE collection_id = collections.id)
    OR EXISTS (
        SELECT 1 FROM collections AS lower WHERE lower.id NOT IN :moving
        AND lower.path > collections.path || '/' AND lower.path < collections.path || '0'
    )
)
"""


def read_subjects(connection: Reader, subjects: Iterable[Subject]) -> dict[Subject, Rows]:
    """What the user has written on each subject, in order of id."""
    states: dict[Subject, Rows] = {subject: [] for subject in subjects}
    for name in dict.fromkeys(subject.table for subject in states):
        table, wanted = TABLES[name], [subject for subject in states if subject.table == name]
        parameters: dict[str, Any] = {"keys": sorted({subject.key for subject in wanted})}
        test = "id IN :ids"
        if table.video is None:
            parameters["ids"] = [int(key) for key in parameters.pop("keys")]
        else:
            parameters["ids"] = sorted({subject.video_id for subject in wanted})
            test = f"{table.video} IN :ids" + (f" AND {table.key} IN :keys" if table.key else "")
            if table.key is None:
                del parameters["keys"]
        for subject, row in _iter_rows(connection, name, test, parameters):
            if subject in states:
                states[subject].append(row)
    return states


def read_all_subjects(connection: Reader, name: str) -> dict[Subject, Rows]:
    """All that the user has written in a table, which should be a small one."""
    return {subject: [row] for subject, row in _iter_rows(connection, name, "1 = 1", {})}


def _iter_rows(
    connection: Reader, name: str, test: str, parameters: Mapping[str, Any]
) -> Iterable[tuple[Subject, dict[str, Any]]]:
    table = TABLES[name]
    columns = table.columns.split(", ")
    query = f"SELECT {table.columns}, {table.key or chr(39) * 2} FROM {table.sql or name}"
    for row in connection.execute(f"{query} WHERE {table.condition}{test} ORDER BY id", parameters):
        subject = Subject(name, row[table.video] if table.video else None, row[len(columns)])
        yield subject, dict(zip(columns, row, strict=False))


def is_so(subject: Subject, current: Rows, expected: Rows) -> bool:
    """Whether a subject is in a state, but for what others write too."""
    return _own(subject.table, current) == _own(subject.table, expected)


def _own(table: str, rows: Rows) -> Rows:
    """The rows without what others write too."""
    passing = TABLES[table].passing
    return [{**row, **dict.fromkeys(passing)} for row in rows] if passing else rows


def replace(connection: Writer, moving: Mapping[Subject, tuple[Rows, Rows]]) -> int:
    """Put the second state of each subject in the place of the first; returns how many have to stay as they are.

    These are collections that others use: taking them away would take away what others put into them.
    """
    states = {
        name: [state for subject, state in moving.items() if subject.table == name]
        for name in TABLES
        if any(subject.table == name for subject in moving)
    }
    staying = sum(_remove(connection, name, states[name]) for name in reversed(states))
    for name, both in states.items():
        _put(connection, name, [row for old, _ in both for row in old], [row for _, new in both for row in new])
    return staying


def _put(connection: Writer, name: str, old: Rows, new: Rows) -> None:
    """Make the rows what they are in the second state; one that is in both stays, with all that hangs on it."""
    table = TABLES[name]
    known = {row["id"]: row for row in _own(name, old)}
    both = [(row, own) for row, own in zip(new, _own(name, new), strict=True) if row["id"] in known]
    changed = [row for row, own in both if known[row["id"]] != own]
    kept = [{key: row[key] for key in row if key not in table.derived} for row in changed]
    update_rows(connection, table.sql or name, kept)
    back = [row for row in new if row["id"] not in known]
    insert_rows(connection, table.sql or name, [{**row, **dict.fromkeys(table.derived)} for row in back])


def _remove(connection: Writer, name: str, states: Sequence[tuple[Rows, Rows]]) -> int:
    """Remove the rows that are in the first states alone, and count those that cannot be."""
    if not TABLES[name].is_whole:
        return 0
    left = {row["id"] for old, _ in states for row in old}.difference(row["id"] for _, new in states for row in new)
    used: set[int] = set()
    if name == "collections" and left:
        moving = [row["id"] for both in states for rows in both for row in rows]
        used = {row[0] for row in connection.execute(_IN_USE, {"ids": list(left), "moving": moving})}
    connection.execute(f"DELETE FROM {name} WHERE id IN :ids", {"ids": list(left - used)})
    return len(used)


def name_subject(row: Mapping[str, Any]) -> str | None:
    """A tag, a facet, a link or a judgement as a person writes it, from its row."""
    name = row.get("key", row.get("facet"))
    text = f"{name}={row['value']}" if name and row["value"] else name
    if "relation" in row:
        text = f"as {row['relation']} of {row['parent_source']}:{row['parent_remote_id']}"
    for column in ("rating", "verdict", "note"):
        if column in row:
            text = f"no {column}" if row[column] is None else str(row[column])
    return text if text is None or len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
