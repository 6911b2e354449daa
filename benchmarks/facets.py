"""How well and how fast prompt facets are read: micro-F1 per format and facet, and prompts a second on one core.

Run `python benchmarks/facets.py [LABELLED.jsonl] [--strict] [--half 0|1] [--misses] [--ids PREFIX]`. Sets of canonical
values are compared, facet by facet, only where a record scores the facet; a predicted value that is merely a broader
name of a labelled one is neither right nor wrong, unless `--strict`. Open facets are found by stems in phrases of at
most twelve words.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import time
from collections import defaultdict
from dataclasses import dataclass
from difflib import SequenceMatcher
from pathlib import Path
from typing import TYPE_CHECKING, Any

from _yardstick import measure

from catalog.demo.sample import sample_jobs
from catalog.prompts import extract, load

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

SHARED = Path(os.environ.get("CATALOG_SHARED", Path(__file__).resolve().parents[2] / "shared"))
OPEN = ("subject", "action", "setting")
MAX_PHRASE = 12
ALIKE = 0.85
LENGTH = 400
MOST_PROMPTS = 200
FLOOR_CONTROLLED, FLOOR_ALL = 0.014, 0.0055  # prompts in the time of one line of the yardstick


@dataclass
class Score:
    """Right and wrong predictions, labels found and missed."""

    right: int = 0
    wrong: int = 0
    found: int = 0
    missed: int = 0

    @property
    def precision(self) -> float:
        return self.right / (self.right + self.wrong) if self.right + self.wrong else 1.0

    @property
    def recall(self) -> float:
        return self.found / (self.found + self.missed) if self.found + self.missed else 1.0

    @property
    def f1(self) -> float:
        total = self.precision + self.recall
        return 2 * self.precision * self.recall / total if total else 0.0

    def add(self, right: int, wrong: int, found: int, missed: int) -> None:
        self.right += right
        self.wrong += wrong
        self.found += found
        self.missed += missed


def canonical(value: str) -> str:
    return re.sub(r"[\s_-]", "", value.lower())


def stem(word: str) -> str:
    """A crude stem: run, runs and running are one word, and so are leaf and leaves, wave and waves."""
    for ending, put in (("ies", "y"), ("sses", "ss"), ("ches", "ch"), ("shes", "sh"), ("xes", "x")):
        if word.endswith(ending) and len(word) > len(ending) + 1:
            word = word[: -len(ending)] + put
            break
    else:
        if word.endswith("s") and not word.endswith("ss") and len(word) > 3:
            word = word[:-1]
    for ending in ("ing", "ed"):
        if word.endswith(ending) and len(word) > len(ending) + 2:
            word = word[: -len(ending)]
            if word[-1] == word[-2] and word[-1] not in "ls":
                word = word[:-1]
            break
    word = word.removesuffix("e") if len(word) > 3 else word
    return word[:-1] + "f" if word.endswith("v") else word


def stems(text: str) -> list[str]:
    return [stem(word) for word in re.findall(r"[^\W_]+", text.lower())]


def holds(phrase: Sequence[str], label: str) -> bool:
    """Whether one alternative of the label stands, word by word, in the phrase."""
    if len(phrase) > MAX_PHRASE:
        return False
    for alternative in label.split("|"):
        wanted = stems(alternative)
        if any(list(phrase[at : at + len(wanted)]) == wanted for at in range(len(phrase) - len(wanted) + 1)):
            return True
    return False


def score_values(
    labels: Iterable[str], predicted: Iterable[str], ignored: Iterable[str], broader: Any
) -> tuple[set[str], set[str], set[str]]:
    """Right, wrong and missed values of one facet of one record."""
    wanted = {canonical(value): value for value in labels}
    skipped = {canonical(value) for value in ignored}
    narrow = {canonical(broad): {canonical(value) for value in values} for broad, values in broader.items()}
    got = {canonical(value): value for value in predicted}
    right = {got[key] for key in got if key in wanted}
    wrong = {
        got[key] for key in got if key not in wanted and key not in skipped and not narrow.get(key, set()) & set(wanted)
    }
    missed = {wanted[key] for key in wanted if key not in got and key not in skipped}
    return right, wrong, missed


def score_phrases(labels: Sequence[str], phrases: Iterable[str]) -> tuple[int, int, list[str], list[str]]:
    """Phrases that hold a label (a label counted once) and that hold none, labels missed, idle phrases."""
    hit: set[int] = set()
    idle: list[str] = []
    for phrase in dict.fromkeys(phrases):
        words = stems(phrase)
        held = {index for index, label in enumerate(labels) if holds(words, label)}
        if held:
            hit |= held
        else:
            idle.append(phrase)
    return len(hit), len(idle), [label for index, label in enumerate(labels) if index not in hit], idle


def is_alike(one: str, other: str) -> bool:
    left, right = (" ".join(re.findall(r"[^\W_]+", text.lower())) for text in (one, other))
    return left == right or SequenceMatcher(None, left, right).ratio() >= ALIKE


def score_dialogue(labels: Sequence[str], lines: Sequence[str]) -> tuple[int, int, int]:
    left = list(lines)
    found = 0
    for label in labels:
        match = next((line for line in left if is_alike(label, line)), None)
        if match is not None:
            left.remove(match)
            found += 1
    return found, len(left), len(labels) - found


def evaluate(records: Iterable[dict[str, Any]], *, strict: bool, misses: bool) -> dict[str, Score]:
    """Scores by format, by facet and over all; prints what went wrong when asked."""
    vocabulary = load()
    broader = {} if strict else vocabulary.broader
    scores: dict[str, Score] = defaultdict(Score)
    for record in records:
        predicted: dict[str, list[str]] = defaultdict(list)
        for facet in extract(record["prompt"]).facets:
            predicted[facet.name].append(facet.value)
        notes = []
        for facet in record["scored"]:
            labels = record["labels"].get(facet, [])
            if facet in OPEN:
                hit, idle, missed, phrases = score_phrases(labels, predicted[facet])
                for name in (facet, "OPEN", f"OPEN {record['format']}"):
                    scores[name].add(hit, idle, hit, len(missed))
                if missed or phrases:
                    notes.append((facet, f"  {facet}: -{missed} +{phrases} (={labels})"))
            elif facet == "dialogue":
                found, extra, lost = score_dialogue(labels, predicted[facet])
                scores[facet].add(found, extra, found, lost)
                if extra or lost:
                    notes.append((facet, f"  dialogue: {labels} got {predicted[facet]}"))
            else:
                right, wrong, lost_values = score_values(
                    labels, predicted[facet], record.get("ignore", {}).get(facet, []), broader
                )
                for name in (facet, "CONTROLLED", f"CONTROLLED {record['format']}"):
                    scores[name].add(len(right), len(wrong), len(right), len(lost_values))
                if wrong or lost_values:
                    notes.append((facet, f"  {facet}: -{sorted(lost_values)} +{sorted(wrong)}"))
        if misses and notes:
            print(record["id"], record["prompt"][:150].replace("\n", " / "))
            print(*(note for _, note in notes), sep="\n")
    return scores


def measure_speed(texts: Sequence[str]) -> None:
    """Print how fast prompts of exactly 400 characters, cut from these texts, are read; exit 1 below a floor."""
    text = " ".join(" ".join(one.split()) for one in texts)
    prompts = [text[at : at + LENGTH] for at in range(0, len(text) - LENGTH, LENGTH)][:MOST_PROMPTS]
    print(f"{len(prompts)} prompts of {LENGTH} characters on one of {os.cpu_count()} cores, against the yardstick")
    print(f"{'':20}{'prompts/s':>10}{'per line':>10}{'floor':>8}")
    slow = []
    for name, open_facets, floor in (("controlled facets", False, FLOOR_CONTROLLED), ("all facets", True, FLOOR_ALL)):
        rate, ratio = measure(lambda: [extract(one, open_facets=open_facets) for one in prompts], len(prompts))  # noqa: B023
        print(f"{name:20}{rate:>10,.0f}{ratio:>10.3f}{floor:>8}")
        slow += [name] * (ratio < floor)
    if slow:
        raise SystemExit(f"below the floor: {', '.join(slow)}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("path", nargs="?", type=Path, default=SHARED / "prompts" / "facets-dev.jsonl")
    parser.add_argument("--strict", action="store_true")
    parser.add_argument("--misses", action="store_true")
    parser.add_argument("--half", type=int)
    parser.add_argument("--ids", default="")
    options = parser.parse_args()
    if not options.path.is_file():
        print(f"no labelled prompts at {options.path}: speed only, on the prompts of the sample library")
        measure_speed([job.prompt for job in sample_jobs(time.time(), 1000) if not set(job.prompt) & set("{\n")])
        return
    records = [json.loads(line) for line in options.path.read_text("utf-8").splitlines()]
    if options.half is not None:
        records = records[options.half :: 2]
    scores = evaluate(
        (r for r in records if r["id"].startswith(options.ids)), strict=options.strict, misses=options.misses
    )
    print(f"{len(records)} prompts{', strict' if options.strict else ''}")
    print(f"{'':24} {'precision':>9} {'recall':>7} {'F1':>6} {'labels':>7}")
    for name in sorted(scores, key=lambda name: (name.islower(), name)):
        score = scores[name]
        print(f"{name:24} {score.precision:9.3f} {score.recall:7.3f} {score.f1:6.3f} {score.found + score.missed:7}")
    if not options.ids:
        measure_speed([record["prompt"] for record in records if record["format"] == "prose"])


if __name__ == "__main__":
    main()
