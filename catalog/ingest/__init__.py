"""Taking in what people saved: answers, lists, Batch files, exports, sidecars and tables, from files and folders.

Each file is read as a stream of items, and every item ends in one of four ways: kept, refused with a reason, waiting
for its other half, or, for files of no kind that is known here, counted as ignored. One bad line stops nothing.
"""

from catalog.ingest.run import import_paths

__all__ = ["import_paths"]
