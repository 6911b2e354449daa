"""Folders that are not to be scanned any more: they leave the list, and nothing else does."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from catalog import store
from catalog.errors import ConfigError
from catalog.watch.folders import absolute
from catalog.watch.status import read_status

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from catalog.database import Database
    from catalog.file_reports import WatchedFolder


def forget_folders(database: Database, folders: Iterable[str | Path]) -> tuple[WatchedFolder, ...]:
    """Take folders off the list of those that are scanned, all or none; what was taken in from them stays.

    They need not be there. Returns them as they were known. Raises ConfigError for one that is not on the list.
    """
    with database.read() as connection:
        known = {folder.path: folder for folder in read_status(connection).folders}
    chosen: dict[str, WatchedFolder] = {}
    for folder in folders:
        path = next((name for name in _names(folder) if name in known), None)
        if path is None:
            raise ConfigError(f"{absolute(folder)} is not watched: `catalog watch --status` lists the folders")
        chosen[path] = known[path]
    with database.write() as connection:
        for path in chosen:
            store.forget_root(connection, path)
    return tuple(chosen.values())


def _names(folder: str | Path) -> tuple[str, str]:
    """What a folder may be known as; a link on the way to it may lead elsewhere by now."""
    return absolute(folder), os.path.abspath(folder)  # noqa: PTH100 - which leaves links alone
