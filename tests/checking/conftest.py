"""A library with clips that lie in its media folder, and everything that can go wrong with them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from catalog import Catalog, store
from catalog.demo.clips import FOLDER, box
from catalog.library import open_library
from catalog.media.examine import examine
from catalog.media.keep import MediaFolder
from catalog.wire.parse import parse_videos
from tests.house import job, read_rows

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from catalog.records import File

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


class Shelf:
    """A library and its media folder, open."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.media = path.parent / "media"
        self.library = open_library(path)
        self.cat = Catalog.open(path)

    def close(self) -> None:
        self.library.close()
        self.cat.close()

    def hear(self, *payloads: dict[str, Any], source: str = "studio") -> None:
        videos = [video for payload in payloads for video in parse_videos(payload).videos]
        with self.library.write() as connection:
            store.save_videos(connection, source, videos, channel="list", received_at=NOW)

    def put(self, data: bytes, extension: str = "mp4") -> str:
        """Put bytes into the media folder, and return the path in the library's folder."""
        folder = MediaFolder(self.media, like=self.path.stat())
        with folder.part() as part:
            part.write(data)
            return folder.commit(part, extension)

    def keep(self, name: str, data: bytes | None = None, *, variant: str = "video", origin: str = "download") -> Path:
        """Keep a clip of the video, which no other has unless `data` says so."""
        folder = MediaFolder(self.media, like=self.path.stat())
        with folder.part() as part:
            part.write(clip(name) if data is None else data)
            found = examine(part.path, "video")
            relative = folder.commit(part, found.extension)
        held = store.Bytes(part.sha256, found.size, found.type.media_type, relative, found.probe)
        with self.library.write() as connection:
            video_id = connection.execute("SELECT id FROM videos WHERE remote_id = ?", (name,)).fetchone()[0]
            store.save_file(connection, store.Spot(video_id, variant), held, origin=origin, at=NOW)
        return self.path.parent / relative

    def file(self, name: str) -> File:
        return self.cat.get(f"studio:{name}").files[0]

    def find(self, query: str) -> list[str]:
        return sorted(video.remote_id for video in self.cat.search(query).videos)

    def spoil(self, statement: str, *values: object) -> None:
        """Change the database as no part of the catalog would."""
        with self.library.write() as connection:
            connection.execute(statement, values)

    def rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        return read_rows(self.library, query, *values)


def clip(name: str) -> bytes:
    """A whole clip, other bytes for every name."""
    return (FOLDER / "landscape.mp4").read_bytes() + box(b"free", name.encode())


@pytest.fixture
def shelf(library_path: Path) -> Iterator[Shelf]:
    """Three completed videos; the clips of `a` and `b` are kept."""
    shelf = Shelf(library_path)
    shelf.hear(*(job(name, prompt=f"a red fox, take {name}", seconds=4) for name in ("a", "b", "c")))
    shelf.keep("a")
    shelf.keep("b")
    yield shelf
    shelf.close()
