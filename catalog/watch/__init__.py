"""Folders of clips and pictures, which stay where they lie: one scan of them, and scanning on while things happen.

A scan (`run.py`) walks a folder (`scanning.py`), says whether it can be judged at all (`folders.py`), looks twice at
what is new (`settling.py`) and takes it in (`taking.py`); `loop.py` scans again when `observing.py` hears of something.

Importing this module loads hardly anything, because the command line takes its defaults from here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from catalog.database import Database
    from catalog.file_reports import FolderReport
    from catalog.ingest.run import TakeMedia
    from catalog.reports import Progress

DEFAULT_EVERY = 300.0  # seconds between two scans while nothing is heard


def take_media(source: str | None, *, sidecars: str | None, on_progress: Progress | None = None) -> TakeMedia:
    """What an import hands clips and pictures to.

    `source` is that of videos without a job, `files` where it is None, `sidecars` the one that sidecars belong to.
    """

    def take(database: Database, folders: Sequence[Path], files: Sequence[Path]) -> list[FolderReport]:
        if not folders and not files:
            return []
        from catalog import store
        from catalog.watch.run import Options, scan_folders, take_in_files

        def is_read(_root: str, _paths: Sequence[Path]) -> bool:
            """The import has read the answers, if it knew of which source."""
            return sidecars is not None

        options = Options(sidecars, own=source or store.FILES, read_documents=is_read)
        return [
            *scan_folders(database, folders, options, on_progress),
            *take_in_files(database, files, options, on_progress),
        ]

    return take
