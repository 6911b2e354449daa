"""The words the phrase reader knows: classes from `lexicon.toml`, and what the endings of other words tell."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

from catalog.prompts.inflection import regular_forms, stem_of_participle

if TYPE_CHECKING:
    from collections.abc import Mapping

_ADJECTIVE = re.compile(r".{3,}(?:ful|ous|ive|less|able|ible|ical|ish|esque|ular|ean|ese)$")
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
        return self.bases.get(word) or stem_of_participle(word)

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


@cache
def load_lexicon() -> Lexicon:
    """The built-in lexicon, read once."""
    data = tomllib.loads(files("catalog.prompts").joinpath("lexicon.toml").read_text("utf-8"))
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
        third, gerund, past = regular_forms(verb)
        thirds.add(third)
        bases |= {verb: verb, third: verb, gerund: verb, past: verb}
    for row in irregular.split(";"):
        verb, *forms = row.split()
        bases |= dict.fromkeys(forms, verb) | dict.fromkeys(regular_forms(verb)[:2], verb)
        thirds.add(regular_forms(verb)[0])
        bases[verb] = verb
    return bases, frozenset(thirds)
