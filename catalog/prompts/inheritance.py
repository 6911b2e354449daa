"""What a remix has from its parent, because its instruction leaves it alone. A pure function of what both ask for.

A prompt is an instruction, and inherits, unless it is whole by itself. It is whole where it does not open as an
instruction ("Same shot, but", "Add a dog", "Keep the light") and

- it resembles the parent's, as `likeness` measures it, and the parent's is whole too: it is the same prompt rewritten,
  and what it dropped is dropped, or
- it speaks of a subject and of at least COVERED of the names of facets that the parent has, at least three of them: it
  is another prompt, unless it is short and begins with what is known ("The car is blue", "She smiles").

A video inherits from one parent, along a link of RELATIONS: the one that the user named, else the server, the request,
the credentials; of several, the first that was kept. An unknown prompt inherits nothing, for nobody knows what it
leaves alone. What an instruction inherits is what the parent asks for or has inherited itself, less

- what it takes away: "remove the umbrella", "no rain", "replace the dog with a cat"; "no dialogue" takes all of it;
- the values of each name under which it asks for something else: "but at night", "make it snow". A value that the
  parent has too changes nothing ("keep the rain"). Subjects, actions and sounds come to what is there, and so does
  whatever is added ("add a rim light"), a color of a thing that comes in ("a girl in a red hat"), and a place in the
  place that is there ("on the counter"; another one, "but in a desert", replaces it);
- what cannot be beside what it asks for: colors in black and white, sounds in silence, sunlight at night;
- all of a name under which the user gave it facets.

All 38 remixes in the sample's families are instructions by this rule, and a further take of a scene, taken for its
remix, is whole.

The words of instructions are loaded where they are needed: whatever writes to a library loads this module.
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from collections.abc import Set as AbstractSet

    from catalog.prompts.removals import Removed, Value
    from catalog.prompts.vocabulary import Vocabulary
    from catalog.records import Facet

RELATIONS = ("remix", "edit", "extension")  # along which a video inherits
ORIGINS = ("user", "api", "request", "c2pa")  # of links, in the order in which their word on the parent goes
COVERED = 0.6  # of the names of the parent's facets
MOST = 100  # values that a video inherits, the nearest first: a line of 100,000 additions would have billions

_FEWEST = 3  # names that another prompt covers
_COMING = frozenset({"subject", "action", "audio"})
_BESIDE_NOTHING: Mapping[Value, Sequence[Removed]] = {
    ("palette", "black_and_white"): [("color", None)],
    ("palette", "monochrome"): [("color", None)],
    ("audio", "silence"): [("audio", None), ("dialogue", None)],
    ("time_of_day", "night"): [("lighting", "sunlight")],
    **{("audio", sound): [("audio", "silence")] for sound in ("music", "sound", "dialogue", "voiceover")},
}


class Line(NamedTuple):
    """A link of a video: the parent's row, None where the library does not have it, and whether a circle is above."""

    relation: str
    origin: str
    parent: int | None
    is_circular: bool


class Asked(NamedTuple):
    """What the prompt of a video asks for, what it leaves out in its own words, and what the video has inherited."""

    prompt: str | None
    facets: Sequence[Facet] = ()
    avoided: str | None = None
    inherited: Sequence[Value] = ()

    @property
    def own(self) -> dict[Value, None]:
        """What the prompt itself asks for, in the order of the facets."""
        return {(facet.name, facet.value): None for facet in self.facets}

    @property
    def effective(self) -> dict[Value, None]:
        """What the prompt asks for, then what the video has inherited."""
        return self.own | dict.fromkeys(self.inherited)


def choose_parent(lines: Iterable[Line]) -> int | None:
    """The parent that a video inherits from, of its links in the order in which they were kept; None for none."""
    fitting = [line for line in lines if line.relation in RELATIONS]
    rank = {origin: number for number, origin in enumerate(ORIGINS)}
    first = min(fitting, key=lambda line: rank.get(line.origin, len(rank)), default=None)
    return None if first is None or first.is_circular else first.parent


def inherit(child: Asked, parent: Asked, load: Callable[[], Vocabulary]) -> list[Value]:
    """What the child inherits of what the parent asks for, the nearest first, at most MOST values; not its own.

    `load` is called for the vocabulary where there is something to inherit.
    """
    from catalog.prompts.instructions import find_ended
    from catalog.prompts.removals import find_removed

    above, own = parent.effective, child.own
    if not above or not child.prompt or child.prompt.isspace() or is_whole(child, parent):
        return []
    vocabulary = load()
    gone: set[Removed] = {value for asked in own for value in _BESIDE_NOTHING.get(asked, ())}
    gone |= find_removed(", ".join([child.avoided or "", *find_ended(child.prompt)]), above, vocabulary)
    gone |= {(name, None) for name in _list_replaced(child, above.keys(), vocabulary)}
    left = (value for value in above if value not in own and value not in gone and (value[0], None) not in gone)
    return [*islice(left, MOST)]


def is_whole(child: Asked, parent: Asked) -> bool:
    """Whether the child's prompt says by itself all that it asks for."""
    from catalog.prompts.instructions import opens_as_instruction, refers_back
    from catalog.prompts.likeness import resemble

    prompt = child.prompt or ""
    if opens_as_instruction(prompt):
        return False
    if parent.prompt and resemble(parent.prompt, prompt):
        return not (parent.inherited or opens_as_instruction(parent.prompt))
    if refers_back(prompt):
        return False
    names, own = ({name for name, _ in values} for values in (parent.effective, child.own))
    return "subject" in own and len(names & own) >= max(_FEWEST, COVERED * len(names))


def _list_replaced(child: Asked, above: AbstractSet[Value], vocabulary: Vocabulary) -> Iterator[str]:
    """The names under which the child asks for something else than what is above it."""
    prompt = child.prompt or ""
    for facet in child.facets:
        is_change = facet.name not in _COMING and not _is_there(facet, above, vocabulary)
        if facet.origin == "given" or (is_change and not _comes(facet, prompt)):
            yield facet.name


def _is_there(facet: Facet, above: AbstractSet[Value], vocabulary: Vocabulary) -> bool:
    """Whether the parent has the value, or a narrower one."""
    values = (facet.value, *vocabulary.broader.get(facet.value, ()))
    return any((facet.name, value) in above for value in values)


def _comes(facet: Facet, prompt: str) -> bool:
    """Whether a value comes to those that are there."""
    from catalog.prompts.instructions import is_added, is_new_place, is_of_new_thing

    start = facet.start or 0
    if is_added(prompt, start):
        return True
    if facet.name == "color":
        return is_of_new_thing(prompt, start)
    return facet.name == "setting" and not is_new_place(prompt, start)
