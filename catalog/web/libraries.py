"""Which databases of a Datasette are libraries, and where each has its gallery."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, cast
from weakref import WeakKeyDictionary, finalize

from datasette.utils import tilde_encode

from catalog.errors import CatalogError
from catalog.library import check_library

if TYPE_CHECKING:
    from datasette.app import Datasette

    from catalog.api import Catalog

_opened: WeakKeyDictionary[Datasette, dict[Path, Catalog]] = WeakKeyDictionary()


def library_path(database: str, datasette: Datasette) -> Path | None:
    """The file of a database that is a library which this version can read."""
    shown = datasette.databases.get(database)
    path = Path(getattr(shown, "file", None) or getattr(shown, "path", None) or "")
    if hasattr(shown, "catalog"):  # of a server that has looked when it started
        return path
    try:
        check_library(path)
    except (CatalogError, OSError):
        return None
    return path


def catalog_of(database: str, datasette: Datasette) -> Catalog:
    """A database that is a library, open: one for all of a server, since it keeps bitmaps in memory."""
    from catalog.api import Catalog

    shown = datasette.databases[database]
    if (served := getattr(shown, "catalog", None)) is not None:
        return cast("Catalog", served)
    opened, path = _opened.setdefault(datasette, {}), Path(shown.path)
    if path not in opened:
        opened[path] = Catalog.open(path)
        finalize(datasette, opened[path].close)
    return opened[path]


def gallery_root(database: str, datasette: Datasette) -> str:
    """What the addresses of a library's gallery begin with: nothing where the server shows it as its first page."""
    place = getattr(datasette.databases[database], "gallery", None)
    return place if place is not None else str(datasette.urls.path(f"/-/catalog/{tilde_encode(database)}"))
