"""How fast the parser reads pages of jobs in the reference format, beside a typed pydantic model of the same object.

Run `python benchmarks/parser.py [PAGES]`. Both sides start from the decoded JSON of the same pages of 100 jobs; the
best of five rounds counts. The model checks types and converts times; the parser also tries every other server's keys,
decodes ids and keeps what it does not know.
"""

import json
import os
import sys
import time
from collections.abc import Callable
from datetime import datetime
from typing import Any

from pydantic import BaseModel

from catalog.redaction import redact
from catalog.wire.parse import parse_videos

JOBS_PER_PAGE = 100
ROUNDS = 5
FLOOR = 40_000


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


def measure(read: Callable[[Any], object], pages: list[Any]) -> float:
    best = float("inf")
    for _ in range(ROUNDS):
        start = time.perf_counter()
        for page in pages:
            read(page)
        best = min(best, time.perf_counter() - start)
    return len(pages) * JOBS_PER_PAGE / best


def main() -> None:
    pages = make_pages(int(sys.argv[1]) if len(sys.argv) > 1 else 100)
    rates = {
        "catalog.wire.parse": measure(parse_videos, pages),
        "pydantic model": measure(PageModel.model_validate, pages),
        "catalog.redaction": measure(redact, pages),
    }
    print(f"{len(pages) * JOBS_PER_PAGE} jobs, one of {os.cpu_count()} cores")
    for name, rate in rates.items():
        print(f"{name:22} {rate:>10,.0f} jobs/s")
    parsed = rates["catalog.wire.parse"]
    print(f"parser / pydantic      {parsed / rates['pydantic model']:>10.2f}")
    print(f"parser / floor {FLOOR:,}  {parsed / FLOOR:>9.2f}")


if __name__ == "__main__":
    main()
