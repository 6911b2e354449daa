"""Searches of a library of 100,000 jobs: milliseconds in this process, and ratios of fresh processes to a bare import.

python benchmarks/search.py [--videos 100000] [--library PATH]    PATH is kept and used again
"""

from __future__ import annotations

import argparse
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from catalog import fulltext
from catalog.library import create_library, open_library
from catalog.records import utc_text
from catalog.search.page import count_facets, search

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from catalog.database import Database, Writer

FLOOR = "import sqlite3, click"
REPEATS = 15

SUBJECTS = (
    "an old fisherman", "two foxes", "a ballet dancer", "a rusted robot", "a street vendor", "a paper boat",
    "an astronaut", "a red kite",
)  # fmt: skip
ACTIONS = (
    "walks slowly through", "waits at the edge of", "dances across", "looks back at", "runs through", "drifts over",
    "rises above",
)  # fmt: skip
PLACES = (
    "a neon market", "a foggy harbor", "an empty subway station", "a wheat field", "a glass tower",
    "a flooded street", "the old town", "a desert highway", "a quiet library", "a snowy pass",
)  # fmt: skip
TIMES = (
    "at dawn", "at golden hour", "in heavy rain", "under a full moon", "in the blue hour", "at noon",
    "on a stormy night", "in soft overcast light",
)  # fmt: skip
CAMERAS = (
    "slow push in", "handheld tracking shot", "wide establishing shot", "close-up on the face", "drone orbit",
    "static tripod frame", "low angle dolly", "whip pan",
)  # fmt: skip
STYLES = (
    "35mm film, shallow depth of field", "anamorphic lens flare", "muted teal palette",
    "high contrast black and white", "watercolor",
)  # fmt: skip
CJK = (
    "雨夜的霓虹街道，镜头缓慢推进",
    "東京塔の下を歩く少女、夕暮れ",
    "一只猫坐在窗边看着城市的灯光",
    "桜並木を走る電車",
)
MODELS = ("sora-2", "sora-2", "sora-2", "sora-2-pro", "wan2.2-t2v", "hunyuan-video")
STATUSES = ("completed",) * 16 + ("failed",) * 3 + ("queued",)
SIZES = ((1280, 720), (720, 1280), (1792, 1024), (1920, 1080))
COLUMNS = (
    "id", "source", "remote_id", "kind", "status", "provider_status", "progress", "model", "prompt", "seconds",
    "width", "height", "size_text", "created_at", "completed_at", "expires_at", "error_code", "error_message",
    "cost_basis", "metadata", "extra", "first_seen_at", "last_seen_at", "labels", "grams",
)  # fmt: skip

FACETS = {
    "slow push in": ("camera_movement", "push_in"),
    "handheld tracking": ("camera_movement", "handheld"),
    "drone orbit": ("camera_movement", "orbit"),
    "whip pan": ("camera_movement", "whip_pan"),
    "static tripod": ("camera_movement", "static"),
    "close-up on": ("shot_size", "close_up"),
    "wide establishing": ("shot_size", "wide"),
    "low angle": ("camera_angle", "low_angle"),
    "at dawn": ("time_of_day", "dawn"),
    "golden hour": ("time_of_day", "golden_hour"),
    "blue hour": ("time_of_day", "blue_hour"),
    "at noon": ("time_of_day", "midday"),
    "stormy night": ("time_of_day", "night"),
    "heavy rain": ("weather", "rain"),
    "overcast": ("weather", "overcast"),
    "35mm film": ("style", "film_35mm"),
    "watercolor": ("style", "watercolor"),
    "shallow depth": ("focus", "shallow_dof"),
    "anamorphic": ("lens", "anamorphic"),
    "muted teal": ("palette", "muted"),
    "black and white": ("palette", "black_and_white"),
}  # what the phrases of the prompts ask for
OPEN_FACETS = {"subject": SUBJECTS, "action": ACTIONS, "setting": PLACES}

