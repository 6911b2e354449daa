"""Which values of facets an instruction takes away, from the words of what it leaves out. Pure functions.

What is left out comes in pieces ("no rain, the umbrella"). A piece takes away what the vocabulary reads in it, and the
values whose own words it names; some words name all of a facet: "no dialogue", "without color".
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from catalog.prompts.inflection import singular

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from collections.abc import Set as AbstractSet

    from catalog.prompts.vocabulary import Vocabulary

Value = tuple[str, str]  # the name of a facet and its value
Removed = tuple[str, str | None]  # the same, with None for all values of the name

_ALL_OF = {
    "dialogue": "dialogue dialog speech talking speaking voice word line diálogo voz 对白 对话 台词 セリフ 台詞 会話",
    "audio": "sound audio noise sonido 声音 音声",
    "color": "color colour",
    "camera_movement": "movement move motion",
    "lighting": "lighting",
    "subject": "everyone everybody people person anybody anyone",
}
_NAMES = {word: name for name, words in _ALL_OF.items() for word in words.split()}
_WITH_ALL_OF: Mapping[str, Sequence[Removed]] = {
    "dialogue": [("audio", "dialogue")],
    "audio": [("dialogue", None)],
}
_MOVING = frozenset({"movement", "move", "motion"})  # of the camera, where that is named too
_ARTICLES = frozenset({"the", "a", "an", "any", "all", "her", "his", "their", "its"})

_PIECES = re.compile(r"[,，、;；]|\b(?:and|or|nor|y|ni)\b")
_NEGATORS = (
    r"no longer|no more|none of|free of|free from|devoid of|instead of|rather than|lack of|absence of|without any|"
    r"without using|not|no|without|avoid(?:ing|s)?|never|exclud(?:e|ing|es)|omit|don't|do not|doesn't|does not|isn't|"
    r"is not|aren't|are not|minus|zero|nor|sin|ningun[oa]s?|ningún|nada de"
)
_NEGATION = re.compile(
    rf"\W*(?:(?:there (?:is|are)|with|but|and|or)\s+)?"
    rf"(?:(?:{_NEGATORS})\b|没有|不要|去掉|去除|删除|移除|删掉|拿掉|排除|避免|不含|不带|没|无|無|不|非)"
    r"\s*(?:(?:any|more|longer|a|an|the|of|el|la|los|las)\s+)?|\W*",
    re.IGNORECASE,
)
_NEGATED_AFTER = re.compile(
    r"[はがをも]?(?:なし|無し|ない|なく|抜き|不要|禁止|除く|ゼロ|やめて|消して|削除|取り除いて)\W*\Z"
)
_DETAIL = re.compile(  # from here on a piece only tells which thing it is about
    r"\b(?:from|in|on|at|of|with|behind|near|by|next|under|over|around|beside|that|who|which|wearing|into|to|for|except)\b",
    re.IGNORECASE,
)
_WORDS = re.compile(r"[^\W_]+(?:['’]s\b)?")


def find_removed(avoided: str, above: Iterable[Value], vocabulary: Vocabulary) -> set[Removed]:
    """What is taken away by what a prompt leaves out; of these values, or of those that the vocabulary reads in it."""
    from catalog.prompts.extraction import extract

    nouns = [noun for piece in _PIECES.split(avoided) if (noun := _find_noun(piece))]
    if not nouns:
        return set()
    removed: set[Removed] = {(facet.name, facet.value) for facet in extract(".\n".join(nouns), vocabulary).facets}
    by_last_word = _index(above)
    for noun in nouns:
        words = {singular(word) for word in _WORDS.findall(noun.lower()) if not word.endswith(("'s", "’s"))}
        removed.update(value for word in words for value, others in by_last_word.get(word, ()) if _names(words, others))
        named = {_NAMES[word] for word in words & _NAMES.keys() if _is_about_all(word, words)}
        removed.update((name, None) for name in named)
        removed.update(other for name in named for other in _WITH_ALL_OF.get(name, ()))
    return removed


def _find_noun(piece: str) -> str:
    """The thing that a piece names, without what negates it and what only tells which one: the people "in the back"."""
    text = _NEGATED_AFTER.sub("", _NEGATION.sub("", piece, count=1))
    detail = _DETAIL.search(text)
    return (text[: detail.start()] if detail and detail.start() else text).strip(" \t\n.:!?\"'“”")


def _index(values: Iterable[Value]) -> dict[str, list[tuple[Value, frozenset[str]]]]:
    """The values by their last word, which says what they are, each with all its words."""
    index: dict[str, list[tuple[Value, frozenset[str]]]] = {}
    for value in values:
        if words := [singular(word) for word in _WORDS.findall(value[1].lower().replace("_", " "))]:
            index.setdefault(words[-1], []).append((value, frozenset(words)))
    return index


def _names(words: AbstractSet[str], of_value: AbstractSet[str]) -> bool:
    """Whether the words name a value of several: "the worker" an office worker, "the truck driver" no taxi driver."""
    return len(of_value) == 1 or words <= (of_value | _ARTICLES)


def _is_about_all(word: str, words: AbstractSet[str]) -> bool:
    return word not in _MOVING or "camera" in words
