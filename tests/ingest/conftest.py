"""A folder to put files in, a library to import them into, and ways to look at what became of them."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from catalog.ingest import import_paths
from tests.house import Shelf, job

if TYPE_CHECKING:
    from pathlib import Path

    from catalog.database import Database
    from catalog.reports import FileReport, ImportReport

__all__ = ["NOW", "SAVED", "Bench", "job", "reasons"]

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
SAVED = datetime(2026, 10, 1, 8, tzinfo=UTC)


class Bench(Shelf):
    """Writes files, saved at SAVED, and imports the whole folder or some of them."""

    def __init__(self, library: Database, folder: Path) -> None:
        super().__init__(library)
        self.folder = folder

    def put(self, name: str, content: Any) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if not isinstance(content, bytes):
            content = (content if isinstance(content, str) else json.dumps(content)).encode()
        path.write_bytes(content)
        os.utime(path, (SAVED.timestamp(), SAVED.timestamp()))
        return path

    def put_lines(self, name: str, *values: Any) -> Path:
        lines = [value if isinstance(value, str) else json.dumps(value) for value in values]
        return self.put(name, "\n".join(lines) + "\n")

    def take_in(self, *paths: Path | str, source: str = "studio", **options: Any) -> ImportReport:
        return import_paths(self.library, paths or (self.folder,), source=source, now=NOW, **options)

    def take_one(self, *paths: Path | str, **options: Any) -> FileReport:
        (file,) = self.take_in(*paths, **options).files
        return file

    def column(self, column: str, remote_id: str) -> Any:
        """What a column holds of a video."""
        return self.value(f"SELECT {column} FROM videos WHERE remote_id = ?", remote_id)

    def library_dump(self) -> list[str]:
        """Everything that the library holds, as text."""
        tables = [name for (name,) in self.rows("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return [str(row) for table in tables for row in self.rows(f"SELECT * FROM {table}")]

    def ids(self) -> list[str]:
        return [row[0] for row in self.rows("SELECT remote_id FROM videos ORDER BY id")]


@pytest.fixture
def bench(library: Database, tmp_path: Path) -> Bench:
    folder = tmp_path / "saved"
    folder.mkdir()
    return Bench(library, folder)


def reasons(file: FileReport) -> list[tuple[int | None, str]]:
    return [(refusal.place, refusal.reason) for refusal in file.refused]
