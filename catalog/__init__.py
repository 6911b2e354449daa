"""A local catalog and search engine for AI-generated video.

    >>> from catalog import Catalog
    >>> with Catalog.open("catalog.db") as cat:
    ...     cat.sync()
    ...     page = cat.search("neon street -status:failed", facets=["model"])

Names are loaded when they are first used, so importing the package costs next to nothing.
"""

from importlib import import_module

__version__ = "0.1.0"

_HOMES = {
    "Catalog": "catalog.api",
    "CatalogError": "catalog.errors",
    "ConfigError": "catalog.errors",
    "SchemaError": "catalog.errors",
    "SchemaOutdated": "catalog.errors",
    "SchemaTooNew": "catalog.errors",
    "NotFound": "catalog.errors",
    "QueryError": "catalog.errors",
    "SourceError": "catalog.errors",
    "Change": "catalog.reports",
    "CostGroup": "catalog.reports",
    "CostSum": "catalog.reports",
    "Costs": "catalog.reports",
    "Facet": "catalog.records",
    "FacetCount": "catalog.records",
    "File": "catalog.records",
    "FileReport": "catalog.reports",
    "Generation": "catalog.reports",
    "ImportReport": "catalog.reports",
    "Latency": "catalog.reports",
    "Lineage": "catalog.reports",
    "LineageNode": "catalog.reports",
    "Link": "catalog.records",
    "Page": "catalog.records",
    "Refusal": "catalog.reports",
    "SourceState": "catalog.reports",
    "Stats": "catalog.reports",
    "SyncReport": "catalog.reports",
    "Tag": "catalog.records",
    "Video": "catalog.records",
}

__all__ = sorted(_HOMES)  # noqa: PLE0605 - a list of str, built from the table


def __getattr__(name: str) -> object:
    if name == "capture":
        return import_module("catalog.capture")
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*globals(), *_HOMES])
