"""The words of instructions: "same shot, but", "add", "remove", "replace … with". Pure functions over the text alone.

A remix prompt says what to do with a clip that is there. Which commands a text gives is read from how its sentences
and clauses begin, in the four languages of the vocabulary; what the things are is the vocabulary's to know.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

_FILLER = (
    r"(?:(?:please|now|just|then|also|but|and|so|next|this time|can you|could you|i want you to|let's)[\s,]{1,4}){0,4}"
)
_SAME = (
    r"same|the (?:exact )?same|exact same|exactly the same|identical|keep|hold (?:the|that|this)|"
    r"leave (?:the|everything|it)|preserve|maintain|retain|everything (?:else|the same|as|stays|remains)|all else|"
    r"as before|like before|as in the|this time|"
    r"the (?:last|previous|original|first) (?:shot|version|take|clip|video|scene|one)|in this version|"
    r"with(?: the)? same"
)
_COMMANDS = (
    r"add|include|insert|introduce|put (?:a|an|the)|give (?:it|the|her|him|them)|let|change|"
    r"turn (?:it|the|her|him|them)|make (?:it|the|her|his|him|them|this|that|their|its|everything|all)|"
    r"have (?:the|her|him|them|it)|switch|swap|replace|substitute|transform|convert|shift|"
    r"move (?:it|the|closer|her|him|them|everything)|set (?:it|this|the scene)|relocate|take (?:the|it|out|away)|"
    r"bring (?:the|it|in|back)|remove|delete|erase|eliminate|get rid|mute|"
    r"(?:drop|lose|cut|strip) (?:the|all|any|her|his|their)|extend|continue|slow (?:it|the|down)|"
    r"speed (?:it|the|up)|brighten|darken|dim|soften|warm up|cool down|tone down|increase|decrease|reduce|raise|"
    r"lower|restyle|recolou?r|relight|reframe|recut|adjust|redo|reshoot|film it|shoot it|show (?:it|the same)|"
    r"see it"
)
_ELSEWHERE = (
    r"(?:(?:el |la |los |las )?mism[oa]s?|igual|todo igual|mant(?:é|e)n|mantener|conserva|añade|agrega|pon|quita|"
    r"elimina|cambia|reemplaza|sustituye|haz|ahora|pero|sin)\b|"
    r"同样|同樣|相同|一样|同一|保持|保留|不变|其他不变|但|加上|添加|增加|加入|再加|去掉|去除|删除|移除|把|将|"
    r"改成|改为|换成|变成|让|不要|同じ|そのまま|元の|前の|さらに|もっと"
)
_OPENING = re.compile(
    rf"\W*{_FILLER}(?:(?:{_SAME}|{_COMMANDS})\b|{_ELSEWHERE}|[^。.]{{0,20}}(?:のまま|を追加|を加え|を削除|を消して|に変え|にして))",
    re.IGNORECASE,
)
_BACK = re.compile(r"\W*(?:the|her|his|she|he|it|they|their|its)\b", re.IGNORECASE)
_SHORT = 12  # words

# Commands after which a thing is gone. Some words are commands only before a determiner: "drop shadow", "cut to".
_THE = r"(?:the|all|any|every|each|her|his|their|its|my|your|our|this|that|these|those|both|everything|everyone)"
_TAKE = (
    r"(?:remove|delete|erase|eliminate|get rid of|do away with|take (?:out|away|off)|strip (?:out|away|off)|leave out|"
    r"edit out|cut out|filter out|clear (?:out|away)|turn off|switch off)"
    rf"|(?:drop|lose|cut|kill|hide|clear|ditch|scrap|discard|(?:mute|silence)(?!\s+(?:everything|all)\b))(?=\s+{_THE}\b)"
    r"|stop(?=\s+the\s+(?:rain|snow|storm|wind|fog|music|shaking|shake|camera shake)\b)"
    r"|(?:quita|quitar|elimina|eliminar|borra|borrar|suprime|saca)(?=\s+(?:el|la|los|las|al|todo|toda|todos|todas)\b)"
)
_SWAP = r"(?:replace|swap(?: out)?|substitute|exchange|trade)"
_GONE = r"(?:is|are)\s+(?:now\s+|already\s+)?(?:gone|removed|absent|missing|no longer there)\b"
_TURN = r"(?:turn|change|transform|convert|switch|morph|make)"
_START = rf"(?:(?<=[.;:,!?\n…—–-])|\A)[\s\"'“”*•]{{0,8}}{_FILLER}"
_UNLESS = r"(?:except|but|so that|because|while|until|unless|then|instead)"
_VERB = (
    r"(?:make|keep|add|change|replace|turn|let|give|set|move|put|bring|hold|use|have|show|swap|switch|start|end|zoom|pan|"
    r"tilt|push|pull|dolly|leave|extend|take|remove|delete|drop|slow|speed|render)"
)
_REMOVAL = re.compile(
    rf"{_START}(?P<verb>{_TAKE})\s+(?P<noun>[^.;:!?\n,…—–]*?(?:,\s*(?:and\s+|or\s+)?{_THE}\s+[^.;:!?\n,…—–]*?)*)"
    rf"(?=\s*(?:[.;:!?\n,…—–]|\s-\s|\b{_UNLESS}\b|\band\s+{_VERB}\b|\Z))",
    re.IGNORECASE,
)
_TAKEN_OUT = re.compile(
    rf"{_START}(?P<verb>take|leave|cut|edit|filter)\s+(?P<noun>{_THE}\s+[^.;:!?\n,]{{1,60}}?)\s+(?:out|away)\b",
    re.IGNORECASE,
)
_SWAPPED = re.compile(
    rf"{_START}(?P<verb>{_SWAP}|(?:cambia|reemplaza|sustituye)(?=\s+(?:el|la|los|las|al)\b))\s+"
    r"(?P<noun>[^.;:!?\n]{1,120}?)\s+(?:with|for|by|por|con)\b",
    re.IGNORECASE,
)
_MADE = re.compile(
    rf"{_START}(?P<verb>make)\s+(?P<noun>(?:the|her|his|their|this|that)\s+[\w-]+(?:\s+[\w-]+)?)\s+(?:a|an)\s",
    re.IGNORECASE,
)
_ENDED = re.compile(rf"{_START}(?P<verb>)(?P<noun>{_THE}\s+[\w-]+(?:\s+[\w-]+)?)\s+{_GONE}", re.IGNORECASE)
_TURNED = re.compile(
    rf"{_START}(?P<verb>{_TURN})\s+(?P<noun>(?:the|her|his|their|its|this|that|these|those|all|every)\s+[^.;:!?\n,]{{1,80}}?)"
    r"\s+(?:from\s+(?P<from>[^.;:!?\n,]{1,60}?)\s+)?(?:(?P<into>into)|to)\b",
    re.IGNORECASE,
)
_ASPECT = re.compile(
    r"\b(?:background|backdrop|setting|location|place|scene|shot|weather|lighting|light|palette|colou?rs?|camera|angle|"
    r"style|look|mood|tone|time|time of day|season|lens|focus|speed|pace|framing|view|movement|move|ending|format|"
    r"head|face|gaze|body|back|eyes?|attention|page|wheel|key|knob|handle|chair|dial)\Z",
    re.IGNORECASE,
)
_COMMANDED = re.compile(
    rf"(?:\A|(?<=[.;:!?\n]))\s*(?P<verb>extend|change|turn|swap|switch|transform|convert|move closer|replace)"
    rf"\s+(?=(?:{_THE}|closer|it|to|into|out|off|on|from)\b|$)",
    re.IGNORECASE,
)
_COMMAND_WORDS = """
remove delete erase eliminate get do take strip leave edit cut filter clear turn switch drop lose kill mute hide silence
ditch scrap discard replace swap substitute exchange trade change transform convert morph make extend move stop gone
removed absent missing longer quita quitar elimina eliminar borra borrar suprime saca cambia reemplaza sustituye
"""
_COMMANDING = frozenset(_COMMAND_WORDS.split())
_CLAUSE = re.compile(rf"{_START}(?:{'|'.join(_COMMAND_WORDS.split())})\b|\b{_GONE}", re.IGNORECASE)
_OVER = re.compile(
    r"\b(?P<noun>[\w-]{1,40})\s{1,4}(?:(?:has|have|had|is|are)\s{1,4}"
    r"(?:(?:just|already|now|all|finally|long)\s{1,4}){0,2})?"
    r"(?:stopped|ended|passed|cleared|cleared up|lifted|ceased|died down|died away|gone|vanished|disappeared|"
    r"faded away|over|(?:switched|turned) off|switched out)\b(?!\s+(?:the|a|an|her|his|their|its)\b)",
    re.IGNORECASE,
)

_ADDS = re.compile(
    r"\b(?:add|adds|added|adding|also|plus|introduce|include|insert|another|as well|additional|in addition|along with|"
    r"bring in|on top of (?:that|it)|añade|agrega|también|además)\b|加上|添加|增加|加入|再加|还有|追加|加え|さらに",
    re.IGNORECASE,
)
_ADD_SENTENCE = re.compile(
    rf"\W*{_FILLER}(?:add|include|insert|introduce|bring in|añade|agrega)\b|\W*(?:加上|添加|增加|加入|加)",
    re.IGNORECASE,
)
_NEW_COMMAND = re.compile(rf"\W*(?:and\s+|but\s+|then\s+)*{_VERB}\b|\W*but\b", re.IGNORECASE)
_SENTENCE_END, _PIECE_END = ".;!?\n。；！？", ".;:!?\n,。；：！？，、—–"
_REACH = 300  # characters of a sentence that are looked at around a word
_OF_NEW_THING = re.compile(
    r"\b(?:an?|one|two|three|four|five|six|seven|eight|nine|ten|twelve|some|several|many|another)\s+(?:[\w-]+\s+){0,2}\Z",
    re.IGNORECASE,
)
_PLACED = re.compile(
    r"(?:(?:^|\W)same\s+[\w-]+|\b(?:background|backdrop|setting|location|scene|shot|it|everything|action|take|version|place|story)"
    r"|(?:^|\b(?:but|and|now|instead)\s+)(?:now\s+)?(?:set|move|moved|relocate|transport|bring|place|put|shift|stage)"
    r"|(?:^|\b(?:but|now|instead))(?:\W+(?:it is|it's|we are|we're))?)"
    r"(?:\s+[\w-]+){0,2}?[\s,]*\b(?:in|on|at|to|into|inside|onto|aboard|through|atop)\s+"
    r"(?:(?!the\b|her\b|his\b|its\b|their\b|this\b|that\b|every\b|each\b|all\b)[\w-]+\s+){0,4}\Z"
    r"|\b(?:background|backdrop|setting|location|place)\s*:\s*(?:[\w-]+\s+){0,4}\Z",
    re.IGNORECASE,
)
_PLACED_ELSEWHERE = re.compile(
    r"换到|换成|改到|改成|搬到|移到|背景|场景|背景を|舞台|場所|ahora en|pero en|cambia|fondo|escenario", re.IGNORECASE
)


class Removal(NamedTuple):
    """A command that takes something away: from where to where it stands, and the noun in it, what goes."""

    start: int
    end: int
    noun: tuple[int, int]


def opens_as_instruction(text: str) -> bool:
    """Whether a text begins as what is said about a clip that is there: "Same shot, but", "Keep the light", "Add a"."""
    return _OPENING.match(text) is not None


def refers_back(text: str) -> bool:
    """Whether a short text begins with something that is known: "The car is blue now", "She smiles"."""
    return _BACK.match(text) is not None and len(text.split(maxsplit=_SHORT)) < _SHORT


def may_command(words: Iterable[str], text: str) -> bool:
    """Whether a text, with these words in lower case, may have commands of `find_removals` or `find_commands`."""
    return not _COMMANDING.isdisjoint(words) and _CLAUSE.search(text) is not None


def find_removals(text: str) -> list[Removal]:
    """The commands that take things away, and those that put others in their place; in the order of the text."""
    removals = [
        Removal(match.start("verb"), match.end() if pattern is _ENDED else match.end("noun"), match.span("noun"))
        for pattern in (_REMOVAL, _TAKEN_OUT, _SWAPPED, _MADE, _ENDED)
        for match in pattern.finditer(text)
        if match["noun"].strip() and (pattern is not _MADE or _ASPECT.search(match["noun"]) is None)
    ]
    for match in _TURNED.finditer(text):
        if match["from"] is not None:
            removals.append(Removal(*match.span("from"), match.span("from")))
        elif match["into"] or _ASPECT.search(match["noun"]) is None:
            removals.append(Removal(match.start("verb"), match.end("noun"), match.span("noun")))
    return sorted(removals)


def find_ended(text: str) -> list[str]:
    """The things that a text says are over: the rain of "the rain has just stopped"."""
    return [match["noun"] for match in _OVER.finditer(text)]


def find_commands(text: str) -> list[tuple[int, int]]:
    """Where words stand that only say what to do: "hold" in "Hold the last frame"; they are about no thing."""
    return [match.span("verb") for match in _COMMANDED.finditer(text)]


def is_added(text: str, start: int) -> bool:
    """Whether what stands there comes to what is there already: "add rain", "and also a dog"."""
    opening = _find_last(text, _SENTENCE_END, start)
    piece = _find_last(text, _PIECE_END, start)
    reach = start + _REACH
    ends = [end for mark in _PIECE_END if (end := text.find(mark, start, reach)) >= 0]
    if _ADDS.search(text, piece, min(ends, default=reach)):
        return True
    is_listed = _ADD_SENTENCE.match(text, opening) is not None
    return is_listed and (piece == opening or _NEW_COMMAND.match(text, piece) is None)


def is_of_new_thing(text: str, start: int) -> bool:
    """Whether what stands there is said of a thing that the text brings in: "a girl in a red hat", not "her hat is"."""
    return _OF_NEW_THING.search(text[max(0, start - 40) : start]) is not None


def is_new_place(text: str, start: int) -> bool:
    """Whether a place that stands there is where it all happens now: "but in a desert", "set it in", not "on the"."""
    opening = _find_last(text, _SENTENCE_END, start)
    before = text[max(opening, start - 120) : start]
    return _PLACED.search(before) is not None or _PLACED_ELSEWHERE.search(text, opening, start + 20) is not None


def _find_last(text: str, marks: str, end: int) -> int:
    """Where what the last of these marks parts begins, within reach."""
    begin = max(0, end - _REACH)
    return max(begin, *(text.rfind(mark, begin, end) + 1 for mark in marks))
