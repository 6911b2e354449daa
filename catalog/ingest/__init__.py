"""Imports what people saved: answers, lists, Batch files, exports, sidecars and tables, from files and folders.

Each file is read as a stream of items, and every item is kept, refused with a reason, or waits for its other half.
Files of unknown kinds are counted as ignored. One bad line stops nothing.

The journey, and with it the database, is loaded on first use: `validate` only reads requests with `texts`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from catalog.ingest.run import import_paths

__all__ = ["import_paths"]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from catalog.ingest import run

    return getattr(run, name)
