"""The words the phrase reader knows: classes from `lexicon.toml`, and what the endings of other words tell."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_ADJECTIVE = re.compile(r".{3,}(?:ful|ous|ive|less|able|ible|ical|ish|esque|ular|ean|ese)$")
_PLURALS = {"wolves": "wolf", "leaves": "leaf", "knives": "knife", "shelves": "shelf", "loaves": "loaf",
            "men": "man", "women": "woman", "children": "child", "mice": "mouse", "geese": "goose", "feet": "foot",
            "teeth": "tooth"}  # fmt: skip
_ALWAYS_PLURAL = frozenset(
    {"people", "skis", "clothes", "headphones", "ruins", "glasses", "stairs", "scissors", "woods"}
)
_MAX_REMEMBERED = 50_000


@dataclass(frozen=True, slots=True)
class Lexicon:
    """Classes of words; `bases` leads from every form of a verb to its base."""

    classes: Mapping[str, str]
    bases: Mapping[str, str]
    thirds: frozenset[str]
    pointing: frozenset[str]
    noun_first: frozenset[str]
    measures: frozenset[str]
    frames: frozenset[str]
    places: frozenset[str]
    animate: frozenset[str]
    locative: frozenset[str]
    _seen: dict[str, str] = field(default_factory=dict, repr=False)

    def kind(self, word: str) -> str:
        """The class of a word by itself: `v` where it may be a verb or a noun."""
        kind = self._seen.get(word)
        if kind is None:
            kind = self._kind(word)
            if len(self._seen) < _MAX_REMEMBERED:
                self._seen[word] = kind
        return kind

    def _kind(self, word: str) -> str:
        if word in self.classes:
            return self.classes[word]
        if word[0].isdigit():
            return "M"
        if word in self.bases:
            if word.endswith("ing"):
                return "G"
            return "T" if word.endswith("ed") else "v"
        if word.endswith("ly") and len(word) > 4 and word not in self.animate:
            return "B"
        if word.endswith("ing") and len(word) > 5:
            return "G" if word not in self.noun_first else "N"
        if word.endswith("ed") and len(word) > 4:
            return "T"
        return "A" if _ADJECTIVE.match(word) else "N"

    def base(self, word: str) -> str:
        """The base form of a verb; of an unknown participle, its stem; empty for other words."""
        known = self.bases.get(word)
        if known:
            return known
        if word.endswith("ing") and len(word) > 5:
            stem = word[:-3]
            return stem[:-1] if stem[-1] == stem[-2] and stem[-1] not in "ls" else stem
        return ""

    def is_third_person(self, word: str) -> bool:
        return word in self.thirds

    def is_noun_first(self, word: str) -> bool:
        return word in self.noun_first or (word.endswith("s") and word[:-1] in self.noun_first)

    def takes_object(self, word: str) -> bool:
        """Whether the participle may open a caption ("playing chess"): all but those that only describe."""
        return self.base(word) not in (
            "burn",
            "glow",
            "flow",
            "shine",
            "sparkle",
            "float",
            "drift",
            "rise",
            "fall",
            "grow",
            "wave",
        )

    def singular(self, word: str) -> str:
        """The noun as one thing."""
        if word in _PLURALS or word in _ALWAYS_PLURAL:
            return _PLURALS.get(word, word)
        if word.endswith("ies") and len(word) > 4:
            return word[:-3] + "y"
        if word.endswith(("ches", "shes", "sses", "xes")):
            return word[:-2]
        if word.endswith("s") and not word.endswith(("ss", "us", "is")) and len(word) > 3:
            return word[:-1]
        return word


@cache
def load_lexicon() -> Lexicon:
    """The built-in lexicon, read once."""
    data = tomllib.loads(Path(__file__).with_name("lexicon.toml").read_text("utf-8"))
    lists = {name: frozenset(text.split()) for name, text in data.items()}
    bases, thirds = _inflections(lists["verbs"], data["irregular"])
    classes: dict[str, str] = {}
    for name, kind in (("adjectives", "A"), ("adverbs", "B"), ("prepositions", "P"), ("conjunctions", "C"),
                       ("pronouns", "R"), ("auxiliaries", "X"), ("determiners", "D")):  # fmt: skip
        classes |= dict.fromkeys(lists[name], kind)
    for word in ("light", "open", "clean", "clear", "close", "warm", "cool", "dry", "empty", "slow", "calm", "smooth"):
        classes.setdefault(word, "A")
    return Lexicon(
        classes=classes,
        bases=bases,
        thirds=thirds,
        pointing=lists["pointing"],
        noun_first=lists["noun_first"],
        measures=lists["measures"],
        frames=lists["frames"],
        places=lists["places"],
        animate=lists["animate"],
        locative=lists["locative"],
    )


def _inflections(verbs: frozenset[str], irregular: str) -> tuple[dict[str, str], frozenset[str]]:
    bases: dict[str, str] = {}
    thirds: set[str] = set()
    for verb in sorted(verbs):
        third, gerund, past = _forms(verb)
        thirds.add(third)
        bases |= {verb: verb, third: verb, gerund: verb, past: verb}
    for row in irregular.split(";"):
        verb, *forms = row.split()
        bases |= dict.fromkeys(forms, verb) | dict.fromkeys(_forms(verb)[:2], verb)
        thirds.add(_forms(verb)[0])
        bases[verb] = verb
    return bases, frozenset(thirds)


_DOUBLING = re.compile(r"[^aeiou]*[aeiou][bdgklmnprtz]$")


def _forms(verb: str) -> tuple[str, str, str]:
    """Third person, -ing form and past of a regular verb."""
    if verb.endswith("ie"):
        return verb + "s", verb[:-2] + "ying", verb + "d"
    if verb.endswith("e") and not verb.endswith(("ee", "oe")):
        return verb + "s", verb[:-1] + "ing", verb + "d"
    if verb.endswith("y") and verb[-2] not in "aeiou":
        return verb[:-1] + "ies", verb + "ing", verb[:-1] + "ied"
    if verb.endswith(("s", "x", "sh", "ch", "z", "o")):
        return verb + "es", verb + "ing", verb + "ed"
    if _DOUBLING.match(verb):
        return verb + "s", verb + verb[-1] + "ing", verb + verb[-1] + "ed"
    return verb + "s", verb + "ing", verb + "ed"
