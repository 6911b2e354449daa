"""Laws over a real library: whatever is killed, garbled, shuffled or done at once, what was promised holds.

Each law is a function of a new library's path, a source of chance and a size; `LAWS` says how large its sample in
`make test` is and what it grows to in `make soak`.
"""

from __future__ import annotations

import copy
import json
import shutil
from collections import Counter
from contextlib import closing
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from catalog import capture, fulltext, store
from catalog.errors import Gone
from catalog.ingest import import_paths
from catalog.library import open_library
from catalog.search.page import count_facets, search
from tests.capture.server import VideoServer
from tests.house import LONG, job, read_rows
from tests.soak.writers import NOON, PAGE, PROCESSES, capture_calls, save, write_all, write_pages

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from random import Random

    from catalog.database import Database

ANSWERS = Path(__file__).parents[1] / "payloads" / "answers.jsonl"
WORDS = ("neon", "street", "rain", "dancer", "close-up", "東京", "雨夜的街道", "fox", "harbor", "dawn")
MODELS = ("sora-2", "sora-2-pro", "wan2.2-t2v", "hunyuan-video")


@dataclass(frozen=True)
class Law:
    """A law, the size of its sample, and the size that takes about twenty seconds on two cores."""

    holds: Callable[[Path, Random, int], None]
    sample: int
    full: int

    @property
    def name(self) -> str:
        return self.holds.__name__


def check(library: Database) -> None:
    """The file is whole, no row is an orphan, and the full-text index says what the rows say."""
    assert read_rows(library, "PRAGMA integrity_check") == [("ok",)]
    assert read_rows(library, "PRAGMA foreign_key_check") == []
    with library.write() as connection:
        fulltext.check(connection)


def killed_in_the_middle(chance: Random, work: Callable[..., None], *arguments: object) -> list[int]:
    """Start a process, kill it after a few of its acknowledgements and a blink: all that it acknowledged."""
    hear, say = PROCESSES.Pipe(duplex=False)
    process = PROCESSES.Process(target=work, args=(*arguments, say))
    process.start()
    say.close()
    heard = []
    for _ in range(chance.randint(1, 4)):
        assert hear.poll(LONG), "the process does nothing"
        heard.append(hear.recv())
    process.join(chance.random() * 0.02)
    process.kill()
    process.join()
    try:
        while True:
            heard.append(hear.recv())
    except EOFError:
        return heard


def a_killed_writer_loses_nothing_and_leaves_no_half(path: Path, chance: Random, size: int) -> None:
    """Kill -9 that many writers: each page that was told to be saved is there, and each page is there whole."""
    query = "SELECT count(*) FROM videos WHERE remote_id LIKE ? GROUP BY substr(remote_id, 1, length(remote_id) - 2)"
    with closing(open_library(path)) as library:
        for kill in range(size):
            told = killed_in_the_middle(chance, write_pages, path, f"w{kill}")
            pages = read_rows(library, query, f"w{kill}.%")
            assert set(pages) == {(PAGE,)}
            assert len(told) <= len(pages) <= len(told) + 1
        check(library)


def a_killed_program_has_captured_every_call_once(path: Path, chance: Random, size: int) -> None:
    """Kill -9 that many programs that capture: each call that returned is in the library, none of them twice."""
    told = set()
    with VideoServer() as server:
        for kill in range(size):
            numbers = killed_in_the_middle(chance, capture_calls, path, f"c{kill}", server.base_url)
            told |= {f"c{kill}.{number}" for number in numbers}
    with closing(open_library(path)) as library:
        capture.take_in_spool(library)
        prompts = Counter(row[0] for row in read_rows(library, "SELECT prompt FROM videos"))
        assert told <= prompts.keys()
        assert set(prompts.values()) == {1}
        assert len(prompts) <= len(told) + size
        assert read_rows(library, "SELECT max(times_seen) FROM observations") == [(1,)]
        check(library)


