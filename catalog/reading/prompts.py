"""Which prompts have been read for their facets, and which are still due."""

from __future__ import annotations

from typing import TYPE_CHECKING

from catalog import bitmaps
from catalog.prompts import LONGEST_READ
from catalog.records import PromptsRead

if TYPE_CHECKING:
    from collections.abc import Sequence

    from catalog.database import Reader

_IS_DUE = "extracted_by IS NULL AND prompt IS NOT NULL"
_UNINHERITED = (
    "SELECT 1 FROM links JOIN videos ON videos.id = links.child_id "
    f"WHERE links.is_inherited IS NULL AND NOT ({_IS_DUE}) LIMIT 1"
)


def count_prompts(connection: Reader) -> PromptsRead:
    """How many prompts there are, and how many of them have been read."""
    due = count_due_prompts(connection)
    return PromptsRead(len(bitmaps.read_present(connection, "prompt")), due)


def count_due_prompts(connection: Reader) -> int:
    """How many videos have a prompt whose facets have not been extracted yet."""
    (due,) = connection.execute(f"SELECT count(*) FROM videos WHERE {_IS_DUE}").fetchone()
    return int(due)


def measure_due_prompts(connection: Reader, limit: int) -> int:
    """How many characters are to be read of those prompts, of so many of them at most."""
    sizes = f"SELECT length(substr(prompt, 1, {LONGEST_READ})) AS size FROM videos WHERE {_IS_DUE} LIMIT :limit"
    (size,) = connection.execute(f"SELECT sum(size) FROM ({sizes}) AS due", {"limit": limit}).fetchone()
    return size or 0


def is_inheritance_due(connection: Reader) -> bool:
    """Whether what a remix inherits is due, of a remix whose prompt has been read or is not known."""
    return connection.execute(_UNINHERITED).fetchone() is not None


def list_due_prompts(
    connection: Reader, limit: int, *, after: int = 0, among: Sequence[int] | None = None
) -> list[tuple[int, str]]:
    """The row ids and prompts of these videos in order of row id, from the first one after `after`.

    Or, of the videos with the row ids `among`, those that are due. Of a prompt only as much as is read for its facets.
    """
    chosen = "" if among is None else "AND id IN :among"
    prompt = f"substr(prompt, 1, {LONGEST_READ})"
    query = f"SELECT id, {prompt} FROM videos WHERE {_IS_DUE} AND id > :after {chosen} ORDER BY id LIMIT :limit"
    parameters = {"after": after, "limit": limit} | ({} if among is None else {"among": list(among)})
    return [(row[0], row[1]) for row in connection.execute(query, parameters)]


def remark_on_due(connection: Reader) -> list[str]:
    """The remark that facets cover only a part of the prompts; none where all have been read."""
    if not count_due_prompts(connection):
        return []
    return [f"{count_prompts(connection)}: `catalog reindex --facets` reads the others"]
