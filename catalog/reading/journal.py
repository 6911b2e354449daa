"""What the user edited, as the journal has it. `store.journal` writes it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from catalog.errors import CatalogError
from catalog.records import read_utc
from catalog.reports import Edit

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from catalog.database import Reader

_LISTED = 10  # refs that an edit of many videos names

_PAST = {
    "tag": "tagged",
    "untag": "untagged",
    "give": "gave",
    "delete": "deleted",
    "undelete": "undeleted",
    "link": "linked",
    "unlink": "unlinked",
    "adopt": "gave files to",
    "rate": "rated",
    "verdict": "judged",
    "note": "noted on",
    "collect": "put",
    "uncollect": "took",
    "move_video": "moved",
    "note_collection": "noted on",
    "move_collection": "moved",
    "save": "saved",
    "unsave": "removed",
}
_ALONE = frozenset({"note_collection", "move_collection", "save", "unsave"})  # edits that are about no video

_EDITS = "SELECT id, made_at, act, detail, undone_at, superseded_by, author, via FROM edits"
_NEWEST = "SELECT id FROM edits WHERE undone_at IS NULL ORDER BY id DESC LIMIT 1"
_COUNT = "SELECT count(DISTINCT video_id) FROM edits_rows WHERE edit_id = :id"
_REFS = """
SELECT videos.ref FROM edits_rows JOIN videos ON videos.id = edits_rows.video_id
WHERE edit_id = :id GROUP BY videos.id, videos.ref ORDER BY min(edits_rows.id) LIMIT :limit
"""


def find_newest(connection: Reader) -> int | None:
    """The number of the newest edit that stands, None where there is none."""
    row = connection.execute(_NEWEST).fetchone()
    return row[0] if row else None


def require_newest(connection: Reader, number: int) -> None:
    """Raise CatalogError unless this is the newest edit that stands."""
    if find_newest(connection) != number:
        raise CatalogError("something else was edited or undone meanwhile: nothing was changed, see the history")


def list_edits(connection: Reader, limit: int) -> list[Edit]:
    """The edits, newest first, at most so many."""
    rows = connection.execute(f"{_EDITS} ORDER BY id DESC LIMIT :limit", {"limit": max(limit, 0)}).fetchall()
    return [_read_edit(connection, row) for row in rows]


def read_edits(connection: Reader, overtaken: Mapping[int, int]) -> list[Edit]:
    """The edits with these numbers, in this order, each with how many of its changes were overtaken."""
    rows = connection.execute(f"{_EDITS} WHERE id IN :ids", {"ids": list(overtaken)}).fetchall()
    edits = {row["id"]: _read_edit(connection, row, overtaken[row["id"]]) for row in rows}
    return [edits[number] for number in overtaken]


def _read_edit(connection: Reader, row: Any, overtaken: int = 0) -> Edit:
    videos = connection.execute(_COUNT, {"id": row["id"]}).fetchone()[0]
    refs = [ref for (ref,) in connection.execute(_REFS, {"id": row["id"], "limit": _LISTED})]
    return Edit(
        number=row["id"],
        made_at=read_utc(row["made_at"]),  # type: ignore[arg-type]  # never NULL
        act=row["act"],
        summary=_summarize(row["act"], row["detail"], videos, refs),
        videos=videos,
        refs=tuple(refs),
        undone_at=read_utc(row["undone_at"]),
        overtaken=overtaken,
        detail=row["detail"],
        superseded_by=row["superseded_by"],
        author=row["author"],
        via=row["via"],
    )


def _summarize(act: str, detail: str | None, videos: int, refs: Iterable[str]) -> str:
    if act in _ALONE:
        return f"{_PAST[act]} {detail}"
    named = next(iter(refs), "nothing") if videos <= 1 else f"{videos:,} videos"
    return " ".join(filter(None, (_PAST.get(act, act), named, detail)))
