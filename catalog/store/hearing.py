"""What files say of the jobs that they are given to, as part of an edit: heard, and taken back with it."""

from __future__ import annotations

import json
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

from catalog.records import utc_text
from catalog.rows import json_text
from catalog.store.bulk import insert_rows
from catalog.store.facets import Extracted, save_extracted
from catalog.store.folding import fold_again

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from catalog.database import Writer

FILE = "file"  # the channel of what a file says
SAID = ("prompt", "negative_prompt", "model", "seed", "prompt_origin")  # of a job

_OBSERVED = f"SELECT video_id, payload FROM observations WHERE video_id IN :ids AND channel = '{FILE}' ORDER BY id"
_KNOWN = f"SELECT video_id, payload_hash FROM observations WHERE video_id IN :ids AND channel = '{FILE}'"
_DUE = "SELECT id, prompt IS NULL FROM videos WHERE id IN :ids AND extracted_by IS NULL ORDER BY id"


def hear_files(connection: Writer, pairs: Mapping[int, int], *, at: datetime) -> list[int]:
    """Let the files of videos say of jobs, `pairs` of row ids, what nobody else has said; return the prompts due by it.

    The flight recorder is not told: nothing moved at a server.
    """
    jobs, now = list(dict.fromkeys(pairs.values())), utc_text(at)
    names = dict(map(tuple, connection.execute("SELECT id, remote_id FROM videos WHERE id IN :ids", {"ids": jobs})))
    known = {tuple(row) for row in connection.execute(_KNOWN, {"ids": jobs})}
    rows: list[dict[str, Any]] = []
    for video_id, observed in connection.execute(_OBSERVED, {"ids": list(pairs)}):
        job = pairs[video_id]
        said = {name: value for name, value in json.loads(observed).items() if name in SAID}
        payload = json_text({"id": names[job], "object": "video", **said})
        digest = blake2b(payload.encode(), digest_size=16).hexdigest()
        if said and (job, digest) not in known:
            known.add((job, digest))
            times = {"received_at": now, "last_received_at": now, "times_seen": 1}
            row = {"video_id": job, "as_of": None, "channel": FILE, "http_status": 200}
            rows.append({**row, "payload": payload, "payload_hash": digest, **times})
    insert_rows(connection, "observations", rows)
    return refresh_heard(connection, [row["video_id"] for row in rows])


def refresh_heard(connection: Writer, ids: Iterable[int]) -> list[int]:
    """Fold these videos again, whose observations have come or gone, and return those whose prompts are due by it."""
    videos = list(dict.fromkeys(ids))
    if not videos:
        return []
    fold_again(connection, videos)
    due = connection.execute(_DUE, {"ids": videos}).fetchall()
    save_extracted(connection, [Extracted(row[0], None, (), None) for row in due if row[1]], vocabulary="")
    return [row[0] for row in due if not row[1]]
