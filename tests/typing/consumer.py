"""A program that uses the whole public face, as a type checker sees it. It is checked, and never run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, assert_type

import httpx
import httpx2

import catalog
from catalog import (
    Catalog,
    CatalogError,
    Change,
    Costs,
    Edit,
    Edited,
    EvidenceRow,
    Facet,
    FacetCount,
    Finding,
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
    RequestDraft,
    Settings,
    SourceError,
    SourceState,
    Stats,
    SyncReport,
    Tag,
    TooMany,
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
    assert_type(cat.iterate("is:unfinished", sort="created_at", include_deleted=True), Iterator[Video])
    assert_type(cat.count("status:failed"), int)
    with cat.reading() as nothing:
        assert_type(nothing, None)
        assert_type(cat.find(video.ref), Video | None)
    return video.size


def understand(cat: Catalog, ref: str) -> None:
    family = cat.lineage(ref)
    assert_type(family, Lineage)
    assert_type(family.roots, tuple[LineageNode, ...])
    assert_type(list(cat.evidence("neon")), list[EvidenceRow])
    assert_type(cat.diff(ref, ref), PromptDiff)
    assert_type(cat.generations(ref), list[Generation])
    assert_type(cat.changes(ref), list[Change])
    assert_type(cat.stats(), Stats)
    assert_type(cat.costs(["month"]), Costs)
    assert_type([group.usd_per_kept_second for group in cat.costs().by["month"]], list[float | None])


def send(cat: Catalog) -> bool:
    findings = cat.validate({"prompt": "a fox", "seconds": 8}, source="studio")
    assert_type(findings, list[Finding])
    assert_type([(finding.code, finding.field, finding.message) for finding in findings], list[tuple[str, str, str]])
    print([finding.to_dict() for finding in cat.validate({"url": "/v1/videos", "body": {}}, dialect="azure")])
    draft = cat.draft_request("video_1", seed="new", changes={"size": None})
    assert_type(draft, RequestDraft)
    assert_type([(upload.field, upload.path) for upload in draft.uploads], list[tuple[str, str]])
    assert_type(cat.request("video_1", seed=7, seconds="8"), dict[str, Any])
    return not any(finding.severity == "error" for finding in (*findings, *draft.errors))


def edit(cat: Catalog, ref: str) -> None:
    assert_type(cat.tag(ref, "campaign=launch", remove=["keeper"]), Video)
    assert_type(cat.tag([ref], "campaign=launch", remove=["keeper"], at_most=5), Edited)
    assert_type(cat.tag((video.ref for video in cat.search().videos), "keeper"), Edited)
    assert_type(cat.tag("campaign=launch", "keeper", query="neon"), Edited)
    assert_type(cat.tag(None, "studio:take=1", query="neon", at_most=50), Edited)
    assert_type(cat.tag(query="neon", remove=["keeper"]), Edited)
    assert_type(cat.untag(ref, "keeper"), Video)
    assert_type((cat.untag({ref}, "keeper"), cat.untag("keeper", query="neon")), tuple[Edited, Edited])
    assert_type(cat.link(ref, "studio:video_1", relation="remix"), Video)
    assert_type(cat.link([ref], "studio:video_1", relation="edit", at_most=5), Edited)
    assert_type(cat.link("studio:video_1", query="neon", relation="edit"), Edited)
    assert_type(cat.unlink(ref, "studio:video_1"), Video)
    assert_type(cat.unlink("studio:video_1", query="neon", relation="edit"), Edited)
    assert_type(cat.give(ref, style="noir", client=["acme", "globex"]), Video)
    assert_type(cat.give(ref, {"client": "acme"}, remove=["style"]), Video)
    assert_type(cat.give([ref], {"client": ["acme"], "style": "noir"}, at_most=5), Edited)
    assert_type((cat.give([ref], style="noir"), cat.give(query="neon", style="noir")), tuple[Edited, Edited])
    assert_type(cat.give({"client": "acme"}, query="neon", remove=["style"]), Edited)
    assert_type((cat.delete(ref), cat.undelete(ref)), tuple[Video, Video])
    assert_type((cat.delete([ref]), cat.undelete([ref])), tuple[Edited, Edited])
    edited = cat.delete(query="neon", at_most=50)
    assert_type(cat.undelete(query=""), Edited)
    assert_type((edited.count, edited.refs, edited.unchanged), tuple[int, tuple[str, ...], tuple[str, ...]])
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
    Catalog.init("catalog.db", config=Path("catalog.toml")).close()
    try:
        with Catalog.open("catalog.db") as cat:
            take_in(cat)
            print(find(cat))
    except NotFound as error:
        assert_type(error.ref, str | None)
    except TooMany as error:
        assert_type(error.count, int)
    except RateLimited as error:
        assert_type(error.retry_after, float | None)
    except SourceError as error:
        assert_type(error.status, int | None)
    except CatalogError as error:
        print(error)
