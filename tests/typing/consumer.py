"""A program that uses the whole public face, as a type checker sees it. It is checked, and never run."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import assert_type

import httpx
import httpx2

import catalog
from catalog import (
    Catalog,
    CatalogError,
    Change,
    Costs,
    Edit,
    Facet,
    FacetCount,
    Generation,
    ImportReport,
    Lineage,
    LineageNode,
    Link,
    Migration,
    NotFound,
    Page,
    PromptDiff,
    RateLimited,
    Receiver,
    Settings,
    SourceError,
    SourceState,
    Stats,
    SyncReport,
    Tag,
    Video,
    capture,
)


def report_progress(source: str, done: int, total: int | None, phase: str) -> None:
    print(source, done, total, phase)


def take_in(cat: Catalog) -> None:
    assert_type(cat.sync("studio", full=True, on_progress=report_progress), list[SyncReport])
    assert_type(cat.add("studio", ["video_1"], wait=False), SyncReport)
    report = cat.import_path("saved", Path("more"), source="studio", columns={"Prompt": "prompt"}, dry_run=True)
    assert_type(report, ImportReport)
    assert_type(cat.import_path("sheet.csv", columns="auto", dates="dmy").clips, tuple[str, ...])
    assert_type([file.path for file in report.files], list[str])
    assert_type(cat.sources(), list[SourceState])
    assert_type(cat.settings, Settings)


def receive(cat: Catalog) -> None:
    def ready(receiver: Receiver) -> None:
        assert_type(receiver.url, str)
        receiver.stop()

    cat.hooks("studio", on_ready=ready, on_event=print)


def capture_calls() -> None:
    assert_type(capture.client("catalog.db", source="studio", facets={"client": "acme"}), httpx2.Client)
    assert_type(capture.client(flavour="httpx2", inner=httpx2.HTTPTransport(), timeout=30), httpx2.Client)
    assert_type(capture.client(sources={"studio": "https://host/v1"}, flavour="httpx"), httpx.Client)
    assert_type(capture.client(inner=httpx.HTTPTransport()), httpx.Client)
    assert_type(capture.async_client(Path("catalog.db"), metadata={"campaign": "launch"}), httpx2.AsyncClient)
    assert_type(capture.async_client(flavour="httpx", trust_env=False), httpx.AsyncClient)
    assert_type(capture.async_client(inner=httpx.AsyncHTTPTransport()), httpx.AsyncClient)
    assert_type(httpx.Client(transport=capture.transport(flavour="httpx", source="studio", retries=2)), httpx.Client)
    assert_type(capture.flush("catalog.db", 5), bool)


def find(cat: Catalog) -> str | None:
    page = cat.search("neon street", facets=["model"], sort="-created_at", limit=20)
    assert_type(page, Page)
    assert_type(page.facets, Mapping[str, tuple[FacetCount, ...]])
    assert_type(page.next, str | None)
    assert_type(cat.facets(["mood"], query="model:sora*"), dict[str, tuple[FacetCount, ...]])
    video = cat.get(page.videos[0].ref)
    assert_type(video, Video)
    assert_type(video.created_at, datetime | None)
    assert_type((video.tags, video.links), tuple[tuple[Tag, ...], tuple[Link, ...]])
    assert_type(video.facets, tuple[Facet, ...])
    print({video: hash(video)}, video.to_dict())
    return video.size


def understand(cat: Catalog, ref: str) -> None:
    family = cat.lineage(ref)
    assert_type(family, Lineage)
    assert_type(family.roots, tuple[LineageNode, ...])
    assert_type(cat.diff(ref, ref), PromptDiff)
    assert_type(cat.generations(ref), list[Generation])
    assert_type(cat.changes(ref), list[Change])
    assert_type(cat.stats(), Stats)
    assert_type(cat.costs(["month"]), Costs)


def edit(cat: Catalog, ref: str) -> None:
    assert_type(cat.tag(ref, "campaign=launch", remove=["keeper"]), Video)
    assert_type(cat.history(limit=5), list[Edit])
    for edit in (*cat.undo(2), *cat.redo()):
        assert_type((edit.number, edit.made_at, edit.summary), tuple[int, datetime, str])
        assert_type((edit.refs, edit.undone_at), tuple[tuple[str, ...], datetime | None])


def upkeep(cat: Catalog) -> None:
    cat.reindex(fts=True, on_progress=report_progress)
    assert_type(cat.backup(), Path)
    assert_type(Catalog.restore("copy.db", "catalog.db"), Path | None)
    assert_type(Catalog.migrate(), Migration)


def main() -> None:
    assert_type(catalog.__version__, str)
    try:
        with Catalog.open("catalog.db") as cat:
            take_in(cat)
            print(find(cat))
    except NotFound as error:
        assert_type(error.ref, str | None)
    except RateLimited as error:
        assert_type(error.retry_after, float | None)
    except SourceError as error:
        assert_type(error.status, int | None)
    except CatalogError as error:
        print(error)
