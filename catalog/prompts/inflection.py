"""English inflection: the forms of a verb from its base, a noun from its plural. Has no list of words."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

# Monosyllables of one vowel before one consonant: pan → panning. `w`, `x` and `y` never double.
_DOUBLING = re.compile(r"[^aeiou]*[aeiou][bdgklmnprt]")
_ES = re.compile(r"(?:[sxz]|[sc]h|[^aeiou]o)$")
_IES = re.compile(r"[^aeiou]y$")
_IRREGULAR_VERBS = {
    "come": ("come", "comes", "coming", "came"),
    "creep": ("creep", "creeps", "creeping", "crept"),
    "dolly": ("dolly", "dollies", "dollying", "dollied", "dollys"),
    "draw": ("draw", "draws", "drawing", "drew"),
    "fall": ("fall", "falls", "falling", "fell"),
    "fly": ("fly", "flies", "flying", "flew"),
    "get": ("get", "gets", "getting", "got"),
    "go": ("go", "goes", "going", "went"),
    "keep": ("keep", "keeps", "keeping", "kept"),
    "ride": ("ride", "rides", "riding", "rode"),
    "rise": ("rise", "rises", "rising", "rose"),
    "sink": ("sink", "sinks", "sinking", "sank"),
    "spin": ("spin", "spins", "spinning", "spun"),
    "sweep": ("sweep", "sweeps", "sweeping", "swept"),
    "swing": ("swing", "swings", "swinging", "swung"),
}
_IRREGULAR_PLURALS = {
    "children": "child", "feet": "foot", "geese": "goose", "knives": "knife", "leaves": "leaf", "loaves": "loaf",
    "men": "man", "mice": "mouse", "shelves": "shelf", "teeth": "tooth", "wolves": "wolf", "women": "woman",
}  # fmt: skip
_ALWAYS_PLURAL = frozenset(
    {"clothes", "glasses", "headphones", "people", "ruins", "scissors", "skis", "stairs", "woods"}
)


def inflect(verb: str) -> Sequence[str]:
    """Every form of a verb, its base first: pan → pan, pans, panning, panned."""
    return _IRREGULAR_VERBS.get(verb) or (verb, *regular_forms(verb))


def regular_forms(verb: str) -> tuple[str, str, str]:
    """The third person, the -ing form and the past of a verb, as regular verbs build them."""
    if verb.endswith("ie"):
        return verb + "s", verb[:-2] + "ying", verb + "d"
    if verb.endswith("e"):
        stem = verb if verb.endswith(("ee", "oe", "ye")) else verb[:-1]
        return verb + "s", stem + "ing", verb + "d"
    if _IES.search(verb):
        return verb[:-1] + "ies", verb + "ing", verb[:-1] + "ied"
    if _ES.search(verb):
        return verb + "es", verb + "ing", verb + "ed"
    stem = verb + verb[-1] if _DOUBLING.fullmatch(verb) else verb
    return verb + "s", stem + "ing", stem + "ed"


def singular(noun: str) -> str:
    """The noun in the singular: wolves → wolf; a noun without one stays."""
    noun = noun.removesuffix("'s").removesuffix("’s")
    if noun in _ALWAYS_PLURAL:
        return noun
    if noun in _IRREGULAR_PLURALS:
        return _IRREGULAR_PLURALS[noun]
    if noun.endswith("ies") and len(noun) > 4:
        return noun[:-3] + "y"
    if noun.endswith(("ches", "shes", "sses", "xes")):
        return noun[:-2]
    if noun.endswith("s") and not noun.endswith(("ss", "us", "is")) and len(noun) > 3:
        return noun[:-1]
    return noun


def positives_of(word: str) -> tuple[str, ...]:
    """What a comparative or a superlative may be made of: wider → wid, wide; other words have none."""
    stem = word.removesuffix("er") if word.endswith("er") else word.removesuffix("est")
    if stem == word or len(stem) < 3:
        return ()
    if stem[-1] == "i":
        return (stem[:-1] + "y",)
    return (stem, stem + "e", stem[:-1]) if stem[-1] == stem[-2] else (stem, stem + "e")


def stem_of_participle(word: str) -> str:
    """The base of an unlisted -ing form: strumming → strum; empty for any other word."""
    if not word.endswith("ing") or len(word) <= 5:
        return ""
    base = word[:-3]
    return base[:-1] if base[-1] == base[-2] and base[-1] not in "ls" else base
