"""How well prompts are stacked, and how fast: which changes are joined, what is joined falsely, a million prompts.

    python benchmarks/stacks.py [PROMPTS [FOLDER]]

Pairs are made from templates that differ in build, from the scenes of the sample and, where the folder is beside the
checkout, from ../shared/prompts. Per kind it prints the share that is joined, and for comparison the share that
three-word shingles join at a Jaccard index of 0.8 and of 0.7. The library of so many PROMPTS stays in a new FOLDER.
"""

from __future__ import annotations

import json
import multiprocessing
import random
import re
import resource
import sys
import tempfile
import time
import tomllib
import unicodedata
from collections import defaultdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from catalog import Catalog, store
from catalog.demo.prompts import Takes, scenes
from catalog.library import create_library, open_library
from catalog.prompts.leads import find_leads
from catalog.prompts.similarity import FEWEST_WORDS, are_alike, group
from catalog.stacks import stack_due
from catalog.wire.answers import ParsedVideo

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from catalog.database import Database

    Pair = tuple[str, str]

SEED = 20261130
PROMPTS = 20_000
SHARED = Path(__file__).parents[2] / "shared" / "prompts" / "facets-dev.jsonl"

WORDS = tomllib.loads(Path(__file__).with_suffix(".toml").read_text("utf-8"))


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _fill(template: str, chance: random.Random, **given: str) -> str:
    names = ("subject", "action", "place", "time", "style")
    parts = {name: chance.choice(WORDS[f"{name}s"]) for name in names}
    parts |= dict(zip(("clause", "clause2", "clause3"), chance.sample(WORDS["clauses"], 3), strict=True)) | given
    return template.format(**parts, **{_capital(name): _capital(text) for name, text in parts.items()})


def _bases(chance: random.Random) -> list[str]:
    """Prompts of at least 25 words from every place that has any."""
    made = [_fill(template, chance) for template in WORDS["templates"] for _ in range(40)]
    takes = Takes(chance)
    made += [takes.next() for _ in range(200)] + [scene["prompt"] for scene in scenes()]
    if SHARED.exists():
        made += [json.loads(line)["prompt"] for line in SHARED.read_text("utf-8").splitlines()]
    return [prompt for prompt in made if len(prompt.split()) >= 25]


def _is_text(prompt: str) -> bool:
    return not prompt.startswith("{")


def same_but_for_signs(chance: random.Random) -> Iterator[Pair]:
    for prompt in _bases(chance):
        wide = "".join(chr(ord(char) + 0xFEE0) if "!" <= char <= "~" else char for char in prompt)
        yield prompt, prompt.upper()
        yield prompt, wide
        yield prompt, unicodedata.normalize("NFD", prompt)
        yield prompt, re.sub(r"\s", "  \n", prompt)
        if "{" not in prompt:
            yield prompt, re.sub(r"[^\w\s]", "", prompt)


def one_word(chance: random.Random) -> Iterator[Pair]:
    for prompt in _bases(chance):
        words = prompt.split(" ")
        at = chance.choice([index for index, word in enumerate(words) if word.strip(".,;:") and word[:1] not in '{["'])
        kept = re.fullmatch(r"(\W*)(.*?)(\W*)", words[at], re.DOTALL)
        word = chance.choice(WORDS["other_words"])
        yield prompt, " ".join([*words[:at], f"{kept[1]}{word}{kept[3]}" if kept else word, *words[at + 1 :]])


def one_word_added(chance: random.Random) -> Iterator[Pair]:
    for prompt in filter(_is_text, _bases(chance)):
        words = prompt.split(" ")
        at = chance.randrange(1, len(words))
        yield prompt, " ".join([*words[:at], chance.choice(WORDS["other_words"]), *words[at:]])


def one_word_dropped(chance: random.Random) -> Iterator[Pair]:
    for prompt in filter(_is_text, _bases(chance)):
        words = prompt.split(" ")
        at = chance.randrange(1, len(words))
        yield prompt, " ".join([*words[:at], *words[at + 1 :]])


def one_clause(chance: random.Random) -> Iterator[Pair]:
    for template in WORDS["templates"]:
        for _ in range(40):
            parts = {
                "subject": chance.choice(WORDS["subjects"]),
                "place": chance.choice(WORDS["places"]),
                "time": chance.choice(WORDS["times"]),
            }
            parts |= {"action": chance.choice(WORDS["actions"]), "style": chance.choice(WORDS["styles"])}
            clauses = chance.sample(WORDS["clauses"], 4)
            parts |= dict(zip(("clause", "clause2", "clause3"), clauses, strict=False))
            other = parts | {chance.choice(("clause", "clause2", "clause3")): clauses[3]}
            yield _fill(template, chance, **parts), _fill(template, chance, **other)


