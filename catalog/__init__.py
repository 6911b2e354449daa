"""A local catalog and search engine for AI-generated video.

    >>> from catalog import Catalog
    >>> with Catalog.open("catalog.db") as cat:
    ...     cat.sync()
    ...     page = cat.search("neon street -status:failed", facets=["model"])

Names are loaded when they are first used, so importing the package costs next to nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from catalog import capture as capture
    from catalog.api import Catalog
    from catalog.audit_reports import (
        AuditExport,
        Trail,
        TrailCredentials,
        TrailEdit,
        TrailFile,
        TrailLink,
        TrailPlace,
        TrailStep,
    )
    from catalog.choice_reports import Annotation, Collection, Duplicate, PromptUse, SavedSearch
    from catalog.cost_reports import CostGroup, Costs, CostSum, FailedCosts, UnknownCosts
    from catalog.credential_reports import (
        CredentialsChecked,
        FileProvenance,
        PastCheck,
        Provenance,
        TrustListEntry,
        TrustUpdate,
    )
    from catalog.errors import (
        ArchiveError,
        BadMedia,
        BadPayload,
        CatalogError,
        ConfigError,
        DiskFull,
        Gone,
        MediaError,
        MediaOffline,
        MediaReadOnly,
        NotFound,
        ProvenanceError,
        QueryError,
        RateLimited,
        Refused,
        SchemaError,
        SchemaOutdated,
        SchemaTooNew,
        SourceError,
        TooMany,
        Unauthorized,
        Unavailable,
    )
    from catalog.family_reports import EvidenceRow
    from catalog.file_reports import (
        AdoptReport,
        ArchiveReport,
        DownloadInterrupted,
        DownloadReport,
        FolderReport,
        GrowingFile,
        MarksRead,
        PicturesDue,
        PicturesMade,
        Proposal,
        Rescue,
        RescueQueue,
        Unkept,
        WatchedFolder,
        WatchReport,
        WatchStatus,
    )
    from catalog.hooks import Receiver
    from catalog.insight_reports import (
        Coverage,
        CoverageCell,
        DayCount,
        FailureRate,
        Insight,
        ModelLatency,
        QueueCount,
        Spending,
    )
    from catalog.mark_reports import FileMark, Workflow
    from catalog.prompts import PromptDiff
    from catalog.query_reports import Clause, Explanation, QueryPart, Refined, Suggestion
    from catalog.records import (
        Credentials,
        Facet,
        FacetCount,
        File,
        Input,
        Link,
        Page,
        Place,
        Probe,
        PromptsRead,
        Tag,
        Video,
    )
    from catalog.reports import (
        Change,
        Edit,
        Edited,
        FamilyExport,
        FileReport,
        Generation,
        ImportReport,
        Latency,
        Lineage,
        LineageNode,
        Refusal,
        SourceState,
        Stats,
        SyncInterrupted,
        SyncReport,
    )
    from catalog.settings import Settings
    from catalog.upkeep_reports import CheckReport, Fault, LostVideo, MediaCopy, Migration, Reindexed, Retirement
    from catalog.wire.drafts import RequestDraft, Upload
    from catalog.wire.rules import Finding

__version__ = "0.1.0"

__all__ = [
    "AdoptReport",
    "Annotation",
    "ArchiveError",
    "ArchiveReport",
    "AuditExport",
    "BadMedia",
    "BadPayload",
    "Catalog",
    "CatalogError",
    "Change",
    "CheckReport",
    "Clause",
    "Collection",
    "ConfigError",
    "CostGroup",
    "CostSum",
    "Costs",
    "Coverage",
    "CoverageCell",
    "Credentials",
    "CredentialsChecked",
    "DayCount",
    "DiskFull",
    "DownloadInterrupted",
    "DownloadReport",
    "Duplicate",
    "Edit",
    "Edited",
    "EvidenceRow",
    "Explanation",
    "Facet",
    "FacetCount",
    "FailedCosts",
    "FailureRate",
    "FamilyExport",
    "Fault",
    "File",
    "FileMark",
    "FileProvenance",
    "FileReport",
    "Finding",
    "FolderReport",
    "Generation",
    "Gone",
    "GrowingFile",
    "ImportReport",
    "Input",
    "Insight",
    "Latency",
    "Lineage",
    "LineageNode",
    "Link",
    "LostVideo",
    "MarksRead",
    "MediaCopy",
    "MediaError",
    "MediaOffline",
    "MediaReadOnly",
    "Migration",
    "ModelLatency",
    "NotFound",
    "Page",
    "PastCheck",
    "PicturesDue",
    "PicturesMade",
    "Place",
    "Probe",
    "PromptDiff",
    "PromptUse",
    "PromptsRead",
    "Proposal",
    "Provenance",
    "ProvenanceError",
    "QueryError",
    "QueryPart",
    "QueueCount",
    "RateLimited",
    "Receiver",
    "Refined",
    "Refusal",
    "Refused",
    "Reindexed",
    "RequestDraft",
    "Rescue",
    "RescueQueue",
    "Retirement",
    "SavedSearch",
    "SchemaError",
    "SchemaOutdated",
    "SchemaTooNew",
    "Settings",
    "SourceError",
    "SourceState",
    "Spending",
    "Stats",
    "Suggestion",
    "SyncInterrupted",
    "SyncReport",
    "Tag",
    "TooMany",
    "Trail",
    "TrailCredentials",
    "TrailEdit",
    "TrailFile",
    "TrailLink",
    "TrailPlace",
    "TrailStep",
    "TrustListEntry",
    "TrustUpdate",
    "Unauthorized",
    "Unavailable",
    "Unkept",
    "UnknownCosts",
    "Upload",
    "Video",
    "WatchReport",
    "WatchStatus",
    "WatchedFolder",
    "Workflow",
]

_HOMES = {
    "Catalog": "catalog.api",
    "Finding": "catalog.wire.rules",
    "PromptDiff": "catalog.prompts",
    "Receiver": "catalog.hooks",
    "RequestDraft": "catalog.wire.drafts",
    "Settings": "catalog.settings",
    "Upload": "catalog.wire.drafts",
}
_PLAIN_HOMES = (
    "catalog.errors",
    "catalog.records",
    "catalog.reports",
    "catalog.upkeep_reports",
    "catalog.file_reports",
    "catalog.audit_reports",
    "catalog.cost_reports",
    "catalog.credential_reports",
    "catalog.family_reports",
    "catalog.insight_reports",
    "catalog.choice_reports",
    "catalog.query_reports",
    "catalog.mark_reports",
)  # of all other names; cheap to import


def __getattr__(name: str) -> object:
    if name == "capture":
        return import_module("catalog.capture")
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    homes = [_HOMES[name]] if name in _HOMES else _PLAIN_HOMES
    value = next(getattr(module, name) for module in map(import_module, homes) if hasattr(module, name))
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
