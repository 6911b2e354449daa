"""How Datasette describes the library: its tables and columns in words, facets, sort orders and named queries.

The words are data, `datasette-metadata.json`, which also works with a plain `datasette catalog.db -m
datasette-metadata.json`. Datasette looks them up by a name derived from the database file, so for a file of another
name they are moved to that name.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from catalog.web.gallery import PAGES

FILE_NAME = "datasette-metadata.json"
_WRITTEN_FOR = "catalog"  # the database that the file names
_TAKEN = frozenset({"_internal", *PAGES})  # Datasette's own database, and pages of the gallery beside it


def metadata_for(path: str | Path) -> dict[str, Any]:
    """The metadata of a library at `path`, as `datasette.app.Datasette(metadata=...)` takes it: no SQL of visitors."""
    metadata: dict[str, Any] = json.loads(metadata_path().read_text(encoding="utf-8"))
    metadata["databases"] = {database_name(path): metadata["databases"][_WRITTEN_FOR]}
    return metadata


def database_name(path: str | Path) -> str:
    """The name under which Datasette shows the file: the file's name without its last extension."""
    name = as_text(Path(path).stem)
    return f"{name}_2" if name in _TAKEN else name


def as_text(path: str) -> str:
    """The path with `?` for every byte that is not text: a page and its URL are text, a file name need not be."""
    return path.encode("utf-8", "replace").decode("utf-8")


def metadata_path() -> Path:
    """The metadata file: inside the installed package, or at the top of the checkout."""
    package = Path(__file__).parents[1]
    inside, beside = package / FILE_NAME, package.parent / FILE_NAME
    return inside if inside.is_file() else beside
