"""What files say of themselves, beside their rows; a workflow is kept once, however many files hold it."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, Any

from catalog.rows import encodable
from catalog.store.bulk import insert_rows

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from catalog.database import Writer
    from catalog.media.marks import Mark

_SHOWN = 1_000  # characters that are kept of what is not all there is


def save_marks(connection: Writer, marks: Mapping[int, Iterable[Mark]]) -> None:
    """Keep the marks of files, by row id, in the place of what was known of them."""
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
                }
            )
    connection.execute("DELETE FROM file_marks WHERE file_id IN :ids", {"ids": list(marks)})
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