def no_mutant_takes_a_good_job_with_it(path: Path, chance: Random, size: int) -> None:
    """Import that many garbled answers of all servers, good ones among them, twice: the second time moves nothing."""
    answers = list_payloads()
    file, good = path.with_name("mutants.jsonl"), 0
    with file.open("w", encoding="utf-8") as lines:
        for number in range(size):
            is_good = number % 10 == 0
            good += is_good
            value = job(f"good {number}") if is_good else mutant(chance, chance.choice(answers), answers)
            lines.write(json.dumps(value) + "\n")
    with closing(open_library(path)) as library:
        first = import_paths(library, [file], source="studio", now=NOON)
        assert read_rows(library, "SELECT count(*) FROM videos WHERE remote_id LIKE 'good %'") == [(good,)]
        assert all(refusal.reason.isprintable() for refusal in first.files[0].refused)
        second = import_paths(library, [file], source="studio", now=NOON)
        assert (second.added, second.changed, second.refusals) == (0, 0, first.refusals)
        check(library)


def list_payloads() -> list[Any]:
    """What servers of every family have answered."""
    return [json.loads(line)["payload"] for line in ANSWERS.read_text("utf-8").splitlines()]


def mutant(chance: Random, answer: Any, others: list[Any]) -> Any:
    """The answer with one to four things in it lost, doubled, swapped, or made what no server should send."""
    answer = copy.deepcopy(answer)
    for _ in range(chance.randint(1, 4)):
        spots = list(spots_of(answer))
        if not spots:
            break
        holder, key = chance.choice(spots)
        match chance.randrange(5):
            case 0:
                del holder[key]
            case 1:
                holder[key] = copy.deepcopy(chance.choice(others))
            case 2:
                holder[key] = [holder[key], copy.deepcopy(holder[key])]
            case 3 if isinstance(holder, dict):
                holder[chance.choice(list(holder))] = holder[key]
            case _:
                holder[key] = chance.choice(STRANGE)
    return answer


STRANGE = (
    None, True, 0, -1, 10**400, 1e308, float("nan"), float("inf"), "", " ", "\0", "\ud800", "a\ud800", "\x1b[31m",
    "x" * 5000, "東京", "2026-13-45T99:99:99Z", "data:video/mp4;base64,AAAA", "https://a.example/v.mp4?sig=secret",
    "../../etc/passwd", "completed", "FAILED", [], {}, [[]], {"": ""}, {"id": {"id": "x"}}, [{"object": "video"}],
)  # fmt: skip


def spots_of(value: Any) -> Iterator[tuple[Any, Any]]:
    """Every holder and key in a JSON value."""
    stack = [value]
    while stack:
        holder = stack.pop()
        keys: Any = (
            holder.keys() if isinstance(holder, dict) else range(len(holder)) if isinstance(holder, list) else ()
        )
        for key in keys:
            yield holder, key
            stack.append(holder[key])


HELD = (
    "SELECT * FROM videos ORDER BY remote_id",
    "SELECT remote_id, key, value, origin FROM tags JOIN videos ON videos.id = video_id ORDER BY 1, 2, 3, 4",
    "SELECT remote_id, relation, origin, parent_remote_id FROM links JOIN videos ON videos.id = child_id ORDER BY 1, 4",
    "SELECT remote_id, payload_hash, received_at FROM observations JOIN videos ON videos.id = video_id ORDER BY 1, 2",
)


def any_order_of_arrival_gives_the_same_library(path: Path, chance: Random, size: int) -> None:
    """Tell two libraries the same answers about that many jobs, each in an order of its own: both hold the same."""
    answers = [answer for number in range(size) for answer in answers_about(f"v{number}", chance)]
    missed = [(f"v{number}", chance.randrange(500)) for number in range(0, size, 5)]
    held = []
    for turn in range(2):
        chance.shuffle(answers)
        chance.shuffle(missed)
        copied = Path(shutil.copy(path, path.with_name(f"order{turn}.db")))
        with closing(open_library(copied)) as library:
            for start in range(0, len(answers), 50):
                with library.write() as connection:
                    for channel, minute, payload in answers[start : start + 50]:
                        save(connection, [payload], channel=channel, minute=minute)
            with library.write() as connection:  # nobody asks for a job by its id before it is known
                for remote_id, minute in missed:
                    moment = NOON + timedelta(minutes=minute)
                    answer = Gone("no such video", payload={"at": minute})
                    store.save_absences(connection, "studio", {remote_id: answer}, received_at=moment)
            videos, *others = (read_rows(library, query) for query in HELD)
            held.append([[row[1:] for row in videos], *others])  # without the number of the row
            check(library)
    for first, second in zip(*held, strict=True):
        assert first == second


