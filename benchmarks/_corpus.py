"""A seeded library of any size for the benchmarks of search: the same jobs each time.

Prompts have 30 to 120 words of a Zipf vocabulary, with rare names, phrases and a share of Chinese among them; jobs have
12 facets of prompts, of which about ten each have a value, tags, and are remixed in a forest with one large family.
"""

from __future__ import annotations

import argparse
import json
import random
import tempfile
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import accumulate, islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from catalog import fulltext, store
from catalog.library import create_library, open_library
from catalog.records import utc_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from catalog.database import Database, Writer

SEED = 20261130
START = datetime(2024, 1, 1, tzinfo=UTC)
STEP, JITTER = 60, 6 * 3600  # seconds between jobs, and by how many the times of two neighbours may be swapped
PORTION = 20_000  # jobs in memory at once

VOCABULARY, EXPONENT = 20_000, 1.08
RARE_NAMES, WITH_NAME = 2_000, 0.2  # so that each name is in 0.01 % of the prompts
PHRASES, WITH_PHRASE = 10, 0.05
CHINESE = ("霓虹", "灯塔", "雨夜", "城市", "海边", "樱花", "雪山", "机器")
IN_CHINESE, CHINESE_WORDS = 0.04, 2  # so that each word is in 1 % of the prompts

REMIXED, FAMILY = 0.37, 0.08  # the shares of jobs that are remixes, and that are of the one large family
RECENT = 2_000  # jobs among which the parent of another remix is

MODELS = {"sora-2": 50, "sora-2-pro": 20, "wan2.2-t2v": 15, "hunyuan-video": 8, "veo-3": 5, "kling-2": 2}
STATUSES = {"completed": 80, "failed": 14, "queued": 3, "in_progress": 2, "cancelled": 1}
SIZES = {(1280, 720): 45, (720, 1280): 30, (1792, 1024): 12, (1920, 1080): 8, (1080, 1080): 5}
SECONDS = {4.0: 40, 8.0: 40, 12.0: 15, 5.0: 3, 10.0: 2}
FACETS = {  # the number of values of each
    "camera_movement": 14, "shot_size": 8, "camera_angle": 6, "lens": 10, "focus": 4, "lighting": 20, "palette": 12,
    "style": 40, "mood": 30, "weather": 10, "time_of_day": 9, "subject": 200,
}  # fmt: skip
WITH_FACET = 0.82
PAGE_FACETS = (
    "model", "status", "size", "seconds", "month", "camera_movement", "style", "lighting", "subject",
)  # fmt: skip

_COLUMNS = (
    "id", "source", "remote_id", "kind", "status", "provider_status", "progress", "model", "prompt", "seconds",
    "width", "height", "size_text", "created_at", "completed_at", "expires_at", "error_code", "error_message",
    "remixed_from_id", "output_urls", "cost_usd", "cost_basis", "metadata", "extra", "first_seen_at", "last_seen_at",
    "labels", "extracted_by", "grams",
)  # fmt: skip
_SYLLABLES = [first + vowel for first in "bdfgklmnprstvz" for vowel in "aeiou"] + ["stra", "glow", "shi", "que"]


def read_arguments(about: str, videos: int, **counts: int) -> argparse.Namespace:
    """What a benchmark is called with: how many `--videos`, a `--library` to keep and use, and counts of its own."""
    parser = argparse.ArgumentParser(description=about)
    parser.add_argument("--library", type=Path)
    for name, usual in {"videos": videos, **counts}.items():
        parser.add_argument(f"--{name}", type=int, default=usual)
    return parser.parse_args()


@contextmanager
def asked_library(arguments: argparse.Namespace) -> Iterator[Path]:
    """The library of that many jobs, which goes afterwards unless it is to be kept."""
    with tempfile.TemporaryDirectory() as folder:
        path = arguments.library or Path(folder) / "catalog.db"
        make_library(path, arguments.videos).close()
        yield path


def make_library(path: Path, videos: int) -> Database:
    """A library of that many jobs, the same ones each time, all in the system's memory; one that exists is used."""
    is_new = not path.exists()
    create_library(path)
    library = open_library(path)
    if is_new:
        parents = make_parents(videos)
        values = {
            (name, f"{name}_{number}"): len(FACETS) * number + place
            for place, (name, count) in enumerate(FACETS.items(), 1)
            for number in range(count)
        }
        numbers = iter(range(1, videos + 1))
        writer = _Jobs(parents, values)
        with library.write() as connection:
            rows = [(number, *pair) for pair, number in values.items()]
            connection.executemany("INSERT INTO facet_values (id, facet, value) VALUES (?, ?, ?)", rows)
        while portion := list(islice(numbers, PORTION)):
            with library.write() as connection:
                writer.write(connection, portion)
        with library.write() as connection:
            fulltext.rebuild(connection)
            store.rebuild_descent(connection)
            store.rebuild_bitmaps(connection)
            store.rebuild_words(connection)
    with path.open("rb") as file:  # so that the system has all of it in memory
        while file.read(1 << 24):
            pass
    return library


def make_words() -> list[str]:
    """The vocabulary, the most frequent word first."""
    chance = random.Random(SEED)
    words: dict[str, None] = {}
    while len(words) < VOCABULARY:
        words.setdefault("".join(chance.choices(_SYLLABLES, k=chance.randint(2, 4))))
    return list(words)


