"""While the library is served: the pictures that files lack are made in the background, one after the other."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from catalog import bitmaps
from catalog.database import Database, DatabaseError
from catalog.errors import CatalogError
from catalog.pictures import make_pictures

if TYPE_CHECKING:
    from pathlib import Path

EVERY = 30.0  # seconds between two looks at what lacks
_GRACE = 5.0  # seconds that a picture under way has to be finished


class Painter:
    """A thread that makes pictures until it is stopped; where it cannot, on a full disk, it waits and looks again."""

    def __init__(self, path: Path, *, every: float = EVERY) -> None:
        self._path, self._every = path, every
        self._seen: int | None = None  # the revision of the library whose pictures are all made
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="pictures", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End, after the picture under way."""
        self._stopped.set()
        if self._thread.ident is not None:
            self._thread.join(_GRACE)

    def _run(self) -> None:
        database = Database(self._path)
        try:
            while not self._stopped.is_set():
                self._paint(database)
                self._stopped.wait(self._every)
        finally:
            database.close()

    def _paint(self, database: Database) -> None:
        try:
            with database.read() as connection:
                revision = bitmaps.revision(connection)
            if revision != self._seen:  # else no file has come
                make_pictures(database, parallel=1, is_stopped=self._stopped.is_set)
                self._seen = revision
        except (CatalogError, DatabaseError, OSError):  # a library that cannot be written to is served as it is
            return
