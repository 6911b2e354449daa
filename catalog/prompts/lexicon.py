"""The words that the phrase reader knows: their classes from `lexicon.toml`, and the classes that endings suggest."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from catalog.prompts.inflection import positives_of, regular_forms, singular, stem_of_participle
from catalog.prompts.tokens import NO_ADVERBS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_ADJECTIVE = re.compile(
    r".{3,}(?:ful|ous|ive|less|able|ible|ical|(?<!f)ish|esque|ular|ean|ese)$"
    r"|(?!pupp|bunn|lobb|hobb|gran|nann|dadd|mumm|momm|penn|tedd|budd|popp|putt|kitt|pant|pont|dynast|pigg)"
    r".+(?:bb|dd|gg|mm|nn|pp|tt|zz|ff|st|mp|ck|sh|nk|ain|od|lk|irt|os)y$"
)
_PERSON = re.compile(
    r"(?:[^h]man|woman|[^u]men|women|boy|girl|.{3}ist|.{3}ologist|maker|keeper|driver|rider|seller|player|worker|dancer|fighter|hunter"
    r"|singer|runner|walker|farmer|teacher|baker|biker|dresser|smith|wright|monger|herder|master|mate|child|folk|eer"
    r"|father|mother|son|daughter|lover|leader|fisher|buyer|smuggler|wife|ician|arian|ographer)s?$"
)
_INTRANSITIVE = frozenset(
    {
        "billow", "blaze", "bloom", "bubble", "burn", "crash", "drift", "fade", "fall", "flash", "flicker", "float",
        "flow", "fly", "gleam", "glimmer", "glint", "glisten", "glitter", "glow", "grow", "hover", "loom", "melt",
        "pass", "pulse", "rise", "roar", "rustle", "shift", "shimmer", "shine", "smoke", "smolder", "sparkle", "sprawl",
        "steam", "surge", "swirl", "sway", "tower", "tremble", "twinkle", "wave", "whirl", "work",
    }
)  # fmt: skip
_ALSO_ADJECTIVES = (
    "calm", "clean", "clear", "close", "cool", "dry", "empty", "light", "open", "slow", "smooth", "warm",
)  # fmt: skip
_FIRST_WIDE = "\u2e80"  # from here on, characters of scripts without blanks
_MAX_REMEMBERED = 50_000


class Kind(StrEnum):
    """The class of a word, or the mark or the edge of the sentence that stands beside one."""

    DETERMINER = "determiner"
    PRONOUN = "pronoun"
    PREPOSITION = "preposition"
    CONJUNCTION = "conjunction"
    AUXILIARY = "auxiliary"
    ADVERB = "adverb"
    ADJECTIVE = "adjective"
    NOUN = "noun"
    VERB = "verb"
    COMMAND = "verb of the maker"
    VERB_OR_NOUN = "verb or noun"
    GERUND = "-ing form"
    PARTICIPLE = "past participle"
    NUMBER = "number"
    CAMERA = "word about the picture"
    COMMA = ","
    COLON = ":"
    BRACKET = "("
    QUOTE = '"'
    SLASH = "/"
    START = "start"
    END = "end"


_LISTS = {
    "adjectives": Kind.ADJECTIVE,
    "adverbs": Kind.ADVERB,
    "prepositions": Kind.PREPOSITION,
    "conjunctions": Kind.CONJUNCTION,
    "pronouns": Kind.PRONOUN,
    "auxiliaries": Kind.AUXILIARY,
    "determiners": Kind.DETERMINER,
}  # a word of several lists is of the last one's class
_NO_COMPARATIVES = frozenset({"cleaner", "cooler", "counter", "dryer", "forest", "lighter", "rubber"})
_COMPARABLE = frozenset({Kind.ADJECTIVE, Kind.ADVERB})
_FUNCTION_WORDS = frozenset(
    {Kind.DETERMINER, Kind.PRONOUN, Kind.PREPOSITION, Kind.CONJUNCTION, Kind.AUXILIARY, Kind.ADVERB}
)


@dataclass(frozen=True, slots=True)
class Lexicon:
    """Classes of words; `bases` leads from every form of a verb to its base, `remembered` keeps what `kind` found."""

    classes: Mapping[str, Kind]
    bases: Mapping[str, str]
    third_persons: frozenset[str]
    pointing: frozenset[str]
    directing: frozenset[str]
    aiming: frozenset[str]
    deeds: frozenset[str]
    noun_first: frozenset[str]
    measures: frozenset[str]
    frames: frozenset[str]
    settings: frozenset[str]
    animate: frozenset[str]
    furniture: frozenset[str]
    compounding: frozenset[str]
    locative: frozenset[str]
    ambient: frozenset[str]
    english: frozenset[str]
    foreign: frozenset[str]
    technical: frozenset[str]
    remembered: dict[str, Kind] = field(default_factory=dict, repr=False)
    _animates: dict[str, bool] = field(default_factory=dict, repr=False)

    def kind(self, word: str) -> Kind:
        """The class of a word by itself: `VERB_OR_NOUN` where its neighbours must decide."""
        kind = self.remembered.get(word)
        if kind is None:
            kind = self._classify(word)
            if len(self.remembered) < _MAX_REMEMBERED:
                self.remembered[word] = kind
        return kind

    def _classify(self, word: str) -> Kind:
        if word in self.classes:
            return self.classes[word]
        if word[0].isdigit():
            return Kind.NUMBER
        if word not in self.bases:
            return self._by_ending(word)
        if word.endswith("ing"):
            return Kind.GERUND
        return Kind.PARTICIPLE if word.endswith("ed") else Kind.VERB_OR_NOUN

    def _by_ending(self, word: str) -> Kind:
        if word.endswith("ly") and len(word) > 4 and word not in self.animate and word not in NO_ADVERBS:
            return Kind.ADVERB
        if word.endswith("ing") and len(word) > 5:
            return Kind.NOUN if word in self.noun_first else Kind.GERUND
        if word.endswith("ed") and len(word) > 4:
            return Kind.PARTICIPLE
        return Kind.ADJECTIVE if _ADJECTIVE.match(word) or self.compares(word) else Kind.NOUN

    def compares(self, word: str) -> bool:
        """Whether the word is a comparative or a superlative of an adjective that is known: `wider`, `calmest`."""
        if word in _NO_COMPARATIVES or self.is_animate(word):
            return False
        return any(self.classes.get(positive) in _COMPARABLE for positive in positives_of(word))

    def count_english(self, words: Sequence[str]) -> int:
        """How many small words of English there are, less those of other languages and of other alphabets."""
        lead = len(self.english.intersection(words)) - len(self.foreign.intersection(words))
        if "".join(words).isascii():
            return lead
        return lead - sum(map(self._is_strange, words))

    def _is_strange(self, word: str) -> bool:
        is_plain = word.isascii() or not word.isalpha() or word[0] >= _FIRST_WIDE
        return not is_plain and word not in self.foreign and word not in self.settings

    def knows(self, word: str) -> bool:
        """Whether the word is in one of the lists."""
        return word in self.bases or word in self.classes or word in self.animate or self.is_setting(word)

    def base(self, word: str) -> str:
        """The base form of a verb; of an unknown participle, its stem; empty for other words."""
        return self.bases.get(word) or stem_of_participle(word)

    def is_third_person(self, word: str) -> bool:
        """Whether the word is the form of a verb that goes with one thing: `runs`."""
        return word in self.third_persons

    def is_noun_first(self, word: str) -> bool:
        """Whether the word may be a verb, but is a noun far more often: `hand`, `waves`."""
        return word in self.noun_first or (word.endswith("s") and word[:-1] in self.noun_first)

    def is_setting(self, noun: str) -> bool:
        """Whether the noun, or what it is the plural of, is somewhere to be."""
        return noun in self.settings or (noun.endswith("s") and noun[:-1] in self.settings)

    def is_animate(self, noun: str) -> bool:
        """Whether the noun, or what it is the plural of, names somebody or an animal."""
        known = self._animates.get(noun)
        if known is None:
            known = noun in self.animate or singular(noun) in self.animate or _PERSON.search(noun) is not None
            if len(self._animates) < _MAX_REMEMBERED:
                self._animates[noun] = known
        return known

    def is_thing(self, word: str) -> bool:
        """Whether the word is a noun for sure: somebody, an animal or somewhere to be."""
        return word in self.settings or word in self.animate

    def takes_object(self, participle: str) -> bool:
        """Whether the -ing form may open a caption ("playing chess"): all but those that only describe."""
        return self.base(participle) not in _INTRANSITIVE


@cache
def load_lexicon() -> Lexicon:
    """The built-in lexicon, read once."""
    data = tomllib.loads(Path(__file__).with_name("lexicon.toml").read_text("utf-8"))
    lists = {name: frozenset(text.split()) for name, text in data.items()}
    bases, third_persons = _read_verbs(lists["verbs"], data["irregular"])
    classes: dict[str, Kind] = {}
    for name, kind in _LISTS.items():
        classes |= dict.fromkeys(lists[name], kind)
    for word in _ALSO_ADJECTIVES:
        classes.setdefault(word, Kind.ADJECTIVE)
    return Lexicon(
        classes=classes,
        bases=bases,
        third_persons=third_persons,
        pointing=lists["pointing"],
        directing=lists["directing"],
        aiming=lists["aiming"],
        deeds=lists["deeds"],
        noun_first=lists["noun_first"],
        measures=lists["measures"],
        frames=lists["frames"],
        settings=lists["settings"],
        animate=lists["animate"],
        furniture=lists["furniture"],
        compounding=lists["compounding"],
        locative=lists["locative"],
        ambient=lists["ambient"],
        english=frozenset(word for word, kind in classes.items() if kind in _FUNCTION_WORDS) - lists["foreign"],
        foreign=lists["foreign"],
        technical=lists["technical"],
    )


def _read_verbs(regular: frozenset[str], irregular: str) -> tuple[dict[str, str], frozenset[str]]:
    """The base of every form of every verb, and the forms of the third person."""
    bases: dict[str, str] = {}
    third_persons: set[str] = set()
    for verb in sorted(regular):
        third_person, gerund, past = regular_forms(verb)
        third_persons.add(third_person)
        bases |= {verb: verb, third_person: verb, gerund: verb, past: verb}
    for row in irregular.split(";"):
        verb, *pasts = row.split()
        third_person, gerund, _ = regular_forms(verb)
        third_persons.add(third_person)
        bases |= dict.fromkeys(pasts, verb) | {third_person: verb, gerund: verb, verb: verb}
    return bases, frozenset(third_persons)
