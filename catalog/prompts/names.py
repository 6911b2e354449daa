"""Words of the vocabulary that are somebody's name or a place's ("Dawn pours the coffee", Blue Lagoon)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from catalog.prompts.terms import Reading

_PERSON = (
    r"(?:daughter|son|sister|brother|mother|father|mom|mum|dad|grandma|grandmother|grandpa|grandfather|aunt|uncle|niece|"
    r"nephew|cousin|wife|husband|widow|girl|boy|kid|child|woman|man|friend|twin|baby|neighbou?r|owner|boss|nurse|doctor|"
    r"teacher|student|singer|dancer|actress|actor|chef|baker|barista|waitress|waiter|driver|pilot|captain|sailor|farmer|"
    r"painter|detective|officer|librarian|mechanic|astronaut|scientist|robot|dog|puppy|cat|kitten|horse|pony|mare|donkey|"
    r"rabbit|fox|bear|dragon|snail|beetle|bird|parrot|owl|hija|hijo|hermana|hermano|madre|abuela|niña|niño|mujer|perra|perro)"
)
_DOES = (
    r"(?:adjusts|aims|answers|argues|asks|bites|blinks|blows|blushes|bows|brushes|buys|calls|carries|catches|claps|cleans|"
    r"closes|combs|cooks|coughs|crawls|cries|crouches|cuts|dances|dials|digs|draws|dreams|dresses|drinks|drives|eats|enters|"
    r"feeds|folds|frowns|gasps|gazes|giggles|gives|glances|grabs|greets|grins|hands|hears|hesitates|hides|hugs|hums|jogs|"
    r"jumps|keeps|kicks|kisses|kneels|knits|knocks|knows|laughs|leans|learns|lies|lifts|listens|looks|loves|nods|"
    r"opens|packs|paints|peels|picks|places|plants|plays|points|polishes|pours|practices|puffs|pulls|pushes|puts|"
    r"reaches|reads|repairs|rides|runs|says|scribbles|shouts|shrugs|shuts|sighs|signs|sings|sips|sits|sketches|sleeps|slams|"
    r"smiles|smirks|sneezes|sniffs|sobs|speaks|sprints|stares|steals|stirs|storms|stretches|stumbles|swallows|swims|takes|"
    r"talks|tells|texts|thinks|throws|ties|tiptoes|trips|tries|trots|tucks|types|unlocks|wags|waits|walks|wants|waves|wears|"
    r"weeps|whispers|whistles|winks|wipes|works|writes|yawns|yells)"
)
_TITLES = (
    r"(?:named|called|nicknamed|meet|Meet|Mr|Mrs|Ms|Miss|Mister|Dr|Aunt|Auntie|Uncle|Lady|Lord|Sir|Captain|Detective|Agent|"
    r"Officer|Sister|Brother|Grandma|Grandpa|Granny|Professor|Doctor|Doña|Don|Señora|Señor|llamad[oa])"
)
_BEFORE = re.compile(
    rf"""(?:\b{_TITLES}\.?|\b{_PERSON},) \Z|["'“](?:name|speaker|character|who|actor|hero)["'”]\s*:\s*["'“]\Z"""
)
_AFTER = re.compile(
    r",? \((?:\d|early|mid|late|twent|thirt|fort|fift|sixt|sevent|eight|ninet|teen)"
    rf"|,? (?:the|a|an|her|his|their|my|our|its) (?:[a-z-]+ ){{0,2}}?{_PERSON}\b"
    rf"| (?:\w+ly )?{_DOES}\b(?! (?:in|over|across|the (?:rain|sky|hills|sea|city|mountains))\b)"
)
_REACH = 30  # characters before a word that may say it is a name


def is_name(reading: Reading, start: int, facet: str) -> bool:
    """Whether the word that would name a value is written as somebody's name, or a colour as part of a place's."""
    if not reading.text[reading.tokens.starts[start]].isupper():
        return False
    if reading.tokens.codes[start] in reading.vocabulary.grammar.given_names and _is_called(reading, start):
        return True
    return facet == "color" and _is_of_place(reading, start)


def _is_called(reading: Reading, token: int) -> bool:
    """Whether the prompt uses the word as a name: by a title, an age, who it is, what only somebody does, or a line."""
    word = reading.tokens.words[token]
    known = reading.names.get(word)
    if known is None:
        spoken = any(speaker.lower() == word for speaker in reading.speakers)
        known = reading.names[word] = spoken or any(_names(reading.prompt, match) for match in _find(reading, word))
    return known


def _find(reading: Reading, word: str) -> Iterator[re.Match[str]]:
    return re.finditer(rf"\b(?:{word.capitalize()}|{word.upper()})\b", reading.prompt)


def _names(prompt: str, match: re.Match[str]) -> bool:
    before = prompt[max(0, match.start() - _REACH) : match.start()]
    return _AFTER.match(prompt, match.end()) is not None or _BEFORE.search(before) is not None


def _is_of_place(reading: Reading, token: int) -> bool:
    """Whether a colour is part of a name (`Blue Lagoon`): two capitalised words where not every word is."""
    tokens, text = reading.tokens, reading.text
    if token + 1 >= len(tokens):
        return False
    following = text[tokens.starts[token + 1]]
    if not following.isupper() or tokens.starts[token + 1] != tokens.end(token) + 1:
        return False
    segment = reading.segments[reading.owner[token]]
    around = text[max(segment.start, tokens.starts[token] - 30) : min(segment.end, tokens.end(token) + 50)]
    return not around.istitle() and not around.isupper() and segment.field.name not in ("palette", "lighting")