QUERIES: tuple[tuple[str, dict[str, Any]], ...] = (
    ("", {}),
    ("kite harbor", {}),
    ("kite harbor", {"sort": "-created_at"}),
    ('"golden hour" robot', {}),
    ("neon", {}),
    ("neon", {"sort": "-created_at"}),
    ("close-up -rain", {"sort": "-created_at"}),
    ("dan*", {"sort": "-created_at"}),
    ("霓虹", {}),
    ("harbor model:sora-2-pro seconds:>=8", {}),
    ("harbor", {"facets": ("model", "status", "size")}),
    ("status:failed", {}),
    ("created:2026-03", {}),
    ("tag:campaign=launch", {}),
    ("", {"facets": ("model", "status")}),
    ("camera_movement:push_in", {}),
    ("camera_movement:pan", {}),
    ("subject:fox*", {}),
    ('dialogue:"take 77"', {}),
    ("has:weather", {}),
    ("-has:weather", {}),
    ("camera_movement:push_in time_of_day:dawn style:film_look", {}),
    ("neon camera_movement:push_in", {}),
    ("camera_movement:push_in -weather:rain", {"facets": ("camera_movement", "model")}),
    ('dialogue:"take 77"', {"facets": ("camera_movement", "subject")}),
    ("", {"facets": ("camera_movement",)}),
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--videos", type=int, default=100_000)
    parser.add_argument("--library", type=Path)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = arguments.library or Path(folder) / "catalog.db"
        library = make_library(path, arguments.videos)
        print(f"{arguments.videos:,} videos, {path.stat().st_size / 1e6:.0f} MB, {os.cpu_count()} cores\n")
        time_queries(library)
        library.close()
        time_processes(path)


def time_queries(library: Database) -> None:
    """Print the median time of each query in this process."""
    print(f"{'query':<60} {'':<45} {'matches':>9} {'ms':>8}")
    for query, options in QUERIES:
        with library.read() as connection:
            page = search(connection, query, **options)
            took = median(lambda: search(connection, query, **options))  # noqa: B023
        print(
            f"{query or '(everything)':<60} {json.dumps(options) if options else '':<45} {page.total:>9,} {took:>8.1f}"
        )
    with library.read() as connection:
        took = median(lambda: count_facets(connection), 3)
    print(f"{'(all facets of everything)':<60} {'':<45} {'':>9} {took:>8.1f}\n")


def time_processes(path: Path) -> None:
    """Print how long a search takes as a process of its own, against the floor of a bare import."""
    script = (
        "import sys; import click; from catalog.library import open_library; from catalog.search.page import search\n"
        "with open_library(sys.argv[1]).read() as c: assert search(c, sys.argv[2]).videos"
    )
    commands = {f"python -c '{FLOOR}'": [sys.executable, "-c", FLOOR]}
    commands |= {
        f"search {query!r}": [sys.executable, "-c", script, str(path), query]
        for query in ("", "kite harbor", "neon", "camera_movement:push_in")
    }
    times = dict.fromkeys(commands, 0.0)
    for name, command in commands.items():
        times[name] = median(lambda: subprocess.run(command, check=True))  # noqa: B023
    floor = next(iter(times.values()))
    for name, took in times.items():
        print(f"{name:<40} {took:>8.1f} ms {took / floor:>6.2f} x")


def median(run: Callable[[], Any], repeats: int = REPEATS) -> float:
    """The median of the times that a call takes, in milliseconds."""
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        run()
        times.append((time.perf_counter() - start) * 1000)
    return statistics.median(times)


def make_library(path: Path, videos: int) -> Database:
    """A library of that many jobs, the same ones each time; an existing one is used as it is."""
    is_new = not path.exists()
    create_library(path)
    library = open_library(path)
    if is_new:
        with library.write() as connection:
            rows = list(make_rows(videos))
            marks = ", ".join("?" * len(COLUMNS))
            connection.executemany(f"INSERT INTO videos ({', '.join(COLUMNS)}) VALUES ({marks})", rows)
            tags = [
                (row[0], "campaign", "launch" if row[0] % 3 else "teaser", "user") for row in rows if row[0] % 10 == 0
            ]
            connection.executemany("INSERT INTO tags (video_id, key, value, origin) VALUES (?, ?, ?, ?)", tags)
            add_facets(connection, {row[0]: row[COLUMNS.index("prompt")] for row in rows})
            fulltext.rebuild(connection)
    return library


def add_facets(connection: Writer, prompts: dict[int, str]) -> None:
    """Give each video the facets that its prompt asks for, about nine, and one in four a line of its own to speak."""
    asked = FACETS | {phrase: (name, phrase) for name, phrases in OPEN_FACETS.items() for phrase in phrases}
    values: dict[tuple[str, str], int] = {}
    found = []
    for video_id, prompt in prompts.items():
        pairs = [pair for phrase, pair in asked.items() if phrase in prompt]
        if video_id % 4 == 0:
            pairs.append(("dialogue", f"And now {prompt[-12:-1]}, please, number {video_id}!"))
        found += [(video_id, values.setdefault(pair, len(values) + 1)) for pair in pairs]
    rows = [(number, *pair) for pair, number in values.items()]
    connection.executemany("INSERT INTO facet_values (id, facet, value) VALUES (?, ?, ?)", rows)
    connection.executemany("INSERT INTO video_facets (video_id, value_id, origin) VALUES (?, ?, 'prose')", found)


def make_rows(videos: int) -> Iterator[tuple[Any, ...]]:
    """Rows of `videos`, COLUMNS in order: jobs a few minutes apart with prompts as people write them."""
    chance = random.Random(20261005)
    start = datetime(2025, 10, 1, tzinfo=UTC)
    for number in range(1, videos + 1):
        created = start + timedelta(minutes=5 * number)
        status = chance.choice(STATUSES)
        width, height = chance.choice(SIZES)
        prompt = make_prompt(chance)
        failed = status == "failed"
        yield (
            number, "studio", f"video_{number:032x}", "video", status, status, 100.0 if status == "completed" else 0.0,
            chance.choice(MODELS), prompt, float(chance.choice((4, 8, 12))), width, height, f"{width}x{height}",
            utc_text(created), utc_text(created + timedelta(seconds=chance.randint(40, 400))),
            utc_text(created + timedelta(hours=1)), "moderation_blocked" if failed else None,
            "The request was blocked by our moderation system." if failed else None, "unknown",
            json.dumps({"project": f"project-{number % 40}", "shot": str(number % 17)}),
            json.dumps({"object": "video", "user": "u" * 40, "trace": f"{number:064x}"}),
            utc_text(created), utc_text(created), "campaign=launch" if number % 10 == 0 else None,
            fulltext.grams(prompt),
        )  # fmt: skip


def make_prompt(chance: random.Random) -> str:
    if chance.random() < 0.03:
        return chance.choice(CJK)
    first, second = (
        f"{chance.choice(SUBJECTS)} {chance.choice(ACTIONS)} {chance.choice(PLACES)} {chance.choice(TIMES)}"
        for _ in range(2)
    )
    return f"{first}, {chance.choice(CAMERAS)}, {chance.choice(STYLES)}. Then {second}, take {chance.randint(1, 9999)}."


if __name__ == "__main__":
    main()