def list_phrases(words: Sequence[str]) -> list[str]:
    """The phrases, each of two words that are frequent by themselves."""
    return [f"{words[100 + 7 * number]} {words[103 + 7 * number]}" for number in range(PHRASES)]


def list_names() -> list[str]:
    """The rare names."""
    return [f"zx{number:04d}name" for number in range(RARE_NAMES)]


def make_parents(videos: int) -> dict[int, int]:
    """The number of its parent, an earlier one, by the number of each remix."""
    chance = random.Random(SEED + 1)
    family: list[int] = []
    parents: dict[int, int] = {}
    for number in range(1, videos + 1):
        draw = chance.random()
        if draw < FAMILY:
            if family:
                parents[number] = chance.choice(family)
            family.append(number)
        elif draw < FAMILY + REMIXED and number > 1:
            parents[number] = chance.randint(max(1, number - RECENT), number - 1)
    return parents


class _Jobs:
    """Writes the rows of jobs, a portion at a time."""

    def __init__(self, parents: dict[int, int], values: dict[tuple[str, str], int]) -> None:
        self._chance = random.Random(SEED + 2)
        self._parents = parents
        self._values = values
        self._words = make_words()
        self._weights = list(accumulate(1 / rank**EXPONENT for rank in range(1, VOCABULARY + 1)))
        self._phrases, self._names = list_phrases(self._words), list_names()
        self._facets = {
            name: ([f"{name}_{number}" for number in range(count)], _weigh(count)) for name, count in FACETS.items()
        }
        self._models, self._statuses, self._sizes, self._seconds = (
            (list(shares), list(accumulate(shares.values()))) for shares in (MODELS, STATUSES, SIZES, SECONDS)
        )

    def write(self, connection: Writer, numbers: Iterable[int]) -> None:
        rows = [self._make_row(number) for number in numbers]
        marks = ", ".join("?" * len(_COLUMNS))
        connection.executemany(f"INSERT INTO videos ({', '.join(_COLUMNS)}) VALUES ({marks})", rows)
        tags = [(row[0], "campaign", f"c{row[0] % 70}", "user") for row in rows if row[0] % 10 == 0]
        connection.executemany("INSERT INTO tags (video_id, key, value, origin) VALUES (?, ?, ?, ?)", tags)
        links = [
            (row[0], "remix", "wire", "studio", _name(self._parents[row[0]])) for row in rows if row[0] in self._parents
        ]
        connection.executemany(
            "INSERT INTO links (child_id, relation, origin, parent_source, parent_remote_id) VALUES (?, ?, ?, ?, ?)",
            links,
        )
        found = [(row[0], value) for row in rows for value in self._draw_facets()]
        connection.executemany("INSERT INTO video_facets (video_id, value_id, origin) VALUES (?, ?, 'prose')", found)

    def _draw(self, choices: tuple[list[Any], list[float]]) -> Any:
        return self._chance.choices(choices[0], cum_weights=choices[1])[0]

    def _draw_facets(self) -> Iterator[int]:
        for name, choices in self._facets.items():
            if self._chance.random() < WITH_FACET:
                yield self._values[name, self._draw(choices)]

    def _make_prompt(self) -> str:
        chance = self._chance
        words = chance.choices(self._words, cum_weights=self._weights, k=chance.randint(30, 120))
        if chance.random() < WITH_NAME:
            words.insert(chance.randrange(len(words)), chance.choice(self._names))
        words += [phrase for phrase in self._phrases if chance.random() < WITH_PHRASE]
        if chance.random() < IN_CHINESE:
            words += ["，".join(f"在{word}的夜晚" for word in chance.sample(CHINESE, CHINESE_WORDS))]
        return f"{' '.join(words)}."

    def _make_row(self, number: int) -> tuple[Any, ...]:
        chance = self._chance
        created = START + timedelta(seconds=STEP * number + chance.randint(0, JITTER))
        status, (width, height) = self._draw(self._statuses), self._draw(self._sizes)
        seconds, prompt = self._draw(self._seconds), self._make_prompt()
        failed, done = status == "failed", status in {"completed", "failed"}
        parent = self._parents.get(number)
        seen = utc_text(created + timedelta(minutes=chance.randint(1, 90)))
        return (
            number, "studio", _name(number), "video", status, status, 100.0 if status == "completed" else 0.0,
            self._draw(self._models), prompt, seconds, width, height, f"{width}x{height}", utc_text(created),
            utc_text(created + timedelta(seconds=chance.randint(40, 900))) if done else None,
            utc_text(created + timedelta(hours=24)) if status == "completed" else None,
            "moderation_blocked" if failed else None,
            "The request was blocked by our moderation system." if failed else None,
            parent and _name(parent),
            json.dumps([f"https://cdn.example.com/{number:x}.mp4"]) if status == "completed" else None,
            seconds / 10 if status == "completed" else None, "reported" if status == "completed" else "unknown",
            json.dumps({"project": f"project-{number % 40}", "shot": str(number % 17)}),
            json.dumps({"object": "video", "trace": f"{number * 2654435761 % 2**64:016x}"}),
            seen, seen, f"campaign=c{number % 70}" if number % 10 == 0 else None, "of the benchmark",
            fulltext.grams(prompt),
        )  # fmt: skip


def _weigh(count: int) -> list[float]:
    return list(accumulate(1 / (rank + 1) for rank in range(count)))


def _name(number: int) -> str:
    return f"video_{number * 2654435761 % 2**64:016x}{number:016x}"