def answers_about(remote_id: str, chance: Random) -> Iterator[tuple[str, int, dict[str, Any]]]:
    """Channel, minute and payload of a few answers about one job."""
    for number in range(chance.randint(1, 5)):
        payload = {
            "id": remote_id,
            "object": "video",
            "status": chance.choice(("queued", "in_progress", "completed", "failed", "odd")),
            "progress": chance.choice((None, 0, 50, 100)),
            "prompt": chance.choice((None, "", "a fox", "two foxes", "東京の塔")),
            "model": chance.choice(MODELS),
            "created_at": chance.choice((None, 1_790_000_000, 1_790_000_500)),
            "remixed_from_video_id": chance.choice((None, "v0", "v1")),
            "metadata": {chance.choice("ab"): chance.choice("12")},
            "answer": number,  # so that no two are the same observation
        }
        yield chance.choice(("list", "get", "webhook", "import")), chance.randrange(500), payload


def writers_at_once_lose_nothing(path: Path, chance: Random, size: int) -> None:
    """Let four processes save the same jobs, each in an order of its own, while a reader looks: all is there."""
    names = ("a", "b", "c", "d")
    payloads = [job(f"v{number}", prompt=" ".join(chance.choices(WORDS, k=5))) for number in range(size)]
    processes = [PROCESSES.Process(target=write_all, args=(path, name, payloads)) for name in names]
    with closing(open_library(path)) as library:
        for process in processes:
            process.start()
        while any(process.is_alive() for process in processes):
            with library.read() as connection:
                (videos,) = connection.execute("SELECT count(*) FROM videos").fetchone()
                (heard,) = connection.execute("SELECT count(DISTINCT video_id) FROM observations").fetchone()
            assert videos == heard
            processes[0].join(0.05)
        assert [process.exitcode for process in processes] == [0] * len(names)
        assert read_rows(library, "SELECT count(*) FROM videos") == [(size,)]
        assert read_rows(library, "SELECT DISTINCT times_seen FROM observations") == [(len(names),)]
        tagged = dict(read_rows(library, "SELECT key, count(*) FROM tags GROUP BY key"))
        assert all(tagged[name] >= size // 40 for name in names)
        check(library)


def many_rows_are_all_found(path: Path, chance: Random, size: int) -> None:
    """Save that many jobs and search for them: totals, counts and pages say what a naive count says."""
    words, models = Counter[str](), Counter[str]()
    rare = set()
    with closing(open_library(path)) as library:
        for start in range(0, size, 1000):
            page = []
            for number in range(start, min(start + 1000, size)):
                prompt, model = chance.sample(WORDS, 4), chance.choice(MODELS)
                words.update(prompt)
                models[model] += 1
                if number % (size // 500) == 0:
                    rare.add(f"v{number}")
                    prompt.append("needle")
                page.append(job(f"v{number}", prompt=" ".join(prompt), model=model))
            with library.write() as connection:
                save(connection, page)
        with library.read() as connection:
            for word, total in words.items():
                assert search(connection, word, limit=0, now=NOON).total == total, word
            (counted,) = count_facets(connection, ["model"], "").values()
            assert {each.value: each.count for each in counted} == models
            assert found_in_pages(connection, "needle") == sorted(rare)
        check(library)


def found_in_pages(connection: Any, query: str) -> list[str]:
    """The ids of all matches, page after page."""
    found, after = [], None
    while True:
        page = search(connection, query, limit=100, after=after, now=NOON)
        found += [video.remote_id for video in page.videos]
        after = page.next
        if after is None:
            return sorted(found)


LAWS = (
    Law(a_killed_writer_loses_nothing_and_leaves_no_half, sample=4, full=100),
    Law(a_killed_program_has_captured_every_call_once, sample=3, full=40),
    Law(no_mutant_takes_a_good_job_with_it, sample=300, full=10_000),
    Law(any_order_of_arrival_gives_the_same_library, sample=60, full=2_000),
    Law(writers_at_once_lose_nothing, sample=400, full=8_000),
    Law(many_rows_are_all_found, sample=1_000, full=300_000),
)
