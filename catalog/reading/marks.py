"""What files say of themselves: which of them were not read for it, and what the others say."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from catalog.database import path_of
from catalog.errors import NotFound
from catalog.mark_reports import FileMark, Workflow
from catalog.rows import read_path

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from catalog.database import Reader

_UNREAD = """
SELECT files.id, files.sha256, files.size, file_places.mtime_ns, file_places.root, file_places.path
FROM files CROSS JOIN file_places ON file_places.id = (
    SELECT min(place.id) FROM file_places AS place WHERE place.sha256 = files.sha256 AND place.state = 'present'
)
WHERE files.marks IS NULL AND files.sha256 IS NOT NULL AND coalesce(files.origin, '') <> 'made' AND files.id > :after
ORDER BY files.id LIMIT :limit
"""
_MARKS = """
SELECT file_id, kind, carrier, "key", CASE kind WHEN 'workflow' THEN NULL ELSE value END, is_broken, is_truncated,
claims, tool, coalesce(file_marks.size, workflows.size), workflows.sha256 FROM file_marks
LEFT JOIN workflows ON file_marks.kind = 'workflow' AND workflows.sha256 = file_marks.value
WHERE file_id IN :ids ORDER BY file_marks.id
"""
_WORKFLOWS = """
SELECT files.variant, files.number, file_marks.carrier, file_marks."key", file_marks.is_broken,
file_marks.is_truncated, workflows.sha256, workflows.size, workflows.content
FROM files CROSS JOIN file_marks ON file_marks.file_id = files.id
LEFT JOIN workflows ON workflows.sha256 = file_marks.value
WHERE files.video_id = :id AND file_marks.kind = 'workflow'
ORDER BY file_marks.is_truncated, file_marks.is_broken, files.variant = 'reference', file_marks."key" <> 'workflow',
files.variant <> 'video', files.variant <> 'image', files.variant, files.number, file_marks.id
"""


class Unread(NamedTuple):
    """A file that was not read for marks: where it lies, its bytes and, where it lies in a folder of the user's, when
    it had been changed when it was read, in nanoseconds since 1970."""

    file_id: int
    sha256: str
    size: int | None
    mtime_ns: int | None
    path: Path


_make: Callable[..., FileMark] = FileMark  # whose first fields are columns


def list_unread(connection: Reader, *, after: int, limit: int) -> list[Unread]:
    """The next files, by row id, that were not read for marks and lie somewhere."""
    folder = path_of(connection).parent
    return [
        Unread(file_id, sha256, size, mtime_ns, Path(read_path(root) or folder) / read_path(path))
        for file_id, sha256, size, mtime_ns, root, path in connection.execute(_UNREAD, {"after": after, "limit": limit})
    ]


def read_marks(connection: Reader, files: Iterable[int]) -> dict[int, list[FileMark]]:
    """What these files say of themselves, by row id, in the order in which it stands in them."""
    marks: dict[int, list[FileMark]] = {}
    for file_id, *shown, is_broken, is_truncated, claims, tool, size, sha256 in connection.execute(
        _MARKS, {"ids": list(files)}
    ):
        stated = tuple((claims or "").split()), tool, size, sha256
        marks.setdefault(file_id, []).append(_make(*shown, bool(is_broken), bool(is_truncated), *stated))
    return marks


def get_workflow(connection: Reader, ref: str) -> Workflow:
    """The workflow that a file of the video holds, as it stands there; raises NotFound.

    What ComfyUI's page shows comes before the graph that it ran, the clip before its pictures, what was made before
    what went into it, and what can be read before what is broken.
    """
    from catalog.reading.names import get_name

    name = get_name(connection, ref)
    rows = connection.execute(_WORKFLOWS, {"id": name.id}).fetchall()
    if not rows:
        raise NotFound(f"{name.ref}: the library knows of no workflow in its files")
    variant, number, carrier, key, is_broken, is_truncated, sha256, size, content = rows[0]
    if is_truncated or content is None:
        raise NotFound(
            f"{name.ref}: the workflow in its {variant} {number} is longer than 4 MB, and only its beginning was kept: "
            f"read it from the file, where it stands in {carrier}"
        )
    return Workflow(variant, number, carrier, key, content, size, sha256, bool(is_broken), len(rows) - 1)