def one_clause_of_scenes(chance: random.Random) -> Iterator[Pair]:
    """A clause of a prompt, neither the first nor one with its subject, that other words stand for."""
    for prompt in _bases(chance):
        pieces = re.split(r"([,.;](?:\s)|[，。、\n])", prompt)
        if len(pieces) < 7 or "{" in prompt:
            continue
        at = 2 * chance.randrange(1, len(pieces) // 2)
        if any(lead in pieces[at].lower() for lead in find_leads(prompt)):
            continue
        if 2 <= len(pieces[at].split()) <= 12 or not pieces[at].isascii():
            yield prompt, "".join([*pieces[:at], chance.choice(WORDS["clauses"]), *pieces[at + 1 :]])


def only_the_subject(chance: random.Random) -> Iterator[Pair]:
    for template in WORDS["templates"]:
        for _ in range(40):
            parts = {
                "place": chance.choice(WORDS["places"]),
                "time": chance.choice(WORDS["times"]),
                "action": chance.choice(WORDS["actions"]),
            }
            parts |= {"style": chance.choice(WORDS["styles"]), "clause": chance.choice(WORDS["clauses"][:4])}
            parts |= {"clause2": chance.choice(WORDS["clauses"][4:8]), "clause3": chance.choice(WORDS["clauses"][8:])}
            first, second = chance.sample(WORDS["subjects"], 2)
            yield _fill(template, chance, **parts, subject=first), _fill(template, chance, **parts, subject=second)


def only_the_style_block(chance: random.Random) -> Iterator[Pair]:
    for block in WORDS["blocks"]:
        for _ in range(60):
            first, second = chance.sample(WORDS["short_scenes"], 2)
            yield f"{first}. {block}", f"{second}. {block}"
            yield f"{block} {first}.", f"{block} {second}."
    for block in WORDS["blocks"]:
        for _ in range(30):
            first, second = chance.sample(scenes(), 2)
            if first.get("form") != "json" and second.get("form") != "json":
                yield f"{first['prompt']} {block}", f"{second['prompt']} {block}"


def translations(_: random.Random) -> Iterator[Pair]:
    for versions in WORDS["translations"]:
        for index, first in enumerate(versions):
            for second in versions[index + 1 :]:
                yield first, second
                yield f"{first}. {WORDS['blocks'][0]}", f"{second}. {WORDS['blocks'][0]}"


KINDS = (
    (same_but_for_signs, "always"), (one_word, ">= 90 %"), (one_word_added, ">= 90 %"), (one_word_dropped, ">= 90 %"),
    (one_clause, ">= 90 %"), (one_clause_of_scenes, ">= 90 %"), (only_the_subject, "<= 6 %"),
    (only_the_style_block, "never"), (translations, "never"),
)  # fmt: skip


def _shingles(prompt: str) -> set[tuple[str, ...]]:
    words = re.findall(r"\w+", unicodedata.normalize("NFKC", prompt).casefold())
    return set(zip(words, words[1:], words[2:], strict=False)) or {tuple(words)}


def _jaccard(first: str, second: str) -> float:
    one, other = _shingles(first), _shingles(second)
    return len(one & other) / len(one | other)


def measure_pairs() -> None:
    print(f"{'':24}{'pairs':>7}{'joined':>9}{'J 0.8':>8}{'J 0.7':>8}   bar")
    for make, bar in KINDS:
        pairs = list(make(random.Random(SEED)))
        joined = [are_alike(*pair) for pair in pairs]
        likeness = [_jaccard(*pair) for pair in pairs]
        shares = (sum(joined), sum(value >= 0.8 for value in likeness), sum(value >= 0.7 for value in likeness))
        cells = "".join(f"{100 * share / len(pairs):7.1f}%" for share in shares)
        print(f"{make.__name__.replace('_', ' '):24}{len(pairs):7} {cells}   {bar}")


def measure_false_joins() -> None:
    """Takes of the sample, of which those of one scene are alike, and the shared prompts, of which none are."""
    chance = random.Random(SEED)
    takes = Takes(chance)
    made = [takes.next() for _ in range(6_000)]
    openings = {scene["prompt"][:30]: scene["name"] for scene in scenes()}
    kinds = [openings[prompt[:30]] for prompt in made]
    _print_joins("takes of the sample", made, kinds)
    if SHARED.exists():
        prompts = [json.loads(line)["prompt"] for line in SHARED.read_text("utf-8").splitlines()]
        _print_joins("shared prompts", prompts, [str(index) for index in range(len(prompts))], show=True)


def _print_joins(name: str, prompts: Sequence[str], kinds: Sequence[str], *, show: bool = False) -> None:
    stacks = defaultdict(list)
    for index, stack in enumerate(group(prompts)):
        stacks[stack].append(index)
    joined = false = 0
    for members in stacks.values():
        joined += len(members) * (len(members) - 1) // 2
        of_kind = defaultdict(int)
        for index in members:
            of_kind[kinds[index]] += 1
        false += (len(members) ** 2 - sum(count**2 for count in of_kind.values())) // 2
        if show and len(members) > 1:
            print("   ", [prompts[index][-60:] for index in members])
    largest = max(map(len, stacks.values()))
    print(
        f"{name}: {len(prompts)} prompts, {len(stacks)} stacks, largest {largest}, {joined} pairs joined, {false} false"
    )


def _make_prompts(count: int, chance: random.Random) -> list[str]:
    """Prompts of templates: of every other one four takes, which differ in a word."""
    prompts: list[str] = []
    while len(prompts) < count:
        prompt = _fill(chance.choice(WORDS["templates"]), chance, time=f"at {chance.randrange(10**6)} hours")
        prompts.append(prompt)
        words = prompt.split(" ")
        for _ in range(3 * (len(prompts) % 2)):
            at = chance.randrange(len(words))
            prompts.append(" ".join([*words[:at], chance.choice(WORDS["other_words"]), *words[at + 1 :]]))
    return prompts[:count]


NAMES = (
    "id, source, remote_id, kind, status, prompt, created_at, first_seen_at, last_seen_at, extracted_by, output_urls, "
    "metadata, extra, seconds, cost_usd, cost_basis"
)


def _add_videos(library: Database, prompts: Sequence[str]) -> None:
    """A video for each prompt, 8 seconds for $0.40; one of ten is kept, two are rejected."""
    at = "2026-01-01T00:00:00.000Z"
    same = (at, at, at, "x", "[]", "{}", "{}", 8, 0.4, "reported")
    rows = ((number, "s", f"v{number}", "video", "completed", text, *same) for number, text in enumerate(prompts, 1))
    verdicts = {0: "keep", 1: "reject", 2: "reject"}
    judged = ((number, verdicts[number % 10]) for number in range(1, len(prompts) + 1) if number % 10 in verdicts)
    with library.write() as connection:
        connection.executemany(f"INSERT INTO videos ({NAMES}) VALUES ({', '.join('?' * 16)})", rows)
        connection.executemany("INSERT INTO annotations (video_id, verdict) VALUES (?, ?)", judged)
        store.rebuild_bitmaps(connection)
        store.forget_stacks(connection)


def measure_stacking(path: Path) -> tuple[float, float, float, float]:
    """Seconds, seconds of all processes, and MB of memory, of this one and the largest of those that it starts."""
    library = open_library(path)
    started = time.monotonic()
    stack_due(library)
    waited = time.monotonic() - started
    library.close()
    own, others = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    seconds = own.ru_utime + own.ru_stime + others.ru_utime + others.ru_stime
    return waited, seconds, own.ru_maxrss / 1000, others.ru_maxrss / 1000


def measure_library(count: int, folder: Path) -> None:
    """A library of so many prompts: stacked at once, then one new video at a time, and asked."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:  # which has none of the memory that making prompts takes
        prompts = _make_prompts(count, random.Random(SEED))
        path = folder / "catalog.db"
        create_library(path)
        library = open_library(path)
        _add_videos(library, prompts)
        before = path.stat().st_size
        waited, seconds, own, largest = pool.apply(measure_stacking, (path,))
    print(f"{count} prompts: {waited:.1f} s, {seconds:.1f} s of process time, {1e6 * seconds / count:.0f} µs each")
    print(f"memory: {own:.0f} MB, and at most {largest:.0f} MB of each process that sketches")
    with library.read() as connection:
        counted = "(SELECT count(*) FROM stack_keys), (SELECT count(DISTINCT stack_id) FROM stack_videos)"
        keys, stacks = connection.execute(f"SELECT {counted}").fetchone()
    size = (path.stat().st_size - before) / count
    print(f"{stacks} stacks; {keys / count:.1f} keys and {size:.0f} bytes a prompt")
    took = []
    for number in range(50):
        prompt = prompts[37 * number % count].replace("at ", "near ", 1)
        video = ParsedVideo(f"n{number}", prompt=prompt, payload={"id": f"n{number}", "prompt": prompt})
        with library.write() as connection:
            store.save_videos(connection, "s", [video], channel="list", received_at=datetime.now(UTC))
        started = time.perf_counter()
        stack_due(library)
        took.append(1e3 * (time.perf_counter() - started))
    print(f"one new video: {sorted(took)[25]:.1f} ms, at worst {max(took):.1f} ms")
    library.close()
    with Catalog.open(path) as catalog:
        for words, ask in (
            ("a page of videos", catalog.search),
            ("a page of stacks", lambda: catalog.search(stack=True)),
            ("similar:REF", lambda: catalog.search("similar:v1")),
            ("prompts", catalog.prompts),
            ("costs by stack", lambda: catalog.costs(by=["stack"])),
        ):
            started = time.perf_counter()
            ask()
            print(f"{words}: {1e3 * (time.perf_counter() - started):.0f} ms")


if __name__ == "__main__":
    numbers = [int(argument.replace("_", "").replace(",", "")) for argument in sys.argv[1:] if argument[0].isdigit()]
    print(f"prompts of {FEWEST_WORDS} words and more are compared by their clauses")
    measure_pairs()
    measure_false_joins()
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(sys.argv[2] if len(sys.argv) > 2 else temporary)
        folder.mkdir(exist_ok=True)
        measure_library(numbers[0] if numbers else PROMPTS, folder)
