"""Secrets that the library holds because nobody knew them when they came, cut out of what it keeps.

What an older version let through, or what was configured later, is found by the redaction of today. Names of videos
stay: to rename one would part it from its server, and from what the user said of it.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from catalog.database import overwrite
from catalog.redaction import cut_secrets
from catalog.rows import json_text
from catalog.store.bulk import update_rows

if TYPE_CHECKING:
    from catalog.database import Writer

# What servers said, by table; rows of videos are folded from it.
HEARD = {
    "observations": ("payload",),
    "stray_answers": ("reason", "payload"),
    "changes": ("old", "new"),
    "deliveries": ("body", "message"),
    "retries": ("message",),
    "sources": ("base_url", "cursor", "message"),
    "sync_runs": ("stopped", "error", "suspicion"),
}
_PORTION = 500  # rows


def clean_rows(connection: Writer, table: str, after: int) -> tuple[int, int | None]:
    """Cut all known secrets out of the next rows of a table of HEARD: how many had any, and the row to go on after.

    The latter is None at the end. What is replaced is overwritten in the file.
    """
    overwrite(connection)
    columns = HEARD[table]
    query = f"SELECT id, {', '.join(columns)} FROM {table} WHERE id > :after ORDER BY id LIMIT {_PORTION}"
    count, changed = 0, []
    for row in connection.execute(query, {"after": after}):
        count, after = count + 1, row["id"]
        clean = {column: _clean(row[column]) for column in columns}
        if any(clean[column] is not row[column] for column in columns):
            changed.append({"id": row["id"], **clean})
    update_rows(connection, table, changed)
    return len(changed), after if count == _PORTION else None


def _clean(text: str | None) -> str | None:
    """The text without known secrets, still JSON where it was; the same object where it has none."""
    if text is None or (clean := cut_secrets(text)) is text:
        return text
    try:
        value = json.loads(text)
    except ValueError:
        return str(clean)
    return json_text(cut_secrets(value))
