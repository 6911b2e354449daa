"""What the processes do that the laws start, side by side or to kill them in the middle. Small, so that many start."""

from __future__ import annotations

import multiprocessing
import time
from contextlib import closing
from datetime import UTC, datetime, timedelta
from itertools import count
from random import Random
from typing import TYPE_CHECKING, Any, NamedTuple

from catalog import Catalog, capture, store
from catalog.library import open_library
from catalog.wire.parse import parse_videos
from tests.house import job

if TYPE_CHECKING:
    from collections.abc import Iterable
    from multiprocessing.connection import Connection as Pipe
    from multiprocessing.sharedctypes import Synchronized as Count
    from multiprocessing.synchronize import Event
    from pathlib import Path

    from catalog.store import Saved

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
PAGE = 10  # videos that one transaction of `write_pages` saves

# Forked from one process that has loaded all of this once, and has no threads.
PROCESSES = multiprocessing.get_context("forkserver")
PROCESSES.set_forkserver_preload([__name__])


def save(connection: Any, payloads: Iterable[Any], *, channel: str = "list", minute: int = 0) -> Saved:
    """Keep what the source `studio` answered that many minutes after noon."""
    videos = [video for payload in payloads for video in parse_videos(payload).videos]
    moment = NOON + timedelta(minutes=minute)
    return store.save_videos(connection, "studio", videos, channel=channel, received_at=moment)


def write_pages(path: Path, name: str, acknowledge: Pipe) -> None:
    """Save page after page for ever, and tell each that is committed."""
    with closing(open_library(path)) as library:
        for page in count():
            jobs = [job(f"{name}.{page}.{number}", prompt=f"take {page}") for number in range(PAGE)]
            with library.write() as connection:
                save(connection, [*jobs, job("shared", status="in_progress", progress=page % 100)], minute=page)
            acknowledge.send(page)


def capture_calls(path: Path, name: str, base_url: str, acknowledge: Pipe) -> None:
    """Make videos through a capturing client for ever, and tell each call that has returned."""
    with capture.client(path, source="studio", trust_env=False) as client:
        for number in count():
            client.post(f"{base_url}/videos", json={"prompt": f"{name}.{number}"}).read()
            acknowledge.send(number)


class Edited(NamedTuple):
    """What a writer left on its videos: their tags, given facets and tombstones; and its longest wait in seconds."""

    tags: dict[str, str]
    given: dict[str, str]
    deleted: set[str]
    worst_wait: float


def edit_videos(path: Path, name: str, refs: list[str], count: int, done: Count, report: Pipe) -> None:
    """Make so many edits of one's own videos, one at a time; `done` counts those that have returned."""
    chance, left = Random(name), Edited({}, {}, set(), 0.0)
    with Catalog.open(path) as catalog:
        catalog.give(refs[0], client=name)  # which loads the vocabulary: no wait for anybody else
        left.given[refs[0]] = name
        for number in range(1, count + 1):
            ref, began = chance.choice(refs), time.monotonic()
            match chance.randrange(6):
                case 0:
                    catalog.give(ref, client=f"{name}{number}")
                    left.given[ref] = f"{name}{number}"
                case 1 if ref not in left.deleted:
                    catalog.delete(ref)
                    left.deleted.add(ref)
                case 2 if ref in left.deleted:
                    catalog.undelete(ref)
                    left.deleted.discard(ref)
                case _:
                    catalog.tag(ref, f"turn={number}")
                    left.tags[ref] = str(number)
                    done.value = number
            left = left._replace(worst_wait=max(left.worst_wait, time.monotonic() - began))
    report.send(left)


def read_on(path: Path, stop: Event) -> None:
    """Search until told to stop; what a page says agrees with itself."""
    with Catalog.open(path) as catalog:
        while not stop.is_set():
            page = catalog.search("", facets=["model"], limit=5)
            assert sum(value.count for value in page.facets["model"]) <= page.total
            assert len(page.videos) == min(5, page.total)


def write_all(path: Path, name: str, payloads: list[Any]) -> None:
    """Save every payload in an order of one's own, in transactions of any length, and put a tag on every tenth."""
    chance, left = Random(name), list(payloads)
    chance.shuffle(left)
    with closing(open_library(path)) as library:
        while left:
            page = [left.pop() for _ in range(min(len(left), chance.randint(1, 40)))]
            with library.write() as connection:
                save(connection, page)
                ids = store.find_ids(connection, "studio", [payload["id"] for payload in page[::10]])
                for video_id in ids.values():
                    store.save_tags(connection, video_id, {name: "seen"})
