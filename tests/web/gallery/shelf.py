"""A library with jobs and files of any kind, for the pages of the gallery."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from catalog import Catalog, store
from catalog.library import open_library
from tests.house import job

if TYPE_CHECKING:
    from pathlib import Path

    from catalog.records import Probe

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


def take_in(path: Path, *jobs: dict[str, Any]) -> None:
    """Import these answers of the source `studio` into the library."""
    answers = path.parent / "answers.json"
    answers.write_text(json.dumps({"data": [*jobs] or [job()]}))
    with Catalog.open(path) as catalog:
        catalog.import_path(answers, source="studio")


def hold(
    path: Path,
    data: bytes,
    kind: str,
    *,
    of: str = "v1",
    variant: str = "video",
    number: int = 1,
    origin: str = "download",
    probe: Probe | None = None,
    size: int | None = None,
) -> str:
    """Keep bytes as a file of a job: their hash. With a `size`, the file is so long, and what follows is a hole."""
    name = sha256(data).hexdigest()
    inner = f"media/{name[:2]}/{name[2:4]}/{name}.bin"
    target = path.parent / inner
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(data)
    if size is not None:
        with target.open("r+b") as file:
            file.truncate(size)
    library = open_library(path)
    with library.write() as connection:
        query = "SELECT id FROM videos WHERE remote_id = :name"
        video_id = connection.execute(query, {"name": of}).fetchone()[0]
        found = store.Bytes(name, size or len(data), kind, inner, probe)
        store.save_file(connection, store.Spot(video_id, variant, number), found, origin=origin, at=NOW)
    library.close()
    return name


def place_of(path: Path, name: str) -> Path:
    """Where the bytes of this hash lie."""
    return path.parent / f"media/{name[:2]}/{name[2:4]}/{name}.bin"
