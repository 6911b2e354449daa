"""What Datasette is told of the library: its tables and columns in words, facets, sort orders and named queries.

The words are data, `datasette-metadata.json`, which serves a plain `datasette catalog.db -m datasette-metadata.json` as
well. Datasette looks them up by the name it makes of the database file, so for other files that name is put in.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

FILE_NAME = "datasette-metadata.json"
_WRITTEN_FOR = "catalog"  # the database that the file names
_TAKEN = "_internal"  # Datasette's own database


def metadata_for(path: str | Path) -> dict[str, Any]:
    """The metadata of a library at `path`, as `datasette.app.Datasette(metadata=...)` takes it: SQL of visitors off."""
    metadata: dict[str, Any] = json.loads(metadata_path().read_text(encoding="utf-8"))
    metadata["databases"] = {database_name(path): metadata["databases"][_WRITTEN_FOR]}
    return metadata


def database_name(path: str | Path) -> str:
    """The name under which Datasette shows the file, which is the file's without its last extension."""
    name = as_text(Path(path).stem)
    return f"{name}_2" if name == _TAKEN else name


def as_text(path: str) -> str:
    """The path with `?` for every byte that is no text: pages and addresses are text, a file's name need not be."""
    return path.encode("utf-8", "replace").decode("utf-8")


def metadata_path() -> Path:
    """The metadata file: inside the installed package, or at the top of the checkout."""
    package = Path(__file__).parents[1]
    inside, beside = package / FILE_NAME, package.parent / FILE_NAME
    return inside if inside.is_file() else beside
