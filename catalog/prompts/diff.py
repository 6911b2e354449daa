"""What changed from one prompt to the next: word by word, and facet by facet. Pure functions.

Words are compared only where the texts resemble each other (`likeness`): of others every word would be a change. The
prompt of a remix that is an instruction says what to do with the parent's clip: it is told in full, with the facets
that it adds, replaces and takes away, and those that it leaves alone.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import TYPE_CHECKING

from catalog.prompts.likeness import resemble
from catalog.records import Record

if TYPE_CHECKING:
    from collections.abc import Iterable, Set

    from catalog.prompts.inheritance import Asked
    from catalog.prompts.vocabulary import Vocabulary

_PIECES = re.compile(r"\s+|[^\W_]+|[\W_]")
_MAX_WORDS = 4000
LONGEST_COMPARED = 1_000_000  # characters


@dataclass(frozen=True, slots=True)
class Change(Record):
    """One stretch of the word diff: `kind` is `same`, `removed` or `added`."""

    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class PromptDiff(Record):
    """The difference between two prompts; facets are `(name, value)`, sorted.

    Where the texts do not resemble each other, `words` are the whole of both. Where the second prompt is an
    `instruction` on a clip of the first, the facets are compared with all that the first video has, inherited ones
    included: `replaced` are those in the place of which it asks for others, `inherited` those that it leaves alone.
    """

    words: tuple[Change, ...]
    added: tuple[tuple[str, str], ...]
    removed: tuple[tuple[str, str], ...]
    kept: tuple[tuple[str, str], ...]
    replaced: tuple[tuple[str, str], ...] = ()
    inherited: tuple[tuple[str, str], ...] = ()
    instruction: str | None = None

    @property
    def is_same(self) -> bool:
        """Whether only blanks changed."""
        return all(change.kind == "same" or not change.text.strip() for change in self.words)

    def __str__(self) -> str:
        """One line: the facets removed and added, else the words."""
        gone = sorted([*self.removed, *self.replaced])
        facets = [f"-{name}:{value}" for name, value in gone] + [f"+{name}:{value}" for name, value in self.added]
        if facets:
            return " ".join(facets)
        marks = {"removed": "-", "added": "+"}
        words = [f"{marks[change.kind]}[{change.text.strip()}]" for change in self.words if change.kind in marks]
        return " ".join(words) or "unchanged"


def diff_prompts(old: str | None, new: str | None, vocabulary: Vocabulary | None = None) -> PromptDiff:
    """What was removed from and added to the old prompt, as words and as facets; a missing prompt is an empty one."""
    from catalog.prompts.extraction import extract

    before, after = (
        {(facet.name, facet.value) for facet in extract(prompt, vocabulary).facets} for prompt in (old, new)
    )
    return compare_prompts(old, new, before, after)


def compare_prompts(
    old: str | None, new: str | None, before: Set[tuple[str, str]], after: Set[tuple[str, str]]
) -> PromptDiff:
    """What `diff_prompts` tells, of prompts whose facets were read before."""
    return PromptDiff(
        compare_words(old or "", new or ""),
        tuple(sorted(after - before)),
        tuple(sorted(before - after)),
        tuple(sorted(before & after)),
    )


def follow_instruction(parent: Asked, child: Asked, inherited: Iterable[tuple[str, str]]) -> PromptDiff:
    """What an instruction makes of what its parent has, of which the child inherits this."""
    above, own, left = parent.effective.keys(), child.own.keys(), set(inherited)
    added = own - above
    gone = above - own - left
    replaced = {value for value in gone if value[0] in {name for name, _ in added}}
    return PromptDiff(
        compare_words(parent.prompt or "", child.prompt or ""),
        tuple(sorted(added)),
        tuple(sorted(gone - replaced)),
        tuple(sorted(own & above)),
        tuple(sorted(replaced)),
        tuple(sorted(left)),
        child.prompt,
    )


def compare_words(old: str, new: str) -> tuple[Change, ...]:
    """What `diff_words` tells of texts that resemble each other; of others, all of the one and all of the other."""
    if resemble(old, new):
        return diff_words(old, new)
    changes = (Change("removed", old), Change("added", new))
    return tuple(change for change in changes if change.text)


def diff_words(old: str, new: str) -> tuple[Change, ...]:
    """The stretches that make up both texts: `same` and `removed` give the old one, `same` and `added` the new one.

    Texts beyond 4,000 words are compared by their common beginning and end only, and those beyond LONGEST_COMPARED
    characters only as a whole, which keeps time and memory in bounds.
    """
    if max(len(old), len(new)) > LONGEST_COMPARED:
        return (Change("same", old),) if old == new else (Change("removed", old), Change("added", new))
    before, after = _PIECES.findall(old), _PIECES.findall(new)
    head = _common(before, after)
    tail = _common(before[head:][::-1], after[head:][::-1])
    removed, added = before[head : len(before) - tail], after[head : len(after) - tail]
    changes = [Change("same", "".join(before[:head]))]
    if max(len(removed), len(added)) > _MAX_WORDS:
        changes += [Change("removed", "".join(removed)), Change("added", "".join(added))]
    else:
        matcher = SequenceMatcher(None, removed, added, autojunk=False)
        for kind, start, end, new_start, new_end in matcher.get_opcodes():
            if kind == "equal":
                changes.append(Change("same", "".join(removed[start:end])))
                continue
            changes.append(Change("removed", "".join(removed[start:end])))
            changes.append(Change("added", "".join(added[new_start:new_end])))
    changes.append(Change("same", "".join(before[len(before) - tail :])))
    return tuple(change for change in changes if change.text)


def _common(before: list[str], after: list[str]) -> int:
    """How many pieces both lists begin with."""
    pairs = enumerate(zip(before, after, strict=False))
    return next((index for index, (old, new) in pairs if old != new), min(len(before), len(after)))
