"""What changed from one prompt to the next: word by word, and facet by facet. Pure functions."""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import TYPE_CHECKING

from catalog.prompts.extraction import extract

if TYPE_CHECKING:
    from catalog.prompts.vocabulary import Vocabulary

_PIECES = re.compile(r"\s+|[^\W_]+|[\W_]")
_MAX_WORDS = 4000


@dataclass(frozen=True, slots=True)
class Change:
    """One stretch of the word diff: `kind` is `same`, `removed` or `added`."""

    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class PromptDiff:
    """The way from one prompt to another; facets are `(name, value)`, sorted."""

    words: tuple[Change, ...]
    added: tuple[tuple[str, str], ...]
    removed: tuple[tuple[str, str], ...]
    kept: tuple[tuple[str, str], ...]

    @property
    def is_same(self) -> bool:
        """Whether nothing changed but blanks."""
        return all(change.kind == "same" or not change.text.strip() for change in self.words)

    def __str__(self) -> str:
        """One line: the facets that went and came, else the words."""
        facets = [f"-{name}:{value}" for name, value in self.removed] + [
            f"+{name}:{value}" for name, value in self.added
        ]
        if facets:
            return " ".join(facets)
        marks = {"removed": "-", "added": "+"}
        words = [f"{marks[change.kind]}[{change.text.strip()}]" for change in self.words if change.kind in marks]
        return " ".join(words) or "unchanged"


def diff_prompts(old: str | None, new: str | None, vocabulary: Vocabulary | None = None) -> PromptDiff:
    """What was removed from and added to the old prompt, as words and as facets; a missing prompt is an empty one."""
    before = {(facet.name, facet.value) for facet in extract(old, vocabulary).facets}
    after = {(facet.name, facet.value) for facet in extract(new, vocabulary).facets}
    return PromptDiff(
        diff_words(old or "", new or ""),
        tuple(sorted(after - before)),
        tuple(sorted(before - after)),
        tuple(sorted(before & after)),
    )


def diff_words(old: str, new: str) -> tuple[Change, ...]:
    """The stretches that make up both texts: `same` and `removed` give the old one, `same` and `added` the new one.

    Texts beyond 4,000 words are compared by their common beginning and end only, which keeps the time in bounds.
    """
    left, right = _PIECES.findall(old), _PIECES.findall(new)
    head = _common(left, right)
    tail = _common(left[head:][::-1], right[head:][::-1])
    middle_left, middle_right = left[head : len(left) - tail], right[head : len(right) - tail]
    changes = [Change("same", "".join(left[:head]))]
    if max(len(middle_left), len(middle_right)) > _MAX_WORDS:
        changes += [Change("removed", "".join(middle_left)), Change("added", "".join(middle_right))]
    else:
        matcher = SequenceMatcher(None, middle_left, middle_right, autojunk=False)
        for kind, start, end, new_start, new_end in matcher.get_opcodes():
            if kind == "equal":
                changes.append(Change("same", "".join(middle_left[start:end])))
                continue
            changes.append(Change("removed", "".join(middle_left[start:end])))
            changes.append(Change("added", "".join(middle_right[new_start:new_end])))
    changes.append(Change("same", "".join(left[len(left) - tail :])))
    return tuple(change for change in changes if change.text)


def _common(left: list[str], right: list[str]) -> int:
    """How many pieces both lists begin with."""
    count = 0
    for one, other in zip(left, right, strict=False):
        if one != other:
            break
        count += 1
    return count
