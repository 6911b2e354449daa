"""Taking in what people saved: answers, lists, Batch files, exports, sidecars and tables, from files and folders.

Each file is read as a stream of items, and every item ends in one of four ways: kept, refused with a reason, waiting
for its other half, or, for files of no kind that is known here, counted as ignored. One bad line stops nothing.

The journey, and with it the database, is loaded when it is first asked for: `validate` reads requests with `texts`.
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
