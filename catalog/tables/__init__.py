"""The schema of the library, in one place, as SQLModel tables.

The tables declare; migrations build. Tests prove that both agree, that every field of a record is a column here or a
named computed one, and that `store` writes to these columns only. Nothing loads this package at run time: readers and
writers use plain SQL. The full-text index `videos_fts` is not a table of SQLAlchemy's: see `fulltext`.
"""

from catalog.tables.columns import UtcText
from catalog.tables.videos import (
    Bitmaps,
    Changes,
    Edits,
    EditsRows,
    FacetValues,
    GivenFacets,
    Links,
    Observations,
    Tags,
    VideoAliases,
    VideoFacets,
    Videos,
)

# docs/schema.md describes the tables in this order
# isort: split
from catalog.tables.files import Archives, FilePlaces, Files, VideoInputs

# isort: split
from catalog.tables.credentials import (
    C2paActions,
    C2paChecks,
    C2paIngredients,
    C2paManifests,
    C2paStores,
    InheritedFacets,
    TrustLists,
)

# isort: split
from catalog.tables.watching import FileMarks, Roots, ScannedFiles, Workflows

# isort: split
from catalog.tables.organising import Annotations, Collections, CollectionVideos, Likenesses, SavedSearches

# isort: split
from catalog.tables.stacks import StackDue, StackKeys, StackPrompts, StackVideos

# isort: split
from catalog.tables.sources import Characters, Deliveries, Prices, Retries, Sources, StrayAnswers, SyncRuns

__all__ = [
    "Annotations",
    "Archives",
    "Bitmaps",
    "C2paActions",
    "C2paChecks",
    "C2paIngredients",
    "C2paManifests",
    "C2paStores",
    "Changes",
    "Characters",
    "CollectionVideos",
    "Collections",
    "Deliveries",
    "Edits",
    "EditsRows",
    "FacetValues",
    "FileMarks",
    "FilePlaces",
    "Files",
    "GivenFacets",
    "InheritedFacets",
    "Likenesses",
    "Links",
    "Observations",
    "Prices",
    "Retries",
    "Roots",
    "SavedSearches",
    "ScannedFiles",
    "Sources",
    "StackDue",
    "StackKeys",
    "StackPrompts",
    "StackVideos",
    "StrayAnswers",
    "SyncRuns",
    "Tags",
    "TrustLists",
    "UtcText",
    "VideoAliases",
    "VideoFacets",
    "VideoInputs",
    "Videos",
    "Workflows",
]
