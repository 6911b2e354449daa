"""A folder of clips that differ, scans of it, and ways to look at what became of them."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from struct import pack
from typing import TYPE_CHECKING, Any

import pytest

from catalog.demo.clips import FOLDER
from catalog.ingest import import_paths
from catalog.watch.run import Options, scan_folders, take_in_files
from tests.house import Shelf

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from catalog.database import Database
    from catalog.file_reports import FolderReport

CLIP = (FOLDER / "landscape.mp4").read_bytes()
MOMENT = 0.01


def clip(number: int = 0) -> bytes:
    """A clip that differs from those of other numbers."""
    return CLIP + pack(">I4sQ", 16, b"free", number)


class Pasture(Shelf):
    """A folder of clips, and a library that scans it."""

    def __init__(self, library: Database, folder: Path) -> None:
        super().__init__(library)
        self.folder = folder
        self.now = datetime.now(UTC)

    def put(self, name: str | bytes, content: bytes = CLIP, folder: Path | None = None) -> Path:
        path = (folder or self.folder) / os.fsdecode(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        return path

    def scan(self, *folders: Path | str, **options: Any) -> FolderReport:
        """Scan once, a minute later; the report on the last folder."""
        return self.scan_all(*folders, **options)[-1]

    def scan_all(self, *folders: Path | str, source: str | None = None, **options: Any) -> list[FolderReport]:
        self.now += timedelta(minutes=1)
        clock = options.pop("clock", lambda: self.now)
        settings = Options(source, moment=MOMENT, clock=clock, **options)
        return scan_folders(self.library, folders or (self.folder,), settings)

    def watch(self, source: str = "studio") -> FolderReport:
        """Scan with answers and sidecars read."""

        def read(root: str, paths: Sequence[Path]) -> bool:
            import_paths(
                self.library, [root], source=source, among=frozenset(paths), take_media=lambda *_: [], now=self.now
            )
            return True

        return self.scan(source=source, read_documents=read)

    def take_in(self, *paths: Path | str) -> list[FolderReport]:
        return take_in_files(self.library, paths, Options(moment=MOMENT))

    def places(self) -> dict[str, str]:
        """The states of places, by path."""
        return {os.fsdecode(path): state for path, state in self.rows("SELECT path, state FROM file_places")}

    def refs(self) -> list[str]:
        return [ref for (ref,) in self.rows("SELECT ref FROM videos WHERE deleted_at IS NULL ORDER BY id")]


@pytest.fixture
def pasture(library: Database, tmp_path: Path) -> Pasture:
    folder = tmp_path / "clips"
    folder.mkdir()
    return Pasture(library, folder)
