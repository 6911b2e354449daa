"""Sync: 10,000 jobs from the sample gateway, and again with nothing new.

The gateway's own time is that of a client that only asks for the same pages and reads their JSON. Seconds are of CPU
time, of all processes. Ends with status 1 where the first sync, beyond its pages, is too slow beside the yardstick, a
fixed piece of pure Python, or where a sync with nothing new asks or computes too much.

    python benchmarks/sync.py [--jobs 10000]
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time
from pathlib import Path

import httpx
from _yardstick import lines_a_second

from catalog import Catalog
from catalog.demo.gateway import Gateway
from catalog.demo.gateway.jobs import DAY, Job

RUNS = 3
FLOOR = 0.005  # jobs in the time of one line of the yardstick
MOST_REQUESTS, MOST_OF_PAGES = 3, 0.3  # with nothing new: requests, and time as a part of what the pages take
KEY = "benchmark-key"


def cpu_seconds() -> float:
    """The CPU time of this process and of those it started and ended."""
    return sum(os.times()[:4])


def read_pages(gateway: Gateway) -> float:
    """The seconds that the list takes to ask for and decode, and nothing else."""
    started = cpu_seconds()
    with httpx.Client(headers={"Authorization": f"Bearer {KEY}"}) as client:
        after: dict[str, str] = {}
        while True:
            page = client.get(f"{gateway.base_url}/videos", params={"limit": "100", **after}).json()
            if not page["has_more"]:
                return cpu_seconds() - started
            after = {"after": page["last_id"]}


def old_jobs(count: int) -> list[Job]:
    """Finished jobs, all of them older than the look-back."""
    now = int(time.time())
    return [
        Job(
            id=f"video_{number:08d}",
            model=("sora-2", "sora-2-pro")[number % 2],
            prompt=f"Take {number}: a slow push in on a neon-lit ramen stall in the rain, steam rising, 35mm film",
            created_at=now - 3 * DAY - number * 60,
            metadata={"project": f"spot-{number % 20}"},
        )
        for number in range(count)
    ]


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--jobs", type=int, default=10_000)
    count = options.parse_args().jobs
    os.environ |= {"CATALOG_BASE_URL": "", "CATALOG_API_KEY": KEY}
    firsts, agains, requests, pages, lines = [], [], [], [], []
    with Gateway(jobs=old_jobs(count), key=KEY) as gateway, tempfile.TemporaryDirectory() as folder:
        os.environ["CATALOG_BASE_URL"] = gateway.base_url
        read_pages(gateway)
        for number in range(RUNS):
            pages.append(read_pages(gateway))
            lines.append(lines_a_second())
            with Catalog.init(Path(folder) / f"{number}.db") as catalog:
                started = cpu_seconds()
                [report] = catalog.sync()
                firsts.append(cpu_seconds() - started)
                started = cpu_seconds()
                [again] = catalog.sync()
                agains.append(cpu_seconds() - started)
            requests.append(again.requests)
            if report.added != count or again.added or again.error:
                raise SystemExit(f"the sync went wrong: {report} {again}")
    own, first, second = map(statistics.median, (pages, firsts, agains))
    print(f"{'':34}{'CPU s':>10}{'jobs/s':>10}")
    print(f"{'asking for the pages alone':34}{own:>10.2f}{count / own:>10,.0f}")
    print(f"{'first sync':34}{first:>10.2f}{count / first:>10,.0f}")
    beyond = count / (first - own)
    ratio = beyond / statistics.median(lines)
    print(f"{'first sync beyond the pages':34}{first - own:>10.2f}{beyond:>10,.0f}")
    print(f"ratio {ratio:.4f} jobs in the time of a line, floor {FLOOR}")
    print(f"sync with nothing new: {second:.3f} s, {second / own:.2f} of the pages alone, at most {MOST_OF_PAGES}")
    print(f"requests with nothing new: {max(requests)}, at most {MOST_REQUESTS}")
    if ratio < FLOOR or second / own > MOST_OF_PAGES or max(requests) > MOST_REQUESTS:
        raise SystemExit("below the floor")


if __name__ == "__main__":
    main()
