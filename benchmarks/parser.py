"""How fast the parser reads pages of jobs in the reference format, beside a typed pydantic model of the same object.

Run `python benchmarks/parser.py [PAGES]`. Both sides start from the decoded JSON of the same pages of 100 jobs; the
best of seven rounds counts, in CPU time. The model checks types and converts times; the parser also tries every other
server's keys, decodes ids and keeps what it does not know. Ends with status 1 below the floor, which is in lines of the
yardstick: a fixed piece of pure Python, timed by turns with the parser.
"""

from __future__ import annotations

import json
import os
import sys
from datetime import datetime  # noqa: TC003 - pydantic reads it
from typing import TYPE_CHECKING, Any

from _yardstick import measure
from pydantic import BaseModel

from catalog.redaction import know_secrets, redact
from catalog.wire.parse import parse_videos

if TYPE_CHECKING:
    from collections.abc import Callable

JOBS_PER_PAGE = 100
FLOOR = 0.18  # jobs in the time of one line of the yardstick
KEYS = ("sk-0123456789abcdefghijklmnop", "a/Key+of=the-studio", "hf_0123456789abcdefghijklmnop")
USUAL = 40_000  # jobs a second on a machine of today


class ErrorModel(BaseModel):
    code: str
    message: str


class VideoModel(BaseModel):
    id: str
    object: str
    model: str
    status: str
    progress: float
    created_at: datetime
    completed_at: datetime | None = None
    expires_at: datetime | None = None
    prompt: str | None = None
    size: str
    seconds: float
    remixed_from_video_id: str | None = None
    error: ErrorModel | None = None


class PageModel(BaseModel):
    object: str
    data: list[VideoModel]
    first_id: str | None
    last_id: str | None
    has_more: bool


def make_job(number: int) -> dict[str, Any]:
    created_at = 1_760_000_000 + number
    return {
        "id": f"video_{number:048x}",
        "object": "video",
        "model": "sora-2",
        "status": "completed",
        "progress": 100,
        "created_at": created_at,
        "completed_at": created_at + 90,
        "expires_at": created_at + 3690,
        "prompt": f"Take {number}: a paper boat crosses a puddle at dusk, slow push in, 35mm, warm key light",
        "size": "1280x720",
        "seconds": "8",
        "remixed_from_video_id": None,
        "error": None,
    }


def make_pages(count: int) -> list[Any]:
    pages = []
    for page in range(count):
        jobs = [make_job(page * JOBS_PER_PAGE + number) for number in range(JOBS_PER_PAGE)]
        ids = {"first_id": jobs[0]["id"], "last_id": jobs[-1]["id"]}
        pages.append(json.loads(json.dumps({"object": "list", "data": jobs, **ids, "has_more": True})))
    return pages


def main() -> None:
    pages = make_pages(int(sys.argv[1]) if len(sys.argv) > 1 else 100)
    jobs = len(pages) * JOBS_PER_PAGE
    readers: dict[str, Callable[[Any], object]] = {
        "catalog.wire.parse": parse_videos,
        "pydantic model": PageModel.model_validate,
        "catalog.redaction": redact,
    }
    print(f"{jobs:,} jobs, one of {os.cpu_count()} cores")
    print(f"{'':22}{'jobs/s':>10}{'per line':>10}")
    measured = {name: measure(lambda: [read(page) for page in pages], jobs) for name, read in readers.items()}  # noqa: B023
    know_secrets(*KEYS)
    measured[f"with {len(KEYS)} keys known"] = measure(lambda: [redact(page) for page in pages], jobs)
    for name, (rate, ratio) in measured.items():
        print(f"{name:22}{rate:>10,.0f}{ratio:>10.2f}")
    parser = measured["catalog.wire.parse"]
    print(f"parser / pydantic     {parser.rate / measured['pydantic model'].rate:>10.2f}")
    print(f"parser / {USUAL:,}       {parser.rate / USUAL:>10.2f}")
    print(f"parser / yardstick    {parser.ratio:>10.2f}   floor {FLOOR}")
    if parser.ratio < FLOOR:
        raise SystemExit("below the floor")


if __name__ == "__main__":
    main()
