"""One file into the media folder: asked for room, fetched, examined, put in its place."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, cast

from catalog.client.fetching import fetch_content
from catalog.errors import BadMedia, DiskFull
from catalog.media.examine import examine
from catalog.media.pictures import divides
from catalog.store import Bytes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from catalog.client.client import Client
    from catalog.client.content import Content
    from catalog.media.examine import Variant
    from catalog.media.keep import MediaFolder, Part
    from catalog.reading.rescue import Wanted
    from catalog.records import Probe

SPARE_BYTES = 64 * 1024 * 1024  # left on the disk: the library has to grow, too


class NoGrid(BadMedia):
    """A spritesheet that is not made of frames of the clip: nothing is wrong with it, and it is of no use."""


class Keeper:
    """Brings files into a media folder, for several threads: so many of them at once are `asking` servers."""

    def __init__(self, folder: MediaFolder, at_once: int) -> None:
        self.asking = threading.Semaphore(at_once)
        self._folder = folder
        self._pledged: dict[Part, int] = {}
        self._lock = threading.Lock()

    def keep(self, client: Client, job: Wanted, variant: str, url: str | None) -> Bytes:
        """A file of a job at an address, or at the content path of the dialect, once it is whole and on the disk.

        Raises SourceError, BadMedia for bytes that are not what they should be, and any other MediaError where nothing
        can be written.
        """
        with self._folder.part() as part, self._pledging(part):
            with self.asking:
                fetch_content(
                    client, job.asked_id, part, variant, url, on_open=lambda content: self._ask_for_room(part, content)
                )
            found = examine(part.path, cast("Variant", variant))
            if variant == "spritesheet":
                _require_grid(found.probe, job.shape)
            path = self._folder.commit(part, found.extension)
        return Bytes(part.sha256, found.size, found.type.media_type, path, found.probe, found.marks)

    @contextmanager
    def _pledging(self, part: Part) -> Iterator[None]:
        try:
            yield
        finally:
            with self._lock:
                self._pledged.pop(part, None)

    def _ask_for_room(self, part: Part, content: Content) -> None:
        """Raise DiskFull unless the disk has room for this file, and for the rest of those that are on their way."""
        if content.total is None:
            return
        free = self._folder.free_bytes()
        with self._lock:
            others = sum(size - other.size for other, size in self._pledged.items() if other is not part)
            self._pledged[part] = content.total
        if content.total + others + SPARE_BYTES > free:
            raise DiskFull(
                f"the disk of {self._folder.root} has {free:,} bytes left, too few for a file of {content.total:,}: "
                "make room, and run this again",
                path=str(self._folder.root),
            )


def _require_grid(sheet: Probe, clip: tuple[int, int] | None) -> None:
    """Raise NoGrid unless a sheet is a grid of frames of the clip's shape, as far as both sizes are known."""
    if clip and sheet.width and sheet.height and divides((sheet.width, sheet.height), clip) is None:
        size = f"{sheet.width}x{sheet.height}"
        raise NoGrid(f"of {size} pixels is not a grid of frames of {clip[0]}x{clip[1]}")
