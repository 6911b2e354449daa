"""What files say of themselves, beside their rows; a workflow is kept once, however many files hold it.

The column `marks` of a file sums it up in the words that one searches by. Who writes it does so inside `indexed`.
"""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, Any

from catalog.rows import encodable
from catalog.store.bulk import insert_rows, update_rows

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from catalog.database import Writer
    from catalog.media.marks import Mark

_SHOWN = 1_000  # characters that are kept of what is not all there is
_PORTION = 2_000  # rows

_COLUMNS = ("kind", "carrier", '"key"', "value", "is_broken", "is_truncated", "claims", "tool", "size")
_TWIN = "(SELECT min(twin.id) FROM files AS twin WHERE twin.sha256 = files.sha256 AND twin.marks IS NOT NULL)"
_SHARE = f"""
INSERT INTO file_marks (file_id, {", ".join(_COLUMNS)})
SELECT files.id, {", ".join(f"file_marks.{name}" for name in _COLUMNS)}
FROM files JOIN file_marks ON file_marks.file_id = {_TWIN}
WHERE files.sha256 IN :hashes AND files.marks IS NULL ORDER BY file_marks.id
"""
_SHARE_SUM = f"""
UPDATE files SET marks = (SELECT own.marks FROM files AS own WHERE own.id = {_TWIN})
WHERE sha256 IN :hashes AND marks IS NULL
"""
_UNREAD = """
SELECT file_marks.id, file_id, kind, carrier, "key", CASE kind WHEN 'workflow' THEN '' ELSE value END AS value,
is_broken, is_truncated FROM file_marks WHERE id > :after ORDER BY id LIMIT :limit
"""


def sum_up(marks: Iterable[Mark]) -> str:
    """What marks come to, in the words that one searches by: `mark:ai mark:aigc tool:comfyui workflow:prompt`."""
    words: set[str] = set()
    for mark in marks:
        words.update(f"mark:{claim}" for claim in mark.claims)
        if mark.tool:
            words.add(f"tool:{mark.tool}")
        if mark.kind == "workflow" and not mark.is_broken:
            words.add(f"workflow:{mark.key}")
    return " ".join(sorted(words))


def save_marks(connection: Writer, marks: Mapping[int, Iterable[Mark]]) -> None:
    """Keep the marks of files, by row id, in the place of what was known of them; the rows of files sum them up."""
    rows: list[dict[str, Any]] = []
    workflows: dict[str, str] = {}
    for file_id, own in marks.items():
        for mark in own:
            value = encodable(mark.value)
            if mark.is_truncated:
                value = value[:_SHOWN]
            elif mark.kind == "workflow":
                name = sha256(value.encode()).hexdigest()
                workflows[name], value = value, name
            rows.append(
                {
                    "file_id": file_id,
                    "kind": mark.kind,
                    "carrier": encodable(mark.carrier),
                    "key": encodable(mark.key),
                    "value": value,
                    "is_broken": int(mark.is_broken),
                    "is_truncated": int(mark.is_truncated),
                    "size": mark.size,
                    **_read(mark),
                }
            )
    forget_marks(connection, marks)
    insert_rows(connection, "file_marks", rows)
    query = "SELECT sha256 FROM workflows WHERE sha256 IN :names"
    known = {row[0] for row in connection.execute(query, {"names": list(workflows)})} if workflows else set()
    insert_rows(
        connection,
        "workflows",
        [
            {"sha256": name, "size": len(text.encode()), "content": text}
            for name, text in workflows.items()
            if name not in known
        ],
    )


def _read(mark: Mark) -> dict[str, str | None]:
    """The columns of what a mark claims."""
    return {"claims": " ".join(sorted(mark.claims)) or None, "tool": mark.tool}


def forget_marks(connection: Writer, files: Iterable[int]) -> None:
    """Take out what files, by row id, said of themselves: they are other files by now."""
    connection.execute("DELETE FROM file_marks WHERE file_id IN :ids", {"ids": list(files)})


def fill_marks(connection: Writer, read: Mapping[str, Sequence[Mark]]) -> list[tuple[int, str]]:
    """Keep the marks of bytes, by hash, for files of them that were not read for any; return these: row id, hash."""
    query = "SELECT id, sha256 FROM files WHERE sha256 IN :hashes AND marks IS NULL"
    found = [(row[0], row[1]) for row in connection.execute(query, {"hashes": list(read)})] if read else []
    if found:
        sums = {digest: sum_up(read[digest]) for digest in {digest for _, digest in found}}
        save_marks(connection, {file_id: read[digest] for file_id, digest in found})
        update_rows(connection, "files", [{"id": file_id, "marks": sums[digest]} for file_id, digest in found])
    return found


def share_marks(connection: Writer, hashes: Iterable[str | None]) -> None:
    """Give files of these bytes that were not read for marks those of others of the same bytes."""
    parameters = {"hashes": [name for name in hashes if name]}
    if parameters["hashes"]:
        connection.execute(_SHARE, parameters)
        connection.execute(_SHARE_SUM, parameters)


def complete_marks(connection: Writer) -> None:
    """Read what the marks claim that an older version has kept, and sum them up; in no bitmap yet."""
    from catalog.media.marks import Mark

    sums: dict[int, set[str]] = {}
    after = 0
    while rows := connection.execute(_UNREAD, {"after": after, "limit": _PORTION}).fetchall():
        after = rows[-1]["id"]
        claims = []
        for row_id, file_id, kind, carrier, key, value, is_broken, is_truncated in map(tuple, rows):
            mark = Mark(kind, carrier, key, str(value or ""), 0, bool(is_broken), bool(is_truncated))
            claims.append({"id": row_id, **_read(mark)})
            sums.setdefault(file_id, set()).update(sum_up([mark]).split())
        update_rows(connection, "file_marks", claims)
    update_rows(connection, "files", [{"id": key, "marks": " ".join(sorted(words))} for key, words in sums.items()])
